//! What every controller needs: the store and its indexes, the work queue, gates, back-off, leases, and the brain that joins them.
//!
//! Invariants, as absences:
//! - no I/O, no thread, no lock: the brain is one value, driven by whoever owns it;
//! - no clock and no randomness: every call that depends on time is given [`Now`], and what must scatter has a seed;
//! - no hash-map order in what comes out: the same inputs give the same outputs, to the byte.

pub mod back_off;
pub mod brain;
pub mod claim;
pub mod clock;
pub mod concurrency;
pub mod controller;
pub mod correlator;
pub mod effect;
pub mod election;
pub mod input;
pub mod list_watch;
pub mod meter;
pub mod metric;
pub mod names;
pub mod notice;
pub mod queue;
pub mod random;
pub mod replacement;
pub mod rivals;
pub mod source;
pub mod store;
pub mod window;

pub use back_off::BackOff;
pub use brain::{Brain, BrainSettings};
pub use claim::{Claims, PodOwner};
pub use clock::{Moment, Now};
pub use controller::{Controller, Failure, HeldBack, Memory, Plan, View};
pub use effect::{Effect, ReadId, WriteId};
pub use input::{AuditEntry, Input, Listing, SourceEvent};
pub use meter::{Meter, NoMeter};
pub use metric::{Buckets, Figure, Metric, MetricSource};
pub use notice::Notice;
pub use replacement::Delayed;
pub use rivals::{RivalAnswer, RivalRequest, RivalSettings, Standing};
pub use source::Source;
pub use store::{Change, Store};
