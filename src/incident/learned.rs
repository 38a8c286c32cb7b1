//! What labelled tickets teach about categories, beside the street's table.
//!
//! The table knows its words well (nine of ten sentences that it does not hold find their leaf), so what was learnt speaks
//! only where somebody has labelled a message like this one. There the label of the most alike message counts as much as the
//! table's own score, and a linear model over all examples decides between them, with probabilities that were calibrated on
//! sentences held back. It has no say in duties: a leaf that sends people to another body (`stopper`) is chosen, or not,
//! by the table alone.

use super::labels::Labelled;
use super::reading::plain;
use super::taxonomy::{Gist, Scored, Taxonomy, Verdict};
use crate::learn::classifier::{Classifier, Example};
use crate::learn::features::Counts;

/// Example sentences of the table are held back in so many turns, to see what the table says about sentences it does not hold.
const TURNS: usize = 4;
/// A labelled message at least this alike ([`Taxonomy::likeness`]) makes what was learnt speak.
const ALIKE: f32 = 0.2;
/// Categories beyond the first that are named with less probability than this are not offered.
const WORTH_OFFERING: f32 = 0.02;

/// A classifier over the street's leaves, trained on its example sentences and on labelled tickets.
#[derive(Debug)]
pub struct Learned {
    model: Classifier,
    memory: Memory,
}

/// The codes that can be learnt, and the labelled messages.
#[derive(Debug, Default)]
struct Memory {
    /// Label → code.
    codes: Vec<String>,
    messages: Vec<(usize, Gist)>,
}

impl Memory {
    fn place(&self, code: &str) -> Option<usize> {
        self.codes.iter().position(|c| c == code)
    }

    /// The table's score of each code, plus a vote of 0..1 by how alike the most alike message of that code is.
    /// `own` is a message that must not speak for itself. Also the likeness of the most alike message of all.
    fn prior(&self, taxonomy: &Taxonomy, text: &str, own: Option<usize>) -> (Vec<f32>, f32) {
        let mut out = vec![0f32; self.codes.len()];
        let gist = taxonomy.gist(text);
        for (number, (label, message)) in self.messages.iter().enumerate() {
            if own != Some(number) {
                out[*label] = out[*label].max(taxonomy.likeness(message, &gist));
            }
        }
        let nearest = out.iter().copied().fold(0f32, f32::max);
        for likeness in &mut out {
            *likeness = ((*likeness - ALIKE) / (1.0 - ALIKE)).max(0.0);
        }
        for scored in taxonomy.classify(text) {
            if let Some(place) = self.place(&scored.code) {
                out[place] += scored.score;
            }
        }
        (out, nearest)
    }
}

impl Learned {
    /// Trains; takes a few seconds. `None` when no label names a category of the table that a ticket can have.
    #[must_use]
    pub fn train(taxonomy: &Taxonomy, labels: &[Labelled]) -> Option<Self> {
        let codes = taxonomy.leaves().iter().filter(|l| l.stopper.is_empty()).map(|l| l.code.clone()).collect();
        let mut memory = Memory { codes, messages: Vec::new() };
        let mut texts = Vec::new();
        for label in labels {
            let text = plain(&label.text);
            let code = taxonomy.get(&label.code).map_or(label.code.as_str(), |leaf| leaf.code.as_str());
            if let Some(place) = memory.place(code).filter(|_| text.chars().count() > 1) {
                memory.messages.push((place, taxonomy.gist(&text)));
                texts.push(text);
            }
        }
        if texts.is_empty() {
            return None;
        }
        let mut examples: Vec<Example> = texts
            .iter()
            .enumerate()
            .map(|(number, text)| {
                let (prior, _) = memory.prior(taxonomy, text, Some(number));
                Example { counts: Counts::of_text(text), prior, label: memory.messages[number].0 }
            })
            .collect();
        for turn in 0..TURNS {
            let rest = taxonomy.without_examples(|number| number % TURNS == turn);
            for leaf in taxonomy.leaves() {
                let Some(label) = memory.place(&leaf.code) else { continue };
                for sentence in leaf.examples.iter().skip(turn).step_by(TURNS) {
                    let text = plain(sentence);
                    let (prior, _) = memory.prior(&rest, &text, None);
                    examples.push(Example { counts: Counts::of_text(&text), prior, label });
                }
            }
        }
        Some(Self { model: Classifier::train(&examples, memory.codes.len()), memory })
    }

    /// How many labelled messages it rests on.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.memory.messages.len()
    }

    /// What is said of `text`, of which the table says `by_words`.
    #[must_use]
    pub fn decide(&self, taxonomy: &Taxonomy, text: &str, by_words: Verdict) -> Verdict {
        let stops = |code: &str| taxonomy.get(code).is_some_and(|leaf| !leaf.stopper.is_empty());
        if by_words.ranked.first().is_some_and(|first| stops(&first.code)) {
            return by_words;
        }
        let text = plain(text);
        let (prior, nearest) = self.memory.prior(taxonomy, &text, None);
        if nearest < ALIKE {
            return by_words;
        }
        let verdict = self.model.judge(&Counts::of_text(&text), &prior);
        // It may have been learnt over the table before this one.
        let still_there = |code: &str| taxonomy.get(code).is_some_and(|leaf| leaf.stopper.is_empty());
        if verdict.ranked.first().is_none_or(|first| !still_there(&self.memory.codes[first.label])) {
            return by_words;
        }
        let mut ranked = Vec::new();
        for (rank, one) in verdict.ranked.iter().enumerate() {
            if rank > 0 && one.probability < WORTH_OFFERING {
                break;
            }
            let code = self.memory.codes[one.label].clone();
            if !still_there(&code) {
                continue;
            }
            let words = by_words.ranked.iter().find(|s| s.code == code).map(|s| s.matched_words.clone());
            ranked.push(Scored { code, score: one.probability, matched_words: words.unwrap_or_default() });
        }
        Verdict { ranked, sure: verdict.sure }
    }
}
