//! The names of controllers: those that are here, and those that only kube-controller-manager has.

use mainstay_endpoints::{mirroring, slices, subsets};

/// A controller's canonical name, and the older one that is still accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ControllerName {
    /// The name as of today.
    pub canonical: &'static str,
    /// The name before; many have none.
    pub alias: Option<&'static str>,
}

impl ControllerName {
    /// Whether nobody else can do its work: there is nobody to look for, and in the mode auto it acts.
    pub fn is_peerless(&self) -> bool {
        self.canonical == SIDECAR_WORKLOAD
    }

    /// Whether a user who wrote `name` means this controller.
    pub fn is(&self, name: &str) -> bool {
        self.canonical == name || self.alias == Some(name)
    }
}

/// The Endpoints of services.
pub const ENDPOINTS: &str = subsets::NAME;
/// The EndpointSlices of services.
pub const ENDPOINT_SLICES: &str = slices::NAME;
/// EndpointSlices that mirror Endpoints.
pub const ENDPOINT_SLICE_MIRRORING: &str = mirroring::NAME;
/// The ReplicationController.
pub const REPLICATION_CONTROLLER: &str = mainstay_replication::NAME;
/// The SidecarWorkload.
pub const SIDECAR_WORKLOAD: &str = mainstay_sidecars::NAME;

/// The controllers that Mainstay has.
pub const OWN: [ControllerName; 5] = [
    named(ENDPOINTS, subsets::FORMER_NAME),
    named(ENDPOINT_SLICES, slices::FORMER_NAME),
    named(ENDPOINT_SLICE_MIRRORING, mirroring::FORMER_NAME),
    named(REPLICATION_CONTROLLER, mainstay_replication::FORMER_NAME),
    unaliased(SIDECAR_WORKLOAD),
];

/// The other controllers of kube-controller-manager 1.36, the cloud ones included whose names it still accepts.
/// A list that was written for it may name any of them.
pub const ELSEWHERE: [ControllerName; 48] = [
    named("bootstrap-signer-controller", "bootstrapsigner"),
    named("certificatesigningrequest-approving-controller", "csrapproving"),
    named("certificatesigningrequest-cleaner-controller", "csrcleaner"),
    named("certificatesigningrequest-signing-controller", "csrsigning"),
    named("cloud-node-lifecycle-controller", "cloud-node-lifecycle"),
    named("clusterrole-aggregation-controller", "clusterrole-aggregation"),
    named("cronjob-controller", "cronjob"),
    named("daemonset-controller", "daemonset"),
    named("deployment-controller", "deployment"),
    unaliased("device-taint-eviction-controller"),
    named("disruption-controller", "disruption"),
    named("ephemeral-volume-controller", "ephemeral-volume"),
    named("garbage-collector-controller", "garbagecollector"),
    named("horizontal-pod-autoscaler-controller", "horizontalpodautoscaling"),
    named("job-controller", "job"),
    unaliased("kube-apiserver-serving-clustertrustbundle-publisher-controller"),
    named("legacy-serviceaccount-token-cleaner-controller", "legacy-service-account-token-cleaner"),
    named("namespace-controller", "namespace"),
    named("node-ipam-controller", "nodeipam"),
    named("node-lifecycle-controller", "nodelifecycle"),
    named("node-route-controller", "route"),
    named("persistentvolume-attach-detach-controller", "attachdetach"),
    named("persistentvolume-binder-controller", "persistentvolume-binder"),
    named("persistentvolume-expander-controller", "persistentvolume-expander"),
    named("persistentvolume-protection-controller", "pv-protection"),
    named("persistentvolumeclaim-protection-controller", "pvc-protection"),
    named("pod-garbage-collector-controller", "podgc"),
    unaliased("podcertificaterequest-cleaner-controller"),
    unaliased("podgroup-protection-controller"),
    named("replicaset-controller", "replicaset"),
    named("resourceclaim-controller", "resource-claim-controller"),
    unaliased("resourcepoolstatusrequest-controller"),
    named("resourcequota-controller", "resourcequota"),
    named("root-ca-certificate-publisher-controller", "root-ca-cert-publisher"),
    unaliased("selinux-warning-controller"),
    unaliased("service-cidr-controller"),
    named("service-lb-controller", "service"),
    named("serviceaccount-controller", "serviceaccount"),
    named("serviceaccount-token-controller", "serviceaccount-token"),
    named("statefulset-controller", "statefulset"),
    named("storage-version-migrator-controller", "svm"),
    named("storageversion-garbage-collector-controller", "storage-version-gc"),
    unaliased("taint-eviction-controller"),
    named("token-cleaner-controller", "tokencleaner"),
    named("ttl-after-finished-controller", "ttl-after-finished"),
    named("ttl-controller", "ttl"),
    unaliased("validatingadmissionpolicy-status-controller"),
    unaliased("volumeattributesclass-protection-controller"),
];

const fn named(canonical: &'static str, alias: &'static str) -> ControllerName {
    ControllerName { canonical, alias: Some(alias) }
}

const fn unaliased(canonical: &'static str) -> ControllerName {
    ControllerName { canonical, alias: None }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn only_a_custom_resource_has_no_peer() {
        let peerless: Vec<&str> =
            OWN.iter().filter(|name| name.is_peerless()).map(|name| name.canonical).collect();
        assert_eq!(peerless, [SIDECAR_WORKLOAD]);
    }

    #[test]
    fn no_name_means_two_controllers() {
        let names: Vec<&str> = OWN
            .iter()
            .chain(&ELSEWHERE)
            .flat_map(|name| std::iter::once(name.canonical).chain(name.alias))
            .collect();
        let unique: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(names.len(), unique.len());
    }

    /// The chart refuses and resolves names by itself, before the manager sees them.
    #[test]
    fn the_chart_knows_the_same_names() {
        let template =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../charts/mainstay/templates/_controllers.tpl");
        let text = std::fs::read_to_string(template).unwrap();
        let listed = |definition: &str| -> Vec<(String, String)> {
            let (_, rest) = text.split_once(&format!("define \"{definition}\"")).unwrap();
            rest.lines()
                .skip(1)
                .take_while(|line| !line.contains("end -"))
                .filter_map(|line| line.split_once(": "))
                .map(|(name, alias)| (name.to_owned(), alias.trim_matches('"').to_owned()))
                .collect()
        };
        let here = |names: &[ControllerName]| -> Vec<(String, String)> {
            names
                .iter()
                .map(|name| (name.canonical.to_owned(), name.alias.unwrap_or_default().to_owned()))
                .collect()
        };
        assert_eq!(listed("mainstay.controllers.own"), here(&OWN));
        assert_eq!(listed("mainstay.controllers.inTree"), here(&ELSEWHERE));
    }
}
