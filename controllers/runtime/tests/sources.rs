//! Sources against an apiserver that misbehaves in every way that is known.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod apiserver;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apiserver::json;
use apiserver::protobuf::{bookmark, event, expired, initial_events_end, pod, pod_list, unreadable_pod};
use apiserver::{Apiserver, HTTP1, received};
use mainstay_engine::back_off::BackOff;
use mainstay_engine::list_watch::ListWatchSettings;
use mainstay_engine::{Input, Moment, Source, SourceEvent};
use mainstay_model::{Kind, Object};
use mainstay_runtime::clock::Clock;
use mainstay_runtime::connection::Lane;
use mainstay_runtime::source::{SourceObserver, SourceTask, run_source};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const SETTINGS: ListWatchSettings = ListWatchSettings {
    watch_timeout: Duration::from_secs(100),
    silence: Duration::from_secs(200),
    list_timeout: Duration::from_secs(60),
    short_watch: Duration::ZERO,
    back_off: BackOff { base: Duration::from_millis(4), cap: Duration::from_millis(50) },
    page: 2,
};

#[derive(Default)]
struct Unreadable(AtomicU64);

impl SourceObserver for Unreadable {
    fn objects_unreadable(&self, _kind: Kind, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }
}

/// A source of all objects of a kind at work.
struct Watched {
    kind: Kind,
    inputs: mpsc::Receiver<(Moment, Input)>,
    relist: mpsc::Sender<()>,
    stop: CancellationToken,
    unreadable: Arc<Unreadable>,
    task: JoinHandle<()>,
}

impl Watched {
    /// Of pods.
    async fn start(server: &Apiserver) -> Watched {
        Watched::start_with(server, SETTINGS).await
    }

    async fn start_with(server: &Apiserver, settings: ListWatchSettings) -> Watched {
        Watched::start_of(Kind::Pod, server, settings).await
    }

    async fn start_of(kind: Kind, server: &Apiserver, settings: ListWatchSettings) -> Watched {
        let (sender, inputs) = mpsc::channel(16);
        let (relist, requests) = mpsc::channel(1);
        let stop = CancellationToken::new();
        let unreadable = Arc::new(Unreadable::default());
        let task = SourceTask {
            source: Source::everywhere(kind),
            channel: server.connections().await.channel(Lane::Watches),
            inputs: sender,
            clock: Clock::start(),
            settings,
            seed: 1,
            observer: unreadable.clone(),
        };
        let task = tokio::spawn(run_source(task, requests, stop.clone()));
        Watched { kind, inputs, relist, stop, unreadable, task }
    }

    /// The next events, as words.
    async fn tell(&mut self, count: usize) -> String {
        let mut words = Vec::new();
        for _ in 0..count {
            let (_, Input::Source(source, event)) = received(self.inputs.recv()).await else { panic!() };
            assert_eq!(source, Source::everywhere(self.kind));
            words.push(match event {
                SourceEvent::Listed(listing) => {
                    let objects: Vec<_> = listing.objects.iter().map(name).collect();
                    let mut text = format!("listed@{}[{}]", listing.version, objects.join(" "));
                    for unreadable in listing.unreadable {
                        text.push_str(&format!("?{unreadable}"));
                    }
                    text
                }
                SourceEvent::Applied(object) => format!("applied({})", name(&object)),
                SourceEvent::Deleted(tombstone) => {
                    format!("deleted({}@{})", tombstone.name.name, tombstone.version)
                }
                SourceEvent::Progress(version) => format!("progress@{version}"),
                SourceEvent::Interrupted => "interrupted".to_owned(),
            });
        }
        words.join(" ")
    }

    /// Ends in order, with nothing left to tell.
    async fn end(mut self) {
        self.stop.cancel();
        self.task.await.unwrap();
        assert!(self.inputs.try_recv().is_err(), "something was told beyond what the test expects");
    }
}

fn name(object: &Object) -> String {
    format!("{}@{}", object.meta().name.name, object.meta().version)
}

/// Starts a source and gives it its first list, of `a` and `b` at version 10, on a stream that stays.
async fn listed(server: &Apiserver) -> (Watched, apiserver::Stream) {
    let mut pods = Watched::start(server).await;
    let stream = server.next().await.asks_for("sendInitialEvents=true").stream();
    stream.send(event("ADDED", &pod("a", 1, 5))).send(event("ADDED", &pod("b", 2, 6)));
    stream.send(initial_events_end(10));
    assert_eq!(pods.tell(1).await, "listed@10[a@5 b@6]");
    (pods, stream)
}

