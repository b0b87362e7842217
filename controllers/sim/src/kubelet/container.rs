//! One container on its node.

use std::time::Duration;

use mainstay_model::{ContainerRole, ContainerState, Name};

use super::image::{Behaviour, behaviour};
use super::{PROBE_TRIES, REPLACES_SIDECARS, between};
use crate::clock::Time;
use crate::dice::Dice;

/// How long it takes to end what runs and to pull an image.
const PULL_TAKES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(4)];
/// How long a process takes to start, and an init step to end.
const START_TAKES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(3)];
/// How long readiness is behind.
const READY_TAKES: [Duration; 2] = [Duration::ZERO, Duration::from_secs(2)];
/// How long a failed pull counts as news.
const PULL_FAILS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// The first wait after a crash; each one is twice as long as the one before.
const BACK_OFF: Duration = Duration::from_secs(2);
/// After so many crashes of an image the waits are longer than anybody watches.
const CRASHES_THAT_SHOW: u32 = 5;
/// How many of a hundred processes that are asked to end do so with code 0.
const POLITE: u64 = 60;
/// How many of a hundred containers are ready, not ready and ready again when they begin.
const FLAPPING: u64 = 15;
/// It waits for something else than the passing of time.
const NEVER: Time = Time(u64::MAX);

/// A container.
#[derive(Clone, Debug)]
pub(super) struct Container {
    state: State,
    /// When the state is over.
    until: Time,
    /// What it runs, or is to run.
    pub image: Name,
    /// Of what was started last; `None` before that.
    pub id: Option<Name>,
    restarts: i32,
    /// Whether the process before has ended with code 0: then nothing is said about why a sidecar waits (upstream: `convertToAPIContainerStatuses`
    /// in pkg/kubelet/kubelet_pods.go takes it for an init step that is over).
    ended_well: bool,
    /// How often its process has ended by itself, or with its node.
    pub crashes: u32,
    /// How often that was since the image is like that.
    crashes_of_image: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Nothing was done about it.
    Absent,
    /// What ran before has been ended, and the image is pulled.
    Pulling,
    /// There is no such image: the pull has failed just now, or waits to be tried again.
    NoImage { waits: bool },
    /// It runs, and its startup probe has not succeeded yet.
    Starting,
    /// It runs and is not ready; `flaps` if it was a moment ago.
    Started { flaps: bool },
    /// It runs and is ready; `flaps` if it is not for long.
    Ready { flaps: bool },
    /// Its process has ended by itself, and is started again after a while.
    BackOff,
    /// An init step that has done what it was there for.
    Done,
}

impl Default for Container {
    fn default() -> Container {
        Container {
            state: State::Absent,
            until: Time::default(),
            image: Name::default(),
            id: None,
            restarts: 0,
            ended_well: false,
            crashes: 0,
            crashes_of_image: 0,
        }
    }
}

impl Container {
    /// Whether what runs, or is about to, has to make way for another image. An init step is never run again; a native sidecar is left
    /// alone until its startup probe has succeeded or failed, and by old kubelets for good.
    pub fn is_outdated(&self, spec: &ContainerState, kubelet: (u16, u16), now: Time) -> bool {
        let is_other = self.image != spec.image;
        match self.state {
            State::Absent | State::Pulling | State::Done => false,
            State::NoImage { .. } | State::BackOff => is_other,
            State::Starting if spec.role == ContainerRole::Sidecar => {
                is_other && kubelet >= REPLACES_SIDECARS && now >= self.until
            }
            State::Started { .. } | State::Ready { .. } if spec.role == ContainerRole::Sidecar => {
                is_other && kubelet >= REPLACES_SIDECARS
            }
            State::Starting | State::Started { .. } | State::Ready { .. } => {
                is_other && spec.role == ContainerRole::Main
            }
        }
    }

    /// Ends what runs, and pulls an image.
    pub fn pull(&mut self, image: &Name, now: Time, dice: &mut Dice) {
        if matches!(self.state, State::Starting | State::Started { .. } | State::Ready { .. }) {
            self.ended_well = dice.percent(POLITE);
        }
        if self.image != *image {
            self.image = image.clone();
            self.crashes_of_image = 0;
        }
        self.enter(State::Pulling, PULL_TAKES, now, dice);
    }

