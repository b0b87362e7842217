//! Deletion: preconditions, grace, finalizers (upstream: `Store.Delete` in pkg/registry/generic/registry/store.go and
//! `BeforeDelete` in pkg/registry/rest/delete.go of the apiserver).

use mainstay_model::{Kind, ObjectName, PodPhase, ResourceVersion, Timestamp, Uid};

use super::ApiServer;
use super::record::{FOREGROUND, ORPHAN, Record};
use super::refused::Refused;

/// The grace that pods of this model ask for, which is the API's default.
pub const POD_GRACE_SECONDS: u64 = 30;

/// What is asked with a deletion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deletion {
    /// The kind.
    pub kind: Kind,
    /// The object.
    pub object: ObjectName,
    /// Only if it has this UID.
    pub uid: Option<Uid>,
    /// Only if it has this version.
    pub version: Option<ResourceVersion>,
    /// How long it may take; `None` for as long as the object asks for.
    pub grace_seconds: Option<u64>,
    /// What becomes of the dependents; `None` for the kind's default.
    pub propagation: Option<Propagation>,
}

/// What becomes of an object's dependents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Propagation {
    /// The object goes, then they do.
    Background,
    /// They go, then the object does.
    Foreground,
    /// They stay, without their reference.
    Orphan,
}

impl Deletion {
    /// Of whatever bears the name.
    pub fn of(kind: Kind, object: &ObjectName) -> Deletion {
        Deletion {
            kind,
            object: object.clone(),
            uid: None,
            version: None,
            grace_seconds: None,
            propagation: None,
        }
    }
}

impl ApiServer {
    /// Deletes an object, or marks it where somebody has to let go of it first.
    pub fn delete(&mut self, deletion: &Deletion, now: Timestamp) -> Result<(), Refused> {
        let found = self.record(deletion.kind, &deletion.object).ok_or(Refused::NOT_FOUND)?;
        let meta = found.meta();
        let differs = deletion.uid.is_some_and(|uid| uid != meta.uid)
            || deletion.version.is_some_and(|version| version != meta.version);
        if differs {
            return Err(Refused::CONFLICT);
        }
        let mut record = found.clone();
        let graceful = match grace(&record, deletion) {
            Grace::Pending => return Ok(()),
            Grace::None => false,
            Grace::Of(seconds) => {
                record.mark(now, seconds);
                true
            }
        };
        record.finalizers = finalizers_for(&record, deletion.propagation);
        let is_held = !record.finalizers.is_empty();
        // Once it has come to the finalizers, a real server compares the version with that of an update which it has not made.
        if !graceful && !is_held && !found.finalizers.is_empty() && deletion.version.is_some() {
            return Err(Refused::CONFLICT);
        }
        if is_held && !graceful {
            record.mark(now, 0);
        }
        if graceful || is_held {
            let stays = is_held || record.grace_seconds != Some(0);
            self.store_if_changed(record);
            if stays {
                return Ok(());
            }
        }
        self.remove(deletion.kind, &deletion.object);
        Ok(())
    }
}

/// How gracefully an object goes.
enum Grace {
    /// It is on its way, and this request changes nothing.
    Pending,
    /// Not at all.
    None,
    /// After so many seconds.
    Of(u64),
}

fn grace(record: &Record, deletion: &Deletion) -> Grace {
    let mainstay_model::Object::Pod(pod) = &record.object else { return Grace::None };
    if pod.meta.is_deleting() {
        return match (record.grace_seconds.unwrap_or(0), deletion.grace_seconds) {
            (0, _) => Grace::None,
            (present, Some(wanted)) if wanted < present => Grace::Of(wanted),
            _ => Grace::Pending,
        };
    }
    let nobody_stops_it = pod.node.is_none() || matches!(pod.phase, PodPhase::Failed | PodPhase::Succeeded);
    match nobody_stops_it {
        true => Grace::Of(0),
        false => Grace::Of(deletion.grace_seconds.unwrap_or(POD_GRACE_SECONDS)),
    }
}

/// The finalizers with those of the garbage collector as the request wants them: what is asked for goes before what the
/// object has, and that before the kind's default. ReplicationControllers of v1 leave their pods behind.
fn finalizers_for(record: &Record, propagation: Option<Propagation>) -> Vec<mainstay_model::Name> {
    let wanted = match propagation {
        Some(propagation) => propagation,
        None if record.is_held_by(ORPHAN) => Propagation::Orphan,
        None if record.is_held_by(FOREGROUND) => Propagation::Foreground,
        None => match record.object.kind() {
            Kind::ReplicationController => Propagation::Orphan,
            Kind::Pod
            | Kind::ResourceQuota
            | Kind::Service
            | Kind::Node
            | Kind::Endpoints
            | Kind::EndpointSlice
            | Kind::ControllerRevision
            | Kind::PodDisruptionBudget
            | Kind::SidecarWorkload => Propagation::Background,
        },
    };
    let of_others = record.finalizers.iter().filter(|held| ![ORPHAN, FOREGROUND].contains(&&***held));
    let own = match wanted {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND.into()),
        Propagation::Orphan => Some(ORPHAN.into()),
    };
    of_others.cloned().chain(own).collect()
}
