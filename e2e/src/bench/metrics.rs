//! What programs count of themselves, in Prometheus' text format.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::cluster::Cluster;

/// Longer than any answer takes.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Who is never queued: administrators and the apiserver itself.
const EXEMPT: &str = "flow_schema=\"exempt\"";
/// The scheduler, by the queue that the apiserver keeps for it.
const SCHEDULER: &str = "flow_schema=\"kube-scheduler\"";
/// The verbs that write one object; a whole collection is deleted by whoever clears up.
const WRITES: [&str; 5] =
    ["verb=\"POST\"", "verb=\"PUT\"", "verb=\"PATCH\"", "verb=\"APPLY\"", "verb=\"DELETE\""];

/// What the apiserver says of itself.
pub fn of_apiserver(cluster: &Cluster) -> Result<String> {
    cluster.kubectl(&["get", "--raw", "/metrics"])
}

/// How many requests the apiserver has let in by what it says, of everybody but administrators and itself. While nothing else works, these are the
/// manager's: reads, writes and watches, counted by the same counter whoever sent them.
pub fn let_in(text: &str) -> f64 {
    let dispatched = samples(text, "apiserver_flowcontrol_dispatched_requests_total");
    dispatched.filter(|(labels, _)| !labels.contains(EXEMPT)).map(|(_, count)| count).sum()
}

/// The scheduler's among these.
pub fn of_scheduler(text: &str) -> f64 {
    let dispatched = samples(text, "apiserver_flowcontrol_dispatched_requests_total");
    dispatched.filter(|(labels, _)| labels.contains(SCHEDULER)).map(|(_, count)| count).sum()
}

/// How many writes of single objects of a resource the apiserver has answered, whoever sent them and whatever the answer was.
pub fn writes(text: &str, resource: &str) -> f64 {
    let resource = format!("resource=\"{resource}\"");
    let is_write = |labels: &str| WRITES.iter().any(|verb| labels.contains(verb));
    let answered = samples(text, "apiserver_request_total");
    answered
        .filter(|(labels, _)| labels.contains(&resource) && is_write(labels))
        .map(|(_, count)| count)
        .sum()
}

/// What the manager says of itself on this port of loopback.
pub fn of_manager(port: u16) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("cannot reach the manager")?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).context("cannot read the manager's metrics")?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "the manager does not give its metrics");
    Ok(answer)
}

/// The counts of a histogram: how many were so much or less, by growing bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram(Vec<(f64, f64)>);

impl Histogram {
    /// Reads the histogram of this name, which has no labels of its own.
    pub fn read(text: &str, name: &str) -> Histogram {
        let bucket = |(labels, count): (&str, f64)| {
            let bound = labels.strip_prefix("le=\"")?.strip_suffix('"')?;
            Some((bound.parse().unwrap_or(f64::INFINITY), count))
        };
        Histogram(samples(text, &format!("{name}_bucket")).filter_map(bucket).collect())
    }

    /// What was counted since an earlier look.
    pub fn since(&self, earlier: &Histogram) -> Histogram {
        let before =
            |bound: f64| earlier.0.iter().find(|(at, _)| *at == bound).map_or(0.0, |(_, count)| *count);
        Histogram(self.0.iter().map(|(bound, count)| (*bound, count - before(*bound))).collect())
    }

    /// The value that this share does not exceed, as Prometheus' `histogram_quantile` estimates it: evenly spread within a bucket.
    /// Beyond the last bound it is that bound, and `NaN` where nothing was counted.
    pub fn quantile(&self, share: f64) -> f64 {
        let total = self.0.last().map_or(0.0, |(_, count)| *count);
        let rank = share * total;
        let (mut below, mut counted) = (0.0, 0.0);
        for (bound, count) in &self.0 {
            if *count >= rank && *count > counted {
                return if bound.is_finite() {
                    below + (bound - below) * (rank - counted) / (count - counted)
                } else {
                    below
                };
            }
            (below, counted) = (*bound, *count);
        }
        f64::NAN
    }
}

/// The samples of a metric: labels as they are written, and value.
fn samples<'a>(text: &'a str, name: &str) -> impl Iterator<Item = (&'a str, f64)> {
    text.lines().filter_map(move |line| {
        let (labels, value) = line.strip_prefix(name)?.strip_prefix('{')?.rsplit_once("} ")?;
        Some((labels, value.trim().parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# HELP took_seconds How long.
took_seconds_bucket{le=\"0.001\"} 50
took_seconds_bucket{le=\"0.002\"} 90
took_seconds_bucket{le=\"0.02\"} 100
took_seconds_bucket{le=\"+Inf\"} 100
took_seconds_sum 0.1
took_seconds_count 100
";

    #[test]
    fn quantiles_lie_within_their_bucket() {
        let histogram = Histogram::read(TEXT, "took_seconds");
        assert_eq!(histogram.quantile(0.5), 0.001);
        assert!((histogram.quantile(0.7) - 0.0015).abs() < 1e-9);
        assert!((histogram.quantile(0.99) - 0.0182).abs() < 1e-9);
    }

    #[test]
    fn only_what_is_new_counts() {
        let before = Histogram::read(TEXT, "took_seconds");
        let after = Histogram(vec![(0.001, 50.0), (0.002, 90.0), (0.02, 100.0), (f64::INFINITY, 104.0)]);
        assert_eq!(after.since(&before).quantile(0.5), 0.02, "beyond the last bound");
        assert!(before.since(&before).quantile(0.5).is_nan());
    }

    #[test]
    fn requests_of_the_scheduler_are_counted_among_all_but_those_that_are_exempt() {
        let sample = |schema: &str, count: u32| {
            format!(
                "apiserver_flowcontrol_dispatched_requests_total{{flow_schema=\"{schema}\",priority_level=\"any\"}} {count}\n"
            )
        };
        let text = [sample("exempt", 1000), sample("kube-scheduler", 20), sample("mainstay", 3)].concat();
        assert_eq!((let_in(&text), of_scheduler(&text)), (23.0, 20.0));
    }

    #[test]
    fn writes_are_told_from_reads_and_from_other_resources() {
        let sample = |verb: &str, resource: &str, count: u32| {
            format!(
                "apiserver_request_total{{code=\"200\",resource=\"{resource}\",verb=\"{verb}\"}} {count}\n"
            )
        };
        let text = [
            sample("POST", "endpoints", 1),
            sample("PUT", "endpoints", 20),
            sample("DELETE", "endpoints", 300),
            sample("DELETECOLLECTION", "endpoints", 4000),
            sample("WATCH", "endpoints", 4000),
            sample("PUT", "endpointslices", 7),
        ]
        .concat();
        assert_eq!((writes(&text, "endpoints"), writes(&text, "endpointslices")), (321.0, 7.0));
    }

    #[test]
    fn labels_are_left_as_they_are() {
        let text = "a_total{x=\"} 1\",y=\"2\"} 3\na_total_other{x=\"1\"} 4\nb_total{} 5\n";
        assert_eq!(samples(text, "a_total").collect::<Vec<_>>(), [("x=\"} 1\",y=\"2\"", 3.0)]);
    }
}
