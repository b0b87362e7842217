//! What a run is to be like.

use std::collections::BTreeSet;
use std::fmt;

use crate::fault::Faults;
use crate::injection::Injection;
use crate::mutant::Mutant;
use crate::pattern::Strike;
use crate::stage::Stage;

/// The longest a world may be: a day of virtual time.
const LONGEST: u32 = 500;
/// The most managers in a world.
const MOST_MANAGERS: usize = 9;

/// What a run is to be like. Together with a seed, it determines the run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Which controllers play.
    pub stage: Stage,
    /// How many managers compete.
    pub managers: usize,
    /// How many times as long as usual users act and things go wrong.
    pub length: u32,
    /// Whether the managers act only while nobody else is seen to do their work. Then somebody is seen now and then.
    pub auto: bool,
    /// Whether a service has more pods for a while than its Endpoints can name, or for good. Such a world is slow.
    pub crowd: bool,
    /// What may go wrong.
    pub faults: Faults,
    /// Steps of the script that are left out, by number: how a script is shrunk.
    pub without: BTreeSet<usize>,
    /// One fault at one place, beside those that are drawn.
    pub strike: Option<Strike>,
    /// Faults at places of somebody's choice, beside those that are drawn.
    pub injections: Vec<Injection>,
    /// What is wrong with the managers, on purpose.
    pub mutant: Option<Mutant>,
    /// Whether to keep a log.
    pub log: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            stage: Stage::default(),
            managers: 2,
            length: 1,
            auto: false,
            crowd: false,
            faults: Faults::all(),
            without: BTreeSet::new(),
            strike: None,
            injections: Vec::new(),
            mutant: None,
            log: false,
        }
    }
}

impl Options {
    /// Takes in one option, as in `managers=3`, `faults=all,-freeze` or `without=1,4`; answers whether it is one of these.
    pub fn set(&mut self, option: &str) -> Result<bool, String> {
        match option.split_once('=') {
            Some(("managers", number)) => {
                let number = number.parse().ok().filter(|number| (1..=MOST_MANAGERS).contains(number));
                self.managers = number.ok_or_else(|| format!("{option}: 1 to {MOST_MANAGERS}"))?;
            }
            Some(("world", world)) => {
                let stage = Stage::ALL.into_iter().find(|stage| stage.name() == world);
                self.stage = stage
                    .ok_or_else(|| format!("unknown world {world}; known are rc, endpoints and sidecars"))?;
            }
            Some(("length", number)) => {
                let number = number.parse().ok().filter(|number| (1..=LONGEST).contains(number));
                self.length = number.ok_or_else(|| format!("{option}: 1 to {LONGEST}"))?;
            }
            Some(("auto", "true")) => self.auto = true,
            Some(("crowd", "true")) => self.crowd = true,
            Some(("faults", list)) => self.faults = Faults::parse(list)?,
            Some(("without", numbers)) => {
                let numbers = numbers.split(',').filter(|number| !number.is_empty()).map(str::parse);
                self.without =
                    numbers.collect::<Result<_, _>>().map_err(|error| format!("{option}: {error}"))?;
            }
            Some(("mutant", name)) => {
                let mutant = Mutant::ALL.iter().find(|mutant| mutant.name() == name);
                self.mutant = Some(*mutant.ok_or_else(|| format!("unknown mutant {name}"))?);
            }
            Some(("inject", text)) => self.injections.push(Injection::parse(text)?),
            Some(("strike", text)) => {
                let strike =
                    Strike::parse(text).ok_or_else(|| format!("{option}: PATTERN:PLACE is wanted"))?;
                self.strike = Some(strike);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The same script with nothing going wrong, by one manager.
    pub fn without_faults(&self) -> Options {
        Options {
            managers: 1,
            auto: false,
            faults: self.faults.of_the_script(),
            strike: None,
            injections: Vec::new(),
            mutant: None,
            log: false,
            ..self.clone()
        }
    }
}

/// As flags of `cargo xtask sim`.
impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stage != Stage::default() {
            write!(f, "--world {} ", self.stage.name())?;
        }
        write!(f, "--managers {} --faults {}", self.managers, self.faults)?;
        if self.length > 1 {
            write!(f, " --length {}", self.length)?;
        }
        if self.auto {
            write!(f, " --auto")?;
        }
        if self.crowd {
            write!(f, " --crowd")?;
        }
        if let Some(mutant) = self.mutant {
            write!(f, " --mutant {}", mutant.name())?;
        }
        if let Some(strike) = self.strike {
            write!(f, " --strike {strike}")?;
        }
        for injection in &self.injections {
            write!(f, " --inject {injection}")?;
        }
        if !self.without.is_empty() {
            let numbers: Vec<String> = self.without.iter().map(usize::to_string).collect();
            write!(f, " --without {}", numbers.join(","))?;
        }
        Ok(())
    }
}
