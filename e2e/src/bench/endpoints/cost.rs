//! What something costs: processor time of everybody, and writes by the apiserver's own count.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::etcd::Etcd;
use crate::bench::metrics::{let_in, of_apiserver, writes};
use crate::bench::usage::{processor_time, processor_time_of_all};
use crate::cluster::Cluster;
use crate::interrupt;

/// Between two looks at whether somebody works.
const LOOK: Duration = Duration::from_millis(500);
/// So many looks in a row that see nobody work are a rest.
const LOOKS: u32 = 5;
/// What the apiserver writes for itself between two looks: a lease or two.
const LEASES: u64 = 2;
/// Processor time between two looks of a manager that does nothing.
const IDLE: Duration = Duration::from_millis(30);

/// What was counted since a moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    /// The manager's processor time.
    pub(super) manager: Duration,
    /// The apiserver's in the same time.
    pub(super) apiserver: Duration,
    /// Everybody else's on this machine, etcd left out.
    pub(super) others: Duration,
    /// The manager's requests, reads and events among them.
    pub(super) requests: f64,
    /// Writes of EndpointSlices, refused ones among them.
    pub(super) slices: f64,
    /// Writes of Endpoints, refused ones among them.
    pub(super) endpoints: f64,
}

/// What everybody has taken up to now.
#[derive(Clone, Copy, Default)]
pub(super) struct Taken {
    manager: Duration,
    apiserver: Duration,
    etcd: Duration,
    all: Duration,
    requests: f64,
    slices: f64,
    endpoints: f64,
}

impl Taken {
    /// Looks, at this manager or, where it has not begun, at none.
    pub(super) fn by(cluster: &Cluster, manager: Option<i32>) -> Result<Taken> {
        let of = |name: &str| -> Result<Duration> {
            processor_time(cluster.daemon(name).pid().with_context(|| format!("{name} has ended"))?)
        };
        let text = of_apiserver(cluster)?;
        Ok(Taken {
            manager: manager.map(processor_time).transpose()?.unwrap_or_default(),
            apiserver: of("kube-apiserver")?,
            etcd: of("etcd")?,
            all: processor_time_of_all()?,
            requests: let_in(&text),
            slices: writes(&text, "endpointslices"),
            endpoints: writes(&text, "endpoints"),
        })
    }

    /// What was taken since an earlier look.
    pub(super) fn since(self, earlier: Taken) -> Cost {
        let manager = self.manager.saturating_sub(earlier.manager);
        let apiserver = self.apiserver.saturating_sub(earlier.apiserver);
        let etcd = self.etcd.saturating_sub(earlier.etcd);
        let all = self.all.saturating_sub(earlier.all);
        Cost {
            manager,
            apiserver,
            others: all.saturating_sub(manager + apiserver + etcd),
            requests: self.requests - earlier.requests,
            slices: self.slices - earlier.slices,
            endpoints: self.endpoints - earlier.endpoints,
        }
    }
}

/// Waits until nobody writes and the manager does nothing: one that has just been started may have much to think before it writes
/// nothing. Ends in time also where it is not quite still.
pub(super) fn wait_for_rest(etcd: &mut Etcd, manager: i32, patience: Duration) -> Result<()> {
    let start = Instant::now();
    let mut before = (etcd.revision()?, processor_time(manager)?);
    let mut quiet = 0;
    while quiet < LOOKS {
        interrupt::check()?;
        if start.elapsed() > patience {
            bail!("gave up waiting for rest after {} s", patience.as_secs());
        }
        sleep(LOOK);
        let now = (etcd.revision()?, processor_time(manager)?);
        let is_quiet = now.0.saturating_sub(before.0) <= LEASES && now.1.saturating_sub(before.1) <= IDLE;
        quiet = if is_quiet { quiet + 1 } else { 0 };
        before = now;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_whoever_is_left() {
        let second = Duration::from_secs(1);
        let before = Taken { all: second * 100, manager: second, requests: 5.0, ..Taken::default() };
        let after = Taken {
            all: second * 110,
            manager: second * 3,
            apiserver: second * 4,
            etcd: second,
            requests: 7.0,
            slices: 2.0,
            endpoints: 1.0,
        };
        let cost = after.since(before);
        assert_eq!((cost.manager, cost.apiserver, cost.others), (second * 2, second * 4, second * 3));
        assert_eq!((cost.requests, cost.slices, cost.endpoints), (2.0, 2.0, 1.0));
    }
}
