//! How long a term is.

use std::time::Duration;

use thiserror::Error;

/// By how much of the retry period, in percent, a follower's tries are scattered: client-go's jitter factor of 1.2.
pub(super) const JITTER_PERCENT: u32 = 120;

/// The times of an election, checked.
///
/// Two processes never lead at once as long as no clock runs faster than another by as much as `lease_duration` is longer
/// than `renew_deadline`: with the defaults, by half.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ElectionSettings {
    lease_duration: Duration,
    renew_deadline: Duration,
    retry_period: Duration,
}

/// Times with which an election could not work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ElectionSettingsError {
    /// Another process could lead before this one has stopped.
    #[error(
        "--leader-elect-lease-duration ({lease_duration:?}) must be longer than --leader-elect-renew-deadline ({renew_deadline:?})"
    )]
    LeaseDuration {
        /// What the lease duration was to be.
        lease_duration: Duration,
        /// What the renew deadline was to be.
        renew_deadline: Duration,
    },
    /// A single failed renewal would end the term.
    #[error(
        "--leader-elect-renew-deadline ({renew_deadline:?}) must be longer than 1.2 times --leader-elect-retry-period ({retry_period:?})"
    )]
    RenewDeadline {
        /// What the renew deadline was to be.
        renew_deadline: Duration,
        /// What the retry period was to be.
        retry_period: Duration,
    },
    /// Tries would follow each other without a pause.
    #[error("--leader-elect-retry-period must be longer than zero")]
    RetryPeriod,
    /// The lease stores its duration in seconds, as a number of 32 bits.
    #[error("--leader-elect-lease-duration ({lease_duration:?}) is too long")]
    TooLong {
        /// What the lease duration was to be.
        lease_duration: Duration,
    },
}

impl Default for ElectionSettings {
    /// 15 s, 10 s, 2 s, as everywhere in Kubernetes.
    fn default() -> ElectionSettings {
        ElectionSettings {
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
        }
    }
}

impl ElectionSettings {
    /// Checks the times against each other, as client-go does.
    pub fn new(
        lease_duration: Duration,
        renew_deadline: Duration,
        retry_period: Duration,
    ) -> Result<ElectionSettings, ElectionSettingsError> {
        if retry_period.is_zero() {
            return Err(ElectionSettingsError::RetryPeriod);
        }
        if renew_deadline <= retry_period.saturating_mul(JITTER_PERCENT) / 100 {
            return Err(ElectionSettingsError::RenewDeadline { renew_deadline, retry_period });
        }
        if lease_duration <= renew_deadline {
            return Err(ElectionSettingsError::LeaseDuration { lease_duration, renew_deadline });
        }
        if lease_duration > Duration::from_secs(u64::from(i32::MAX.unsigned_abs())) {
            return Err(ElectionSettingsError::TooLong { lease_duration });
        }
        Ok(ElectionSettings { lease_duration, renew_deadline, retry_period })
    }

    /// For how long a record counts after it was last seen to change.
    pub fn lease_duration(&self) -> Duration {
        self.lease_duration
    }

    /// For how long this process leads after it sent the last renewal that succeeded.
    pub fn renew_deadline(&self) -> Duration {
        self.renew_deadline
    }

    /// The pause between two tries.
    pub fn retry_period(&self) -> Duration {
        self.retry_period
    }

    /// How long to wait for one answer: half the renew deadline, so that one lost request does not end the term.
    pub fn request_timeout(&self) -> Duration {
        self.renew_deadline / 2
    }

    /// The lease duration as the record has it: whole seconds, rounded up, so that others wait rather too long.
    pub(super) fn duration_seconds(&self) -> i32 {
        let part = u64::from(self.lease_duration.subsec_nanos() > 0);
        i32::try_from(self.lease_duration.as_secs().saturating_add(part)).unwrap_or(i32::MAX)
    }
}
