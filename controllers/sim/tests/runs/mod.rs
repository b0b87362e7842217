//! What the tests of whole runs do with seeds, whichever world they are for.

use std::ops::Range;
use std::time::SystemTime;

use mainstay_sim::coverage::Coverage;
use mainstay_sim::pattern::{self, Pattern};
use mainstay_sim::{Fault, Options, Stage, run};

/// Every promise is kept in these runs. A failure names the command that replays it.
pub fn check(seeds: Range<u64>, options: &Options) -> Coverage {
    let mut coverage = Coverage::default();
    for seed in seeds {
        let outcome = run(seed, options);
        let found: Vec<String> = outcome.violations.iter().map(ToString::to_string).collect();
        let found = found.join("\n");
        assert!(found.is_empty(), "{found}\ncargo xtask sim --replay {seed} {options}");
        coverage.add(&outcome.coverage);
    }
    coverage
}

/// Nothing of what can go wrong has been left out: each fault at writes of these verbs, at watches, and at its times.
pub fn check_coverage(coverage: &Coverage, verbs: &[&'static str]) {
    let check = |faults: &[Fault], verb: &'static str| {
        for fault in faults {
            assert!(coverage.of(*fault, verb) > 0, "{fault}, {verb}\n{coverage}");
        }
    };
    verbs.iter().for_each(|verb| check(Fault::OF_WRITES, verb));
    check(Fault::OF_WATCHES, "watch");
    check(Fault::AT_TIMES, "world");
}

/// The same for so many seeds that nobody has tried; their numbers come from the time of the day and are printed.
pub fn check_fresh(count: u64, options: &Options) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let first = u64::from(now.subsec_nanos()) * 1000;
    println!("seeds from {first}");
    check(first..first + count, options);
}

/// The same where single faults strike at a place in so many of each of these scenarios, not at the same places in any two of them; says at how many.
pub fn check_strikes(stage: Stage, scenarios: u64, every: usize) -> usize {
    let mut plans = 0;
    for (seed, first) in (0..scenarios).zip((0..every).cycle()) {
        for pattern in Pattern::ALL {
            let all = pattern::plans(seed, stage, 2, pattern);
            for options in all.into_iter().skip(first).step_by(every) {
                check(seed..seed + 1, &options);
                plans += 1;
            }
        }
    }
    plans
}

/// Two runs of a seed are the same to the byte.
pub fn check_determinism(options: &Options) {
    for seed in [3, 14, 159] {
        let options = Options { log: true, ..options.clone() };
        let (first, second) = (run(seed, &options), run(seed, &options));
        let log = first.log.unwrap();
        assert!(log.lines().count() > 100);
        assert!(log == second.log.unwrap(), "two runs of seed {seed} differ");
        assert_eq!((first.steps, first.coverage), (second.steps, second.coverage));
    }
}
