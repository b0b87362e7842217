//! What the kernel knows of this process, under the names that every Prometheus client uses.
//!
//! Read from `/proc/self` at each scrape; where there is none, the metrics stay away.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{Counter, Gauge, Registry};

/// Clock ticks per second in `/proc`, the same in every Linux that this program is built for.
const TICKS_PER_SECOND: f64 = 100.0;

/// The `process_*` metrics.
#[derive(Clone, Debug)]
pub(super) struct ProcessMetrics {
    cpu_seconds: Counter,
    resident_bytes: Gauge,
    virtual_bytes: Gauge,
    threads: Gauge,
    open_files: Gauge,
}

/// Figures at one moment.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Figures {
    cpu_seconds: f64,
    resident_bytes: f64,
    virtual_bytes: f64,
    threads: f64,
}

impl ProcessMetrics {
    pub(super) fn register(registry: &Registry) -> Result<ProcessMetrics, prometheus::Error> {
        let cpu_seconds =
            Counter::new("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.")?;
        registry.register(Box::new(cpu_seconds.clone()))?;
        let gauge = |name: &str, help: &str| {
            let gauge = Gauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<Gauge, prometheus::Error>(gauge)
        };
        let started =
            gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.")?;
        started.set(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64());
        Ok(ProcessMetrics {
            cpu_seconds,
            resident_bytes: gauge("process_resident_memory_bytes", "Resident memory size in bytes.")?,
            virtual_bytes: gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.")?,
            threads: gauge("process_threads", "Number of OS threads in the process.")?,
            open_files: gauge("process_open_fds", "Number of open file descriptors.")?,
        })
    }

    /// Reads the figures anew.
    pub(super) fn refresh(&self) {
        let read = |file: &str| std::fs::read_to_string(file).ok();
        if let Some(figures) = read("/proc/self/stat")
            .zip(read("/proc/self/status"))
            .and_then(|(stat, status)| Figures::parse(&stat, &status))
        {
            let Figures { cpu_seconds, resident_bytes, virtual_bytes, threads } = figures;
            // Two scrapes at once may each see the other's count: a counter must not be asked to go back.
            self.cpu_seconds.inc_by((cpu_seconds - self.cpu_seconds.get()).max(0.0));
            self.resident_bytes.set(resident_bytes);
            self.virtual_bytes.set(virtual_bytes);
            self.threads.set(threads);
        }
        if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
            self.open_files.set(u32::try_from(files.count()).map_or(0.0, f64::from));
        }
    }
}

impl Figures {
    /// `stat` ends the command, which may contain anything, with its last `)`; from there the 12th and the 13th field are
    /// user and system time.
    fn parse(stat: &str, status: &str) -> Option<Figures> {
        let (_, fields) = stat.rsplit_once(')')?;
        let mut times = fields.split_ascii_whitespace().skip(11).map(str::parse::<f64>);
        let (user, system) = (times.next()?.ok()?, times.next()?.ok()?);
        let entry = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
            line.split_ascii_whitespace().next()?.parse::<f64>().ok()
        };
        Some(Figures {
            cpu_seconds: (user + system) / TICKS_PER_SECOND,
            resident_bytes: entry("VmRSS")? * 1024.0,
            virtual_bytes: entry("VmSize")? * 1024.0,
            threads: entry("Threads")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_may_contain_anything() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 2 0 0 0 150 50 0 0 20 0 3 0 99 1 2";
        let status = "Name:\ta) b\nVmSize:\t  2048 kB\nVmRSS:\t  1024 kB\nThreads:\t3\n";
        let wanted = Figures {
            cpu_seconds: 2.0,
            resident_bytes: 1_048_576.0,
            virtual_bytes: 2_097_152.0,
            threads: 3.0,
        };
        assert_eq!(Figures::parse(stat, status), Some(wanted));
        assert_eq!(Figures::parse("", status), None);
        assert_eq!(Figures::parse(stat, "Threads:\tmany"), None);
    }
}
