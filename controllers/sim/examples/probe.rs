#![allow(clippy::disallowed_methods, missing_docs)]
use mainstay_sim::explore::{explore, replication::*};
fn main() {
    let mut b = ReplicationBudgets::WHOLE;
    let mut most = 2_000_000;
    for w in std::env::args().skip(1) {
        let (k, v) = w.split_once('=').unwrap();
        let n: u32 = v.parse().unwrap_or(0);
        match k {
            "replicas" => b.replicas = n as i32,
            "scaled" => b.scaled_to = Some(n as i32),
            "crashes" => b.crashes = n,
            "lost" => b.lost_answers = n,
            "early" => b.early_timers = n,
            "start" => b.pods_start = n > 0,
            "watch" => b.standbys_watch = n > 0,
            "lag" => b.standby_lag = n as usize,
            "most" => most = n as u64,
            "mutant" => b.mutant = mainstay_sim::mutant::Mutant::ALL.iter().find(|m| m.name() == v).copied(),
            _ => panic!(),
        }
    }
    let t = std::time::Instant::now();
    let found = explore(|| ReplicationWorld::new(b), most);
    let s = t.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let hwm = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    println!("{b:?}\nstates {} transitions {} rest {} depth {} complete {} {s:.1}s {:.0}/s {hwm}", found.states, found.transitions, found.at_rest, found.depth, found.is_complete, found.states as f64 / s);
    if let Some(v) = found.violation { println!("{v}"); }
}
