//! What can go wrong, by name.

use std::fmt;

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// One way in which the world can misbehave.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Fault {
            $($(#[$doc])* $variant,)+
        }

        impl Fault {
            /// All of them.
            pub const ALL: &[Fault] = &[$(Fault::$variant,)+];

            /// The name, for command lines and tables.
            pub const fn name(self) -> &'static str {
                match self { $(Fault::$variant => $name,)+ }
            }
        }
    };
}

faults! {
    /// A request is lost on its way; the sender learns that there was no answer.
    RequestLost = "request-lost",
    /// The server has carried a request out, and the answer is lost, soon or after the time-out.
    AnswerLost = "answer-lost",
    /// A request reaches the server up to a minute late, perhaps long after the sender has given up.
    RequestLate = "request-late",
    /// The answer to a question comes up to half a minute late, and says how things were before.
    AnswerLate = "answer-late",
    /// 500 or 504, and nothing was done.
    ServerError = "server-error",
    /// 429 with Retry-After.
    Throttled = "throttled",
    /// There is no connection to send the request on.
    NotConnected = "not-connected",
    /// An admission webhook refuses the request.
    Forbidden = "forbidden",
    /// Somebody else changes the object while the request is on its way.
    Conflict = "conflict",
    /// The process ends before the request has left.
    CrashBeforeSend = "crash-before-send",
    /// The process ends while the request is on its way; the server carries it out.
    CrashAfterSend = "crash-after-send",
    /// A watch ends in order.
    WatchClosed = "watch-closed",
    /// A watch breaks off.
    WatchBroken = "watch-broken",
    /// A watch says nothing more, and does not end.
    WatchSilent = "watch-silent",
    /// An event of a watch is never delivered, though those after it are.
    EventLost = "event-lost",
    /// All watches are slow for a while.
    SlowWatches = "slow-watches",
    /// One of the apiserver's front ends does not hear of anything new for a while.
    FrontEndLag = "front-end-lag",
    /// One of the apiserver's front ends is so many revisions behind the others, for ever.
    FrontEndBehind = "front-end-behind",
    /// The server forgets its history: 410 for watches that are behind.
    Compaction = "compaction",
    /// Every connection of a process breaks.
    ConnectionsBreak = "connections-break",
    /// A process ends and starts again with nothing.
    Crash = "crash",
    /// A process sleeps, perhaps past the end of its lease, and goes on as if nothing had happened.
    Freeze = "freeze",
    /// A process believes for a while that it leads, whatever the lease says: its elector is wrong.
    TwoLeaders = "two-leaders",
    /// A process is told to stop, drains, gives the lease back and starts again.
    Stop = "stop",
    /// A process' wall clock jumps by minutes.
    ClockStep = "clock-step",
    /// The kubelet of a node is cut off for a while, dies and comes back with all its containers restarted, or refuses a pod.
    Kubelet = "kubelet",
    /// For a while the kubelet of a node, or of each, rejects every pod that it is given, or evicts it as soon as it runs.
    Rejection = "rejection",
    /// A quota appears, changes and goes. Part of the script.
    Quota = "quota",
    /// Somebody edits what is not theirs. Part of the script.
    Hostile = "hostile",
    /// Etcd is restored from a backup. Not among `all`.
    Restore = "restore",
}

