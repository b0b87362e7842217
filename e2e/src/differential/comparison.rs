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
    /// The names of the steps in which it may show; all when there are none.
    pub steps: &'static [&'static str],
    /// How the facts begin in which it may show.
    pub start: &'static str,
    /// How they end.
    pub end: &'static str,
}

/// What a step has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which improvements explain differences, each once.
    pub documented: Vec<&'static str>,
    /// What nothing explains.
    pub unexplained: Vec<Difference>,
}

impl Improvement {
    /// Whether it explains a difference in a step.
    pub fn explains(&self, step: &str, difference: &Difference) -> bool {
        (self.steps.is_empty() || self.steps.contains(&step))
            && difference.what.starts_with(self.start)
            && difference.what.ends_with(self.end)
    }
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
    let mut outcome = Outcome { documented: Vec::new(), unexplained: Vec::new() };
    for difference in differences(in_tree, mainstay) {
        match improvements.iter().find(|improvement| improvement.explains(step, &difference)) {
            Some(improvement) if outcome.documented.contains(&improvement.words) => {}
            Some(improvement) => outcome.documented.push(improvement.words),
            None => outcome.unexplained.push(difference),
        }
    }
    outcome
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.unexplained.is_empty() {
            formatter.write_str("DIFFERS")?;
            return self.unexplained.iter().try_for_each(|difference| write!(formatter, "\n{difference}"));
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

    const IMPROVEMENT: Improvement =
        Improvement { words: "better", steps: &["it fails"], start: "RC ", end: ": message" };

    fn view(facts: &[(&str, &str)]) -> View {
        facts.iter().map(|(what, value)| ((*what).to_owned(), (*value).to_owned())).collect()
    }

    fn compared(step: &str, in_tree: &[(&str, &str)], mainstay: &[(&str, &str)]) -> String {
        compare(&[IMPROVEMENT], step, &view(in_tree), &view(mainstay)).to_string()
    }

    #[test]
    fn what_is_the_same_is_equal() {
        assert_eq!(compared("it fails", &[("a", "1")], &[("a", "1")]), "equal");
    }

    #[test]
    fn both_sides_of_a_difference_are_shown() {
        let shown = compared("it fails", &[("a", "1"), ("b", "1")], &[("a", "2"), ("c", "1")]);
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
}
