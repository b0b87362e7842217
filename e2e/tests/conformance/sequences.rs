//! Runs random sequences, and makes one that shows a disagreement as short as it can.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Error, Result, anyhow, bail};
use futures::future;
use futures::stream::{self, StreamExt, TryStreamExt};
use mainstay_e2e::interrupt;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::drawing::{Sequence, sequences};
use crate::operation::{At, Choice};
use crate::pair::{KINDS, Pair};
use crate::server::Server;
use crate::tally::Tally;

/// How many sequences; `cargo xtask sim --conformance` asks for more.
pub const SEQUENCES: &str = "MAINSTAY_CONFORMANCE_SEQUENCES";
/// The first one, to repeat it.
const SEED: &str = "MAINSTAY_CONFORMANCE_SEED";

/// Sequences under way at once, each in its own namespace.
const AT_ONCE: usize = 12;
/// How often a sequence may be made shorter, and for how long.
const SHRINKING_STEPS: usize = 200;
const SHRINKING_TIME: Duration = Duration::from_secs(60);

/// How many sequences are to be run.
pub fn wanted() -> u64 {
    number(SEQUENCES).unwrap_or(250)
}

/// The first seed: that of the variable, or a fresh one.
pub fn first_seed() -> Result<u64> {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    Ok(number(SEED).unwrap_or(clock % 1_000_000 * 1_000))
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Runs them all, or until one shows a disagreement.
pub async fn random_sequences_of_requests_are_answered_alike(server: &Server, tally: &Tally) -> Result<()> {
    let first = first_seed()?;
    let begin = Instant::now();
    eprintln!("    {} sequences from seed {first}", wanted());
    let run = |seed| async move {
        let sequence = tree(seed).map_err(|problem| (seed, problem))?.current();
        run_one(server, tally, &sequence).await.map_err(|problem| (seed, problem))
    };
    let all = stream::iter(first..first + wanted()).map(run).buffer_unordered(AT_ONCE);
    let outcome = all.try_for_each(|()| async { Ok(()) }).await;
    eprintln!("    {:.1} s", begin.elapsed().as_secs_f64());
    match outcome {
        Ok(()) => Ok(()),
        // Ctrl-C is no disagreement.
        Err((_, problem)) if interrupt::is_set() => Err(problem),
        Err((seed, problem)) => Err(shorten(server, seed, problem).await),
    }
}

fn tree(seed: u64) -> Result<impl ValueTree<Value = Sequence>> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    sequences().new_tree(&mut runner).map_err(|reason| anyhow!("{reason}"))
}

/// Runs the sequence again and again, each time with less in it, as long as it still shows a disagreement.
async fn shorten(server: &Server, seed: u64, first: Error) -> Error {
    let (quiet, begin) = (Tally::default(), Instant::now());
    let mut tree = match tree(seed) {
        Ok(tree) => tree,
        Err(error) => return error,
    };
    let Err(mut shortest) = run_one(server, &quiet, &tree.current()).await else {
        return first.context(format!("seed {seed} failed once, and not when it was run again"));
    };
    let mut go_on = tree.simplify();
    let mut steps = 0;
    while go_on && steps < SHRINKING_STEPS && begin.elapsed() < SHRINKING_TIME && !interrupt::is_set() {
        steps += 1;
        go_on = match run_one(server, &quiet, &tree.current()).await {
            Err(problem) => {
                shortest = problem;
                tree.simplify()
            }
            Ok(()) => tree.complicate(),
        };
    }
    anyhow!(
        "model and server disagree ({steps} steps to make it short); again with\n  {SEED}={seed} {SEQUENCES}=1 \
         cargo test --package mainstay-e2e --test conformance random\n{shortest:#}"
    )
}

async fn run_one(server: &Server, tally: &Tally, sequence: &Sequence) -> Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    interrupt::check()?;
    let namespace = format!("sequence-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut pair = Pair::new(server, tally, &namespace).await?;
    let outcome = run_in(&mut pair, sequence).await;
    tally.sequence();
    let Err(problem) = outcome else { return Ok(()) };
    let mut words = String::new();
    for line in &pair.trace {
        writeln!(words, "  {line}")?;
    }
    bail!("{words}{problem:#}")
}

async fn run_in(pair: &mut Pair<'_>, sequence: &Sequence) -> Result<()> {
    let (later, live): (Vec<_>, Vec<_>) = sequence.watches.iter().partition(|watched| watched.from.is_some());
    let mut begun = Vec::new();
    for watched in live {
        begun.push(pair.begin(watched).await?);
    }
    for operation in &sequence.operations {
        pair.perform(operation).await?;
    }
    let all = Choice { labels: Vec::new(), fields: Vec::new() };
    for kind in KINDS {
        pair.list(kind, &all, At::Newest).await?;
    }
    pair.compare_whole_kinds().await?;
    for watched in later {
        begun.push(pair.begin(watched).await?);
    }
    let ended = future::join_all(begun.into_iter().map(|begun| pair.end(begun))).await;
    ended.into_iter().collect()
}
