//! The start of a manager among everything that stands: how soon it does something useful, and what it does beside that.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::cost::{Cost, Taken};
use super::stage::{MANY, Stage};
use crate::bench::managers::Manager;
use crate::interrupt;

/// Between two looks at etcd.
const GLANCE: Duration = Duration::from_millis(5);

/// What a manager is to do after its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Write the slices of one service, of which a pod has changed before.
    One,
    /// Write all slices and Endpoints.
    All,
}

/// A start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// From the start of the process until what was waited for.
    pub(super) took: Duration,
    /// From the start until all was at rest.
    pub(super) cost: Cost,
}

impl Start {
    /// Writes of slices and Endpoints beyond one of each for the pod that had changed.
    pub(super) fn vain_writes(&self) -> f64 {
        (self.cost.slices - 1.0).max(0.0) + (self.cost.endpoints - 1.0).max(0.0)
    }
}

impl Stage<'_> {
    /// Starts a manager and waits until it rests.
    pub(super) fn start(&mut self, manager: Manager, wait: Wait) -> Result<Start> {
        let service = self.changed_service();
        if wait == Wait::One {
            self.change_a_pod(false)?;
        }
        let prefix = format!("{service}-");
        let written = self.etcd.writes_of_some("endpointslices", MANY, &prefix)?;
        let before = Taken::by(self.cluster, None)?;
        let began = Instant::now();
        self.managers.start(manager)?;
        let services = self.options.services;
        let took = self.watch(manager, "the first slices", began, |stage| match wait {
            Wait::One => Ok(stage.etcd.writes_of_some("endpointslices", MANY, &prefix)? > written),
            Wait::All => Ok(stage.etcd.count("endpointslices", MANY)? >= services
                && stage.etcd.count("services/endpoints", MANY)? >= services),
        })?;
        self.rest(manager)?;
        let pid = self.managers.pid(manager)?;
        let cost = Taken::by(self.cluster, Some(pid))?.since(before);
        if wait == Wait::One {
            self.change_a_pod(true)?;
            self.rest(manager)?;
        }
        Ok(Start { took, cost })
    }

    /// Looks again and again until something is so, and tells how long that took.
    fn watch(
        &mut self,
        manager: Manager,
        what: &str,
        began: Instant,
        mut is_so: impl FnMut(&mut Self) -> Result<bool>,
    ) -> Result<Duration> {
        while !is_so(self)? {
            interrupt::check()?;
            self.managers.pid(manager)?;
            if began.elapsed() > self.patience() {
                bail!("gave up waiting for {what} after {} s", self.patience().as_secs());
            }
            sleep(GLANCE);
        }
        Ok(began.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_had_to_be_written_is_not_in_vain() {
        let vain = |slices: f64, endpoints: f64| {
            let cost = Cost { slices, endpoints, ..Cost::default() };
            Start { took: Duration::ZERO, cost }.vain_writes()
        };
        assert_eq!(vain(1.0, 1.0), 0.0);
        assert_eq!(vain(1.0, 0.0), 0.0);
        assert_eq!(vain(3.0, 2.0), 3.0);
    }
}
