#![allow(clippy::disallowed_methods, missing_docs)]
use mainstay_sim::explore::{explore, lease::*};
fn main() {
    let mut b = LeaseBudgets::WHOLE;
    let mut most = 20_000_000;
    for w in std::env::args().skip(1) {
        let (k, v) = w.split_once('=').unwrap();
        let n: u64 = v.parse().unwrap_or(0);
        match k {
            "candidates" => b.candidates = n as usize,
            "lease" => b.lease_duration = n,
            "deadline" => b.renew_deadline = n,
            "late" => b.late_writes = n as usize,
            "fair" => b.fair_from_one_in = n,
            "crash" => b.crashes = n > 0,
            "most" => most = n,
            "mutant" => b.mutant = Some(if n == 1 { LeaseMutant::WithoutVersion } else { LeaseMutant::RunsOutTooEarly }),
            _ => panic!(),
        }
    }
    let t = std::time::Instant::now();
    let found = explore(|| LeaseWorld::new(b), most);
    let s = t.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let hwm = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    println!("{b:?}\nstates {} transitions {} rest {} depth {} complete {} {s:.1}s {:.0}/s {hwm}", found.states, found.transitions, found.at_rest, found.depth, found.is_complete, found.states as f64 / s);
    if let Some(v) = found.violation { println!("{v}"); }
}
