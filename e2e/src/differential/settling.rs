//! When a step is over: what the script waits for has come, everybody is done, and nothing has changed for a while.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::subject::{History, Step, Subject, User, View, Who};
use crate::interrupt;

/// So often it must have been looked at while nothing has changed.
const LOOKS: u32 = 3;
/// Between two looks.
const GLANCE: Duration = Duration::from_millis(100);

/// Waits until the step is over, and gives the facts that there are then.
///
/// It is an error when who is at work has ended.
pub fn settle<S: Subject>(
    user: &User<'_>,
    step: &Step<S::Action, S::Until>,
    history: &mut S::History,
) -> Result<View> {
    let side = user.side;
    let start = Instant::now();
    let mut last = View::new();
    let (mut since, mut looks) = (Instant::now(), 0);
    loop {
        interrupt::check()?;
        user.switch.check()?;
        let observation = S::observe(user)?;
        let view = history.view(side, &observation);
        if view == last {
            looks += 1;
        } else {
            (since, looks) = (Instant::now(), 0);
            last = view;
        }
        let open = open::<S>(user.who, step, &observation);
        if open.is_empty() && looks >= LOOKS && since.elapsed() >= S::REST {
            return Ok(last);
        }
        if start.elapsed() > S::PATIENCE {
            let seen = last.iter().map(|(what, value)| format!("  {what} = {value}\n")).collect::<String>();
            let open = if open.is_empty() { vec!["it goes on changing".to_owned()] } else { open };
            bail!(
                "`{}` by {side} is not over after {} s: {}\n{seen}",
                step.name,
                S::PATIENCE.as_secs(),
                open.join("; ")
            );
        }
        sleep(GLANCE);
    }
}

/// What is not as it must be yet.
fn open<S: Subject>(who: Who, step: &Step<S::Action, S::Until>, observation: &S::Observation) -> Vec<String> {
    let missing = step.until.iter().filter(|until| !S::has_come(until, observation));
    let mut open: Vec<String> = missing.map(|until| format!("{until:?}")).collect();
    open.extend(S::unrest(who, step, observation));
    open
}
