//! A progress bar for something whose length is known only roughly.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(20);

/// Width of the bar, and of the whole line.
const BAR: usize = 20;
const LINE: usize = 110;

/// A bar on standard error: one line that changes on a terminal, a line now and then elsewhere.
pub struct Progress {
    title: String,
    expected: Duration,
    start: Instant,
    last_line: Instant,
    terminal: bool,
}

impl Progress {
    /// Starts to count.
    pub fn new(title: &str, expected: Duration) -> Self {
        let now = Instant::now();
        let terminal = std::io::stderr().is_terminal();
        if !terminal {
            eprintln!("building {title}, which takes about {} the first time", clock(expected));
        }
        Progress { title: title.to_owned(), expected, start: now, last_line: now, terminal }
    }

    /// Shows where we are.
    pub fn update(&mut self, detail: &str) {
        if !self.terminal && self.last_line.elapsed() < LINE_EVERY {
            return;
        }
        self.last_line = Instant::now();
        let line = self.line(self.start.elapsed(), detail);
        if self.terminal {
            // Erases what is left of a longer line.
            eprint!("\r{line}\u{1b}[K");
            let _not_shown = std::io::stderr().flush();
        } else {
            eprintln!("{line}");
        }
    }

    /// Ends the line with how it went.
    pub fn finish(&mut self, success: bool) {
        let start = if self.terminal { "\r\u{1b}[K" } else { "" };
        let verb = if success { "built" } else { "could not build" };
        eprintln!("{start}{verb} {} in {}", self.title, clock(self.start.elapsed()));
    }

    fn line(&self, elapsed: Duration, detail: &str) -> String {
        let share = (elapsed.as_secs_f64() / self.expected.as_secs_f64().max(1.0)).min(0.99);
        // Both numbers are small and not negative.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let filled = (share * BAR as f64) as usize;
        let bar = format!("{}{}", "#".repeat(filled), ".".repeat(BAR - filled));
        let line = format!(
            "building {} [{bar}] {} of about {}, {detail}",
            self.title,
            clock(elapsed),
            clock(self.expected)
        );
        line.chars().take(LINE).collect()
    }
}

/// Minutes and seconds.
fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        let now = Instant::now();
        Progress {
            title: "x".into(),
            expected: Duration::from_secs(100),
            start: now,
            last_line: now,
            terminal: false,
        }
    }

    #[test]
    fn the_bar_fills_with_time_and_is_never_full() {
        let line = |seconds| progress().line(Duration::from_secs(seconds), "pkg");
        assert!(line(0).contains("[....................] 0:00 of about 1:40, pkg"), "{}", line(0));
        assert!(line(50).contains("[##########..........]"));
        assert!(line(1000).contains("[###################.]"));
    }

    #[test]
    fn a_line_fits_a_terminal() {
        assert_eq!(progress().line(Duration::ZERO, &"long/".repeat(100)).len(), LINE);
    }
}