#[tokio::test]
async fn a_watch_goes_on_where_the_list_ends() {
    let server = Apiserver::start().await;
    let (mut pods, stream) = listed(&server).await;
    stream.send(event("MODIFIED", &pod("a", 1, 11))).send(event("DELETED", &pod("b", 2, 12)));
    stream.send(bookmark(15));
    assert_eq!(pods.tell(3).await, "applied(a@11) deleted(b@12) progress@15");
    drop(stream);
    let stream =
        server.next().await.asks_for("watch=true&resourceVersion=15&allowWatchBookmarks=true").stream();
    stream.send(event("ADDED", &pod("c", 3, 16)));
    assert_eq!(pods.tell(1).await, "applied(c@16)");
    pods.end().await;
}

#[tokio::test]
async fn requests_say_who_asks() {
    let server = Apiserver::start().await;
    let pods = Watched::start(&server).await;
    let asked = server.next().await;
    assert_eq!(asked.version, http::Version::HTTP_2);
    assert_eq!(asked.uri.path(), "/api/v1/pods");
    assert_eq!(asked.headers["user-agent"], concat!("mainstay/", env!("CARGO_PKG_VERSION")));
    assert_eq!(asked.headers["authorization"], "Bearer a-token");
    assert_eq!(asked.headers["accept"], "application/vnd.kubernetes.protobuf;stream=watch");
    pods.end().await;
}

#[tokio::test]
async fn a_lost_watch_is_resumed() {
    let server = Apiserver::start().await;
    let (mut pods, stream) = listed(&server).await;
    stream.send(event("MODIFIED", &pod("a", 1, 11)));
    assert_eq!(pods.tell(1).await, "applied(a@11)");
    stream.fail();
    assert_eq!(pods.tell(1).await, "interrupted");
    let stream = server.next().await.asks_for("resourceVersion=11&").stream();
    stream.send(bookmark(12));
    assert_eq!(pods.tell(1).await, "progress@12");
    // A frame that is cut in the middle is a loss too, and nothing of it is delivered.
    let mut half = event("ADDED", &pod("c", 3, 13));
    half.truncate(20);
    stream.send(half);
    drop(stream);
    assert_eq!(pods.tell(1).await, "interrupted");
    server.next().await.asks_for("resourceVersion=12&");
    pods.end().await;
}

#[tokio::test]
async fn frames_may_come_in_any_pieces() {
    let server = Apiserver::start().await;
    let (mut pods, stream) = listed(&server).await;
    let mut bytes = event("MODIFIED", &pod("a", 1, 11));
    bytes.extend(bookmark(12));
    for byte in bytes {
        stream.send(vec![byte]);
    }
    assert_eq!(pods.tell(2).await, "applied(a@11) progress@12");
    pods.end().await;
}

#[tokio::test]
async fn what_the_server_has_forgotten_is_listed_again() {
    let server = Apiserver::start().await;
    let (mut pods, stream) = listed(&server).await;
    stream.send(expired());
    assert_eq!(pods.tell(1).await, "interrupted");
    let stream = server.next().await.asks_for("sendInitialEvents=true").stream();
    // `a` has vanished meanwhile.
    stream.send(event("ADDED", &pod("b", 2, 6))).send(initial_events_end(20));
    assert_eq!(pods.tell(1).await, "listed@20[b@6]");
    drop(stream);
    server.next().await.asks_for("resourceVersion=20&").refuse(410, "Expired");
    assert_eq!(pods.tell(1).await, "interrupted");
    let stream = server.next().await.asks_for("sendInitialEvents=true").stream();
    // The list may be older than what was seen, as after a restore of etcd: it is delivered as it is.
    stream.send(initial_events_end(3));
    assert_eq!(pods.tell(1).await, "listed@3[]");
    drop(stream);
    server.next().await.asks_for("resourceVersion=3&");
    pods.end().await;
}

