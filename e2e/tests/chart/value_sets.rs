//! Value sets, and what each must do.

use std::collections::BTreeSet;

use serde_json::json;

use crate::install::{Install, with};
use crate::rendered::{Rendered, text};

/// What every manager needs: to be elected, and to tell.
const ALWAYS: &[&str] = &[
    "/events create,patch",
    "coordination.k8s.io/leases create",
    "coordination.k8s.io/leases get,update mainstay",
];
const REPLICATION: &[&str] = &[
    "/pods get,list,watch,create,patch,delete",
    "/replicationcontrollers get,list,watch",
    "/replicationcontrollers/finalizers update",
    "/replicationcontrollers/status patch",
    "/resourcequotas get,list,watch",
];
const ENDPOINTS: &[&str] = &[
    "/endpoints get,list,watch,create,update,delete",
    "/endpoints/restricted create",
    "/services,pods get,list,watch",
];
const SLICES: &[&str] = &[
    "/services,pods,nodes get,list,watch",
    "/services/finalizers update",
    "discovery.k8s.io/endpointslices get,list,watch,create,update,delete",
];
const MIRRORING: &[&str] = &[
    "/services,endpoints get,list,watch",
    "/endpoints/finalizers update",
    "discovery.k8s.io/endpointslices get,list,watch,create,update,delete",
];
const SIDECARS: &[&str] = &[
    "/nodes,resourcequotas get,list,watch",
    "/pods get,list,watch,create,patch,delete",
    "/pods/status patch",
    "apps/controllerrevisions get,list,watch,create,patch,delete",
    "discovery.k8s.io/endpointslices get,list,watch",
    "mainstay.dev/sidecarworkloads get,list,watch",
    "mainstay.dev/sidecarworkloads/finalizers update",
    "mainstay.dev/sidecarworkloads/status patch",
    "policy/poddisruptionbudgets get,list,watch",
];
/// To see whether somebody else acts.
const RIVALS: &[&str] = &[
    "/pods list",
    "/replicationcontrollers create",
    "/replicationcontrollers get,patch mainstay-canary",
    "coordination.k8s.io/leases get kube-controller-manager",
];

fn rights(duties: &[&[&str]]) -> BTreeSet<String> {
    duties.iter().copied().flatten().map(|right| (*right).to_owned()).collect()
}

