//! The search for rivals against a small cluster: who is there, what can be read, and when that lets a controller act.

use std::time::Duration;

use mainstay_model::{
    Canary, ControllerManagerPod, Evidence, LeaseRecord, ObjectName, ObservedLease, ResourceVersion, Uid,
    Unreadable,
};

use super::{
    ABSENCE, PROOF, Passivity, RAISE_PAUSE, RivalAnswer, RivalRequest, Rivals, SCATTER, Standing, Trace,
};
use crate::clock::Moment;
use crate::random::Random;

const CONTROLLER: &str = "replicationcontroller-controller";
const STEP: Duration = Duration::from_millis(100);
/// Enough for what must be over a minute after a change, with a look and the scatter.
const LONG_ENOUGH: Duration = Duration::from_secs(60 + 6 + 2);

/// A cluster as far as rivals show in it.
struct Cluster {
    now: Moment,
    version: u64,
    pods: Vec<ControllerManagerPod>,
    /// A holder that renews all the time.
    holder: Option<&'static str>,
    lease: Option<ObservedLease>,
    canary: Option<Canary>,
    /// Whether somebody reconciles whatever ReplicationController there is.
    follows: bool,
    unreadable: bool,
    /// How long a look takes.
    latency: Duration,
}

impl Cluster {
    fn new() -> Cluster {
        Cluster {
            now: Moment(Duration::from_secs(1)),
            version: 10,
            pods: vec![],
            holder: None,
            lease: None,
            canary: None,
            follows: false,
            unreadable: false,
            latency: Duration::ZERO,
        }
    }

    fn next_version(&mut self) -> ResourceVersion {
        self.version += 1;
        ResourceVersion(self.version)
    }

    /// Time goes on for everybody but us.
    fn step(&mut self) {
        self.now = self.now.after(STEP);
        if let Some(holder) = self.holder {
            let version = self.next_version();
            let record = LeaseRecord {
                holder: holder.to_owned(),
                duration_seconds: 15,
                renewed: Some(mainstay_model::Timestamp::from_seconds(self.version as i64)),
                ..LeaseRecord::default()
            };
            self.lease = Some(ObservedLease { record, version });
        }
        let version = ResourceVersion(self.version + 1);
        if let Some(canary) = self.canary.as_mut().filter(|canary| self.follows && !canary.is_followed()) {
            canary.observed_generation = canary.generation;
            canary.version = version;
            self.version += 1;
        }
    }

    fn evidence(&self) -> Evidence {
        let fault = Unreadable("the apiserver does not answer".into());
        match self.unreadable {
            true => Evidence { pods: Err(fault.clone()), lease: Err(fault.clone()), canary: Err(fault) },
            false => Evidence {
                pods: Ok(self.pods.clone()),
                lease: Ok(self.lease.clone()),
                canary: Ok(self.canary.clone()),
            },
        }
    }

    fn answer(&mut self, request: RivalRequest) -> RivalAnswer {
        let done = if self.unreadable { Err(Unreadable("no answer".into())) } else { Ok(()) };
        match request {
            RivalRequest::Look { asked, .. } => RivalAnswer::Looked { asked, evidence: self.evidence() },
            RivalRequest::MakeCanary { .. } if done.is_ok() => {
                assert!(self.canary.is_none(), "made although it is there");
                let version = self.next_version();
                let uid = Uid(version.0.into());
                self.canary = Some(canary(uid, version, 1, 0));
                RivalAnswer::CanaryWritten(done)
            }
            RivalRequest::RaiseCanary { uid, min_ready_seconds, .. } if done.is_ok() => {
                let version = self.next_version();
                let canary = self.canary.as_mut().unwrap();
                assert_eq!(canary.uid, uid);
                assert_ne!(canary.min_ready_seconds, min_ready_seconds, "it would raise nothing");
                canary.min_ready_seconds = min_ready_seconds;
                canary.generation += 1;
                canary.version = version;
                RivalAnswer::CanaryWritten(done)
            }
            _ => RivalAnswer::CanaryWritten(done),
        }
    }
}

fn canary(uid: Uid, version: ResourceVersion, generation: i64, observed_generation: i64) -> Canary {
    Canary { uid, version, generation, observed_generation, min_ready_seconds: 0 }
}

