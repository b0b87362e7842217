//! A gate that counts: as many pods must appear as creates were acknowledged, or enough time must pass.
//!
//! This is what kube-controller-manager did for a decade (its expectations, in pkg/controller/controller_utils.go), with a
//! shorter time than its five minutes. Any pod of the owner counts, also one that was made by somebody else.

use std::collections::BTreeMap;
use std::time::Duration;

use mainstay_engine::{Input, SourceEvent, WriteId};
use mainstay_model::{Object, ObjectName, Write, WriteOutcome};

use crate::clock::Time;

/// After so long, what did not appear is no longer waited for.
pub const EXPIRES_AFTER: Duration = Duration::from_secs(15);

/// The acknowledgements that wait for their pods to appear.
#[derive(Debug, Default)]
pub struct CountingGate {
    sent: BTreeMap<WriteId, ObjectName>,
    held: Vec<(ObjectName, Time, Input)>,
}

impl CountingGate {
    /// A process sends a write.
    pub fn sent(&mut self, id: WriteId, write: &Write) {
        if let Write::CreatePod(create) = write {
            let key = ObjectName::new(create.pod.namespace.clone(), create.owner.name.clone());
            self.sent.insert(id, key);
        }
    }

    /// Takes in what a process is told; answers what it is told of it now.
    pub fn pass(&mut self, time: Time, input: Input) -> Vec<Input> {
        if let Input::Write { id, outcome, .. } = &input
            && let Some(key) = self.sent.remove(id)
            && matches!(outcome, WriteOutcome::Acknowledged { .. })
        {
            self.held.push((key, time.after(EXPIRES_AFTER), input));
            return Vec::new();
        }
        let appeared = appeared(&input);
        let counted = self.held.iter().position(|(key, ..)| appeared.as_ref() == Some(key));
        let counted = counted.map(|position| self.held.remove(position).2);
        let expired = self.held.extract_if(.., |(_, until, _)| *until <= time).map(|(_, _, input)| input);
        std::iter::once(input).chain(counted).chain(expired).collect()
    }
}

/// The owner of a pod that a watch tells of.
fn appeared(input: &Input) -> Option<ObjectName> {
    let Input::Source(_, SourceEvent::Applied(Object::Pod(pod))) = input else { return None };
    let owner = pod.meta.controller()?;
    Some(ObjectName::new(pod.meta.name.namespace.clone(), owner.name.clone()))
}
