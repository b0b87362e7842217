//! What a benchmark says at its end: a table, the same as JSON, and whether its aims were met.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// All that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The name of the benchmark.
    pub benchmark: &'static str,
    /// What was asked for, as it could be asked for again.
    pub options: Value,
    /// The rows of the table.
    pub measures: Vec<Measure>,
    /// What is to be known of the figures, a line each.
    pub notes: Vec<String>,
}

/// One thing that was measured for both, or for us alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// What, with its unit.
    pub name: &'static str,
    /// Digits behind the point.
    pub digits: usize,
    /// Ours in each round.
    pub ours: Vec<f64>,
    /// The peer's in each round; empty where it has nothing to compare with.
    pub peer: Vec<f64>,
    /// What is to be reached, if anything.
    pub aim: Option<Aim>,
}

/// What is to be reached, by the median of the rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aim {
    /// Ours is to be so many times the peer's, or more.
    RatioAtLeast(f64),
    /// Ours is to be so many times the peer's, or less.
    RatioAtMost(f64),
    /// Ours is to be this or more, whatever the peer's is.
    OursAtLeast(f64),
    /// Ours is to be this or less, whatever the peer's is.
    OursAtMost(f64),
}

/// A value for each round, in short.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Summary {
    median: f64,
    least: f64,
    most: f64,
}

impl fmt::Display for Aim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Aim::RatioAtLeast(bound) => write!(formatter, "ratio >= {bound:.2}"),
            Aim::RatioAtMost(bound) => write!(formatter, "ratio <= {bound:.2}"),
            Aim::OursAtLeast(bound) => write!(formatter, "ours >= {bound}"),
            Aim::OursAtMost(bound) => write!(formatter, "ours <= {bound}"),
        }
    }
}

impl Measure {
    /// The ratio within each round: what disturbs the machine for longer than a round disturbs both. `None` without a peer.
    fn ratios(&self) -> Option<Summary> {
        // Nothing beside nothing is as much.
        let ratio = |(ours, peer): (&f64, &f64)| if ours == peer { 1.0 } else { ours / peer };
        let ratios: Vec<f64> = self.ours.iter().zip(&self.peer).map(ratio).collect();
        (!ratios.is_empty()).then(|| summary(ratios))
    }

    /// Whether the aim is met; none without an aim. A ratio counts as it is printed, so that one request in thousands is
    /// neither seen nor judged. What could not be measured is not met.
    fn is_met(&self) -> Option<bool> {
        let ratio = || self.ratios().map_or(f64::NAN, |ratios| (ratios.median * 1000.0).round() / 1000.0);
        self.aim.map(|aim| match aim {
            Aim::RatioAtLeast(bound) => ratio() >= bound,
            Aim::RatioAtMost(bound) => ratio() <= bound,
            Aim::OursAtLeast(bound) => summary(self.ours.clone()).median >= bound,
            Aim::OursAtMost(bound) => summary(self.ours.clone()).median <= bound,
        })
    }
}

impl Report {
    /// Whether no aim was missed.
    pub fn all_aims_are_met(&self) -> bool {
        self.measures.iter().all(|measure| measure.is_met() != Some(false))
    }

    /// Writes the report as JSON.
    pub fn write_json(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.json())?;
        fs::write(file, text + "\n").with_context(|| {
            format!("--json: cannot write {}; name a file in a folder that exists", file.display())
        })
    }

    fn json(&self) -> Value {
        let measure = |measure: &Measure| {
            let ratio = measure
                .ratios()
                .map(|ratios| json!({"median": ratios.median, "least": ratios.least, "most": ratios.most}));
            json!({
                "name": measure.name,
                "ours": measure.ours,
                "peer": measure.peer,
                "ratio": ratio,
                "aim": measure.aim.map(|aim| aim.to_string()),
                "met": measure.is_met(),
            })
        };
        json!({
            "benchmark": self.benchmark,
            "options": self.options,
            "measures": self.measures.iter().map(measure).collect::<Vec<_>>(),
            "notes": self.notes,
            "aims": {"met": self.aims(true), "missed": self.aims(false)},
        })
    }

    fn aims(&self, met: bool) -> usize {
        self.measures.iter().filter(|measure| measure.is_met() == Some(met)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![["measure", "ours", "peer", "ratio", "spread", "aim", ""].map(String::from)];
        rows.extend(self.measures.iter().map(row));
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..7).map(width).collect();
        for row in &rows {
            let mut line = String::new();
            for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let padding = " ".repeat(width - cell.chars().count());
                // Words to the left, numbers to the right.
                match index {
                    0 | 5 | 6 => line.push_str(&format!("{cell}{padding}  ")),
                    _ => line.push_str(&format!("{padding}{cell}  ")),
                }
            }
            writeln!(formatter, "{}", line.trim_end())?;
        }
        for note in &self.notes {
            writeln!(formatter, "{note}")?;
        }
        write!(formatter, "aims: {} of {} met", self.aims(true), self.aims(true) + self.aims(false))
    }
}