fn pod(node: &str, flags: &str) -> ControllerManagerPod {
    ControllerManagerPod {
        name: ObjectName::new("kube-system", format!("kube-controller-manager-{node}")),
        command_lines: vec![
            format!("kube-controller-manager {flags}").split_whitespace().map(str::to_owned).collect(),
        ],
    }
}

/// A process in a cluster.
struct Process {
    rivals: Rivals,
    leads: bool,
    canary_writes: usize,
    /// Answers that are on their way.
    answers: Vec<(Moment, RivalAnswer)>,
}

impl Process {
    fn new(seed: u64) -> Process {
        let name = ObjectName::new("mainstay-system", "mainstay-canary");
        let rivals = Rivals::new(name, [(CONTROLLER, Some("replicationcontroller"))], seed);
        Process { rivals, leads: true, canary_writes: 0, answers: vec![] }
    }

    fn standing(&self, cluster: &Cluster) -> Standing {
        self.rivals.standing(cluster.now, CONTROLLER).unwrap()
    }

    fn acts(&self, cluster: &Cluster) -> bool {
        self.standing(cluster).acts_until(cluster.now).is_some()
    }

    /// Lives for that long; says for how long it acted.
    fn live(&mut self, cluster: &mut Cluster, time: Duration) -> Duration {
        let (end, mut acted) = (cluster.now.after(time), Duration::ZERO);
        while cluster.now < end {
            cluster.step();
            for (_, answer) in self.answers.extract_if(.., |(at, _)| *at <= cluster.now) {
                self.rivals.answered(cluster.now, answer);
            }
            while let Some(request) = self.rivals.next(cluster.now, self.leads, false) {
                self.canary_writes += usize::from(!matches!(request, RivalRequest::Look { .. }));
                let answer = cluster.answer(request);
                self.answers.push((cluster.now.after(cluster.latency), answer));
            }
            acted += if self.acts(cluster) { STEP } else { Duration::ZERO };
        }
        acted
    }
}

#[test]
fn it_acts_after_a_minute_in_which_nobody_was_seen_and_not_before() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(1));
    assert_eq!(process.live(&mut cluster, ABSENCE), Duration::ZERO);
    assert!(matches!(process.standing(&cluster), Standing::Passive(Passivity::Waiting { .. })));
    process.live(&mut cluster, LONG_ENOUGH - ABSENCE);
    assert_eq!(process.standing(&cluster).reason(), "alone");
    assert_eq!(process.canary_writes, 1, "the canary is made and left alone");
}

#[test]
fn whoever_is_there_keeps_it_passive_for_as_long_as_he_is() {
    type Change = fn(&mut Cluster);
    let rivals: [(&str, Change, Change); 4] = [
        ("pod", |cluster| cluster.pods.push(pod("a", "--leader-elect=true")), |cluster| cluster.pods.clear()),
        ("lease", |cluster| cluster.holder = Some("somewhere_1"), |cluster| cluster.holder = None),
        ("canary", |cluster| cluster.follows = true, |cluster| cluster.follows = false),
        (
            "pod",
            |cluster| {
                cluster.pods = vec![pod("a", "--controllers=*,-replicationcontroller"), pod("b", "")];
            },
            |cluster| cluster.pods.truncate(1),
        ),
    ];
    for (reason, come, go) in rivals {
        let (mut cluster, mut process) = (Cluster::new(), Process::new(2));
        process.live(&mut cluster, LONG_ENOUGH);
        assert!(process.acts(&cluster), "{reason}");
        come(&mut cluster);
        let acted = process.live(&mut cluster, Duration::from_secs(3600));
        assert!(acted <= Duration::from_millis(1200), "{reason}: acted beside a rival for {acted:?}");
        assert_eq!(process.standing(&cluster).reason(), reason);
        // A lease counts until its time has passed, and a canary is raised no more often than this.
        go(&mut cluster);
        let last_trace = Duration::from_secs(15).max(RAISE_PAUSE);
        assert_eq!(process.live(&mut cluster, ABSENCE), Duration::ZERO, "{reason}");
        process.live(&mut cluster, LONG_ENOUGH - ABSENCE + last_trace);
        assert!(process.acts(&cluster), "{reason}: {}", process.standing(&cluster));
    }
}

