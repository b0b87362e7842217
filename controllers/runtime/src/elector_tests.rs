use std::sync::{Arc, Mutex};
use std::time::Duration;

use mainstay_engine::election::ElectionSettings;
use mainstay_model::{ObservedLease, ResourceVersion};

use super::*;

/// A lease in memory; clones share it.
#[derive(Clone, Default)]
struct MemoryLease(Arc<Mutex<Option<ObservedLease>>>);

impl MemoryLease {
    fn holder(&self) -> Option<String> {
        self.0.lock().unwrap().as_ref().map(|lease| lease.record.holder.clone())
    }
}

impl Leases for MemoryLease {
    async fn perform(&self, request: LeaseRequest, _answer_by: Instant) -> LeaseAnswer {
        let mut lease = self.0.lock().unwrap();
        let version = lease.as_ref().map(|lease| lease.version);
        let written = match (request, version) {
            (LeaseRequest::Get, None) => return LeaseAnswer::NotFound,
            (LeaseRequest::Get, Some(_)) => lease.clone(),
            (LeaseRequest::Create(record), None) => {
                Some(ObservedLease { record, version: ResourceVersion(1) })
            }
            (LeaseRequest::Update(record, named), Some(present)) if named == present => {
                Some(ObservedLease { record, version: ResourceVersion(present.0 + 1) })
            }
            (LeaseRequest::Create(_) | LeaseRequest::Update(..), _) => return LeaseAnswer::Conflict,
        };
        lease.clone_from(&written);
        written.map_or(LeaseAnswer::NotFound, LeaseAnswer::Lease)
    }
}

/// A server that never answers.
struct DeadServer;

impl Leases for DeadServer {
    async fn perform(&self, _request: LeaseRequest, answer_by: Instant) -> LeaseAnswer {
        tokio::time::sleep_until(answer_by.into()).await;
        LeaseAnswer::Failed
    }
}

fn times() -> ElectionSettings {
    // Long terms, so that a busy machine loses none, and short pauses, so that nobody waits.
    let (lease_duration, renew_deadline) = (Duration::from_secs(60), Duration::from_secs(30));
    ElectionSettings::new(lease_duration, renew_deadline, Duration::from_millis(20)).unwrap()
}

struct Running {
    leadership: watch::Receiver<Leadership>,
    release: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

fn start(identity: &str, leases: impl Leases + Send + Sync + 'static) -> Running {
    let (publish, leadership) = watch::channel(Leadership::Standby);
    let release = CancellationToken::new();
    let elect = Elect {
        election: Election::new(times(), identity.to_owned(), 1),
        leases,
        clock: Clock::start(),
        request_timeout: times().request_timeout(),
        release: release.clone(),
    };
    let metrics = Metrics::new().unwrap();
    let mut observer = Observer { publish, metrics, lease_name: "test".into(), holder: None };
    // On the test's own thread: a trait's async function promises nobody that it can be sent.
    let task = tokio::task::spawn_local(elect.run(move |standing, now| observer.see(standing, now)));
    Running { leadership, release, task }
}

fn leads(leadership: &Leadership) -> bool {
    matches!(leadership, Leadership::Leading { .. })
}

async fn on_this_thread(test: impl Future<Output = ()>) {
    tokio::task::LocalSet::new().run_until(test).await;
}

#[tokio::test]
async fn the_second_leads_once_the_first_gives_back() {
    on_this_thread(async {
        let lease = MemoryLease::default();
        let mut first = start("first", lease.clone());
        first.leadership.wait_for(leads).await.unwrap();
        let mut second = start("second", lease.clone());
        let until = first.leadership.borrow_and_update().to_owned();
        first.leadership.wait_for(|leadership| leads(leadership) && *leadership != until).await.unwrap();
        assert_eq!(*second.leadership.borrow(), Leadership::Standby);
        first.release.cancel();
        first.task.await.unwrap();
        assert_eq!(*first.leadership.borrow(), Leadership::Standby);
        second.leadership.wait_for(leads).await.unwrap();
        assert_eq!(lease.holder().as_deref(), Some("second"));
        second.release.cancel();
        second.task.await.unwrap();
        assert_eq!(lease.holder().as_deref(), Some(""));
    })
    .await;
}

#[tokio::test]
async fn who_finds_another_in_its_lease_has_lost_for_good() {
    on_this_thread(async {
        let lease = MemoryLease::default();
        let mut first = start("first", lease.clone());
        first.leadership.wait_for(leads).await.unwrap();
        if let Some(lease) = lease.0.lock().unwrap().as_mut() {
            lease.record.holder = "thief".to_owned();
            lease.version = ResourceVersion(100);
        }
        first.leadership.wait_for(|leadership| *leadership == Leadership::Lost).await.unwrap();
        first.task.await.unwrap();
        assert_eq!(lease.holder().as_deref(), Some("thief"));
    })
    .await;
}

#[tokio::test]
async fn without_answers_nobody_leads_and_a_stop_ends_at_once() {
    on_this_thread(async {
        let alone = start("alone", DeadServer);
        tokio::task::yield_now().await;
        alone.release.cancel();
        alone.task.await.unwrap();
        assert_eq!(*alone.leadership.borrow(), Leadership::Standby);
    })
    .await;
}

#[test]
fn a_term_that_was_not_renewed_is_lost_whether_or_not_anybody_says_so() {
    let until = Moment(Duration::from_secs(10));
    let leading = Leadership::Leading { until };
    assert_eq!(leading.at(Moment(Duration::from_millis(9_999))), leading);
    assert_eq!(leading.at(until), Leadership::Lost);
    assert_eq!(Leadership::Standby.at(until), Leadership::Standby);
}

#[test]
fn answers_are_told_apart_by_what_was_asked() {
    use mainstay_model::LeaseRecord;

    let create = || LeaseRequest::Create(LeaseRecord::default());
    let update = || LeaseRequest::Update(LeaseRecord::default(), ResourceVersion(1));
    let not_found =
        r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}"#;
    let table: [(LeaseRequest, u16, &str, Option<LeaseAnswer>); 8] = [
        (LeaseRequest::Get, 404, not_found, Some(LeaseAnswer::NotFound)),
        (LeaseRequest::Get, 404, "a proxy's page", None),
        (update(), 404, not_found, Some(LeaseAnswer::NotFound)),
        (create(), 404, not_found, None),
        (create(), 409, "", Some(LeaseAnswer::Conflict)),
        (update(), 409, "", Some(LeaseAnswer::Conflict)),
        (update(), 500, "", None),
        (update(), 200, "not a lease", None),
    ];
    for (request, code, body, wanted) in table {
        let bytes = body.as_bytes().to_vec().into();
        let found = Answer { code, retry_after: None, body: bytes, request_left: None };
        assert_eq!(read_answer(&request, &found).ok(), wanted, "{request:?} {code} {body}");
    }
}