#[tokio::test]
async fn a_version_that_the_server_has_not_reached_is_listed_again() {
    let server = Apiserver::start().await;
    let (mut pods, stream) = listed(&server).await;
    drop(stream);
    let too_large = r#"{"kind":"Status","code":504,"reason":"Timeout","message":"Too large resource version",
        "details":{"causes":[{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":1}}"#;
    server.next().await.asks_for("resourceVersion=10&").answer(504, too_large);
    assert_eq!(pods.tell(1).await, "interrupted");
    let stream = server.next().await.asks_for("sendInitialEvents=true").stream();
    stream.send(initial_events_end(3));
    assert_eq!(pods.tell(1).await, "listed@3[]");
    pods.end().await;
}

#[tokio::test]
async fn a_server_that_is_away_is_found_again() {
    let server = Apiserver::start().await;
    let (mut pods, _stream) = listed(&server).await;
    server.stop().await;
    assert_eq!(pods.tell(1).await, "interrupted");
    server.start_again().await;
    let stream = server.next().await.asks_for("resourceVersion=10&").stream();
    stream.send(event("DELETED", &pod("a", 1, 30)));
    assert_eq!(pods.tell(1).await, "deleted(a@30)");
    pods.end().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_waited_for() {
    let server = Apiserver::start().await;
    server.stop().await;
    let mut pods = Watched::start(&server).await;
    assert_eq!(pods.tell(1).await, "interrupted");
    server.start_again().await;
    // However it is asked after so many failures, the list arrives.
    let asked = server.next().await;
    if asked.path().contains("sendInitialEvents") {
        asked.stream().send(initial_events_end(9));
    } else {
        asked.answer(200, pod_list(9, "", &[]));
    }
    assert_eq!(pods.tell(1).await, "listed@9[]");
    pods.stop.cancel();
}

#[tokio::test]
async fn a_silent_stream_is_given_up() {
    let server = Apiserver::start().await;
    let settings = ListWatchSettings { silence: Duration::from_millis(200), ..SETTINGS };
    let mut pods = Watched::start_with(&server, settings).await;
    let stream = server.next().await.stream();
    stream.send(initial_events_end(10));
    assert_eq!(pods.tell(2).await, "listed@10[] interrupted");
    stream.dropped_by_client().await;
    server.next().await.asks_for("resourceVersion=10&");
    pods.end().await;
}

#[tokio::test]
async fn an_initial_state_without_end_is_given_up_for_pages() {
    let server = Apiserver::start().await;
    let settings = ListWatchSettings { list_timeout: Duration::from_millis(200), ..SETTINGS };
    let mut pods = Watched::start_with(&server, settings).await;
    let first = server.next().await.asks_for("sendInitialEvents=true").stream();
    first.send(event("ADDED", &pod("a", 1, 5)));
    assert_eq!(pods.tell(1).await, "interrupted");
    let second = server.next().await.asks_for("sendInitialEvents=true").stream();
    second.dropped_by_client().await;
    let asked = server.next().await;
    assert!(!asked.path().contains("watch"), "{}", asked.path());
    asked.answer(200, pod_list(10, "", &[pod("a", 1, 5)]));
    assert_eq!(pods.tell(1).await, "listed@10[a@5]");
    pods.stop.cancel();
}

#[tokio::test]
async fn a_server_without_streamed_lists_is_asked_for_pages() {
    let server = Apiserver::start().await;
    let mut pods = Watched::start(&server).await;
    server.next().await.asks_for("sendInitialEvents=true").refuse(422, "Invalid");
    assert_eq!(pods.tell(1).await, "interrupted");
    let first = pod_list(10, "more", &[pod("a", 1, 5), pod("b", 2, 6)]);
    server.next().await.asks_for("limit=2").answer(200, first);
    let second = pod_list(10, "", &[pod("c", 3, 7), unreadable_pod("d", 8)]);
    server.next().await.asks_for("continue=more").answer(200, second);
    assert_eq!(pods.tell(1).await, "listed@10[a@5 b@6 c@7]?web/d");
    assert_eq!(pods.unreadable.0.load(Ordering::Relaxed), 1);
    server.next().await.asks_for("watch=true&resourceVersion=10&");
    pods.end().await;
}

#[tokio::test]
async fn rights_that_come_back_are_used() {
    let server = Apiserver::start().await;
    let (mut pods, stream) = listed(&server).await;
    drop(stream);
    server.next().await.asks_for("resourceVersion=10&").refuse(403, "Forbidden");
    assert_eq!(pods.tell(1).await, "interrupted");
    server.next().await.asks_for("resourceVersion=10&").refuse(401, "Unauthorized");
    let stream = server.next().await.asks_for("resourceVersion=10&").stream();
    stream.send(bookmark(11));
    assert_eq!(pods.tell(1).await, "progress@11");
    pods.end().await;
}

#[tokio::test]
async fn a_relist_is_done_at_once() {
    let server = Apiserver::start().await;
    let (mut pods, stream) = listed(&server).await;
    pods.relist.send(()).await.unwrap();
    stream.dropped_by_client().await;
    let stream = server.next().await.asks_for("sendInitialEvents=true").stream();
    stream.send(initial_events_end(12));
    assert_eq!(pods.tell(1).await, "listed@12[]");
    pods.end().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_skipped_and_counted() {
    let server = Apiserver::start().await;
    let (mut pods, stream) = listed(&server).await;
    stream.send(event("MODIFIED", &unreadable_pod("a", 11))).send(event("MODIFIED", &pod("b", 2, 12)));
    assert_eq!(pods.tell(2).await, "progress@11 applied(b@12)");
    assert_eq!(pods.unreadable.0.load(Ordering::Relaxed), 1);
    // What is no frame at all ends the watch.
    stream.send(vec![0xff; 8]);
    assert_eq!(pods.tell(1).await, "interrupted");
    server.next().await.asks_for("resourceVersion=12&");
    pods.end().await;
}

#[tokio::test]
async fn http1_is_enough() {
    let server = Apiserver::start_with(HTTP1).await;
    let mut pods = Watched::start(&server).await;
    let asked = server.next().await.asks_for("sendInitialEvents=true");
    assert_eq!(asked.version, http::Version::HTTP_11);
    assert_eq!(asked.headers["host"], server.address().to_string().as_str());
    let stream = asked.stream();
    stream.send(initial_events_end(10)).send(event("ADDED", &pod("a", 1, 11)));
    assert_eq!(pods.tell(2).await, "listed@10[] applied(a@11)");
    drop(stream);
    let stream = server.next().await.asks_for("resourceVersion=11&").stream();
    stream.send(bookmark(12));
    assert_eq!(pods.tell(1).await, "progress@12");
    pods.end().await;
}

#[tokio::test]
async fn a_custom_kind_comes_as_json() {
    let server = Apiserver::start().await;
    let mut workloads = Watched::start_of(Kind::SidecarWorkload, &server, SETTINGS).await;
    let asked = server.next().await.asks_for("/apis/mainstay.dev/v1alpha1/sidecarworkloads?");
    assert_eq!(asked.headers["accept"], "application/json");
    let stream = asked.asks_for("sendInitialEvents=true").stream();
    stream.send(json::event("ADDED", &json::workload("a", 1, 5))).send(json::initial_events_end(10));
    assert_eq!(workloads.tell(1).await, "listed@10[a@5]");
    let events = [
        json::event("MODIFIED", &json::workload("a", 1, 11)),
        json::event("MODIFIED", &json::unreadable_workload("a", 12)),
        json::event("DELETED", &json::workload("a", 1, 13)),
        json::bookmark(14),
    ];
    for piece in events.concat().as_bytes().chunks(7) {
        stream.send(piece.to_vec());
    }
    assert_eq!(workloads.tell(4).await, "applied(a@11) progress@12 deleted(a@13) progress@14");
    assert_eq!(workloads.unreadable.0.load(Ordering::Relaxed), 1);
    stream.send(json::expired());
    assert_eq!(workloads.tell(1).await, "interrupted");
    server.next().await.asks_for("sendInitialEvents=true").refuse(422, "Invalid");
    let first = json::workload_list(20, "more", &[json::workload("b", 2, 16)]);
    server.next().await.asks_for("limit=2").answer(200, first);
    let second =
        json::workload_list(20, "", &[json::unreadable_workload("c", 17), json::workload("d", 4, 18)]);
    server.next().await.asks_for("continue=more").answer(200, second);
    assert_eq!(workloads.tell(1).await, "listed@20[b@16 d@18]?web/c");
    server.next().await.asks_for("watch=true&resourceVersion=20&");
    workloads.end().await;
}

#[tokio::test]
async fn a_custom_kind_that_is_not_installed_is_said_once_and_waited_for() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = Apiserver::start().await;
    server.stop().await;
    let mut workloads = Watched::start_of(Kind::SidecarWorkload, &server, SETTINGS).await;
    assert_eq!(workloads.tell(1).await, "interrupted");
    server.start_again().await;
    for _ in 0..5 {
        server.next().await.answer(404, "404 page not found\n");
    }
    server.next().await.asks_for("limit=2").answer(200, json::workload_list(9, "", &[]));
    assert_eq!(workloads.tell(1).await, "listed@9[]");
    assert_eq!(log.lines_with("CustomResourceDefinition sidecarworkloads.mainstay.dev"), 1);
    server.next().await.asks_for("resourceVersion=9&").answer(404, "404 page not found\n");
    assert_eq!(workloads.tell(1).await, "interrupted");
    assert_eq!(log.lines_with("CustomResourceDefinition sidecarworkloads.mainstay.dev"), 2);
    workloads.end().await;
}

/// What is logged by the thread of a test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines_with(&self, words: &str) -> usize {
        String::from_utf8_lossy(&self.0.lock().unwrap()).lines().filter(|line| line.contains(words)).count()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn it_ends_when_nobody_listens() {
    let server = Apiserver::start().await;
    let (pods, stream) = listed(&server).await;
    drop(pods.inputs);
    stream.send(bookmark(12));
    tokio::time::timeout(apiserver::PATIENCE, pods.task).await.unwrap().unwrap();
}