#[test]
fn a_rival_that_has_the_controller_switched_off_is_none() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(3));
    cluster.pods = vec![
        pod("a", "--controllers=*,-replicationcontroller-controller"),
        pod("b", "--controllers=*,-replicationcontroller"),
    ];
    cluster.holder = Some("host-of-b_0d3b");
    process.live(&mut cluster, LONG_ENOUGH);
    assert!(process.acts(&cluster), "{}", process.standing(&cluster));
}

#[test]
fn a_lease_without_pods_may_be_of_a_rival_whose_flags_nobody_sees() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(4));
    cluster.holder = Some("somewhere_1");
    assert_eq!(process.live(&mut cluster, 2 * LONG_ENOUGH), Duration::ZERO);
    let trace = Trace::Lease { holder: "somewhere_1".to_owned() };
    assert_eq!(process.standing(&cluster), Standing::Passive(Passivity::Rival(trace)));
}

#[test]
fn a_hidden_rival_beside_pods_that_have_it_switched_off_is_seen_by_the_canary() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(16));
    cluster.pods = vec![pod("b", "--controllers=*,-replicationcontroller")];
    cluster.holder = Some("somewhere_1");
    cluster.follows = true;
    assert_eq!(process.live(&mut cluster, 2 * LONG_ENOUGH), Duration::ZERO);
    assert_eq!(process.standing(&cluster).reason(), "canary");
}

/// Each controller is looked for by its own names, and whoever follows the canary is a rival of all: his flags are not known.
#[test]
fn each_controller_has_rivals_of_its_own() {
    let names = [
        (CONTROLLER, Some("replicationcontroller")),
        ("endpoints-controller", Some("endpoint")),
        ("endpointslice-controller", Some("endpointslice")),
        ("endpointslice-mirroring-controller", Some("endpointslicemirroring")),
    ];
    let canary = ObjectName::new("mainstay-system", "mainstay-canary");
    for (list, follows, expected) in [
        ("*", true, ["pod", "pod", "pod", "pod"]),
        ("*,-replicationcontroller", false, ["alone", "pod", "pod", "pod"]),
        ("*,-endpoint,-endpointslice-controller", false, ["pod", "alone", "alone", "pod"]),
        ("*,-endpoint,-endpointslice-controller", true, ["pod", "canary", "canary", "pod"]),
        (
            "*,-endpoint,-endpointslice,-endpointslicemirroring,-replicationcontroller",
            false,
            ["alone", "alone", "alone", "alone"],
        ),
        (
            "*,-endpoint,-endpointslice,-endpointslicemirroring,-replicationcontroller",
            true,
            ["canary", "canary", "canary", "canary"],
        ),
    ] {
        let (mut cluster, mut process) = (Cluster::new(), Process::new(17));
        process.rivals = Rivals::new(canary.clone(), names, 17);
        cluster.pods = vec![pod("a", &format!("--controllers={list}"))];
        cluster.holder = Some("host-of-a_0d3b");
        cluster.follows = follows;
        process.live(&mut cluster, LONG_ENOUGH);
        let found = names.map(|(name, _)| process.rivals.standing(cluster.now, name).unwrap().reason());
        assert_eq!(found, expected, "{list}, {follows}");
    }
}

#[test]
fn while_kubeadm_replaces_the_pod_the_lease_or_the_wait_keeps_it_passive() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(5));
    cluster.pods = vec![pod("a", "")];
    cluster.holder = Some("a_1");
    process.live(&mut cluster, LONG_ENOUGH);
    cluster.pods.clear();
    cluster.holder = None;
    assert_eq!(process.live(&mut cluster, Duration::from_secs(30)), Duration::ZERO);
    cluster.pods = vec![pod("a", "")];
    cluster.holder = Some("a_2");
    assert_eq!(process.live(&mut cluster, LONG_ENOUGH), Duration::ZERO);
}

