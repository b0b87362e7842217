//! What processes take, as the kernel counts it.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// The kernel tells times to programs in hundredths of a second, on every machine that we know of.
const TICK: Duration = Duration::from_millis(10);

/// The processor time that a process has taken, all its threads together.
pub fn processor_time(pid: i32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("a process has ended")?;
    of_process(&stat).with_context(|| format!("cannot understand /proc/{pid}/stat"))
}

/// The most memory that a process has had resident, in bytes.
pub fn peak_memory(pid: i32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("a process has ended")?;
    peak_of(&status).with_context(|| format!("no peak of memory in /proc/{pid}/status"))
}

/// The processor time that this machine has given to anybody.
pub fn processor_time_of_all() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
    of_machine(&stat).context("cannot understand /proc/stat")
}

/// The 14th and the 15th field: in user space and in the kernel. The second one, the name, may hold spaces.
fn of_process(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let kernel: u32 = fields.next()?.parse().ok()?;
    Some(TICK * (user + kernel))
}

fn peak_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// All of the first line's fields but the fourth and the fifth, which are idle time, and the last two, which are part of others.
fn of_machine(stat: &str) -> Option<Duration> {
    let fields = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let ticks: Vec<u64> = fields.map(str::parse).collect::<Result<_, _>>().ok()?;
    let busy = ticks.iter().enumerate().take(8).filter(|(index, _)| !matches!(index, 3 | 4));
    let ticks: u64 = busy.map(|(_, ticks)| ticks).sum();
    Some(Duration::from_millis(ticks * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_behind_the_name() {
        let stat = "77 (a (b) c) S 1 77 77 0 -1 4194560 1 2 3 4 150 25 6 7 20 0 1 0 99 1 1";
        assert_eq!(of_process(stat), Some(Duration::from_millis(1750)));
        assert_eq!(of_process("77 (a"), None);
    }

    #[test]
    fn the_peak_is_in_bytes() {
        assert_eq!(peak_of("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2 << 20));
        assert_eq!(peak_of("Name:\tx\n"), None);
    }

    #[test]
    fn idle_time_is_left_out() {
        let stat = "cpu  100 10 50 9000 800 1 2 3 40 50\ncpu0 1 2 3\n";
        assert_eq!(of_machine(stat), Some(Duration::from_millis(1660)));
    }

    #[test]
    fn this_process_has_taken_something() {
        let pid = i32::try_from(std::process::id()).unwrap();
        assert!(peak_memory(pid).unwrap() > 0);
        assert!(processor_time(pid).unwrap() <= processor_time_of_all().unwrap());
    }
}
