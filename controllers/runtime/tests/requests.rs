//! The executor and its connections against an apiserver that answers, refuses, hangs and breaks off.
#![allow(clippy::disallowed_methods, reason = "tests wait on real clocks")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod apiserver;

use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use apiserver::protobuf::{metadata, metadata_list, pod};
use apiserver::{Apiserver, Asked, HTTP1, PATIENCE, eventually, received};
use mainstay_engine::{AuditEntry, Effect, Input, Moment, ReadId, Source, WriteId};
use mainstay_model::{
    ControllerReference, CreatePod, DeletePod, Event, EventForm, EventRecord, EventType, Kind, ObjectName,
    ObjectReference, PodSpec, PodTemplate, Read, ReadOutcome, Refusal, ResourceVersion, Timestamp, Uid,
    Write, WriteOutcome,
};
use mainstay_runtime::clock::Clock;
use mainstay_runtime::connection::{
    ConnectionSettings, Connections, Lane, ObservedRequest, RequestObserver, SendError,
};
use mainstay_runtime::executor::{Executor, ExecutorObserver, ExecutorSettings};
use mainstay_wire::{pod_spec, request};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

const FAR: Moment = Moment(Duration::from_secs(1_000_000));

const SETTINGS: ExecutorSettings = ExecutorSettings {
    request_timeout: Duration::from_secs(60),
    audit_page: 2,
    audit_pause: Duration::from_millis(1),
    waiting_events: 2,
    concurrent_events: 1,
    event_attempts: 3,
    event_pause: Duration::from_millis(1),
};

#[derive(Default)]
struct Observed {
    dropped_events: AtomicU64,
    changes_answered: AtomicU64,
}

impl ExecutorObserver for Observed {
    fn events_dropped(&self, count: u64) {
        self.dropped_events.fetch_add(count, Ordering::Relaxed);
    }

