//! What holds for everything that the chart renders.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::rendered::{AGGREGATES, Rendered, is_for_users, labels, list, selects, text};

/// The keys that the manager's configuration file may have.
const CONFIGURATION_KEYS: &[&str] = &[
    "audit-interval",
    "canary-name",
    "concurrent-writes",
    "controllers",
    "endpoint-updates-batch-period",
    "endpointslice-updates-batch-period",
    "kubeconfig",
    "leader-elect",
    "leader-elect-lease-duration",
    "leader-elect-renew-deadline",
    "leader-elect-resource-name",
    "leader-elect-resource-namespace",
    "leader-elect-retry-period",
    "listen-address",
    "log-format",
    "log-level",
    "max-endpoints-per-slice",
    "mirroring-endpointslice-updates-batch-period",
    "mirroring-max-endpoints-per-subset",
    "replication-burst",
    "request-timeout",
    "retry-cap",
    "server",
    "shutdown-timeout",
];

pub const CLUSTER_SCOPED: &[&str] = &[
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "FlowSchema",
    "PriorityLevelConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
];

impl Rendered {
    /// Panics at what does not hold.
    pub fn check(&self) {
        self.check_names();
        self.check_roles();
        self.check_user_roles();
        self.check_definitions();
        self.check_single_main();
        self.check_lease();
        self.check_canary();
        self.check_flow_control();
        self.check_security();
        self.check_selectors();
        self.check_ports_and_probes();
        self.check_configuration();
        self.check_replicas();
    }

    fn check_names(&self) {
        let mut seen = BTreeSet::new();
        for object in &self.objects {
            let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
            assert!(seen.insert((kind, name)), "two {kind}s {name}");
            assert!(name.len() <= 63, "{kind} {name} is {} long", name.len());
            if CLUSTER_SCOPED.contains(&kind) {
                assert!(object["metadata"].get("namespace").is_none(), "{kind} {name}");
            } else {
                assert_eq!(text(object, "/metadata/namespace"), self.install.namespace, "{kind} {name}");
                assert!(!name.contains('.') && name.starts_with(char::is_alphabetic), "{kind} {name}");
            }
            let labels = labels(object, "/metadata/labels");
            assert_eq!(labels["app.kubernetes.io/instance"], self.install.release);
            assert!(labels.values().all(|value| value.len() <= 63), "{kind} {name}: {labels:?}");
        }
    }

    fn check_roles(&self) {
        let account = text(self.deployment(), "/spec/template/spec/serviceAccountName");
        let subject =
            json!([{"kind": "ServiceAccount", "name": account, "namespace": self.install.namespace}]);
        for role in self.kind("ClusterRole").into_iter().chain(self.kind("Role")) {
            for rule in list(role, "/rules") {
                assert!(!rule.to_string().contains('*'), "a wildcard in {role:#}");
                for part in ["/apiGroups", "/resources", "/verbs"] {
                    assert!(!list(rule, part).is_empty(), "no {part} in {role:#}");
                }
                for resource in list(rule, "/resources") {
                    assert!(
                        !resource.as_str().unwrap().contains("secrets"),
                        "nothing here reads secrets: {role:#}"
                    );
                }
            }
        }
        for kind in ["ClusterRole", "Role"] {
            let binding_kind = format!("{kind}Binding");
            let of_the_manager = self.kind(kind).into_iter().filter(|role| !is_for_users(role));
            let names: BTreeSet<&str> = of_the_manager.map(|role| text(role, "/metadata/name")).collect();
            assert_eq!(names, self.names(&binding_kind));
            for binding in self.kind(&binding_kind) {
                assert_eq!(text(binding, "/roleRef/kind"), kind);
                assert_eq!(text(binding, "/roleRef/name"), text(binding, "/metadata/name"));
                assert_eq!(binding["subjects"], subject);
            }
        }
    }

