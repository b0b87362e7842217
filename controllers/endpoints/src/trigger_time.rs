//! When something happened that an object's content answers to: the annotation that kube-proxy measures its delay from.
//!
//! Upstream's `TriggerTimeTracker` (k8s.io/endpointslice) remembers what it has seen of each pod. Here nothing is
//! remembered: what was published before says which pods have changed. A first write answers to the service's creation; any
//! other one to the earliest change of readiness among those pods that are now published otherwise than before. Pods that
//! only left, or only began to terminate, have no such time: their last change of readiness may be long ago, and is not what
//! made the difference. Without any time the annotation goes.
//!
//! So, other than upstream: after a restart of this program, a change is not said to be as old as the service.

use mainstay_model::{LabelSet, Name, Pod, Service, Timestamp};

/// The annotation.
pub(crate) const LAST_CHANGE_TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// The time that the first write for a service answers to.
pub(crate) fn of_first_write(service: &Service) -> Option<Timestamp> {
    service.meta.created
}

/// The time that a later write answers to: `pods` are those that are published anew, or with another readiness than before.
pub(crate) fn of_changes<'a>(pods: impl IntoIterator<Item = &'a Pod>) -> Option<Timestamp> {
    pods.into_iter().filter_map(|pod| pod.ready_since).min()
}

/// The annotations with this time, or without any.
pub(crate) fn annotate(annotations: &LabelSet, time: Option<Timestamp>) -> LabelSet {
    let others = annotations.iter().filter(|(key, _)| ***key != *LAST_CHANGE_TRIGGER_TIME);
    let own = time.and_then(rfc3339).map(|time| (Name::from(LAST_CHANGE_TRIGGER_TIME), Name::from(time)));
    LabelSet::new(others.map(|(key, value)| (key.clone(), value.clone())).chain(own))
}

/// A time as RFC 3339 has it, in UTC, with as many decimals as it needs; `None` for a time that this form cannot express.
fn rfc3339(time: Timestamp) -> Option<String> {
    jiff::Timestamp::from_microsecond(time.0).ok().map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_as_go_prints_them() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00Z"),
            (951_868_799_000_000, "2000-02-29T23:59:59Z"),
            (1_709_251_199_500_000, "2024-02-29T23:59:59.5Z"),
            (1_735_689_600_000_010, "2025-01-01T00:00:00.00001Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ];
        for (micros, text) in cases {
            assert_eq!(rfc3339(Timestamp(micros)).as_deref(), Some(text));
        }
    }
}
