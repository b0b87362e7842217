//! Which objects a list or watch is about: namespace, labels and fields.

use std::fmt;

use mainstay_model::{ClusterIp, Kind, Meta, Name, Object, PodPhase};

use super::refused::Refused;

/// All of these must hold; the default one selects everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Only this namespace; `None` for all.
    pub namespace: Option<Name>,
    /// What is asked of the labels.
    pub labels: Vec<LabelRequirement>,
    /// What is asked of the fields.
    pub fields: Vec<FieldRequirement>,
}

/// One term of a label selector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LabelRequirement {
    /// `key=value`.
    Is(Name, Name),
    /// `key!=value`, which holds without the key, too.
    IsNot(Name, Name),
    /// `key`.
    Exists(Name),
    /// `!key`.
    IsAbsent(Name),
}

/// One term of a field selector: `field=value` or `field!=value`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldRequirement {
    /// The path of the field, as in `spec.nodeName`.
    pub field: Name,
    /// Whether it must be equal, or must not.
    pub equal: bool,
    /// To what; empty for a field that is not set.
    pub value: Name,
}

impl Selection {
    /// Everything in a namespace.
    pub fn namespace(namespace: &Name) -> Selection {
        Selection { namespace: Some(namespace.clone()), ..Selection::default() }
    }

    /// Refuses fields that objects of the kind cannot be selected by.
    pub fn check(&self, kind: Kind) -> Result<(), Refused> {
        let known: &[&str] = match kind {
            Kind::Pod => &["metadata.name", "metadata.namespace", "spec.nodeName", "status.phase"],
            Kind::ReplicationController => &["metadata.name", "metadata.namespace", "status.replicas"],
            Kind::ResourceQuota
            | Kind::Endpoints
            | Kind::EndpointSlice
            | Kind::ControllerRevision
            | Kind::PodDisruptionBudget
            | Kind::SidecarWorkload => &["metadata.name", "metadata.namespace"],
            Kind::Service => &["metadata.name", "metadata.namespace", "spec.clusterIP"],
            Kind::Node => &["metadata.name"],
        };
        let is_known = |requirement: &FieldRequirement| known.contains(&&*requirement.field);
        if self.fields.iter().all(is_known) { Ok(()) } else { Err(Refused::BAD_REQUEST) }
    }

    /// Whether the object is selected.
    pub fn matches(&self, object: &Object) -> bool {
        let meta = object.meta();
        self.namespace.as_ref().is_none_or(|namespace| *namespace == meta.name.namespace)
            && self.labels.iter().all(|requirement| requirement.holds(meta))
            && self.fields.iter().all(|requirement| requirement.holds(object))
    }

    /// The label selector as it stands in a URL; empty for everything.
    pub fn label_selector(&self) -> String {
        self.labels.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// The field selector as it stands in a URL; empty for everything.
    pub fn field_selector(&self) -> String {
        self.fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }
}

impl LabelRequirement {
    fn holds(&self, meta: &Meta) -> bool {
        match self {
            LabelRequirement::Is(key, value) => meta.labels.get(key) == Some(value),
            LabelRequirement::IsNot(key, value) => meta.labels.get(key) != Some(value),
            LabelRequirement::Exists(key) => meta.labels.get(key).is_some(),
            LabelRequirement::IsAbsent(key) => meta.labels.get(key).is_none(),
        }
    }
}

impl FieldRequirement {
    fn holds(&self, object: &Object) -> bool {
        let meta = object.meta();
        let value = match (&*self.field, object) {
            ("metadata.name", _) => meta.name.name.to_string(),
            ("metadata.namespace", _) => meta.name.namespace.to_string(),
            ("spec.nodeName", Object::Pod(pod)) => pod.node.as_deref().unwrap_or_default().to_owned(),
            ("status.phase", Object::Pod(pod)) => phase(pod.phase).to_owned(),
            ("status.replicas", Object::ReplicationController(controller)) => {
                controller.status.replicas.to_string()
            }
            ("spec.clusterIP", Object::Service(service)) => cluster_ip(service.cluster_ip),
            _ => return false,
        };
        (value == *self.value) == self.equal
    }
}

fn cluster_ip(address: ClusterIp) -> String {
    match address {
        ClusterIp::Unset | ClusterIp::Unreadable => String::new(),
        ClusterIp::None => "None".to_owned(),
        ClusterIp::Address(address) => address.to_string(),
    }
}

/// `status.phase` as it is written.
pub fn phase(phase: PodPhase) -> &'static str {
    match phase {
        PodPhase::Pending => "Pending",
        PodPhase::Running => "Running",
        PodPhase::Succeeded => "Succeeded",
        PodPhase::Failed => "Failed",
        PodPhase::Unknown => "Unknown",
    }
}

impl fmt::Display for LabelRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LabelRequirement::Is(key, value) => write!(f, "{key}={value}"),
            LabelRequirement::IsNot(key, value) => write!(f, "{key}!={value}"),
            LabelRequirement::Exists(key) => write!(f, "{key}"),
            LabelRequirement::IsAbsent(key) => write!(f, "!{key}"),
        }
    }
}

impl fmt::Display for FieldRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.field, if self.equal { "=" } else { "!=" }, self.value)
    }
}
