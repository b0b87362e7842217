//! What users of kube-controller-manager wait for, in the simulated cluster. Each test is named after upstream's issue.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod quotas;
mod rejection;
mod watches;

/// The seconds at which creates for a ReplicationController were answered with these words.
pub fn creates(log: &str, controller: &str, answer: &str) -> Vec<f64> {
    let begin = format!("server: create shop/{controller}-");
    let of_line = |line: &str| {
        let (time, words) = line.trim_start().split_once(' ')?;
        let is_meant = words.starts_with(&begin) && words.contains(answer);
        is_meant.then(|| time.parse().unwrap())
    };
    log.lines().filter_map(of_line).collect()
}