    /// Whoever may see pods may see SidecarWorkloads, and whoever may change them may change these, but not their status.
    fn check_user_roles(&self) {
        let part_of = |role: &Value| -> Vec<String> {
            let labels = labels(role, "/metadata/labels");
            let parts = labels.keys().filter_map(|key| key.strip_prefix(AGGREGATES));
            parts.map(str::to_owned).collect()
        };
        for role in self.kind("ClusterRole").into_iter().filter(|role| is_for_users(role)) {
            let changes = text(role, "/metadata/name").ends_with(".edit");
            let parts: &[&str] = if changes { &["admin", "edit"] } else { &["admin", "edit", "view"] };
            assert_eq!(part_of(role), parts);
            for rule in list(role, "/rules") {
                assert_eq!(rule["apiGroups"], json!(["mainstay.dev"]));
                let may_change = rule["verbs"].to_string().contains("patch");
                assert_eq!(may_change, changes, "{rule}");
                assert!(!may_change || !rule["resources"].to_string().contains("status"), "{rule}");
            }
        }
    }

    fn check_definitions(&self) {
        for definition in self.kind("CustomResourceDefinition") {
            let name = text(definition, "/metadata/name");
            assert_eq!(definition["metadata"]["annotations"], json!({"helm.sh/resource-policy": "keep"}));
            let file = format!("../crds/yaml/{}.yaml", name.split('.').next().unwrap());
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            let plain: Value = serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            assert_eq!(definition["spec"], plain["spec"], "{name} is the one of crds/yaml");
        }
    }

    fn check_single_main(&self) {
        for policy in self.kind("ValidatingAdmissionPolicy") {
            assert_eq!(policy["spec"]["failurePolicy"], "Ignore", "it holds up no other pod");
            let constraints = &policy["spec"]["matchConstraints"];
            assert_eq!(
                constraints["objectSelector"],
                json!({"matchExpressions": [{"key": "mainstay.dev/workload", "operator": "Exists"}]})
            );
            let binding = self.only("ValidatingAdmissionPolicyBinding");
            assert_eq!(binding["spec"]["policyName"], policy["metadata"]["name"]);
        }
    }

    fn check_lease(&self) {
        let configuration = self.configuration();
        let elects = configuration["leader-elect"] == true;
        assert_eq!(configuration["leader-elect-resource-namespace"], self.install.namespace);
        let roles: Vec<_> = self.local_roles("-lease");
        let has_rights = !self.kind("ClusterRole").is_empty();
        assert_eq!(roles.len(), usize::from(elects && has_rights));
        for role in roles {
            let rules = list(role, "/rules");
            assert_eq!(rules.len(), 2);
            for rule in rules {
                assert_eq!(rule["apiGroups"], json!(["coordination.k8s.io"]));
                assert_eq!(rule["resources"], json!(["leases"]));
            }
            assert_eq!(rules[0]["verbs"], json!(["get", "update"]));
            assert_eq!(rules[0]["resourceNames"], json!([configuration["leader-elect-resource-name"]]));
            assert_eq!(rules[1]["verbs"], json!(["create"]));
            assert!(rules[1].get("resourceNames").is_none(), "a create cannot be limited by name");
        }
    }

    fn check_canary(&self) {
        let configuration = self.configuration();
        let name = &configuration["canary-name"];
        let canaries = self.kind("ReplicationController");
        let has_rights = !self.kind("ClusterRole").is_empty();
        let roles = self.local_roles("-canary");
        assert_eq!(roles.len(), if has_rights { canaries.len() } else { 0 });
        for role in roles {
            let rules = list(role, "/rules");
            assert_eq!(rules.len(), 2);
            for rule in rules {
                assert_eq!(rule["resources"], json!(["replicationcontrollers"]));
            }
            assert_eq!(rules[0]["verbs"], json!(["get", "patch"]));
            assert_eq!(rules[0]["resourceNames"], json!([name]));
            assert_eq!(rules[1]["verbs"], json!(["create"]));
        }
        for canary in canaries {
            assert_eq!(canary["metadata"]["name"], *name);
            // An ordinary object would hold up `helm install --wait` for ever.
            let annotations = &canary["metadata"]["annotations"];
            assert_eq!(annotations["helm.sh/hook"], "post-delete");
            assert_eq!(annotations["helm.sh/hook-delete-policy"], "before-hook-creation,hook-succeeded");
            let spec = &canary["spec"];
            assert_eq!(spec["replicas"], 0);
            assert_eq!(spec["selector"], json!({"mainstay.dev/canary": name}));
            assert_eq!(spec["template"]["metadata"]["labels"], spec["selector"]);
            assert!(spec.get("minReadySeconds").is_none(), "that field is the manager's");
        }
    }