impl Fault {
    /// What can befall a write on its way.
    pub const OF_WRITES: &[Fault] = &[
        Fault::RequestLost,
        Fault::AnswerLost,
        Fault::RequestLate,
        Fault::ServerError,
        Fault::Throttled,
        Fault::NotConnected,
        Fault::Forbidden,
        Fault::Conflict,
        Fault::CrashBeforeSend,
        Fault::CrashAfterSend,
    ];
    /// What can befall a request about the lease.
    pub const OF_THE_LEASE: &[Fault] = &[
        Fault::RequestLost,
        Fault::AnswerLost,
        Fault::RequestLate,
        Fault::CrashBeforeSend,
        Fault::CrashAfterSend,
    ];
    /// What can befall a question.
    pub const OF_READS: &[Fault] = &[
        Fault::RequestLost,
        Fault::RequestLate,
        Fault::AnswerLate,
        Fault::ServerError,
        Fault::Throttled,
        Fault::CrashBeforeSend,
        Fault::CrashAfterSend,
    ];
    /// What can befall a delivery of a watch.
    pub const OF_WATCHES: &[Fault] =
        &[Fault::WatchClosed, Fault::WatchBroken, Fault::WatchSilent, Fault::EventLost];
    /// What a script has happen at a time.
    pub const AT_TIMES: &[Fault] = &[
        Fault::SlowWatches,
        Fault::FrontEndLag,
        Fault::FrontEndBehind,
        Fault::Compaction,
        Fault::ConnectionsBreak,
        Fault::Crash,
        Fault::Freeze,
        Fault::TwoLeaders,
        Fault::Stop,
        Fault::ClockStep,
        Fault::Kubelet,
        Fault::Rejection,
        Fault::Restore,
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Faults(u64);

impl Faults {
    /// None at all.
    pub const NONE: Faults = Faults(0);

    /// All that the design promises to bear. A restore is left out: within seconds, it can use versions again for other
    /// content without anybody being able to see it.
    pub fn all() -> Faults {
        Fault::ALL.iter().fold(Faults::NONE, |all, fault| all.with(*fault)).without(Fault::Restore)
    }

    /// With this one too.
    pub fn with(self, fault: Fault) -> Faults {
        Faults(self.0 | 1 << fault as u64)
    }

    /// Without this one.
    pub fn without(self, fault: Fault) -> Faults {
        Faults(self.0 & !(1 << fault as u64))
    }

    /// Whether this one is among them.
    pub fn has(self, fault: Fault) -> bool {
        self.0 >> fault as u64 & 1 == 1
    }

    /// Those of `choices` that are among them.
    pub fn among(self, choices: &[Fault]) -> Vec<Fault> {
        choices.iter().copied().filter(|fault| self.has(*fault)).collect()
    }

    /// Only what users do; the same script without any fault.
    pub fn of_the_script(self) -> Faults {
        let keep = |set: Faults, fault: Fault| if self.has(fault) { set.with(fault) } else { set };
        keep(keep(Faults::NONE, Fault::Quota), Fault::Hostile)
    }

    /// Reads a list such as `all,-freeze,restore` or `answer-lost,crash`. From left to right; a word with `-` takes away.
    pub fn parse(list: &str) -> Result<Faults, String> {
        let mut faults = Faults::NONE;
        for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let (name, adds) = word.strip_prefix('-').map_or((word, true), |name| (name, false));
            let named = Fault::ALL.iter().find(|fault| fault.name() == name);
            faults = match (name, named, adds) {
                ("none", _, true) => Faults::NONE,
                ("all", _, true) => Faults(faults.0 | Faults::all().0),
                (_, Some(fault), true) => faults.with(*fault),
                (_, Some(fault), false) => faults.without(*fault),
                (_, None, _) => {
                    let known: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
                    return Err(format!("unknown fault {name}; known are all, none, {}", known.join(", ")));
                }
            };
        }
        Ok(faults)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Faults::all() {
            return f.write_str("all");
        }
        if *self == Faults::all().with(Fault::Restore) {
            return f.write_str("all,restore");
        }
        let names: Vec<&str> = self.among(Fault::ALL).iter().map(|fault| fault.name()).collect();
        f.write_str(if names.is_empty() { "none" } else { "" })?;
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_as_it_prints() {
        for text in ["all", "all,restore", "none", "request-lost,crash", "hostile,restore"] {
            assert_eq!(Faults::parse(text).unwrap().to_string(), text);
        }
        let faults = Faults::parse("all,-freeze,restore").unwrap();
        assert!(faults.has(Fault::Restore) && faults.has(Fault::Crash) && !faults.has(Fault::Freeze));
        assert!(Faults::parse("earthquake").unwrap_err().contains("request-lost"));
    }
}
