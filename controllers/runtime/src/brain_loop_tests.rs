use std::sync::{Arc, Mutex};

use mainstay_engine::brain::BrainSettings;
use mainstay_engine::{Change, Controller, Listing, NoMeter, Plan, Source, SourceEvent, Store, View};
use mainstay_model::{
    DeletePod, Event, Kind, Meta, Object, ObjectName, Pod, PodPhase, ResourceVersion, Uid, Write,
    WriteOutcome,
};

use super::*;

const PODS: Source = Source::everywhere(Kind::Pod);

/// Deletes every pod.
struct Reaper;

impl Controller for Reaper {
    fn name(&self) -> &'static str {
        "reaper"
    }

    fn queue(&self) -> &'static str {
        "reaper"
    }

    fn primary(&self) -> Kind {
        Kind::Pod
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Pod]
    }

    fn route(&self, _store: &Store, change: &Change, keys: &mut Vec<ObjectName>) {
        keys.extend(change.new.iter().map(|object| object.meta().name.clone()));
    }

    fn plan(&self, key: &ObjectName, view: &View<'_>, _now: Now) -> Plan {
        let pod = view.store.pods().get(key);
        let writes = pod.map(|pod| Write::DeletePod(DeletePod { pod: key.clone(), uid: pod.meta.uid }));
        Plan { writes: writes.into_iter().collect(), ..Plan::default() }
    }

    fn report(&self, _: &Store, _: &ObjectName, _: &Write, _: &WriteOutcome) -> Option<Event> {
        None
    }
}

fn listing(begun: Moment) -> Input {
    let pod = Pod {
        phase: PodPhase::Running,
        ..Pod::new(Meta {
            version: ResourceVersion(5),
            ..Meta::new(ObjectName::new("default", "pod"), Uid(1))
        })
    };
    let objects = vec![Object::Pod(Arc::new(pod))];
    let listing = Listing { objects, unreadable: Vec::new(), version: ResourceVersion(5), begun };
    Input::Source(PODS, SourceEvent::Listed(listing))
}

fn arrived(begun: Moment) -> (Moment, Input) {
    (begun, listing(begun))
}

/// Hands on what it is given.
struct Recorder(mpsc::UnboundedSender<Effect>);

impl Perform for Recorder {
    fn perform(&mut self, effect: Effect) {
        self.0.send(effect).unwrap();
    }
}

struct Harness {
    clock: Clock,
    inputs: mpsc::Sender<(Moment, Input)>,
    answers: mpsc::UnboundedSender<Input>,
    leadership: watch::Sender<Leadership>,
    stop: CancellationToken,
    effects: mpsc::UnboundedReceiver<Effect>,
    reports: Arc<Mutex<Vec<BrainReport>>>,
    task: tokio::task::JoinHandle<Finished<Recorder>>,
}

fn start() -> Harness {
    let clock = Clock::start();
    let (inputs, waiting_inputs) = mpsc::channel(16);
    let (answers, waiting_answers) = mpsc::unbounded_channel();
    let (leadership, seen_leadership) = watch::channel(Leadership::Standby);
    let (perform, effects) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let reports: Arc<Mutex<Vec<BrainReport>>> = Arc::default();
    let seen = Arc::clone(&reports);
    let settings = BrainSettings { audit_interval: None, ..BrainSettings::default() };
    let brain = Brain::new(settings, vec![Box::new(Reaper)], vec![PODS], Box::new(NoMeter));
    let brain_loop = BrainLoop {
        brain,
        clock,
        inputs: waiting_inputs,
        answers: waiting_answers,
        leadership: seen_leadership,
        stop: stop.clone(),
        drain_timeout: Duration::from_secs(60),
        coalescing: Coalescing::default(),
        hands: Recorder(perform),
        observe: move |report: &BrainReport| seen.lock().unwrap().push(report.clone()),
    };
    let task = tokio::spawn(brain_loop.run());
    Harness { clock, inputs, answers, leadership, stop, effects, reports, task }
}

impl Harness {
    fn lead_for(&self, term: Duration) {
        self.leadership.send_replace(Leadership::Leading { until: self.clock.moment().after(term) });
    }

    /// Lets it lead and waits until it has sent its delete.
    async fn first_write(&mut self) -> mainstay_engine::WriteId {
        self.lead_for(Duration::from_secs(60));
        let Some(Effect::ReadNewestVersion { asked, .. }) = self.effects.recv().await else {
            panic!("the newest version is not asked for")
        };
        self.inputs.send(arrived(self.clock.moment())).await.unwrap();
        let version = Some(ResourceVersion(5));
        self.answers.send(Input::NewestVersion { source: PODS, asked, version }).unwrap();
        match self.effects.recv().await {
            Some(Effect::Write { id, .. }) => id,
            other => panic!("{other:?} instead of a write"),
        }
    }
}

#[tokio::test]
async fn a_leader_writes_and_a_stop_waits_for_the_answer() {
    let mut harness = start();
    let id = harness.first_write().await;
    harness.stop.cancel();
    tokio::task::yield_now().await;
    assert!(!harness.task.is_finished());
    let outcome = WriteOutcome::Acknowledged { version: Some(ResourceVersion(6)) };
    harness.answers.send(Input::Write { id, outcome, took: Duration::ZERO }).unwrap();
    let finished = harness.task.await.unwrap();
    assert_eq!((finished.ended, finished.drained), (Ended::Stopped, true));
    assert!(finished.drain_time_left > Duration::from_secs(30));
}

/// A process that was frozen and has lost its lease has said once that a watch had ended: what it had lost was the lease.
#[tokio::test]
async fn no_source_ends_before_the_end_of_the_brain_is_known() {
    let harness = start();
    harness.lead_for(Duration::from_secs(60));
    harness.leadership.send_replace(Leadership::Lost);
    let finished = harness.task.await.unwrap();
    assert_eq!(finished.ended, Ended::LeadershipLost);
    assert!(!harness.inputs.is_closed());
    drop(finished);
    assert!(harness.inputs.is_closed());
}

#[tokio::test]
async fn a_standby_writes_nothing_and_stops_at_once() {
    let mut harness = start();
    harness.inputs.send(arrived(harness.clock.moment())).await.unwrap();
    let synced = |reports: &Vec<BrainReport>| {
        reports.last().is_some_and(|report| report.sources.iter().all(|source| source.synced))
    };
    while !synced(&harness.reports.lock().unwrap()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    harness.stop.cancel();
    let finished = harness.task.await.unwrap();
    assert_eq!((finished.ended, finished.drained), (Ended::Stopped, true));
    assert!(harness.effects.try_recv().is_err());
}

#[tokio::test]
async fn a_lost_lease_ends_the_loop_though_writes_are_unanswered() {
    let mut harness = start();
    harness.first_write().await;
    harness.leadership.send_replace(Leadership::Lost);
    let finished = harness.task.await.unwrap();
    assert_eq!((finished.ended, finished.drained), (Ended::LeadershipLost, false));
}

#[tokio::test]
async fn a_term_that_runs_out_unrenewed_ends_the_loop_by_its_own_clock() {
    let harness = start();
    harness.lead_for(Duration::from_millis(20));
    assert_eq!(harness.task.await.unwrap().ended, Ended::LeadershipLost);
    assert!(matches!(*harness.leadership.borrow(), Leadership::Leading { .. }), "nobody has said so");
}

#[tokio::test]
async fn an_elector_that_dies_ends_the_loop() {
    let Harness { leadership, task, .. } = start();
    drop(leadership);
    assert_eq!(task.await.unwrap().ended, Ended::LeadershipLost);
}