    fn change_answered(&self, _after: Duration) {
        self.changes_answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// An executor and what it answers.
struct Bench {
    executor: Executor,
    answers: mpsc::UnboundedReceiver<Input>,
    clock: Clock,
    observed: Arc<Observed>,
}

impl Bench {
    async fn new(server: &Apiserver) -> Bench {
        Bench::with(&server.connections().await, SETTINGS)
    }

    fn with(connections: &Connections, settings: ExecutorSettings) -> Bench {
        let (sender, answers) = mpsc::unbounded_channel();
        let clock = Clock::start();
        let observed = Arc::new(Observed::default());
        let executor = Executor::new(connections, sender, clock, settings, observed.clone());
        Bench { executor, answers, clock, observed }
    }

    fn delete(&mut self, id: u64) {
        self.delete_before(id, FAR);
    }

    fn delete_before(&mut self, id: u64, deadline: Moment) {
        let write = Write::DeletePod(DeletePod { pod: ObjectName::new("web", "a"), uid: Uid(1) });
        let write = Effect::Write { id: WriteId(id), write, deadline, changed: Some(Moment::default()) };
        assert!(self.executor.perform(write).is_none());
    }

    async fn outcome(&mut self) -> WriteOutcome {
        let Input::Write { outcome, .. } = received(self.answers.recv()).await else { panic!() };
        outcome
    }
}

fn event(name: &str, form: EventForm) -> Effect {
    Effect::Event(EventRecord {
        name: ObjectName::new("web", name),
        event: Event {
            regarding: ObjectReference {
                kind: Kind::ReplicationController,
                object: ObjectName::new("web", "rc"),
                uid: Uid(7),
                version: ResourceVersion(1),
            },
            event_type: EventType::Normal,
            reason: "SuccessfulCreate",
            message: "Created pod".to_owned(),
            component: "replication-controller",
        },
        count: 2,
        first: Timestamp::default(),
        last: Timestamp::default(),
        form,
    })
}

fn is_not_sent(outcome: &WriteOutcome) -> bool {
    matches!(outcome, WriteOutcome::NotSent { .. })
}

fn is_unknown(outcome: &WriteOutcome) -> bool {
    matches!(outcome, WriteOutcome::Unknown { .. })
}

#[tokio::test]
async fn a_write_is_acknowledged_with_its_version() {
    let server = Apiserver::start().await;
    let mut bench = Bench::new(&server).await;
    bench.delete(1);
    let asked = server.next().await;
    assert_eq!((asked.method.as_str(), asked.path().as_str()), ("DELETE", "/api/v1/namespaces/web/pods/a"));
    assert!(!asked.body.is_empty());
    asked.answer(200, metadata("a", 1, 44));
    let Input::Write { id, outcome, .. } = received(bench.answers.recv()).await else { panic!() };
    assert_eq!(id, WriteId(1));
    assert_eq!(outcome, WriteOutcome::Acknowledged { version: Some(ResourceVersion(44)) });
    assert_eq!(bench.observed.changes_answered.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn the_server_may_ask_to_wait() {
    let server = Apiserver::start().await;
    let mut bench = Bench::new(&server).await;
    bench.delete(1);
    server.next().await.answer_with(429, &[("retry-after", "3")], "slow down");
    let WriteOutcome::Refused(Refusal::TooManyRequests { retry_after, message }) = bench.outcome().await
    else {
        panic!()
    };
    assert_eq!((retry_after, message.as_str()), (Some(Duration::from_secs(3)), "slow down"));
}

#[tokio::test]
async fn without_a_connection_nothing_is_sent() {
    // Nobody listens.
    let server = Apiserver::start().await;
    server.stop().await;
    let mut bench = Bench::new(&server).await;
    bench.delete(1);
    let outcome = bench.outcome().await;
    assert!(is_not_sent(&outcome), "{outcome:?}");

    // Somebody listens and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = ConnectionSettings {
        server: Some(format!("https://{}", silent.local_addr().unwrap())),
        connect_timeout: Duration::from_millis(100),
        ..server.settings()
    };
    let mut bench = Bench::with(&Connections::open(&settings).await.unwrap(), SETTINGS);
    bench.delete(1);
    let outcome = bench.outcome().await;
    assert!(is_not_sent(&outcome), "{outcome:?}");

    // Somebody else listens, with a certificate that nobody knows.
    let stranger = Apiserver::start().await;
    let settings =
        ConnectionSettings { server: Some(format!("https://{}", stranger.address())), ..server.settings() };
    let mut bench = Bench::with(&Connections::open(&settings).await.unwrap(), SETTINGS);
    bench.delete(1);
    let outcome = bench.outcome().await;
    assert!(is_not_sent(&outcome), "{outcome:?}");
    assert!(stranger.is_idle().await);
}

#[tokio::test]
async fn an_answer_that_is_lost_leaves_the_outcome_unknown() {
    for protocols in [apiserver::HTTP2, HTTP1] {
        let server = Apiserver::start_with(protocols).await;
        let mut bench = Bench::new(&server).await;
        // The stream breaks before the answer.
        bench.delete(1);
        drop(server.next().await);
        let outcome = bench.outcome().await;
        assert!(is_unknown(&outcome), "{outcome:?}");
        // The connection breaks.
        bench.delete(2);
        let asked = server.next().await;
        server.stop().await;
        let outcome = bench.outcome().await;
        assert!(is_unknown(&outcome), "{outcome:?}");
        drop(asked);
        // The server errs.
        server.start_again().await;
        bench.delete(3);
        server.next().await.answer(503, "");
        let outcome = bench.outcome().await;
        assert!(is_unknown(&outcome), "{outcome:?}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_leaves_the_outcome_unknown() {
    let server = Apiserver::start().await;
    let settings = ExecutorSettings { request_timeout: Duration::from_millis(300), ..SETTINGS };
    let mut bench = Bench::with(&server.connections().await, settings);
    bench.delete(1);
    let asked = server.next().await;
    let outcome = bench.outcome().await;
    assert!(is_unknown(&outcome), "{outcome:?}");
    asked.answer(200, "");
}

#[tokio::test]
async fn after_the_deadline_nothing_is_sent() {
    let server = Apiserver::start().await;
    let mut bench = Bench::new(&server).await;
    bench.delete_before(1, bench.clock.now().moment);
    let outcome = bench.outcome().await;
    assert!(is_not_sent(&outcome), "{outcome:?}");
    assert_eq!(server.accepted(), 0, "not even a connection");
    // A later write arrives, the one before did not.
    bench.delete(2);
    server.next().await.answer(200, metadata("a", 1, 44));
    assert!(server.is_idle().await);
}

#[tokio::test]
async fn a_deadline_that_passes_while_connecting_holds() {
    let server = Apiserver::start().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = ConnectionSettings {
        server: Some(format!("https://{}", silent.local_addr().unwrap())),
        ..server.settings()
    };
    let mut bench = Bench::with(&Connections::open(&settings).await.unwrap(), SETTINGS);
    let deadline = bench.clock.now().moment.after(Duration::from_millis(100));
    bench.delete_before(1, deadline);
    let (mut client, _) = silent.accept().await.unwrap();
    bench.clock.sleep_until(deadline).await;
    // The connection comes up only now.
    let mut upstream = TcpStream::connect(server.address()).await.unwrap();
    let relay = tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut upstream).await });
    let outcome = bench.outcome().await;
    assert!(is_not_sent(&outcome), "{outcome:?}");
    assert!(server.is_idle().await);
    relay.abort();
}

#[tokio::test]
async fn a_connection_that_ends_in_order_costs_nothing() {
    for protocols in [apiserver::HTTP2, HTTP1] {
        let server = Apiserver::start_with(protocols).await;
        let mut bench = Bench::new(&server).await;
        let mut before = 1;
        for round in 0..5 {
            bench.delete(round);
            server.next().await.answer(200, metadata("a", 1, 44));
            let outcome = bench.outcome().await;
            assert!(matches!(outcome, WriteOutcome::Acknowledged { .. }), "{outcome:?}");
            // Who sees the end of one connection has seen the end of all.
            let other = TcpStream::connect(server.address()).await.unwrap();
            eventually("the server has accepted it", || server.accepted() > before).await;
            before = server.accepted() + 1;
            server.stop().await;
            other.readable().await.unwrap();
            server.start_again().await;
        }
    }
}

#[tokio::test]
async fn many_requests_share_few_connections() {
    let server = Apiserver::start().await;
    let connections = server.connections().await;
    let mut bench = Bench::with(&connections, SETTINGS);
    for id in 0..200 {
        bench.delete(id);
    }
    let mut waiting: Vec<Asked> = Vec::new();
    for _ in 0..200 {
        waiting.push(server.next().await);
    }
    assert_eq!(server.accepted(), 3, "90 requests each");
    // Watches and the lease have connections of their own.
    for lane in [Lane::Watches, Lane::Lease] {
        let channel = connections.channel(lane);
        let sent = tokio::spawn(async move {
            channel.send(request::newest_version(Kind::Pod, None), Instant::now() + PATIENCE).await
        });
        server.next().await.answer(200, metadata_list(1, "", &[]));
        assert_eq!(sent.await.unwrap().unwrap().code, 200);
    }
    assert_eq!(server.accepted(), 5);
    for asked in waiting {
        asked.answer(200, metadata("a", 1, 44));
    }
    for _ in 0..200 {
        assert!(matches!(bench.outcome().await, WriteOutcome::Acknowledged { .. }));
    }
    // Now the first connection has room for all.
    bench.delete(1000);
    server.next().await.answer(200, metadata("a", 1, 44));
    bench.outcome().await;
    assert_eq!(server.accepted(), 5);
}

#[tokio::test]
async fn http1_connections_are_used_again() {
    let server = Apiserver::start_with(HTTP1).await;
    let mut bench = Bench::new(&server).await;
    for id in 0..5 {
        bench.delete(id);
        server.next().await.answer(200, metadata("a", 1, 44));
        assert!(matches!(bench.outcome().await, WriteOutcome::Acknowledged { .. }));
    }
    assert!(server.accepted() < 5, "{} connections", server.accepted());
}

#[tokio::test]
async fn each_pod_has_the_spec_of_its_own_template() {
    let server = Apiserver::start().await;
    let mut bench = Bench::new(&server).await;
    let template = |image: &str| {
        let spec = format!(r#"{{"containers":[{{"name":"main","image":"{image}"}}]}}"#);
        Arc::new(PodTemplate { spec: PodSpec::Json(spec.into()), ..PodTemplate::default() })
    };
    let in_json = |field: &str| {
        let spec = format!(r#"{{"{field}":1}}"#);
        Arc::new(PodTemplate { spec: PodSpec::Json(spec.into()), ..PodTemplate::default() })
    };
    let templates = [template("a:1"), template("b:1"), in_json("ofTomorrow"), in_json("ofTheDayAfter")];
    for place in [0, 0, 1, 1, 0, 2, 2, 3, 1] {
        let create = CreatePod {
            pod: ObjectName::new("web", "a"),
            generate_name: "a-".into(),
            owner: ControllerReference { kind: Kind::SidecarWorkload, name: "a".into(), uid: Uid(7) },
            template: Arc::clone(&templates[place]),
        };
        let sent = pod_spec::in_protobuf(&templates[place]).map_or(Arc::clone(&templates[place]), Arc::new);
        let wanted = request::write(&Write::CreatePod(CreatePod { template: sent, ..create.clone() })).body;
        let write = Write::CreatePod(create);
        bench.executor.perform(Effect::Write { id: WriteId(1), write, deadline: FAR, changed: None });
        let asked = server.next().await;
        assert_eq!(asked.body, wanted, "of template {place}");
        let content_type = if place < 2 { "application/vnd.kubernetes.protobuf" } else { "application/json" };
        assert_eq!(asked.headers["content-type"], content_type, "of template {place}");
        asked.answer(201, metadata("a", 1, 44));
        bench.outcome().await;
    }
}

#[tokio::test]
async fn live_reads_are_answered() {
    let server = Apiserver::start().await;
    let mut bench = Bench::new(&server).await;
    let mut outcomes = Vec::new();
    for (id, code) in [(1, 200), (2, 404), (3, 500)] {
        let read = Read { kind: Kind::Pod, object: ObjectName::new("web", "a") };
        assert!(bench.executor.perform(Effect::Read { id: ReadId(id), read }).is_none());
        let asked = server.next().await;
        match code {
            200 => asked.answer(200, metadata("a", 1, 44)),
            404 => asked.refuse(404, "NotFound"),
            code => asked.refuse(code, "InternalError"),
        }
        let Input::Read { id: answered, outcome } = received(bench.answers.recv()).await else { panic!() };
        assert_eq!(answered, ReadId(id));
        outcomes.push(outcome);
    }
    let [ReadOutcome::Found(found), ReadOutcome::NotFound, ReadOutcome::Failed { .. }] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(found.version, ResourceVersion(44));
}

#[tokio::test]
async fn the_newest_version_is_read_or_not() {
    let server = Apiserver::start().await;
    let mut bench = Bench::new(&server).await;
    for (code, expected) in [(200, Some(ResourceVersion(9))), (500, None)] {
        let (source, asked) = (Source::everywhere(Kind::Pod), Moment(Duration::from_secs(7)));
        bench.executor.perform(Effect::ReadNewestVersion { source: source.clone(), asked });
        server.next().await.asks_for("limit=1").answer(code, metadata_list(9, "", &[]));
        match received(bench.answers.recv()).await {
            Input::NewestVersion { source: of, asked: when, version } => {
                assert_eq!((of, when, version), (source, asked, expected));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_audit_reads_all_pages_or_fails() {
    let server = Apiserver::start().await;
    let mut bench = Bench::new(&server).await;
    bench.executor.perform(Effect::Audit(Source::everywhere(Kind::Pod)));
    let first = metadata_list(9, "more", &[pod("a", 1, 5), pod("b", 2, 6)]);
    server.next().await.asks_for("limit=2").answer(200, first);
    server.next().await.asks_for("continue=more").answer(200, metadata_list(9, "", &[pod("c", 3, 7)]));
    let Input::Audited { entries, version, .. } = received(bench.answers.recv()).await else { panic!() };
    assert_eq!(version, ResourceVersion(9));
    let uid = |number| Uid::parse(&apiserver::protobuf::uid(number)).unwrap();
    let entry = |number, version| AuditEntry { uid: uid(number), version: ResourceVersion(version) };
    assert_eq!(entries, [entry(1, 5), entry(2, 6), entry(3, 7)]);

    bench.executor.perform(Effect::Audit(Source::everywhere(Kind::Pod)));
    server.next().await.answer(200, metadata_list(9, "more", &[]));
    server.next().await.refuse(410, "Expired");
    assert!(matches!(received(bench.answers.recv()).await, Input::AuditFailed(_)));
}

#[tokio::test]
async fn events_are_tried_a_few_times() {
    let server = Apiserver::start().await;
    let mut bench = Bench::new(&server).await;
    bench.executor.perform(event("one", EventForm::Create));
    for code in [500, 429] {
        let asked = server.next().await;
        assert_eq!((asked.method.as_str(), asked.path().as_str()), ("POST", "/api/v1/namespaces/web/events"));
        asked.answer(code, "");
    }
    server.next().await.answer(201, "");
    // A count for an event that has expired makes the event anew.
    bench.executor.perform(event("one", EventForm::CountUp));
    let asked = server.next().await;
    assert_eq!(
        (asked.method.as_str(), asked.path().as_str()),
        ("PATCH", "/api/v1/namespaces/web/events/one")
    );
    asked.refuse(404, "NotFound");
    let asked = server.next().await;
    assert_eq!(asked.method.as_str(), "POST");
    // It is there already: an earlier try has arrived.
    asked.refuse(409, "AlreadyExists");
    // What the server does not take is given up, at once or after the last try.
    bench.executor.perform(event("two", EventForm::Create));
    server.next().await.refuse(403, "Forbidden");
    bench.executor.perform(event("three", EventForm::Create));
    for _ in 0..3 {
        server.next().await.answer(500, "");
    }
    let dropped = Arc::clone(&bench.observed);
    eventually("two events are dropped", || dropped.dropped_events.load(Ordering::Relaxed) == 2).await;
    bench.executor.flush_events(PATIENCE).await;
    assert!(server.is_idle().await);
}

#[tokio::test]
async fn events_never_hold_up_a_write_and_the_oldest_are_dropped() {
    let server = Apiserver::start().await;
    let mut bench = Bench::new(&server).await;
    bench.executor.perform(event("hanging", EventForm::Create));
    let hanging = server.next().await;
    for name in ["old", "older", "new", "newest"] {
        bench.executor.perform(event(name, EventForm::CountUp));
    }
    bench.delete(1);
    let asked = server.next().await;
    assert_eq!(asked.method.as_str(), "DELETE");
    asked.answer(200, metadata("a", 1, 44));
    assert!(matches!(bench.outcome().await, WriteOutcome::Acknowledged { .. }));
    hanging.answer(201, "");
    let flushed = tokio::spawn(bench.executor.flush_events(PATIENCE));
    for name in ["new", "newest"] {
        server.next().await.asks_for(&format!("/events/{name}")).answer(200, "");
    }
    flushed.await.unwrap();
    assert_eq!(bench.observed.dropped_events.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn effects_for_others_come_back() {
    let server = Apiserver::start().await;
    let mut bench = Bench::new(&server).await;
    let relist = Effect::Relist(Source::everywhere(Kind::Pod));
    assert_eq!(bench.executor.perform(relist.clone()), Some(relist));
}

#[derive(Default)]
struct Requests(Mutex<Vec<(Lane, &'static str, Option<u16>)>>);

impl RequestObserver for Requests {
    fn request_ended(&self, request: ObservedRequest<'_>) {
        assert!(request.host.starts_with("127.0.0.1:"));
        self.0.lock().unwrap().push((request.lane, request.method, request.code));
    }
}

#[tokio::test]
async fn requests_are_observed() {
    let server = Apiserver::start().await;
    let observed = Arc::new(Requests::default());
    let settings = ConnectionSettings { observer: observed.clone(), ..server.settings() };
    let connections = Connections::open(&settings).await.unwrap();
    assert_eq!(connections.namespace(), "home");
    let mut bench = Bench::with(&connections, SETTINGS);
    bench.delete(1);
    server.next().await.answer(200, metadata("a", 1, 44));
    bench.outcome().await;
    let reads = connections.channel(Lane::Reads);
    let read = tokio::spawn(async move {
        reads.send(request::newest_version(Kind::Pod, None), Instant::now() + PATIENCE).await
    });
    drop(server.next().await);
    assert!(matches!(read.await.unwrap(), Err(SendError::Lost(_))));
    let expected = [(Lane::Writes, "DELETE", Some(200)), (Lane::Reads, "GET", None)];
    assert_eq!(*observed.0.lock().unwrap(), expected);
}

#[tokio::test]
async fn what_cannot_be_configured_is_said_at_once() {
    let server = Apiserver::start().await;
    let open = async |settings| match Connections::open(&settings).await {
        Ok(_) => panic!("it opens"),
        Err(error) => error.to_string(),
    };
    let settings = ConnectionSettings { server: Some("10.0.0.1:6443".to_owned()), ..server.settings() };
    assert!(open(settings).await.contains("is not the address of a server"));
    let settings = ConnectionSettings { kubeconfig: Some("/nonexistent".into()), ..server.settings() };
    assert!(open(settings).await.contains("/nonexistent"));
    let settings = ConnectionSettings { user_agent: "\n".to_owned(), ..server.settings() };
    assert!(open(settings).await.contains("user agent"));
}
