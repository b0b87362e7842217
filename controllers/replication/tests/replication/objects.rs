//! Small objects, changed by chaining.

use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::{
    Condition, ControllerReference, CreatePod, Kind, LabelSet, Meta, Name, Object, ObjectName,
    OwnerReference, Pod, PodPhase, PodSpec, PodTemplate, ReplicationController, ReplicationControllerStatus,
    ResourceQuota, ResourceVersion, Selector, Timestamp, Uid,
};

/// The namespace that everything is in.
pub const SHOP: &str = "shop";
/// The moment of every test, far enough from the origin that all ages fit.
pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// The UID of `controller("web")`.
pub const WEB: Uid = Uid(0xa);

pub fn seconds_ago(seconds: i64) -> Timestamp {
    Timestamp(NOW.0 - seconds * 1_000_000)
}

pub fn name(name: &str) -> ObjectName {
    ObjectName::new(SHOP, name)
}

pub fn labels(pairs: &[(&str, &str)]) -> LabelSet {
    pairs.iter().copied().collect()
}

fn meta(text: &str, uid: Uid) -> Meta {
    Meta { version: ResourceVersion(1), ..Meta::new(name(text), uid) }
}

/// A ReplicationController `web` with UID [`WEB`]: as many pods as said, of `app: web`, and a status that knows of none.
pub fn controller(replicas: i32) -> Controller {
    Controller(ReplicationController {
        meta: Meta { generation: 1, ..meta("web", WEB) },
        replicas,
        min_ready_seconds: 0,
        selector: Selector(labels(&[("app", "web")])),
        template: Some(Arc::new(PodTemplate {
            labels: labels(&[("app", "web")]),
            spec: PodSpec::Protobuf(Bytes::from_static(b"spec")),
            ..PodTemplate::default()
        })),
        status: ReplicationControllerStatus { observed_generation: 1, ..Default::default() },
    })
}

/// A ResourceQuota `few`, as its status says it: amounts like `pods=3 memory=1Gi`.
pub fn quota(hard: &str, used: &str) -> Object {
    let amounts = |text: &str| {
        let pair =
            |word: &str| word.split_once('=').map(|(name, amount)| (name.into(), amount.into())).unwrap();
        text.split_whitespace().map(pair).collect()
    };
    Object::ResourceQuota(Arc::new(ResourceQuota {
        meta: meta("few", Uid(0xf)),
        hard: amounts(hard),
        used: amounts(used),
    }))
}

#[derive(Clone, Debug)]
pub struct Controller(pub ReplicationController);

impl Controller {
    pub fn named(mut self, text: &str, uid: u128) -> Controller {
        self.0.meta.name = name(text);
        self.0.meta.uid = Uid(uid);
        self
    }

    pub fn generation(mut self, generation: i64) -> Controller {
        self.0.meta.generation = generation;
        self
    }

    pub fn deleting(mut self) -> Controller {
        self.0.meta.deleting = Some(NOW);
        self
    }

    pub fn min_ready_seconds(mut self, seconds: i32) -> Controller {
        self.0.min_ready_seconds = seconds;
        self
    }

    pub fn selector(mut self, pairs: &[(&str, &str)]) -> Controller {
        self.0.selector = Selector(labels(pairs));
        self
    }

    pub fn template_labels(mut self, pairs: &[(&str, &str)]) -> Controller {
        self.0.template = Some(Arc::new(PodTemplate { labels: labels(pairs), ..PodTemplate::default() }));
        self
    }

    pub fn no_template(mut self) -> Controller {
        self.0.template = None;
        self
    }

    /// A status of this many pods, all of them fully labelled, so many ready and so many available.
    pub fn status(mut self, replicas: i32, ready: i32, available: i32) -> Controller {
        let status = &mut self.0.status;
        status.replicas = replicas;
        status.fully_labeled_replicas = replicas;
        status.ready_replicas = ready;
        status.available_replicas = available;
        self
    }