#[test]
fn a_lease_that_is_deleted_counts_for_as_long_as_its_holder_may_go_on() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(6));
    cluster.holder = Some("somewhere_1");
    process.live(&mut cluster, LONG_ENOUGH);
    cluster.holder = None;
    cluster.lease = None;
    process.live(&mut cluster, Duration::from_secs(13));
    assert_eq!(process.standing(&cluster).reason(), "lease");
    process.live(&mut cluster, Duration::from_secs(4));
    assert_eq!(process.standing(&cluster).reason(), "waiting");
}

#[test]
fn what_cannot_be_read_is_no_proof_and_the_canary_tells_what_was_meanwhile() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(7));
    process.live(&mut cluster, LONG_ENOUGH);
    cluster.unreadable = true;
    let acted = process.live(&mut cluster, Duration::from_secs(300));
    assert!(acted <= PROOF, "acted for {acted:?} on what it could not read");
    assert_eq!(process.standing(&cluster).reason(), "unreadable");
    assert!(process.standing(&cluster).to_string().contains("does not answer"));

    // Nobody has followed the canary: nobody has acted.
    cluster.unreadable = false;
    process.live(&mut cluster, Duration::from_secs(2));
    assert!(process.acts(&cluster), "{}", process.standing(&cluster));

    // Somebody has come and gone where nobody could look.
    cluster.unreadable = true;
    process.live(&mut cluster, Duration::from_secs(20));
    cluster.follows = true;
    process.live(&mut cluster, Duration::from_secs(20));
    cluster.follows = false;
    cluster.unreadable = false;
    assert_eq!(process.live(&mut cluster, ABSENCE), Duration::ZERO);
}

#[test]
fn a_slow_apiserver_ends_no_permission_and_a_rival_is_seen_within_ten_seconds() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(8));
    cluster.latency = Duration::from_millis(3900);
    process.live(&mut cluster, LONG_ENOUGH + Duration::from_secs(20));
    let acted = process.live(&mut cluster, Duration::from_secs(60));
    assert!(acted >= Duration::from_secs(60), "acted for {acted:?} of a minute");
    cluster.holder = Some("somewhere_1");
    let acted = process.live(&mut cluster, Duration::from_secs(60));
    assert!(acted < Duration::from_secs(10), "acted for {acted:?} beside a rival");
}

#[test]
fn a_watch_that_shows_the_canary_followed_ends_the_permission_at_once() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(9));
    process.live(&mut cluster, LONG_ENOUGH);
    let older = cluster.canary.clone().unwrap();
    let followed =
        Canary { observed_generation: older.generation, version: cluster.next_version(), ..older.clone() };
    process.rivals.canary_watched(cluster.now, followed);
    assert!(!process.acts(&cluster));
    // A look that was begun before is answered late, and knows less.
    let evidence = Evidence { pods: Ok(vec![]), lease: Ok(None), canary: Ok(Some(older)) };
    let asked = cluster.now;
    process.rivals.answered(cluster.now, RivalAnswer::Looked { asked, evidence });
    assert_eq!(process.standing(&cluster).reason(), "canary");
}

#[test]
fn a_status_that_somebody_else_writes_begins_the_wait_anew() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(10));
    process.live(&mut cluster, Duration::from_secs(50));
    process.rivals.status_written(CONTROLLER);
    assert_eq!(process.standing(&cluster).reason(), "status");
    assert_eq!(process.live(&mut cluster, ABSENCE), Duration::ZERO);
    process.live(&mut cluster, LONG_ENOUGH - ABSENCE);
    assert!(process.acts(&cluster));
}

#[test]
fn a_standby_looks_for_itself_and_raises_nothing() {
    let (mut cluster, mut leader, mut standby) = (Cluster::new(), Process::new(11), Process::new(12));
    standby.leads = false;
    leader.live(&mut cluster, Duration::from_secs(5));
    standby.live(&mut cluster, LONG_ENOUGH);
    assert!(standby.acts(&cluster), "{}", standby.standing(&cluster));
    cluster.follows = true;
    standby.live(&mut cluster, LONG_ENOUGH);
    assert_eq!((leader.canary_writes, standby.canary_writes), (1, 0));
}

