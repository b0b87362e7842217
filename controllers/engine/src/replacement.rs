//! When a pod that has ended is replaced: later and later, where one after the other ends soon after it was made.
//!
//! Upstream replaces each at once, thousands an hour where a kubelet rejects all that it is given
//! (kubernetes/kubernetes#72593, #38806, #134712).
//!
//! How often in a row that has happened is read from the pods that are still there, so a restart and a change of leader
//! forget nothing. What counts is when pods were made, which the apiserver says: clocks of nodes take no part in it, a malformed
//! status neither, and what ran for longer than the delay is replaced at once.

use std::sync::Arc;
use std::time::Duration;

use mainstay_model::{Name, Pod, Timestamp};

use crate::back_off::BackOff;
use crate::claim::Claims;
use crate::clock::Now;
use crate::controller::HeldBack;
use crate::store::Store;

/// From one pod to the next. The first is over when a scheduler has heard what the kubelet knew before; the cap is the kubelet's
/// for containers that crash (`MaxContainerBackOff` in pkg/kubelet/kubelet.go).
const BACK_OFF: BackOff = BackOff { base: Duration::from_secs(1), cap: Duration::from_secs(300) };
/// After so long without a pod that ends, the delay is the first one again. The kubelet's is twice its cap, too (`hasExpired` in
/// util/flowcontrol/backoff.go of client-go).
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

/// Replicas that are missing and not made yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delayed {
    /// How many.
    pub count: usize,
    /// When the first of them may be made.
    pub next: Timestamp,
    /// When the last of them may be made.
    until: Timestamp,
    /// How long after the pod that it replaces.
    delay: Duration,
    /// What such a pod says.
    reason: Option<Name>,
}

/// A pod that ended soon after it was made, and until when its replacement waits.
struct Ended<'a> {
    pod: &'a Pod,
    delay: Duration,
    until: Timestamp,
}

/// Which of the missing replicas wait: one for each pod that has ended lately. What is missing for another reason does not.
///
/// Not to be asked while the spec is new: whoever has mended the template, or scales, wants to see what comes of it.
pub fn delayed(claims: &Claims<'_>, missing: usize, store: &Store, now: Now) -> Option<Delayed> {
    let mut ended = waiting(claims, store, now.wall);
    let newest = ended.iter().filter_map(|ended| ended.pod.meta.created).max()?;
    // Each that waits has left a gap. Where there are fewer, the spec was new meanwhile and they were replaced; if one that was made
    // since then lives, that is over, and what is missing now is missing for another reason.
    let is_later = |pod: &&Arc<Pod>| pod.meta.created.is_some_and(|created| created > newest);
    if missing < ended.len() && claims.claimed.iter().any(is_later) {
        return None;
    }

    ended.sort_by_key(|ended| ended.until);
    let ended = ended.get(ended.len().saturating_sub(missing)..)?;
    let (first, last) = (ended.first()?, ended.last()?);
    let reasons = ended.iter().filter(|ended| ended.delay == last.delay);
    Some(Delayed {
        count: ended.len(),
        next: first.until,
        until: last.until,
        delay: last.delay,
        // Of several always the same one, in whatever order they end.
        reason: reasons.filter_map(|ended| ended.pod.end_reason.clone()).min(),
    })
}

/// The pods whose replacements wait.
fn waiting<'a>(claims: &Claims<'a>, store: &'a Store, now: Timestamp) -> Vec<Ended<'a>> {
    let owner = claims.owner;
    let has_ended = |pod: &&Arc<Pod>| pod.phase.is_finished() && owner.selector.matches(&pod.meta.labels);
    let mut ended: Vec<(Timestamp, &Pod)> = owner
        .controlled(store)
        .filter(has_ended)
        .filter_map(|pod| Some((pod.meta.created?, &**pod)))
        .collect();
    ended.sort_by_key(|(created, _)| *created);

    let mut round: Option<Round> = None;
    let mut waiting = Vec::new();
    for (created, pod) in ended {
        let present = Round::of(created, round);
        let delay = present.delay();
        let until = created.after(delay);
        // What would wait for longer was made in our future: a clock is wrong, and there is no telling for how long.
        if until.since(now).is_some_and(|wait| !wait.is_zero() && wait <= BACK_OFF.cap) {
            waiting.push(Ended { pod, delay, until });
        }
        round = Some(present);
    }
    waiting
}

/// Pods that were made at about the same time, and have ended: the first, their replacements, the replacements of those ...
#[derive(Clone, Copy)]
struct Round {
    /// From 1.
    number: u32,
    /// When its first pod was made.
    began: Timestamp,
    /// When its last pod was made.
    latest: Timestamp,
}

impl Round {
    /// The round of a pod that was made then, and not before those of the last round. Replacements are not made before the delay is over, so
    /// who was made sooner is none.
    fn of(created: Timestamp, last: Option<Round>) -> Round {
        let first = Round { number: 1, began: created, latest: created };
        match last {
            Some(last) if created.since(last.latest).is_some_and(|pause| pause > FORGOTTEN_AFTER) => first,
            Some(last) if created >= last.began.after(last.delay()) => {
                Round { number: last.number.saturating_add(1), ..first }
            }
            Some(last) => Round { latest: created, ..last },
            None => first,
        }
    }

    /// How long after them their replacements are made.
    fn delay(self) -> Duration {
        BACK_OFF.delay(self.number)
    }
}

impl Delayed {
    /// What the engine counts.
    pub fn held_back(&self) -> HeldBack {
        HeldBack { count: self.count, until: self.until }
    }

    /// What users are told; nothing of the first delay, which is over before anybody could look. The message is the same for all pods of a
    /// round.
    pub fn message(&self) -> Option<String> {
        let said = self.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let message = format!(
            "Back-off {:?} before replacing pods that ended soon after they were made{said}",
            self.delay
        );
        (self.delay > BACK_OFF.base).then_some(message)
    }
}
