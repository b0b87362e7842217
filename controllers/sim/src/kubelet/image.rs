//! What images do, by the words in their names.

/// How what runs of an image behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Behaviour {
    /// It starts, becomes ready and stays so.
    Good,
    /// `bad`: there is no such image.
    Missing,
    /// `crash`: its process ends soon after each start.
    Crashes,
    /// `hang`: its startup probe never succeeds, and fails after a while.
    Hangs,
    /// `sick`: it starts, and never becomes ready.
    NeverReady,
}

/// The words, and what they say.
const WORDS: &[(&str, Behaviour)] = &[
    ("bad", Behaviour::Missing),
    ("crash", Behaviour::Crashes),
    ("hang", Behaviour::Hangs),
    ("sick", Behaviour::NeverReady),
];

/// How what runs of that image behaves.
pub fn behaviour(image: &str) -> Behaviour {
    let said = WORDS.iter().find(|(word, _)| image.contains(word));
    said.map_or(Behaviour::Good, |(_, behaviour)| *behaviour)
}
