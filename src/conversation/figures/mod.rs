//! No figure without a source: a figure in an answer must stand in a cited passage, by value and bound to the same thing.
//!
//! [`scan`] finds figures, [`context`] says what each is bound to, [`judge`] compares, [`gate`] does it on a stream.
//! To teach it a unit, add a line to the table in [`units`]; a word pair, a line in `context::synonym`.

pub mod context;
pub mod gate;
pub mod judge;
mod markers;
mod moments;
pub mod scan;
pub mod units;

pub use gate::{FigureGate, GatePassage, GateStats};
pub use judge::{Passages, is_supported};
pub use moments::is_hotline;
pub use scan::{Figure, Quantity, Value};
pub use units::Kind;

use crate::core::numerals::fold;

/// One figure of an answer and what was found for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureCheck {
    /// The figure as written.
    pub text: String,
    /// Whether a passage holds it.
    pub ok: bool,
    /// Index of that passage.
    pub passage: Option<usize>,
}

/// All figures of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// In reading order.
    pub figures: Vec<FigureCheck>,
}

impl Verdict {
    /// Whether every figure is held by a passage.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.figures.iter().all(|f| f.ok)
    }
}

/// Checks a whole answer sentence as the gate would check it in a stream.
#[must_use]
pub fn check(answer_sentence: &str, passages: &[&str]) -> Verdict {
    Passages::new(passages).check(answer_sentence)
}

impl Passages {
    /// Checks every figure of `answer`. A figure that is only a way of speaking and that no passage contradicts is left out.
    #[must_use]
    pub fn check(&self, answer: &str) -> Verdict {
        let raw: Vec<char> = answer.chars().collect();
        let chars: Vec<char> = raw.iter().copied().map(fold).collect();
        let mut verdict = Verdict::default();
        let mut seen: Vec<Figure> = Vec::new();
        for figure in scan::find(&chars) {
            let right = judge::window(&chars, figure.end).unwrap_or(chars.len());
            let text = raw[figure.start..figure.end].iter().collect();
            let judged = self.judge(&chars[..right], &seen, &figure);
            seen.push(figure);
            match judged {
                judge::Judged::Spoken => {}
                judge::Judged::Held(passages) => {
                    verdict.figures.push(FigureCheck { text, ok: true, passage: passages.first().copied() });
                }
                judge::Judged::Missing => verdict.figures.push(FigureCheck { text, ok: false, passage: None }),
            }
        }
        verdict
    }
}
