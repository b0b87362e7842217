use mainstay_engine::brain::report::{ControllerReport, SourceReport};
use mainstay_engine::rivals::{Passivity, Trace};
use mainstay_engine::{Moment, Source, Standing};
use mainstay_model::{Kind, ObjectName, ResourceVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

fn report(at_second: u64, synced: bool, leading: bool, active: bool) -> BrainReport {
    BrainReport {
        at: Moment(Duration::from_secs(at_second)),
        leading,
        sources: vec![SourceReport {
            source: Source::everywhere(Kind::Pod),
            needed: true,
            synced,
            fresh: active,
            progress: ResourceVersion(42),
            objects: 3,
            silent_for: Duration::from_secs(2),
        }],
        controllers: vec![ControllerReport {
            name: "replicationcontroller-controller",
            standing: Standing::On,
            settled: true,
            active,
            depth: 1,
            at_work: 2,
            timers: 3,
        }],
        awaited: 0,
    }
}

const LEADING: Leadership = Leadership::Leading { until: Moment(Duration::from_secs(1000)) };

type Checks = fn(Option<&BrainReport>, Leadership, Moment) -> Vec<Check>;

/// What the checks say at second 100.
fn check(checks: Checks, report: Option<BrainReport>, leadership: Leadership, wanted: &[&str]) {
    let found: Vec<String> = checks(report.as_ref(), leadership, Moment(Duration::from_secs(100)))
        .iter()
        .map(Check::to_string)
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn a_process_is_alive_while_its_brain_ticks_and_its_lease_is_not_lost() {
    let alive: Checks = checks::alive;
    check(
        alive,
        Some(report(99, true, false, false)),
        Leadership::Standby,
        &["[+]brain ok", "[+]leader-election ok: standby"],
    );
    check(
        alive,
        Some(report(80, false, true, false)),
        LEADING,
        &["[+]brain ok", "[+]leader-election ok: leading"],
    );
    check(
        alive,
        Some(report(79, true, true, true)),
        Leadership::Lost,
        &["[-]brain failed: no sign of life for 21 s", "[-]leader-election failed: leadership is lost"],
    );
    check(
        alive,
        None,
        Leadership::Leading { until: Moment(Duration::from_secs(100)) },
        &["[-]brain failed: no sign of life for 100 s", "[-]leader-election failed: leadership is lost"],
    );
}

#[test]
fn a_standby_with_complete_caches_is_ready() {
    let ready: Checks = checks::ready;
    check(
        ready,
        Some(report(99, true, false, false)),
        Leadership::Standby,
        &[
            "[+]brain ok",
            "[+]leader-election ok: standby",
            "[+]cache/pods ok: 3 objects at version 42, heard 2 s ago",
            "[+]controller/replicationcontroller-controller ok: on; standby, 1 keys queued, 2 at work, 3 timed",
        ],
    );
    check(
        ready,
        Some(report(99, false, true, false)),
        LEADING,
        &[
            "[+]brain ok",
            "[+]leader-election ok: leading",
            "[-]cache/pods failed: the first list is not complete",
            "[+]controller/replicationcontroller-controller ok: on; waits for fresh caches, 1 keys queued, 2 at work, 3 timed",
        ],
    );
    check(
        ready,
        None,
        Leadership::Standby,
        &[
            "[-]brain failed: no sign of life for 100 s",
            "[+]leader-election ok: standby",
            "[-]caches failed: not begun yet",
        ],
    );
}

#[test]
fn what_only_helps_and_is_not_there_is_said_and_makes_nobody_unready() {
    let mut report = report(99, false, true, true);
    report.sources[0].source.kind = Kind::ResourceQuota;
    report.sources[0].needed = false;
    check(
        checks::ready,
        Some(report),
        LEADING,
        &[
            "[+]brain ok",
            "[+]leader-election ok: leading",
            "[+]cache/resourcequotas ok: not there, which nothing waits for; may it be listed and watched?",
            "[+]controller/replicationcontroller-controller ok: on; active, 1 keys queued, 2 at work, 3 timed",
        ],
    );
}

#[test]
fn a_custom_kind_that_is_not_installed_makes_nobody_unready() {
    let mut report = report(99, false, true, true);
    report.sources[0].source.kind = Kind::SidecarWorkload;
    let found = checks::ready(Some(&report), LEADING, Moment(Duration::from_secs(100)));
    assert!(found.iter().all(|check| check.verdict.is_ok()));
    let text = found.iter().map(ToString::to_string).collect::<String>();
    assert!(
        text.contains("sidecarworkloads ok: not there; is its CustomResourceDefinition installed?"),
        "{text}"
    );
}

#[test]
fn a_controller_that_is_passive_says_why_and_makes_nobody_unready() {
    let mut report = report(99, true, true, false);
    let trace = Trace::Pod(ObjectName::new("kube-system", "kube-controller-manager-a"));
    report.controllers[0].standing = Standing::Passive(Passivity::Rival(trace));
    let found = checks::ready(Some(&report), LEADING, Moment(Duration::from_secs(100)));
    assert!(found.iter().all(|check| check.verdict.is_ok()));
    let text = found.last().unwrap().to_string();
    assert!(text.contains("controller ok: auto, passive: "), "{text}");
    assert!(text.contains("pod kube-system/kube-controller-manager-a runs this controller"), "{text}");
}

#[test]
fn a_process_that_has_not_found_out_who_is_to_act_replaces_nobody() {
    let mut report = report(99, true, false, false);
    report.controllers[0].settled = false;
    report.controllers[0].standing =
        Standing::Passive(Passivity::Waiting { until: Moment(Duration::from_secs(130)) });
    let found = checks::ready(Some(&report), Leadership::Standby, Moment(Duration::from_secs(100)));
    let unready = found.iter().find(|check| check.verdict.is_err()).unwrap().to_string();
    assert!(
        unready.starts_with("[-]controller/replicationcontroller-controller failed: auto, passive: "),
        "{unready}"
    );
}

struct Server {
    address: SocketAddr,
    report: watch::Sender<Option<BrainReport>>,
    _leadership: watch::Sender<Leadership>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn server(limits: Limits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (report, reports) = watch::channel(None);
    let (leadership, leaderships) = watch::channel(Leadership::Standby);
    let state = HealthState {
        clock: Clock::start(),
        metrics: Metrics::new().unwrap(),
        report: reports,
        leadership: leaderships,
    };
    Server { address, report, _leadership: leadership, task: tokio::spawn(serve(listener, state, limits)) }
}

/// Sends these bytes and reads to the end of the connection.
async fn exchange(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn get(address: SocketAddr, path: &str) -> (String, String) {
    let answer = exchange(address, &format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[tokio::test]
async fn the_endpoints_answer_over_a_real_socket() {
    const OK: &str = "HTTP/1.1 200 OK";
    const FAILED: &str = "HTTP/1.1 500 Internal Server Error";
    let server = server(Limits::default()).await;
    assert_eq!(get(server.address, "/healthz").await, (OK.to_owned(), "ok".to_owned()));
    assert_eq!(get(server.address, "/livez").await.0, OK);
    let (code, body) = get(server.address, "/readyz").await;
    assert_eq!(code, FAILED);
    assert!(body.ends_with("[-]caches failed: not begun yet\nreadyz check failed\n"), "{body}");
    server.report.send_replace(Some(report(0, true, false, false)));
    assert_eq!(get(server.address, "/readyz").await, (OK.to_owned(), "ok".to_owned()));
    let (_, body) = get(server.address, "/readyz?timeout=5&verbose").await;
    assert!(body.starts_with("[+]brain ok\n") && body.ends_with("readyz check passed\n"), "{body}");
    let (code, body) = get(server.address, "/metrics").await;
    assert!(code == OK && body.contains("\nprocess_cpu_seconds_total "), "{body}");
    assert_eq!(get(server.address, "/").await.0, "HTTP/1.1 404 Not Found");
    let posted =
        exchange(server.address, "POST /metrics HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n").await;
    assert!(posted.starts_with("HTTP/1.1 405"), "{posted}");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let server = server(Limits::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let long = format!("GET / HTTP/1.1\r\nHost: test\r\nX-Long: {}\r\n\r\n", "x".repeat(2 * HEAD_LIMIT));
    // The server may close while this is still being sent: either way there is no good answer.
    let _ = stream.write_all(long.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert_eq!(get(server.address, "/healthz").await.1, "ok");
}

#[tokio::test]
async fn silent_clients_take_all_places_but_not_for_ever() {
    let limits = Limits { connections: 3, head_timeout: Duration::from_secs(1), ..Limits::default() };
    let server = server(limits).await;
    let mut silent = Vec::new();
    for _ in 0..limits.connections {
        silent.push(TcpStream::connect(server.address).await.unwrap());
    }
    // One more finds no place: it is closed without an answer. The places are taken in the order of the connections.
    let mut refused = TcpStream::connect(server.address).await.unwrap();
    let mut answer = Vec::new();
    let _ = refused.read_to_end(&mut answer).await;
    assert!(answer.is_empty());
    // The time for the head runs out; then there is room again.
    for mut stream in silent {
        let _ = stream.read_to_end(&mut answer).await;
    }
    assert_eq!(get(server.address, "/healthz").await.1, "ok");
}
