//! Names of headless services: CoreDNS reads them from our slices.

use std::fmt::Debug;
use std::net::IpAddr;

use anyhow::{Context, Result};
use mainstay_e2e::dns::{Dns, ServiceRecord};
use mainstay_e2e::testbed::{LATER, Namespace, SOON, World};
use mainstay_e2e::wait::wait_for;
use serde_json::{Value, json};

const SERVICE: &str = "web";

/// A pod of the service on a fake node. One with a hostname has the service's name as its subdomain.
fn pod(name: &str, hostname: Option<&str>, port: Option<(&str, u16)>) -> String {
    let ports: Vec<Value> =
        port.iter().map(|(name, number)| json!({"name": name, "containerPort": number})).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": SERVICE}},
        "spec": {
            "hostname": hostname,
            "subdomain": hostname.map(|_| SERVICE),
            "nodeSelector": {"type": "kwok"},
            "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists", "effect": "NoSchedule"}],
            "automountServiceAccountToken": false,
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "main", "image": "none", "ports": ports}],
        },
    })
    .to_string()
}

fn headless(ports: &Value) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SERVICE},
        "spec": {"clusterIP": "None", "selector": {"app": SERVICE}, "ports": ports},
    })
    .to_string()
}

/// The address of a pod, once it is ready.
fn address(namespace: &Namespace<'_>, pod: &str) -> Result<IpAddr> {
    wait_for(&format!("{pod} to be ready"), LATER, || {
        let found = namespace.json(&["get", "pod", pod])?;
        let conditions = found["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let is_ready = |it: &Value| it["type"] == "Ready" && it["status"] == "True";
        let address = found["status"]["podIP"].as_str().and_then(|address| address.parse().ok());
        Ok(address.filter(|_| conditions.iter().any(is_ready)))
    })
}

/// Waits until the name leads to these addresses and no others.
fn wait_until_it_leads_to(dns: Dns<'_>, name: &str, addresses: &[IpAddr]) -> Result<()> {
    wait_for_answer(name, addresses, || dns.addresses(name))
}

/// Waits until these records of ports, and no others, are behind the name.
fn wait_until_there_are(dns: Dns<'_>, name: &str, records: &[ServiceRecord]) -> Result<()> {
    wait_for_answer(name, records, || dns.services(name))
}

/// Asks until all that is expected is said, and nothing else. An answer that does not come in time is asked for again.
fn wait_for_answer<T: Clone + Debug + Ord>(
    name: &str,
    expected: &[T],
    ask: impl Fn() -> Result<Vec<T>>,
) -> Result<()> {
    let mut expected = expected.to_vec();
    expected.sort();
    let mut last = None;
    wait_for(&format!("{name} to have {expected:?}"), SOON, || {
        let found = last.insert(ask());
        Ok(found.as_ref().is_ok_and(|found| *found == expected).then_some(()))
    })
    .with_context(|| format!("it has {last:?}"))
}

pub fn headless_names_lead_to_ready_pods(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let dns = Dns::start(&world.cluster)?;
    let of_service = format!("{SERVICE}.{}.svc.cluster.local", namespace.name());
    let of_pod = |hostname: &str| format!("{hostname}.{of_service}");
    namespace.apply(&headless(&json!([{"name": "http", "port": 80, "targetPort": 8080}])))?;
    namespace.apply(&pod("one", Some("first"), None))?;
    namespace.apply(&pod("two", Some("second"), None))?;
    namespace.apply(&pod("three", None, None))?;
    let [one, two, three] =
        [address(namespace, "one")?, address(namespace, "two")?, address(namespace, "three")?];
    wait_until_it_leads_to(dns, &of_service, &[one, two, three])?;
    wait_until_it_leads_to(dns, &of_pod("first"), &[one])?;
    wait_until_it_leads_to(dns, &of_pod("second"), &[two])?;
    // Without a hostname a pod is known by its address.
    let at = |address: IpAddr| of_pod(&address.to_string().replace('.', "-"));
    wait_until_it_leads_to(dns, &at(three), &[three])?;
    let record = |target: String| ServiceRecord { target, port: 8080 };
    let records = [record(of_pod("first")), record(of_pod("second")), record(at(three))];
    wait_until_there_are(dns, &format!("_http._tcp.{of_service}"), &records)?;

    // Who is not ready has no name, unless the service wants it so.
    let unready = json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}}).to_string();
    namespace.kubectl(&["patch", "pod", "one", "--subresource=status", "--patch", &unready])?;
    wait_until_it_leads_to(dns, &of_service, &[two, three])?;
    wait_until_it_leads_to(dns, &of_pod("first"), &[])?;
    let publish = json!({"spec": {"publishNotReadyAddresses": true}}).to_string();
    namespace.kubectl(&["patch", "service", SERVICE, "--patch", &publish])?;
    wait_until_it_leads_to(dns, &of_service, &[one, two, three])?;
    wait_until_it_leads_to(dns, &of_pod("first"), &[one])?;

    // Who is gone has none, and a service may do without ports.
    namespace.kubectl(&["delete", "pod", "two"])?;
    wait_until_it_leads_to(dns, &of_pod("second"), &[])?;
    let without_ports = json!({"spec": {"ports": null}}).to_string();
    namespace.kubectl(&["patch", "service", SERVICE, "--patch", &without_ports])?;
    wait_until_there_are(dns, &format!("_http._tcp.{of_service}"), &[])?;
    wait_until_it_leads_to(dns, &of_service, &[one, three])
}

pub fn a_pod_without_a_port_of_that_name_has_no_record(
    world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    let dns = Dns::start(&world.cluster)?;
    let of_service = format!("{SERVICE}.{}.svc.cluster.local", namespace.name());
    namespace.apply(&headless(&json!([{"name": "http", "port": 80, "targetPort": "web"}])))?;
    namespace.apply(&pod("one", Some("first"), Some(("web", 8080))))?;
    namespace.apply(&pod("two", Some("second"), Some(("web", 9090))))?;
    namespace.apply(&pod("three", Some("third"), None))?;
    let record = |name: &str, port| ServiceRecord { target: format!("{name}.{of_service}"), port };
    let records = [record("first", 8080), record("second", 9090)];
    wait_until_there_are(dns, &format!("_http._tcp.{of_service}"), &records)?;
    let third = address(namespace, "three")?;
    wait_until_it_leads_to(dns, &format!("third.{of_service}"), &[third])
}