    /// The Roles of the release's namespace for one duty.
    fn local_roles(&self, ending: &str) -> Vec<&Value> {
        let is_it = |role: &&Value| text(role, "/metadata/name").ends_with(ending);
        self.kind("Role").into_iter().filter(is_it).collect()
    }

    fn check_flow_control(&self) {
        let account = text(self.deployment(), "/spec/template/spec/serviceAccountName");
        let levels = self.names("PriorityLevelConfiguration");
        let elects = self.configuration()["leader-elect"] == true;
        assert_eq!(
            self.kind("FlowSchema").len(),
            if levels.is_empty() { 0 } else { 1 + usize::from(elects) }
        );
        for schema in self.kind("FlowSchema") {
            assert_eq!(text(schema, "/apiVersion"), "flowcontrol.apiserver.k8s.io/v1");
            let rules = list(schema, "/spec/rules");
            assert_eq!(rules.len(), 1);
            assert_eq!(
                rules[0]["subjects"],
                json!([{"kind": "ServiceAccount",
                    "serviceAccount": {"name": account, "namespace": self.install.namespace}}])
            );
            let level = text(schema, "/spec/priorityLevelConfiguration/name");
            let precedence = schema["spec"]["matchingPrecedence"].as_u64().unwrap();
            if text(schema, "/metadata/name").ends_with(".leases") {
                assert_eq!(level, "leader-election");
                assert!(precedence < 700, "before our other requests are claimed");
                let resources = &rules[0]["resourceRules"][0];
                assert_eq!(resources["resources"], json!(["leases"]));
                assert_eq!(resources["namespaces"], json!([self.install.namespace]));
            } else {
                assert!(levels.contains(level), "{level}");
                assert!(precedence < 800, "before the built-in schemas of controllers");
            }
        }
    }

    fn check_security(&self) {
        let mut pods = vec![&self.deployment()["spec"]["template"]["spec"]];
        pods.extend(self.kind("Pod").into_iter().map(|pod| &pod["spec"]));
        let canaries = self.kind("ReplicationController");
        pods.extend(canaries.into_iter().map(|canary| &canary["spec"]["template"]["spec"]));
        for pod in pods {
            let security = &pod["securityContext"];
            assert_eq!(security["runAsNonRoot"], true);
            assert_eq!(security["runAsUser"], 65532);
            assert_eq!(security["runAsGroup"], 65532);
            assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault");
            for absent in ["hostNetwork", "hostPID", "hostIPC", "initContainers"] {
                assert!(pod.get(absent).is_none(), "{absent}");
            }
            for container in list(pod, "/containers") {
                assert_eq!(
                    container["securityContext"],
                    json!({
                        "allowPrivilegeEscalation": false,
                        "readOnlyRootFilesystem": true,
                        "capabilities": {"drop": ["ALL"]},
                    })
                );
                assert!(container.get("command").is_none(), "the image has its entry point");
                let runs = container["name"] != "never-run";
                assert!(!runs || container["resources"]["requests"]["memory"].is_string());
            }
        }
        for pod in self.kind("Pod") {
            assert_eq!(pod["spec"]["automountServiceAccountToken"], false);
        }
    }

