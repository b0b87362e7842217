//! Work that is begun at a fixed pace, whether what was begun before is done or not.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// How many pieces are at work at most. An apiserver that is asked for more than it bears serves nobody any more, the manager
/// least of all; so it gets fewer then.
const WIDTH: usize = 32;

/// Begins `count` pieces of work, so many a second; ends with the first error.
pub async fn keep<F>(rate: u32, count: usize, work: impl Fn(usize) -> F) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut ticks = interval(Duration::from_secs(1) / rate.max(1));
    // Those that were a little late are made up for, so that the rate holds.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut begun = JoinSet::new();
    for number in 0..count {
        ticks.tick().await;
        if begun.len() >= WIDTH
            && let Some(ended) = begun.join_next().await
        {
            ended.context("a request has ended")??;
        }
        begun.spawn(work(number));
    }
    while let Some(ended) = begun.join_next().await {
        ended.context("a request has ended")??;
    }
    Ok(())
}
