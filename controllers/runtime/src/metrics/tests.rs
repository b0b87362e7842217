use std::time::Duration;

use mainstay_engine::{Buckets, MetricSource};

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
fn what_a_controller_declares_is_shown_at_zero_and_moves() {
    let buckets = Buckets { first: 1.0, factor: 2.0, count: 2 };
    let metric = |name, labels, source| Metric { name, help: "What it is.", labels, source };
    let mut metrics = Metrics::new().unwrap();
    metrics
        .declare(&[
            metric("own_sum", &[], MetricSource::Sum),
            metric("own_sums", &["mode"], MetricSource::Sum),
            metric("own_plans", &[], MetricSource::Plans(buckets)),
            metric("own_seconds", &[], MetricSource::Seconds(buckets)),
            metric("own_writes", &["operation"], MetricSource::Writes(Kind::Pod)),
            metric("own_ends", &["result"], MetricSource::Results),
            metric("own_deeds", &["deed"], MetricSource::Accepted(&["good", "bad"])),
        ])
        .unwrap();
    let lines = || {
        let text = String::from_utf8(metrics.text().unwrap()).unwrap();
        text.lines().filter(|line| line.starts_with("own")).map(str::to_owned).collect::<Vec<_>>()
    };
    let writes = r#"own_writes{operation="delete"} 0"#;
    for wanted in [
        "own_sum 0",
        "own_plans_count 0",
        "own_seconds_sum 0",
        writes,
        r#"own_ends{result="error"} 0"#,
        r#"own_deeds{deed="bad"} 0"#,
    ] {
        assert!(lines().iter().any(|line| line == wanted), "{wanted} is not in {:#?}", lines());
    }
    metrics.figure("own_sum", &[], 7.0);
    metrics.figure("own_sum", &[], 5.0);
    metrics.figure("own_sums", &["x"], 3.0);
    metrics.figure("own_plans", &[], 2.0);
    metrics.figure("own_seconds", &[], 0.5);
    metrics.figure("own_writes", &["delete"], 1.0);
    metrics.figure("own_writes", &["delete"], 1.0);
    metrics.figure("own_ends", &["error"], 1.0);
    metrics.figure("own_deeds", &["bad"], 1.0);
    let before = lines();
    for wanted in [
        "own_sum 5",
        r#"own_sums{mode="x"} 3"#,
        r#"own_plans_bucket{le="2"} 1"#,
        "own_seconds_sum 0.5",
        r#"own_writes{operation="delete"} 2"#,
        r#"own_ends{result="error"} 1"#,
        r#"own_deeds{deed="bad"} 1"#,
    ] {
        assert!(before.iter().any(|line| line == wanted), "{wanted} is not in {before:#?}");
    }
    metrics.figure("own_sum", &["a label too many"], 1.0);
    metrics.figure("nobody_has_declared", &[], 1.0);
    assert_eq!(lines(), before);
    assert!(metrics.clone().declare(&[metric("own_sum", &[], MetricSource::Sum)]).is_err());
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