fn row(measure: &Measure) -> [String; 7] {
    let value = |values: &[f64]| match values {
        [] => String::new(),
        values => format!("{:.*}", measure.digits, summary(values.to_vec()).median),
    };
    let ratios = measure.ratios();
    [
        measure.name.to_owned(),
        value(&measure.ours),
        value(&measure.peer),
        ratios.map(|ratios| format!("{:.3}", ratios.median)).unwrap_or_default(),
        ratios.map(|ratios| format!("{:.3} to {:.3}", ratios.least, ratios.most)).unwrap_or_default(),
        measure.aim.map(|aim| aim.to_string()).unwrap_or_default(),
        measure.is_met().map(|met| if met { "met" } else { "MISSED" }).unwrap_or_default().to_owned(),
    ]
}

/// The median, the least and the most; no numbers of no values.
fn summary(mut values: Vec<f64>) -> Summary {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    let middle = values.len() / 2;
    let median = match values.len() % 2 {
        0 if middle > 0 => (at(middle - 1) + at(middle)) / 2.0,
        _ => at(middle),
    };
    Summary { median, least: at(0), most: at(values.len().saturating_sub(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(name: &'static str, ours: &[f64], peer: &[f64], aim: Option<Aim>) -> Measure {
        Measure { name, digits: 1, ours: ours.to_vec(), peer: peer.to_vec(), aim }
    }

    fn report() -> Report {
        let hundred = [100.0; 3];
        Report {
            benchmark: "test",
            options: json!({"rounds": 3}),
            measures: vec![
                measure("pods a second", &[90.0, 100.0, 80.0], &hundred, Some(Aim::RatioAtLeast(0.9))),
                measure("memory, MiB", &[20.0, 30.0, 40.0], &hundred, Some(Aim::RatioAtMost(0.1))),
                measure("latency, ms", &[1.0, 3.0, 2.0], &[], Some(Aim::OursAtMost(2.0))),
                measure("something", &[1.0, 2.0, 3.0], &[10.0; 3], None),
            ],
            notes: vec!["measured with care".to_owned()],
        }
    }

    #[test]
    fn the_table_ends_with_how_many_aims_are_met() {
        let expected = "\
measure        ours   peer  ratio          spread  aim
pods a second  90.0  100.0  0.900  0.800 to 1.000  ratio >= 0.90  met
memory, MiB    30.0  100.0  0.300  0.200 to 0.400  ratio <= 0.10  MISSED
latency, ms     2.0                                ours <= 2      met
something       2.0   10.0  0.200  0.100 to 0.300
measured with care
aims: 2 of 3 met";
        assert_eq!(report().to_string(), expected);
        assert!(!report().all_aims_are_met());
    }

    #[test]
    fn json_has_each_round() {
        let json = report().json();
        assert_eq!(json["measures"][0]["ours"], json!([90.0, 100.0, 80.0]));
        assert_eq!(json["measures"][0]["ratio"], json!({"median": 0.9, "least": 0.8, "most": 1.0}));
        assert_eq!(json["measures"][1]["met"], json!(false));
        assert_eq!(json["measures"][2]["ratio"], Value::Null);
        assert_eq!(json["measures"][3]["met"], Value::Null);
        assert_eq!(json["notes"], json!(["measured with care"]));
        assert_eq!(json["aims"], json!({"met": 2, "missed": 1}));
    }

    #[test]
    fn a_ratio_counts_as_it_is_printed() {
        let requests = |ours: f64| measure("requests", &[ours], &[3036.0], Some(Aim::RatioAtMost(1.0)));
        assert_eq!(requests(3037.0).is_met(), Some(true));
        assert_eq!(requests(3040.0).is_met(), Some(false));
    }

    #[test]
    fn nothing_beside_nothing_is_as_much() {
        let none = measure("vain writes", &[0.0, 0.0], &[0.0, 0.0], Some(Aim::RatioAtMost(1.0)));
        assert_eq!(none.ratios(), Some(Summary { median: 1.0, least: 1.0, most: 1.0 }));
        assert_eq!(none.is_met(), Some(true));
    }

    #[test]
    fn what_could_not_be_measured_is_not_met() {
        for aim in
            [Aim::RatioAtLeast(0.0), Aim::RatioAtMost(9.0), Aim::OursAtLeast(0.0), Aim::OursAtMost(9.0)]
        {
            assert_eq!(measure("nothing", &[], &[], Some(aim)).is_met(), Some(false), "{aim}");
        }
    }

    #[test]
    fn the_median_of_an_even_number_of_rounds_is_between_the_two_in_the_middle() {
        assert_eq!(summary(vec![4.0, 1.0, 2.0, 3.0]), Summary { median: 2.5, least: 1.0, most: 4.0 });
        assert_eq!(summary(vec![7.0]), Summary { median: 7.0, least: 7.0, most: 7.0 });
        assert!(summary(Vec::new()).median.is_nan());
    }
}