    /// Does what is due; answers whether a process was started.
    pub fn go_on(&mut self, spec: &ContainerState, now: Time, dice: &mut Dice) -> bool {
        if now < self.until {
            return false;
        }
        let does = behaviour(&self.image);
        match (self.state, does) {
            (State::Absent | State::BackOff, _) => self.pull(&spec.image, now, dice),
            (State::Pulling, Behaviour::Missing) => {
                self.enter(State::NoImage { waits: false }, PULL_FAILS, now, dice);
            }
            (State::Pulling, _) => {
                self.restarts += i32::from(self.id.is_some());
                let takes =
                    if does == Behaviour::Hangs { [PROBE_TRIES / 3, PROBE_TRIES] } else { START_TAKES };
                self.enter(State::Starting, takes, now, dice);
                return true;
            }
            (State::NoImage { .. }, _) => self.stay(State::NoImage { waits: true }),
            (State::Starting, Behaviour::Crashes | Behaviour::Hangs) => self.fail(now, dice),
            (State::Starting, _) if spec.role == ContainerRole::Init => self.stay(State::Done),
            (State::Starting, Behaviour::NeverReady) => self.stay(State::Started { flaps: false }),
            (State::Starting, _) => self.enter(State::Started { flaps: false }, READY_TAKES, now, dice),
            (State::Started { flaps: true }, _) => self.stay(State::Ready { flaps: false }),
            (State::Started { flaps: false }, Behaviour::NeverReady) => {}
            (State::Started { flaps: false }, _) if dice.percent(FLAPPING) => {
                self.enter(State::Ready { flaps: true }, START_TAKES, now, dice);
            }
            (State::Started { flaps: false }, _) => self.stay(State::Ready { flaps: false }),
            (State::Ready { flaps: true }, _) => {
                self.enter(State::Started { flaps: true }, START_TAKES, now, dice);
            }
            (State::Ready { flaps: false } | State::Done, _) => {}
        }
        false
    }

    /// Its process ends, since its image is like that.
    fn fail(&mut self, now: Time, dice: &mut Dice) {
        let wait = BACK_OFF * 2_u32.saturating_pow(self.crashes_of_image);
        self.crashes += 1;
        self.ended_well = false;
        self.crashes_of_image += 1;
        match self.crashes_of_image >= CRASHES_THAT_SHOW {
            true => self.stay(State::BackOff),
            false => self.enter(State::BackOff, [wait, wait * 2], now, dice),
        }
    }

    /// Its process ends although its image is good, if it runs.
    pub fn crash(&mut self, now: Time, dice: &mut Dice) {
        if matches!(self.state, State::Started { .. } | State::Ready { .. }) {
            self.crashes += 1;
            self.ended_well = false;
            self.enter(State::BackOff, [BACK_OFF, BACK_OFF * 2], now, dice);
        }
    }

    /// It is gone with its node, and nothing is known of it but what it was.
    pub fn lose(&mut self) {
        self.crashes += 1;
        self.ended_well = false;
        (self.state, self.until) = (State::Absent, Time::default());
    }

    /// When there is something to do about it by itself.
    pub fn due(&self) -> Option<Time> {
        (self.state != State::Absent && self.until != NEVER).then_some(self.until)
    }

    /// Whether it has started, or is over where that is its purpose.
    pub fn has_started(&self) -> bool {
        matches!(self.state, State::Started { .. } | State::Ready { .. } | State::Done)
    }

    /// Says in a status how it is.
    pub fn tell(&self, state: &mut ContainerState) {
        state.id = self.id.clone();
        state.restarts = self.restarts;
        state.started = self.has_started();
        state.ready = matches!(self.state, State::Ready { .. } | State::Done);
        let reason = match self.state {
            State::Absent => Some("PodInitializing"),
            // After the end of another one that one's end is told.
            State::Pulling => Some("ContainerCreating").filter(|_| self.id.is_none()),
            State::NoImage { waits: false } => Some("ErrImagePull"),
            State::NoImage { waits: true } => Some("ImagePullBackOff"),
            State::BackOff => Some("CrashLoopBackOff"),
            State::Starting | State::Started { .. } | State::Ready { .. } | State::Done => None,
        };
        let is_silent = state.role == ContainerRole::Sidecar && self.ended_well;
        state.waiting = reason.filter(|_| !is_silent).map(Name::from);
    }

    fn enter(&mut self, state: State, [least, most]: [Duration; 2], now: Time, dice: &mut Dice) {
        self.state = state;
        self.until = now.after(between(least, most, dice));
    }

    /// Enters a state that time does not end.
    fn stay(&mut self, state: State) {
        (self.state, self.until) = (state, NEVER);
    }
}
