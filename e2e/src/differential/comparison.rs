//! Comparing what two runs have come to, and which differences are meant.

use std::fmt;

use super::subject::View;

/// One fact that the two do not share. What one of them lacks is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about.
    pub what: String,
    /// kube-controller-manager's.
    pub in_tree: Option<String>,
    /// Mainstay's.
    pub mainstay: Option<String>,
}

/// A difference that is meant.
#[derive(Debug, Clone, Copy)]
pub struct Improvement {
    /// What is better, as it is printed.
    pub words: &'static str,
    /// The names of the steps in which it shows. In all it may show when there are none.
    pub steps: &'static [&'static str],
    /// Whether it shows in each of its steps, so that a step without it is a fault.
    pub is_sure: bool,
    /// How the facts begin in which it may show.
    pub start: &'static str,
    /// How they end.
    pub end: &'static str,
    /// What the two may say there.
    pub is_so: fn(&Difference) -> bool,
}

/// What a step has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which improvements explain differences, each once.
    pub documented: Vec<&'static str>,
    /// What nothing explains.
    pub unexplained: Vec<Difference>,
    /// Which improvements should have shown and did not, each once.
    pub missing: Vec<&'static str>,
}

impl Outcome {
    /// Whether there is nothing in it that is no improvement.
    pub fn is_sound(&self) -> bool {
        self.unexplained.is_empty() && self.missing.is_empty()
    }
}

impl Improvement {
    /// Whether it explains a difference in a step.
    pub fn explains(&self, step: &str, difference: &Difference) -> bool {
        (self.steps.is_empty() || self.steps.contains(&step))
            && difference.what.starts_with(self.start)
            && difference.what.ends_with(self.end)
            && (self.is_so)(difference)
    }

    /// Whether a step without it is a fault.
    fn must_show(&self, step: &str) -> bool {
        self.is_sure && self.steps.contains(&step)
    }
}

/// The two may say what they want.
pub fn whatever(_difference: &Difference) -> bool {
    true
}

/// Mainstay has nothing of it.
pub fn only_in_tree(difference: &Difference) -> bool {
    difference.mainstay.is_none()
}

/// Only Mainstay has it.
pub fn only_mainstay(difference: &Difference) -> bool {
    difference.in_tree.is_none()
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        writeln!(formatter, "      {}", self.what)?;
        writeln!(formatter, "        in-tree:  {}", value(&self.in_tree))?;
        write!(formatter, "        Mainstay: {}", value(&self.mainstay))
    }
}

/// All that is not the same in both.
pub fn differences(in_tree: &View, mainstay: &View) -> Vec<Difference> {
    let of_one = in_tree.iter().map(|(what, value)| Difference {
        what: what.clone(),
        in_tree: Some(value.clone()),
        mainstay: mainstay.get(what).cloned(),
    });
    let of_the_other = mainstay
        .iter()
        .filter(|(what, _value)| !in_tree.contains_key(*what))
        .map(|(what, value)| Difference { what: what.clone(), in_tree: None, mainstay: Some(value.clone()) });
    of_one.chain(of_the_other).filter(|difference| difference.in_tree != difference.mainstay).collect()
}

/// Compares what a step has come to, where these differences are no faults.
pub fn compare(improvements: &[Improvement], step: &str, in_tree: &View, mainstay: &View) -> Outcome {
    let mut outcome = Outcome { documented: Vec::new(), unexplained: Vec::new(), missing: Vec::new() };
    let differences = differences(in_tree, mainstay);
    for difference in &differences {
        match improvements.iter().find(|improvement| improvement.explains(step, difference)) {
            Some(improvement) => add(&mut outcome.documented, improvement.words),
            None => outcome.unexplained.push(difference.clone()),
        }
    }
    // To behave as in-tree does is a fault where better is promised.
    for improvement in improvements.iter().filter(|improvement| improvement.must_show(step)) {
        if !differences.iter().any(|difference| improvement.explains(step, difference)) {
            add(&mut outcome.missing, improvement.words);
        }
    }
    outcome
}

fn add(all: &mut Vec<&'static str>, words: &'static str) {
    if !all.contains(&words) {
        all.push(words);
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_sound() {
            formatter.write_str("DIFFERS")?;
            self.unexplained.iter().try_for_each(|difference| write!(formatter, "\n{difference}"))?;
            return self
                .missing
                .iter()
                .try_for_each(|words| write!(formatter, "\n      does not show: {words}"));
        }
        match self.documented.as_slice() {
            [] => formatter.write_str("equal"),
            words => write!(formatter, "differs as documented ({})", words.join("; ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMPROVEMENT: Improvement = Improvement {
        words: "better",
        steps: &["it fails"],
        is_sure: true,
        start: "RC ",
        end: ": message",
        is_so: |difference| difference.mainstay.as_deref() == Some("last"),
    };

    fn view(facts: &[(&str, &str)]) -> View {
        facts.iter().map(|(what, value)| ((*what).to_owned(), (*value).to_owned())).collect()
    }

    fn compared(step: &str, in_tree: &[(&str, &str)], mainstay: &[(&str, &str)]) -> String {
        compare(&[IMPROVEMENT], step, &view(in_tree), &view(mainstay)).to_string()
    }

    #[test]
    fn what_is_the_same_is_equal() {
        assert_eq!(compared("it goes on", &[("a", "1")], &[("a", "1")]), "equal");
    }

    #[test]
    fn both_sides_of_a_difference_are_shown() {
        let shown = compared("it goes on", &[("a", "1"), ("b", "1")], &[("a", "2"), ("c", "1")]);
        let expected = "\
DIFFERS
      a
        in-tree:  1
        Mainstay: 2
      b
        in-tree:  1
        Mainstay: nothing
      c
        in-tree:  nothing
        Mainstay: 1";
        assert_eq!(shown, expected);
    }

    #[test]
    fn an_improvement_explains_what_it_is_about_and_only_in_its_steps() {
        let (in_tree, mainstay) = ([("RC web: message", "first")], [("RC web: message", "last")]);
        assert_eq!(compared("it fails", &in_tree, &mainstay), "differs as documented (better)");
        assert!(compared("it goes on", &in_tree, &mainstay).starts_with("DIFFERS"));
        assert!(compared("it fails", &[("RC web: replicas", "1")], &[]).starts_with("DIFFERS"));
    }

    #[test]
    fn an_improvement_explains_only_what_mainstay_should_say() {
        let shown = compared("it fails", &[("RC web: message", "last")], &[("RC web: message", "first")]);
        assert!(shown.starts_with("DIFFERS"), "{shown}");
    }

    #[test]
    fn what_behaves_as_in_tree_where_better_is_promised_is_no_equal() {
        let both = [("RC web: message", "first")];
        assert_eq!(compared("it fails", &both, &both), "DIFFERS\n      does not show: better");
        assert_eq!(compared("it goes on", &both, &both), "equal");
    }
}