/// A value set, and what it must do beyond what holds for all.
pub type Case = (&'static str, Install, fn(&Rendered));

pub const CASES: &[Case] = &[
    ("the defaults", with(""), |rendered| {
        assert_eq!(rendered.replicas(), 2);
        assert_eq!(rendered.mode(), "auto");
        assert_eq!(rendered.manager()["image"], "localhost/mainstay:0.1.0");
        assert_eq!(rendered.names("Deployment"), BTreeSet::from(["mainstay"]));
        assert_eq!(rendered.names("Service"), BTreeSet::from(["mainstay-metrics"]));
        assert_eq!(rendered.names("Role"), BTreeSet::from(["mainstay-canary", "mainstay-lease"]));
        assert_eq!(
            rendered.names("ClusterRole"),
            BTreeSet::from([
                "mainstay.mainstay-system.edit",
                "mainstay.mainstay-system.endpoints",
                "mainstay.mainstay-system.events",
                "mainstay.mainstay-system.mirroring",
                "mainstay.mainstay-system.replication",
                "mainstay.mainstay-system.rivals",
                "mainstay.mainstay-system.sidecars",
                "mainstay.mainstay-system.slices",
                "mainstay.mainstay-system.view",
            ])
        );
        assert_eq!(
            rendered.rights(),
            rights(&[ALWAYS, REPLICATION, ENDPOINTS, SLICES, MIRRORING, SIDECARS, RIVALS])
        );
        let configuration = rendered.configuration();
        assert_eq!(configuration["controllers"], "*");
        assert_eq!(configuration["leader-elect-resource-name"], "mainstay");
        let pod = &rendered.deployment()["spec"]["template"]["spec"];
        assert_eq!(pod["priorityClassName"], "system-cluster-critical");
        for taint in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
            assert_eq!(rendered.toleration(taint, "NoSchedule"), Some(None), "{taint}");
            assert_eq!(rendered.toleration(taint, "NoExecute"), Some(Some(60)), "{taint}");
        }
        let control_plane = "node-role.kubernetes.io/control-plane";
        assert_eq!(rendered.toleration(control_plane, "NoSchedule"), Some(None));
        assert!(rendered.kind("ServiceMonitor").is_empty());
        assert_eq!(
            rendered.names("CustomResourceDefinition"),
            BTreeSet::from(["sidecarworkloads.mainstay.dev"])
        );
        for kind in ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"] {
            assert!(rendered.kind(kind).is_empty(), "{kind}");
        }
        // A frozen leader's lease must be able to end before the kubelet ends the leader.
        let liveness = &rendered.manager()["livenessProbe"];
        let patience = liveness["periodSeconds"].as_u64().unwrap() * liveness["failureThreshold"].as_u64().unwrap();
        assert!(patience >= 3 * 15);
    }),
    (
        "one replica without election",
        with("{replicas: 1, leaderElection: {enabled: false}}"),
        |rendered| {
            assert_eq!(rendered.configuration()["leader-elect"], false);
            assert_eq!(rendered.names("FlowSchema").len(), 1);
        },
    ),
    ("one replica with election", with("replicas: 1"), |rendered| {
        assert!(rendered.names("Role").contains("mainstay-lease"));
    }),
    ("no replica", with("replicas: 0"), |rendered| {
        assert!(!rendered.kind("ClusterRole").is_empty(), "the rights are there for a manager outside");
        assert_eq!(rendered.kind("ServiceAccount").len(), 1);
    }),
    ("nine replicas", with("replicas: 9"), |rendered| assert_eq!(rendered.replicas(), 9)),
    ("replication off", with("controllers: '*,-replicationcontroller'"), |rendered| {
        assert_eq!(rendered.mode(), "off");
        assert_eq!(rendered.rights(), rights(&[ALWAYS, ENDPOINTS, SLICES, MIRRORING, SIDECARS, RIVALS]));
    }),
    ("all off", with("controllers: '-replicationcontroller'"), |rendered| {
        assert_eq!(rendered.duties(), BTreeSet::new());
        assert_eq!(rendered.rights(), rights(&[ALWAYS]), "for the election");
    }),
    ("only Endpoints, on", with("controllers: endpoint"), |rendered| {
        assert_eq!(rendered.rights(), rights(&[ALWAYS, ENDPOINTS]));
    }),
    ("only slices, on, by the canonical name", with("controllers: endpointslice-controller=on"), |rendered| {
        assert_eq!(rendered.rights(), rights(&[ALWAYS, SLICES]));
    }),
    ("only mirroring, auto", with("controllers: endpointslicemirroring=auto"), |rendered| {
        assert_eq!(rendered.duties(), BTreeSet::from(["mirroring"]));
        assert_eq!(rendered.rights(), rights(&[ALWAYS, MIRRORING, RIVALS]));
    }),
    ("all but slices", with("controllers: '*,-endpointslice'"), |rendered| {
        assert_eq!(rendered.duties(), BTreeSet::from(["endpoints", "mirroring", "replication", "sidecars"]));
    }),
    ("all but SidecarWorkloads", with("controllers: '*,-sidecarworkload-controller'"), |rendered| {
        assert_eq!(rendered.rights(), rights(&[ALWAYS, REPLICATION, ENDPOINTS, SLICES, MIRRORING, RIVALS]));
        assert_eq!(rendered.kind("CustomResourceDefinition").len(), 1, "what there is of the kind stays");
    }),
    (
        "only SidecarWorkloads, which nobody else does, so that there is nobody to look for",
        with("controllers: sidecarworkload-controller=auto"),
        |rendered| assert_eq!(rendered.rights(), rights(&[ALWAYS, SIDECARS])),
    ),
    (
        "the kind from elsewhere",
        with("crds: {install: false}"),
        |rendered| {
            assert!(rendered.kind("CustomResourceDefinition").is_empty());
            assert!(rendered.duties().contains("sidecars"));
        },
    ),
    ("a second main container is refused", with("singleMain: Deny"), |rendered| {
        let binding = rendered.only("ValidatingAdmissionPolicyBinding");
        assert_eq!(binding["spec"]["validationActions"], json!(["Deny"]));
    }),
    (
        "replication off, by its canonical name and its mode",
        with("controllers: replicationcontroller-controller=off,*"),
        |rendered| assert_eq!(rendered.mode(), "off"),
    ),
    (
        "kubeadm's list pasted",
        with("controllers: '*,bootstrapsigner,tokencleaner'"),
        |rendered| {
            assert_eq!(rendered.mode(), "auto");
            assert_eq!(rendered.configuration()["controllers"], "*,bootstrapsigner,tokencleaner");
        },
    ),
    (
        "the first mention of a name wins, under either name",
        with("controllers: '-replicationcontroller,*,replicationcontroller-controller=on'"),
        |rendered| assert_eq!(rendered.mode(), "off"),
    ),
    ("one controller by name", with("controllers: replicationcontroller"), |rendered| {
        assert_eq!(rendered.mode(), "on");
        assert_eq!(rendered.rights(), rights(&[ALWAYS, REPLICATION]));
    }),
    ("one controller that is on beside all", with("controllers: '*,replicationcontroller=on'"), |rendered| {
        assert_eq!(rendered.rights(), rights(&[ALWAYS, REPLICATION, ENDPOINTS, SLICES, MIRRORING, SIDECARS, RIVALS]));
    }),
    (
        "one controller that is auto by its name",
        with("controllers: replicationcontroller-controller=auto,-replicationcontroller"),
        |rendered| assert_eq!(rendered.mode(), "auto"),
    ),
    ("only what others do", with("controllers: 'nodelifecycle,-podgc,job=auto'"), |rendered| {
        assert_eq!(rendered.duties(), BTreeSet::new());
    }),
    (
        "an account of the user's",
        with("serviceAccount: {create: false, name: '007'}"),
        |rendered| {
            assert!(rendered.kind("ServiceAccount").is_empty());
            assert_eq!(text(rendered.deployment(), "/spec/template/spec/serviceAccountName"), "007");
        },
    ),
    (
        "an account with a name and annotations",
        with("serviceAccount: {name: steward, annotations: {example.com/team: ships}}"),
        |rendered| {
            let account = rendered.only("ServiceAccount");
            assert_eq!(text(account, "/metadata/name"), "steward");
            assert_eq!(account["metadata"]["annotations"]["example.com/team"], "ships");
            assert_eq!(account["automountServiceAccountToken"], false);
        },
    ),
    ("rights from elsewhere", with("rbac: {create: false}"), |rendered| {
        for kind in ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"] {
            assert!(rendered.kind(kind).is_empty(), "{kind}");
        }
    }),
    ("no flow control", with("flowControl: {create: false}"), |rendered| {
        assert!(rendered.kind("PriorityLevelConfiguration").is_empty());
    }),
    (
        "a share of the apiserver",
        with("flowControl: {concurrencyShares: 7, lendablePercent: 0}"),
        |rendered| {
            let limited = &rendered.only("PriorityLevelConfiguration")["spec"]["limited"];
            assert_eq!(limited["nominalConcurrencyShares"], 7);
            assert_eq!(limited["lendablePercent"], 0);
            let queuing = &limited["limitResponse"]["queuing"];
            let flow = queuing["handSize"].as_u64().unwrap() * queuing["queueLengthLimit"].as_u64().unwrap();
            assert!(flow >= 512, "all concurrent writes of one namespace can wait");
        },
    ),
    (
        "a ServiceMonitor",
        with("metrics: {serviceMonitor: {enabled: true, interval: 15s, labels: {release: prometheus}}}"),
        |rendered| {
            let monitor = rendered.only("ServiceMonitor");
            assert_eq!(monitor["metadata"]["labels"]["release"], "prometheus");
            assert_eq!(monitor["spec"]["endpoints"][0]["interval"], "15s");
            assert_eq!(monitor["spec"]["endpoints"][0]["path"], "/metrics");
        },
    ),
    (
        "every setting of the manager",
        with(
            "{concurrentWrites: 65536, replicationBurst: 1, maxEndpointsPerSlice: 1000,
              mirroringMaxEndpointsPerSubset: 7, endpointUpdatesBatchPeriod: 1s,
              endpointSliceUpdatesBatchPeriod: 2s, mirroringEndpointSliceUpdatesBatchPeriod: 500ms, retryCap: 1m30s, requestTimeout: 1.5s, auditInterval: 1h30m,
              shutdownTimeout: 20s, logging: {format: json, level: 'info,mainstay_engine=debug'},
              leaderElection: {leaseDuration: 60s, renewDeadline: 40s, retryPeriod: 5s, resourceName: captain}}",
        ),
        |rendered| {
            assert_eq!(
                rendered.configuration(),
                json!({
                    "audit-interval": "1h30m",
                    "canary-name": "mainstay-canary",
                    "concurrent-writes": 65536,
                    "controllers": "*",
                    "leader-elect": true,
                    "leader-elect-lease-duration": "60s",
                    "leader-elect-renew-deadline": "40s",
                    "leader-elect-resource-name": "captain",
                    "leader-elect-resource-namespace": "mainstay-system",
                    "leader-elect-retry-period": "5s",
                    "listen-address": "0.0.0.0:8080",
                    "endpoint-updates-batch-period": "1s",
                    "endpointslice-updates-batch-period": "2s",
                    "log-format": "json",
                    "log-level": "info,mainstay_engine=debug",
                    "max-endpoints-per-slice": 1000,
                    "mirroring-endpointslice-updates-batch-period": "500ms",
                    "mirroring-max-endpoints-per-subset": 7,
                    "replication-burst": 1,
                    "request-timeout": "1.5s",
                    "retry-cap": "1m30s",
                    "shutdown-timeout": "20s",
                })
            );
        },
    ),
    ("another port", with("listenAddress: 0.0.0.0:9000"), |rendered| {
        assert_eq!(rendered.only("Service")["spec"]["ports"][0]["port"], 8080);
    }),
    ("IPv6", with("listenAddress: '[::]:65535'"), |rendered| {
        assert_eq!(rendered.manager()["ports"][0]["containerPort"], 65535);
    }),
    (
        "an image from a registry",
        with(
            "{image: {repository: 'registry.example:5000/ships/mainstay', tag: v1, pullPolicy: Always},
              imagePullSecrets: [{name: key}]}",
        ),
        |rendered| {
            for pod in [&rendered.deployment()["spec"]["template"], rendered.only("Pod")] {
                let container = &pod["spec"]["containers"][0];
                assert_eq!(container["image"], "registry.example:5000/ships/mainstay:v1");
                assert_eq!(container["imagePullPolicy"], "Always");
                assert_eq!(pod["spec"]["imagePullSecrets"], json!([{"name": "key"}]));
            }
        },
    ),
    (
        "scheduling",
        with(
            "{nodeSelector: {kubernetes.io/os: linux}, tolerations: [], priorityClassName: '',
              resources: {requests: {cpu: 1, memory: 1Gi}, limits: null}}",
        ),
        |rendered| {
            let pod = &rendered.deployment()["spec"]["template"]["spec"];
            assert_eq!(pod["nodeSelector"]["kubernetes.io/os"], "linux");
            assert!(pod.get("tolerations").is_none() && pod.get("priorityClassName").is_none());
            let resources = &rendered.manager()["resources"];
            assert_eq!(resources["requests"]["cpu"], 1);
            assert!(resources.get("limits").is_none());
        },
    ),
    (
        "labels and annotations that would replace ours",
        with(
            "{podLabels: {app.kubernetes.io/name: thief, app.kubernetes.io/component: thief, crew: deck},
              podAnnotations: {checksum/config: stale, crew: deck}}",
        ),
        |rendered| {
            let metadata = &rendered.deployment()["spec"]["template"]["metadata"];
            assert_eq!(metadata["labels"]["crew"], "deck");
            assert_eq!(metadata["labels"]["app.kubernetes.io/name"], "mainstay");
            assert_eq!(metadata["annotations"]["crew"], "deck");
            assert_ne!(metadata["annotations"]["checksum/config"], "stale");
        },
    ),
    (
        "values taken back",
        with(
            "{podLabels: null, podAnnotations: null, nodeSelector: null, tolerations: null, imagePullSecrets: null,
              fullnameOverride: null, image: {tag: null}, serviceAccount: {annotations: null, name: null},
              metrics: {serviceMonitor: {enabled: true, labels: null}}}",
        ),
        |rendered| assert_eq!(rendered.manager()["image"], "localhost/mainstay:0.1.0"),
    ),
    (
        "a long release in a long namespace",
        Install {
            release: "a-release-whose-name-is-as-long-as-helm-lets-it-be-53",
            namespace: "a-namespace-whose-name-is-as-long-as-kubernetes-lets-it-be-is63",
            values: "metrics: {serviceMonitor: {enabled: true}}",
        },
        |rendered| assert!(rendered.names("Deployment").iter().all(|name| name.len() <= 46)),
    ),
    (
        "a release and a namespace that YAML would take for something else",
        Install { release: "1.5", namespace: "no", values: "" },
        |rendered| {
            assert_eq!(rendered.names("Deployment"), BTreeSet::from(["mainstay-1-5-mainstay"]));
        },
    ),
    ("a name of the user's", with("fullnameOverride: steward"), |rendered| {
        assert_eq!(rendered.names("Deployment"), BTreeSet::from(["steward"]));
        assert!(rendered.names("FlowSchema").contains("steward.mainstay-system.leases"));
    }),
    (
        "a release of another name",
        Install { release: "ships", namespace: "kube-system", values: "global: {region: north}" },
        |rendered| assert_eq!(rendered.names("Deployment"), BTreeSet::from(["ships-mainstay"])),
    ),
];