    pub fn condition(mut self, kind: &str, status: &str, message: &str, since: Timestamp) -> Controller {
        self.0.status.conditions.push(Condition {
            kind: kind.to_owned(),
            status: status.to_owned(),
            last_transition: Some(since),
            reason: "Before".to_owned(),
            message: message.to_owned(),
        });
        self
    }

    pub fn object(&self) -> Object {
        Object::ReplicationController(Arc::new(self.0.clone()))
    }
}

/// A running pod that is not ready, labelled `app: web`, on a node, controlled by nobody. Its UID is made from its name.
pub fn pod(text: &str) -> TestPod {
    let uid = text.bytes().fold(0x1000_u128, |uid, byte| uid.wrapping_mul(31).wrapping_add(u128::from(byte)));
    TestPod(Pod {
        phase: PodPhase::Running,
        node: Some("node".into()),
        ..Pod::new(Meta { labels: labels(&[("app", "web")]), created: Some(NOW), ..meta(text, Uid(uid)) })
    })
}

#[derive(Clone, Debug)]
pub struct TestPod(pub Pod);

impl TestPod {
    pub fn owner(mut self, kind: &str, owner: &str, uid: u128, controller: bool) -> TestPod {
        let mut owners = std::mem::take(&mut self.0.meta.owners).into_vec();
        owners.push(OwnerReference {
            api_version: "v1".into(),
            kind: kind.into(),
            name: owner.into(),
            uid: Some(Uid(uid)),
            controller,
        });
        self.0.meta.owners = owners.into();
        self
    }

    /// Controlled by `controller(..)`.
    pub fn of_web(self) -> TestPod {
        self.owner("ReplicationController", "web", WEB.0, true)
    }

    pub fn labels(mut self, pairs: &[(&str, &str)]) -> TestPod {
        self.0.meta.labels = labels(pairs);
        self
    }

    pub fn uid(mut self, uid: u128) -> TestPod {
        self.0.meta.uid = Uid(uid);
        self
    }

    pub fn namespace(mut self, namespace: &str) -> TestPod {
        self.0.meta.name.namespace = namespace.into();
        self
    }

    pub fn phase(mut self, phase: PodPhase) -> TestPod {
        self.0.phase = phase;
        self
    }

    pub fn node(mut self, node: &str) -> TestPod {
        self.0.node = Some(node.into());
        self
    }

    pub fn unassigned(mut self) -> TestPod {
        self.0.node = None;
        self
    }

    pub fn deleting(mut self) -> TestPod {
        self.0.meta.deleting = Some(NOW);
        self
    }

    pub fn ready(mut self, since: Timestamp) -> TestPod {
        self.0.ready = true;
        self.0.ready_since = Some(since);
        self
    }

    pub fn ready_at_no_time(mut self) -> TestPod {
        self.0.ready = true;
        self
    }

    pub fn created(mut self, created: Option<Timestamp>) -> TestPod {
        self.0.meta.created = created;
        self
    }

    /// Failed, made so many seconds ago.
    pub fn failed(self, seconds: i64, reason: &str) -> TestPod {
        let mut pod = self.phase(PodPhase::Failed).created(Some(seconds_ago(seconds)));
        pod.0.end_reason = Some(reason.into());
        pod
    }

    pub fn restarts(mut self, main: i32, sidecar: i32) -> TestPod {
        self.0.restarts = main;
        self.0.sidecar_restarts = sidecar;
        self
    }

    pub fn deletion_cost(mut self, cost: i32) -> TestPod {
        self.0.deletion_cost = cost;
        self
    }

    pub fn object(&self) -> Object {
        Object::Pod(Arc::new(self.0.clone()))
    }
}

/// A create of `web` that was sent before, from an older template.
pub fn create(text: &str) -> CreatePod {
    CreatePod {
        pod: name(text),
        generate_name: "web-".into(),
        owner: ControllerReference { kind: Kind::ReplicationController, name: Name::from("web"), uid: WEB },
        template: Arc::default(),
    }
}