    fn check_selectors(&self) {
        let deployment = self.deployment();
        let manager = labels(deployment, "/spec/template/metadata/labels");
        let selector = labels(deployment, "/spec/selector/matchLabels");
        let spread = list(deployment, "/spec/template/spec/topologySpreadConstraints");
        assert_eq!(spread.len(), 1);
        assert_eq!(spread[0]["topologyKey"], "kubernetes.io/hostname");
        assert_eq!(spread[0]["whenUnsatisfiable"], "ScheduleAnyway");
        let mut selectors = vec![selector, labels(&spread[0], "/labelSelector/matchLabels")];
        selectors.push(labels(self.only("Service"), "/spec/selector"));
        for budget in self.kind("PodDisruptionBudget") {
            selectors.push(labels(budget, "/spec/selector/matchLabels"));
        }
        for selector in &selectors {
            assert!(selects(selector, &manager), "{selector:?} on {manager:?}");
            for pod in self.kind("Pod") {
                assert!(!selects(selector, &labels(pod, "/metadata/labels")), "the test's pod is no manager");
            }
        }
        for canary in self.kind("ReplicationController") {
            assert!(
                !selects(&labels(canary, "/spec/selector"), &manager),
                "a manager is no pod of the canary's"
            );
        }
        for monitor in self.kind("ServiceMonitor") {
            let selector = labels(monitor, "/spec/selector/matchLabels");
            assert!(selects(&selector, &labels(self.only("Service"), "/metadata/labels")));
            assert_eq!(
                monitor["spec"]["endpoints"][0]["port"],
                self.only("Service")["spec"]["ports"][0]["name"]
            );
        }
    }

    fn check_ports_and_probes(&self) {
        let configuration = self.configuration();
        let (_, port) = text(&configuration, "/listen-address").rsplit_once(':').unwrap();
        let ports = list(self.manager(), "/ports");
        assert_eq!(ports.len(), 1);
        assert_eq!(ports[0]["containerPort"].to_string(), port);
        for (probe, path) in
            [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")]
        {
            let get = &self.manager()[probe]["httpGet"];
            assert_eq!(get["path"], path, "{probe}");
            assert_eq!(get["port"], ports[0]["name"], "{probe}");
        }
        let service = self.only("Service");
        assert_eq!(service["spec"]["ports"][0]["targetPort"], ports[0]["name"]);
        for pod in self.kind("Pod") {
            let variable = text(service, "/metadata/name").to_uppercase().replace('-', "_");
            let arguments = &pod["spec"]["containers"][0]["args"];
            let url = format!(
                "http://$({variable}_SERVICE_HOST):{}/readyz?verbose",
                service["spec"]["ports"][0]["port"]
            );
            assert_eq!(*arguments, json!(["probe", url]));
            assert_eq!(pod["spec"]["enableServiceLinks"], true, "the variable comes from there");
            assert_eq!(pod["metadata"]["annotations"]["helm.sh/hook"], "test");
        }
    }

    fn check_configuration(&self) {
        for (key, value) in self.configuration().as_object().unwrap() {
            assert!(CONFIGURATION_KEYS.contains(&key.as_str()), "{key}");
            assert!(!value.is_object() && !value.is_array() && !value.is_null(), "{key}: {value}");
        }
        let pod = &self.deployment()["spec"]["template"]["spec"];
        let file = json!(["manager", "--config=/etc/mainstay/mainstay.yaml"]);
        assert_eq!(self.manager()["args"], file);
        assert_eq!(self.manager()["volumeMounts"][0]["mountPath"], "/etc/mainstay");
        assert_eq!(self.manager()["volumeMounts"][0]["name"], pod["volumes"][0]["name"]);
        assert_eq!(pod["volumes"][0]["configMap"]["name"], self.only("ConfigMap")["metadata"]["name"]);
        for (index, (name, path)) in
            [("POD_NAME", "metadata.name"), ("POD_NAMESPACE", "metadata.namespace")].iter().enumerate()
        {
            let variable = &self.manager()["env"][index];
            assert_eq!(variable["name"], *name);
            assert_eq!(variable["valueFrom"]["fieldRef"]["fieldPath"], *path);
        }
    }

    fn check_replicas(&self) {
        let replicas = self.replicas();
        assert_eq!(self.kind("PodDisruptionBudget").len(), usize::from(replicas > 1));
        assert_eq!(self.kind("Pod").len(), usize::from(replicas > 0));
        let elects = self.configuration()["leader-elect"] == true;
        assert!(elects || replicas <= 1, "two managers that both act");
    }
}
