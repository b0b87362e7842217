//! What a sequence does, with what exists named by its place and not by UIDs and versions: so one sequence runs on both sides.

use std::fmt;

use mainstay_model::{Kind, LabelSet, Name, PodPhase};
use mainstay_sim::api::deletion::Propagation;
use mainstay_sim::api::selection::{FieldRequirement, LabelRequirement, Selection};

/// The pods. Few, so that they meet themselves again.
pub const PODS: [&str; 3] = ["a", "b", "c"];
/// The ReplicationControllers.
pub const CONTROLLERS: [&str; 2] = ["red", "blue"];

/// An object by its place among the names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Pod(usize),
    Controller(usize),
}

impl Target {
    pub fn kind(self) -> Kind {
        match self {
            Target::Pod(_) => Kind::Pod,
            Target::Controller(_) => Kind::ReplicationController,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Target::Pod(index) => PODS[index % PODS.len()],
            Target::Controller(index) => CONTROLLERS[index % CONTROLLERS.len()],
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind(), self.name())
    }
}

/// Which UID or version of an object a request names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// What it has now, or had last.
    Right,
    /// What it had before.
    Old,
    /// What it never had.
    Wrong,
}

/// An entry of owner references; the last place stands for an owner that is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Owner {
    pub place: usize,
    pub controller: bool,
}

/// One request.
#[derive(Clone, PartialEq, Debug)]
pub enum Operation {
    Create {
        target: Target,
        labels: Labels,
        owners: Vec<Owner>,
        finalizers: Finalizers,
        replicas: i32,
    },
    /// The writes of production.
    CreatePod {
        pod: usize,
        owner: usize,
        labels: Labels,
        finalizers: Finalizers,
    },
    AdoptPod {
        pod: usize,
        uid: Which,
        owner: usize,
    },
    ReleasePod {
        pod: usize,
        uid: Which,
        owner: usize,
    },
    DeletePod {
        pod: usize,
        uid: Which,
    },
    PatchStatus {
        controller: usize,
        uid: Which,
        version: Which,
        status: Status,
    },
    /// A PUT of the whole object, or of its status.
    Replace {
        target: Target,
        uid: Option<Which>,
        version: Option<Which>,
        change: Change,
    },
    Bind {
        pod: usize,
        node: usize,
    },
    Delete {
        target: Target,
        uid: Option<Which>,
        version: Option<Which>,
        grace: Option<u64>,
        propagation: Option<Propagation>,
    },
    Read(Target),
    List {
        kind: Kind,
        choice: Choice,
        at: At,
    },
    LeaseGet,
    LeaseCreate {
        holder: usize,
    },
    LeaseUpdate {
        holder: usize,
        version: Which,
    },
    TerminateNamespace,
    /// From now on, no further pod fits into the namespace's quota.
    FillQuota,
}

/// What a PUT changes.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    Labels(Labels),
    Owners(Vec<Owner>),
    Finalizers(Finalizers),
    Replicas(i32),
    PodStatus { phase: PodPhase, ready: bool, since: i64 },
    Status(Status),
}

/// The status of a ReplicationController: its counts, the observed generation, and whether it has a condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status {
    pub counts: [i32; 4],
    pub observed: i64,
    pub condition: bool,
}

/// The version of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    Newest,
    /// Exactly one of the versions that there were.
    Past(usize),
    /// Exactly one that there is not yet.
    Future,
}

/// A set of labels by its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Labels(pub usize);

impl Labels {
    pub fn set(self) -> LabelSet {
        let sets: [&[(&str, &str)]; 4] =
            [&[], &[("app", "red")], &[("app", "blue")], &[("app", "red"), ("tier", "front")]];
        sets[self.0 % sets.len()].iter().copied().collect()
    }
}

/// Finalizers by their place; the last ones may not stand together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Finalizers(pub usize);

impl Finalizers {
    pub fn names(self) -> Vec<Name> {
        let sets: [&[&str]; 9] = [
            &[],
            &["example.com/one"],
            &["example.com/one", "example.com/two"],
            &["example.com/two"],
            &["orphan"],
            &["foregroundDeletion"],
            &["example.com/one", "foregroundDeletion"],
            &["example.com/one", "orphan"],
            &["orphan", "foregroundDeletion"],
        ];
        sets[self.0 % sets.len()].iter().map(|name| Name::from(*name)).collect()
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.set())
    }
}

impl fmt::Debug for Finalizers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.names())
    }
}

/// A selection by the places of its terms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    pub labels: Vec<usize>,
    pub fields: Vec<(usize, bool)>,
}

impl Choice {
    pub fn selection(&self, kind: Kind, namespace: &Name) -> Selection {
        let labels = self.labels.iter().map(|place| match place % 6 {
            0 => LabelRequirement::Is("app".into(), "red".into()),
            1 => LabelRequirement::IsNot("app".into(), "red".into()),
            2 => LabelRequirement::Exists("tier".into()),
            3 => LabelRequirement::IsAbsent("tier".into()),
            4 => LabelRequirement::Is("app".into(), "blue".into()),
            _ => LabelRequirement::IsNot("tier".into(), "front".into()),
        });
        let field = |(place, equal): &(usize, bool)| {
            let (field, value) = match (kind, place % 8) {
                (_, 0) => ("metadata.name", "a"),
                (_, 1) => ("metadata.name", "red"),
                (_, 2) => ("metadata.namespace", &**namespace),
                (Kind::Pod, 3) => ("spec.nodeName", ""),
                (Kind::Pod, 4) => ("spec.nodeName", "north"),
                (Kind::Pod, 5) => ("status.phase", "Pending"),
                (Kind::Pod, 6) => ("status.phase", "Failed"),
                (Kind::ReplicationController, 3 | 4) => ("status.replicas", "0"),
                (Kind::ReplicationController, 5 | 6) => ("status.replicas", "2"),
                _ => ("spec.nothing", "1"),
            };
            FieldRequirement { field: field.into(), equal: *equal, value: value.into() }
        };
        Selection {
            namespace: Some(namespace.clone()),
            labels: labels.collect(),
            fields: self.fields.iter().map(field).collect(),
        }
    }
}

impl Operation {
    /// The verb, for counting.
    pub fn verb(&self) -> &'static str {
        match self {
            Operation::Create { .. } | Operation::CreatePod { .. } => "create",
            Operation::AdoptPod { .. } | Operation::ReleasePod { .. } | Operation::PatchStatus { .. } => {
                "patch"
            }
            Operation::DeletePod { .. } | Operation::Delete { .. } => "delete",
            Operation::Replace { .. } => "update",
            Operation::Bind { .. } => "bind",
            Operation::Read(_) => "get",
            Operation::List { .. } => "list",
            Operation::LeaseGet | Operation::LeaseCreate { .. } | Operation::LeaseUpdate { .. } => "lease",
            Operation::TerminateNamespace => "terminate",
            Operation::FillQuota => "quota",
        }
    }
}
