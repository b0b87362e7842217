use std::time::Duration;

use super::*;
use crate::connection::Lane;

#[test]
fn boards_made_for_upstream_find_their_series() {
    let metrics = Metrics::new().unwrap();
    let second = Duration::from_secs(1);
    metrics.queue_added("replicationmanager");
    metrics.queue_depth("replicationmanager", 3);
    metrics.queue_waited("replicationmanager", second);
    metrics.work_done("replicationmanager", second);
    metrics.unfinished("replicationmanager", second * 2, second);
    metrics.retried("replicationmanager");
    metrics.objects(Kind::Pod, 7);
    for code in [Some(201), None] {
        metrics.request_ended(ObservedRequest {
            lane: Lane::Writes,
            method: "POST",
            host: "10.0.0.1:443",
            code,
            took: second,
        });
    }
    metrics.leading("mainstay", true);
    metrics.running("replicationcontroller-controller", false);
    let text = String::from_utf8(metrics.text().unwrap()).unwrap();
    for wanted in [
        r#"workqueue_adds_total{name="replicationmanager"} 1"#,
        r#"workqueue_depth{name="replicationmanager"} 3"#,
        r#"workqueue_queue_duration_seconds_count{name="replicationmanager"} 1"#,
        r#"workqueue_work_duration_seconds_sum{name="replicationmanager"} 1"#,
        r#"workqueue_unfinished_work_seconds{name="replicationmanager"} 2"#,
        r#"workqueue_longest_running_processor_seconds{name="replicationmanager"} 1"#,
        r#"workqueue_retries_total{name="replicationmanager"} 1"#,
        r#"rest_client_requests_total{code="201",host="10.0.0.1:443",method="POST"} 1"#,
        r#"rest_client_requests_total{code="<error>",host="10.0.0.1:443",method="POST"} 1"#,
        r#"rest_client_request_duration_seconds_count{host="10.0.0.1:443",verb="POST"} 2"#,
        r#"leader_election_master_status{name="mainstay"} 1"#,
        r#"running_managed_controllers{manager="mainstay",name="replicationcontroller-controller"} 0"#,
        r#"mainstay_cache_objects{resource="pods"} 7"#,
    ] {
        assert!(text.lines().any(|line| line == wanted), "{wanted} is not in\n{text}");
    }
    for name in ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds"] {
        assert!(text.lines().any(|line| line.starts_with(name)), "{name} is not in\n{text}");
    }
    let resident = text.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
    assert!(resident.unwrap().parse::<f64>().unwrap() > 100_000.0);
}

#[test]
fn a_queue_is_shown_before_anything_happens_to_it() {
    let metrics = Metrics::new().unwrap();
    metrics.queue("replicationmanager");
    let text = String::from_utf8(metrics.text().unwrap()).unwrap();
    for wanted in [
        r#"workqueue_adds_total{name="replicationmanager"} 0"#,
        r#"workqueue_retries_total{name="replicationmanager"} 0"#,
        r#"workqueue_queue_duration_seconds_count{name="replicationmanager"} 0"#,
        r#"workqueue_work_duration_seconds_count{name="replicationmanager"} 0"#,
    ] {
        assert!(text.lines().any(|line| line == wanted), "{wanted} is not in\n{text}");
    }
}

#[test]
fn every_call_of_the_meter_moves_a_metric() {
    let metrics = Metrics::new().unwrap();
    let second = Duration::from_secs(1);
    let calls: [(&str, &dyn Fn()); 15] = [
        ("mainstay_plan_panics_total", &|| metrics.plan_panicked("q")),
        ("mainstay_gate_wait_seconds", &|| metrics.gate_waited("q", second)),
        ("mainstay_unsettled_writes", &|| metrics.unsettled("q", 1)),
        ("mainstay_held_back_objects", &|| metrics.held_back("q", 3, second)),
        ("mainstay_held_back_longest_seconds", &|| metrics.held_back("q", 0, second * 2)),
        ("mainstay_dropped_writes_total", &|| metrics.writes_dropped("q", 1)),
        ("mainstay_writes_in_flight", &|| metrics.concurrency(1, 0)),
        ("mainstay_cache_staleness_seconds", &|| metrics.staleness(Kind::Pod, second)),
        ("mainstay_lists_total", &|| metrics.listed(Kind::Pod)),
        ("mainstay_lost_watch_events_total", &|| metrics.lost_events(Kind::Pod, 1)),
        ("mainstay_version_regressions_total", &|| metrics.version_went_back(Kind::Pod)),
        ("mainstay_unreadable_objects_total", &|| metrics.objects_unreadable(Kind::Pod, 1)),
        ("mainstay_change_to_write_seconds", &|| metrics.change_answered(second)),
        ("mainstay_events_dropped_total", &|| ExecutorObserver::events_dropped(&metrics, 1)),
        ("mainstay_events_dropped_total", &|| Meter::events_dropped(&metrics, 1)),
    ];
    for (name, call) in calls {
        let value = || {
            let text = String::from_utf8(metrics.text().unwrap()).unwrap();
            text.lines().filter(|line| line.starts_with(name)).map(str::to_owned).collect::<Vec<_>>()
        };
        let before = value();
        call();
        assert_ne!(before, value(), "{name}");
    }
}