#[test]
fn a_canary_is_raised_only_while_nothing_else_shows_the_rival_and_not_often() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(13));
    cluster.follows = true;
    process.live(&mut cluster, Duration::from_secs(600));
    assert!((50..=62).contains(&process.canary_writes), "{} writes", process.canary_writes);
    cluster.holder = Some("somewhere_1");
    process.live(&mut cluster, Duration::from_secs(2));
    let before = process.canary_writes;
    process.live(&mut cluster, Duration::from_secs(600));
    assert_eq!(process.canary_writes, before);
}

#[test]
fn a_canary_that_is_deleted_or_raised_by_others_proves_nothing_until_a_minute_later() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(14));
    process.live(&mut cluster, LONG_ENOUGH);
    cluster.canary = None;
    process.live(&mut cluster, Duration::from_secs(12));
    assert!(cluster.canary.is_some(), "it is made again");
    assert!(!process.acts(&cluster));
    process.live(&mut cluster, LONG_ENOUGH);
    assert!(process.acts(&cluster));
    cluster.version += 1;
    let version = ResourceVersion(cluster.version);
    let raised = cluster.canary.as_mut().unwrap();
    raised.generation += 1;
    raised.version = version;
    assert!(process.live(&mut cluster, ABSENCE) <= Duration::from_secs(1));
}

/// Two installations, each with a canary of its own. Whoever acts follows the other's canary.
#[test]
fn of_two_installations_one_acts_in_the_end_and_both_hardly_ever_do() {
    let mut longest = Duration::ZERO;
    for seed in 0..200 {
        let mut clusters = [Cluster::new(), Cluster::new()];
        let mut processes = [Process::new(seed), Process::new(seed + 1_000)];
        let mut both = Duration::ZERO;
        for _ in 0..20 * 60 * 10 {
            let acts: Vec<bool> =
                processes.iter().zip(&clusters).map(|(process, cluster)| process.acts(cluster)).collect();
            both += if acts.iter().all(|acts| *acts) { STEP } else { Duration::ZERO };
            for (index, (process, cluster)) in processes.iter_mut().zip(&mut clusters).enumerate() {
                cluster.follows = acts[1 - index];
                process.live(cluster, STEP);
            }
        }
        let acting =
            processes.iter().zip(&clusters).filter(|(process, cluster)| process.acts(cluster)).count();
        assert_eq!(acting, 1, "seed {seed}");
        longest = longest.max(both);
    }
    assert!(longest <= Duration::from_secs(10), "both acted for {longest:?} in twenty minutes");
}

#[test]
fn the_scatter_is_longer_than_it_takes_to_see_what_the_other_does() {
    let waits: Vec<Duration> = (0..100).map(|seed| super::scatter(&mut Random::new(seed))).collect();
    assert!(waits.iter().all(|wait| *wait < SCATTER));
    assert!(waits.iter().max() > waits.iter().min().map(|least| *least + SCATTER / 2).as_ref());
}

#[test]
fn it_wakes_for_the_next_look() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(15));
    process.live(&mut cluster, LONG_ENOUGH);
    let wake_at = process.rivals.wake_at(cluster.now).unwrap();
    assert!(wake_at <= cluster.now.after(Duration::from_secs(1)), "{wake_at:?} at {:?}", cluster.now);
}

fn look(process: &mut Process, cluster: &mut Cluster, evidence: Evidence) {
    cluster.now = cluster.now.after(Duration::from_secs(1));
    let asked = cluster.now;
    process.rivals.answered(cluster.now, RivalAnswer::Looked { asked, evidence });
}

#[test]
fn a_lease_says_nothing_while_its_candidates_cannot_be_read() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(3));
    cluster.pods = vec![pod("a", "--controllers=*,-replicationcontroller")];
    cluster.holder = Some("a_1");
    process.live(&mut cluster, LONG_ENOUGH);
    assert!(process.acts(&cluster));
    let evidence = Evidence { pods: Err(Unreadable("429".into())), ..cluster.evidence() };
    look(&mut process, &mut cluster, evidence);
    assert!(process.acts(&cluster), "{}", process.standing(&cluster));
}

