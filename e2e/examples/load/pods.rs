//! Pods as a scheduler and a kubelet would leave them, without either: on a node, with an address, ready or not.

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bytes::{BufMut, BytesMut};
use jiff::Timestamp;
use mainstay_model::{
    ControllerReference, CreatePod, Kind, LabelSet, Name, ObjectName, PodSpec, PodTemplate, Write,
};
use mainstay_wire::request;
use serde_json::{Value, json};

use crate::client::Client;
use crate::creates;

/// Makes pods from the template of the namespace's ReplicationController, which wants none itself.
pub struct Maker {
    client: Client,
    owner: ControllerReference,
    template: Arc<PodTemplate>,
    nodes: usize,
}

impl Maker {
    /// Reads the template. The pods are shared out to the nodes `node-1` and so on.
    pub async fn open(client: &Client, nodes: usize) -> Result<Maker> {
        let owner = creates::owner(client).await?;
        let template = owner.template.clone().context("the ReplicationController has no template")?;
        let kind = Kind::ReplicationController;
        let owner = ControllerReference { kind, name: owner.meta.name.name.clone(), uid: owner.meta.uid };
        Ok(Maker { client: client.clone(), owner, template, nodes: nodes.max(1) })
    }

    /// Makes a pod with the label `app`, on one node or another.
    pub async fn create(&self, name: &str, app: &str, number: usize) -> Result<()> {
        let template = PodTemplate {
            labels: LabelSet::new([(Name::from("app"), Name::from(app))]),
            spec: on_node(&self.template.spec, &format!("node-{}", number % self.nodes + 1))?,
            ..PodTemplate::clone(&self.template)
        };
        let create = Write::CreatePod(CreatePod {
            pod: ObjectName::new(self.client.namespace.as_str(), name),
            generate_name: format!("{app}-").into(),
            owner: self.owner.clone(),
            template: Arc::new(template),
        });
        self.client.send(request::write(&create)).await.map(|_| ())
    }
}

/// Fields of protobuf may stand in any order: the node's name, field 10, comes behind the rest.
fn on_node(spec: &PodSpec, node: &str) -> Result<PodSpec> {
    let PodSpec::Protobuf(spec) = spec else { bail!("a template that is not in protobuf") };
    let mut bytes = BytesMut::from(&spec[..]);
    bytes.put_u8(10 << 3 | 2);
    bytes.put_u8(u8::try_from(node.len()).ok().filter(|length| *length < 128).context("a long name")?);
    bytes.put_slice(node.as_bytes());
    Ok(PodSpec::Protobuf(bytes.freeze()))
}

/// Lets a pod run under an address, and be ready.
pub async fn run(client: &Client, name: &str, address: Ipv4Addr) -> Result<()> {
    let address = address.to_string();
    let status = json!({
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [readiness(true)],
    });
    patch_status(client, name, &status).await
}

/// Lets a pod become ready or unready.
pub async fn set_ready(client: &Client, name: &str, ready: bool) -> Result<()> {
    patch_status(client, name, &json!({"conditions": [readiness(ready)]})).await
}

/// Deletes a pod, and waits for no kubelet.
pub async fn delete(client: &Client, name: &str) -> Result<()> {
    let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0});
    client.send_json("DELETE", &format!("pods/{name}"), "application/json", &options).await.map(|_| ())
}

/// The address of a pod among many, in the range of private addresses that begins with `10.FIRST`.
pub fn address(first: u8, number: usize) -> Result<Ipv4Addr> {
    let number = u32::try_from(number)?;
    let begin = u32::from(Ipv4Addr::new(10, first, 0, 0));
    Ok(Ipv4Addr::from(begin + number))
}

fn readiness(ready: bool) -> Value {
    let status = if ready { "True" } else { "False" };
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    json!({"type": "Ready", "status": status, "lastTransitionTime": now})
}

async fn patch_status(client: &Client, name: &str, status: &Value) -> Result<()> {
    let path = format!("pods/{name}/status");
    let change = json!({"status": status});
    client.send_json("PATCH", &path, "application/merge-patch+json", &change).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn addresses_are_each_anothers() {
        assert_eq!(address(1, 0).unwrap(), Ipv4Addr::new(10, 1, 0, 0));
        assert_eq!(address(1, 300).unwrap(), Ipv4Addr::new(10, 1, 1, 44));
        assert_eq!(address(1, 65_536).unwrap(), Ipv4Addr::new(10, 2, 0, 0));
    }

    #[test]
    fn a_node_is_one_more_field() {
        let spec = |bytes: &'static [u8]| PodSpec::Protobuf(Bytes::from_static(bytes));
        assert_eq!(on_node(&spec(b"spec"), "node-1").unwrap(), spec(b"spec\x52\x06node-1"));
        assert!(on_node(&spec(b""), &"n".repeat(128)).is_err());
    }
}
