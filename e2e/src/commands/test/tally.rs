//! What the closing lines of test runners say, added up.

use std::fmt;

/// How many tests went how.
#[derive(Default, Debug, PartialEq, Eq)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
    pub ignored: usize,
    /// The names of those that failed.
    pub failures: Vec<String>,
    /// Why some were not even started.
    pub skipped: Option<String>,
}

impl Tally {
    /// Adds up all closing lines in an output.
    pub fn read(output: &str) -> Tally {
        let mut tally = Tally::default();
        for line in output.lines() {
            if let Some(counts) = line.strip_prefix("test result: ") {
                let count = |what: &str| number_before(counts, what);
                tally.passed += count(" passed");
                tally.failed += count(" failed");
                tally.ignored += count(" ignored");
            } else if let Some(test) = failed_test(line) {
                tally.failures.push(test.to_owned());
            }
        }
        tally
    }

    /// Adds what another runner has said.
    pub fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.failures.extend(other.failures);
        self.skipped = self.skipped.take().or(other.skipped);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed, {} ignored", self.passed, self.failed, self.ignored)
    }
}

/// The number that stands right before `what`; 0 where it is not mentioned.
fn number_before(counts: &str, what: &str) -> usize {
    let before = counts.find(what).and_then(|at| counts.get(..at)).unwrap_or_default();
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn failed_test(line: &str) -> Option<&str> {
    let (name, result) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    result.starts_with("FAILED").then_some(name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let output = "\
running 2 tests
test one ... ok
test two::three ... FAILED
test four ... ignored, builds the image

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.00s
test result: ok. 30 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.20s
";
        let tally = Tally::read(output);
        let failures = vec!["two::three".to_owned()];
        assert_eq!(tally, Tally { passed: 31, failed: 1, ignored: 3, failures, skipped: None });
        assert_eq!(tally.to_string(), "31 passed, 1 failed, 3 ignored");
    }

    #[test]
    fn what_is_no_closing_line_counts_nothing() {
        assert_eq!(Tally::read("test result\nrunning 5 tests\n9 passed\n"), Tally::default());
    }
}