#[test]
fn a_canary_that_is_made_anew_proves_nothing_of_the_time_before() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(3));
    process.live(&mut cluster, LONG_ENOUGH);
    cluster.canary = None;
    let gone = Evidence { canary: Ok(None), ..cluster.evidence() };
    look(&mut process, &mut cluster, gone);
    cluster.now = cluster.now.after(Duration::from_secs(3600));
    let version = cluster.next_version();
    cluster.canary = Some(canary(Uid(99), version, 1, 0));
    let evidence = cluster.evidence();
    look(&mut process, &mut cluster, evidence);
    assert!(!process.acts(&cluster), "{}", process.standing(&cluster));
}

#[test]
fn after_a_restore_the_canary_gives_a_rival_away_as_before() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(3));
    cluster.version = 1000;
    process.live(&mut cluster, LONG_ENOUGH);
    assert!(process.acts(&cluster));
    // Etcd is as it was before all that.
    cluster.version = 500;
    cluster.canary.as_mut().unwrap().version = ResourceVersion(400);
    cluster.follows = true;
    process.live(&mut cluster, Duration::from_secs(60));
    assert!(!process.acts(&cluster), "{} {:?}", process.standing(&cluster), cluster.canary);
}

#[test]
fn after_a_restore_the_canary_is_raised_from_what_it_is() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(3));
    cluster.version = 1000;
    cluster.follows = true;
    process.live(&mut cluster, LONG_ENOUGH);
    assert!(!process.acts(&cluster));
    cluster.version = 500;
    cluster.follows = false;
    let canary = cluster.canary.as_mut().unwrap();
    canary.version = ResourceVersion(400);
    canary.min_ready_seconds = 1 - canary.min_ready_seconds;
    // A patch that changes nothing raises nothing.
    for _ in 0..600 {
        cluster.step();
        while let Some(request) = process.rivals.next(cluster.now, true, false) {
            let answer = match request {
                RivalRequest::RaiseCanary { min_ready_seconds, .. }
                    if cluster.canary.as_ref().unwrap().min_ready_seconds == min_ready_seconds =>
                {
                    RivalAnswer::CanaryWritten(Ok(()))
                }
                request => cluster.answer(request),
            };
            process.rivals.answered(cluster.now, answer);
        }
    }
    process.live(&mut cluster, Duration::from_secs(80));
    assert!(process.acts(&cluster), "{} {:?}", process.standing(&cluster), cluster.canary);
}

#[test]
fn an_observed_generation_that_nobody_reconciled_is_no_trace() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(3));
    process.live(&mut cluster, LONG_ENOUGH);
    let version = cluster.next_version();
    let edited = cluster.canary.as_mut().unwrap();
    edited.observed_generation = 1_000_000;
    edited.version = version;
    process.live(&mut cluster, Duration::from_secs(36000));
    assert!(process.acts(&cluster), "{} {:?}", process.standing(&cluster), cluster.canary);
}

#[test]
fn a_watch_that_is_late_ends_no_permission() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(3));
    cluster.follows = true;
    process.live(&mut cluster, Duration::from_secs(20));
    cluster.follows = false;
    let mut old = None;
    for _ in 0..200 {
        process.live(&mut cluster, STEP);
        let found = cluster.canary.clone().filter(Canary::is_followed);
        old = found.or(old);
    }
    process.live(&mut cluster, LONG_ENOUGH);
    assert!(process.acts(&cluster));
    process.rivals.canary_watched(cluster.now, old.unwrap());
    assert!(process.acts(&cluster), "{}", process.standing(&cluster));
}

#[test]
fn what_is_over_hides_no_later_wake_up() {
    let (mut cluster, mut process) = (Cluster::new(), Process::new(3));
    cluster.latency = Duration::from_millis(400);
    let mut hidden = 0;
    for _ in 0..2000 {
        process.live(&mut cluster, STEP);
        let wakes = process.rivals.wake_at(cluster.now).is_some_and(|at| at > cluster.now);
        hidden += usize::from(!wakes && !process.rivals.looking);
    }
    assert_eq!(hidden, 0);
}

#[test]
fn a_standby_makes_the_canary_where_its_leader_looks_for_nobody() {
    let (mut cluster, mut standby) = (Cluster::new(), Process::new(11));
    standby.leads = false;
    standby.live(&mut cluster, Duration::from_secs(3600));
    assert_ne!(standby.standing(&cluster).reason(), "unreadable");
}
