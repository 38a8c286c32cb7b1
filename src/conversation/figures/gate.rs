//! The gate on a stream: words flow at once, a figure waits until it is known to stand in a passage, nothing is taken back.

use std::collections::HashSet;

use crate::core::numerals::fold;
use crate::core::text::{pairs, sentences};

use super::context::{WINDOW, ends_sentence};
use super::judge::{self, Judged, Passages};
use super::markers;
use super::scan::{self, Figure};

/// What stands in the place of a figure that no passage holds.
pub const PLACEHOLDER: &str = "（见原文）";
/// Share of a sentence's word pairs that a passage must hold for the sentence to rest on it.
const RESTS_SHARE: f32 = 0.45;
/// And at least so many of them.
const RESTS_PAIRS: usize = 4;
/// A sentence without an end is closed here, so that memory and work per delta stay small (characters).
const LONGEST_SENTENCE: usize = 600;

/// A passage as the answer numbers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatePassage {
    /// The number in 〔n〕.
    pub n: u32,
    /// Title, heading and text.
    pub text: String,
}

/// Counts for the message's grounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GateStats {
    /// Figures that were compared with the passages.
    pub figures_checked: u32,
    /// Of these: not shown.
    pub figures_dropped: u32,
}

/// One sentence of a passage.
#[derive(Debug)]
struct Quote {
    n: u32,
    text: String,
    pairs: HashSet<(char, char)>,
    kinds: Vec<Figure>,
}

/// Lets an answer through piece by piece. The output does not depend on how the input was cut.
#[derive(Debug)]
pub struct FigureGate {
    passages: Passages,
    numbers: Vec<u32>,
    pairs: Vec<HashSet<(char, char)>>,
    quotes: Vec<Quote>,
    /// The sentence being written, as the model wrote it without its markers; `folded` likewise.
    raw: Vec<char>,
    folded: Vec<char>,
    /// Up to here `raw` has been decided and shown.
    decided: usize,
    figures: Vec<Figure>,
    /// Per passed figure of this sentence: the passages that hold it.
    rests: Vec<Vec<usize>>,
    dropped: Vec<Figure>,
    cited: Vec<u32>,
    stats: GateStats,
}

impl FigureGate {
    /// Reads the passages once.
    #[must_use]
    pub fn new(passages: &[GatePassage]) -> Self {
        let texts: Vec<&str> = passages.iter().map(|p| p.text.as_str()).collect();
        let mut quotes = Vec::new();
        for passage in passages {
            for sentence in sentences(&passage.text) {
                let text = sentence.trim();
                let folded: Vec<char> = text.chars().map(fold).collect();
                if folded.len() > 3 {
                    quotes.push(Quote { n: passage.n, text: text.to_owned(), pairs: pairs(text), kinds: scan::find(&folded) });
                }
            }
        }
        Self {
            numbers: passages.iter().map(|p| p.n).collect(),
            pairs: passages.iter().map(|p| pairs(&p.text)).collect(),
            passages: Passages::new(&texts),
            quotes,
            raw: Vec::new(),
            folded: Vec::new(),
            decided: 0,
            figures: Vec::new(),
            rests: Vec::new(),
            dropped: Vec::new(),
            cited: Vec::new(),
            stats: GateStats::default(),
        }
    }

    /// Takes the next piece of the model's text, gives what may be shown now.
    pub fn push(&mut self, delta: &str) -> String {
        self.raw.extend(delta.chars());
        self.folded.extend(delta.chars().map(fold));
        self.advance(false)
    }

    /// The model has ended: gives the rest.
    pub fn finish(&mut self) -> String {
        let mut out = self.advance(true);
        self.end_sentence(&mut out, None);
        out
    }

    /// Numbers of the passages that the answer rests on, in the order of first use.
    #[must_use]
    pub fn cited(&self) -> &[u32] {
        &self.cited
    }

    /// Figures so far.
    #[must_use]
    pub fn stats(&self) -> GateStats {
        self.stats
    }

    fn advance(&mut self, last: bool) -> String {
        let mut out = String::new();
        while self.decided < self.raw.len() {
            let at = self.decided;
            let c = self.folded[at];
            if markers::can_start(c) {
                let found = markers::read_at(&self.raw, at);
                if found.open && !last {
                    break;
                }
                if let Some(end) = found.end {
                    self.raw.drain(at..end);
                    self.folded.drain(at..end);
                    continue;
                }
            }
            if scan::can_start(c) {
                let reading = scan::read_at(&self.folded, at);
                if reading.open && !last {
                    break;
                }
                if let Some(figure) = reading.figure {
                    let Some(right) = judge::window(&self.folded, figure.end).or(last.then_some(self.folded.len())) else {
                        break;
                    };
                    self.settle(figure, right, &mut out);
                    continue;
                }
            }
            if ends_sentence(c) {
                // Several marks in a row and closing quotes belong together: the citation stands before, the quotation behind them.
                let mut end = at + 1;
                while self.raw.get(end).is_some_and(|n| closes(*n)) {
                    end += 1;
                }
                if end == self.raw.len() && !last {
                    break;
                }
                let marks: String = self.raw[at..end].iter().collect();
                self.decided = end;
                self.end_sentence(&mut out, Some((&marks, at)));
                continue;
            }
            out.push(self.raw[at]);
            self.decided += 1;
            if self.decided >= LONGEST_SENTENCE {
                self.forget(self.decided - LONGEST_SENTENCE / 2);
            }
        }
        out
    }

    fn settle(&mut self, figure: Figure, right: usize, out: &mut String) {
        let judged = self.passages.judge(&self.folded[..right], &self.figures, &figure);
        let text = &self.raw[figure.start..figure.end];
        match judged {
            Judged::Spoken => out.extend(text),
            Judged::Held(passages) => {
                out.extend(text);
                self.stats.figures_checked += 1;
                self.rests.push(passages);
            }
            Judged::Missing => {
                out.push_str(PLACEHOLDER);
                self.stats.figures_checked += 1;
                self.stats.figures_dropped += 1;
                self.dropped.push(figure.clone());
            }
        }
        self.decided = figure.end;
        self.figures.push(figure);
    }

    /// Adds 〔n〕 before the marks and, when a figure was dropped, the passage's own words behind them.
    fn end_sentence(&mut self, out: &mut String, marks: Option<(&str, usize)>) {
        let end = marks.map_or(self.raw.len(), |(_, at)| at);
        let sentence: String = self.raw[..end].iter().collect();
        for n in self.rests_on(&sentence) {
            self.cite(n, out);
        }
        let (ahead, behind) = match marks {
            // A line break ends the quotation too, so it goes last.
            Some((text, _)) => text.split_at(text.find('\n').unwrap_or(text.len())),
            None => ("", ""),
        };
        out.push_str(ahead);
        if !self.dropped.is_empty()
            && let Some((n, quote)) = self.quote(&sentence)
        {
            out.push('「');
            out.push_str(&quote);
            out.push('」');
            self.cite(n, out);
        }
        out.push_str(behind);
        self.dropped.clear();
        self.rests.clear();
        let keep_from = self.decided.max(end);
        self.forget(keep_from.min(self.raw.len()));
    }

    fn cite(&mut self, n: u32, out: &mut String) {
        out.push('〔');
        out.push_str(&n.to_string());
        out.push('〕');
        if !self.cited.contains(&n) {
            self.cited.push(n);
        }
    }

    /// Drops what was decided before `from`.
    fn forget(&mut self, from: usize) {
        self.raw.drain(..from);
        self.folded.drain(..from);
        self.decided -= from.min(self.decided);
        self.figures.retain(|f| f.start >= from);
        for figure in &mut self.figures {
            figure.start -= from;
            figure.end -= from;
        }
    }

    fn rests_on(&self, sentence: &str) -> Vec<u32> {
        if sentence.trim_start().starts_with('#') {
            return Vec::new();
        }
        let said = pairs(sentence);
        let shared = |i: usize| said.intersection(&self.pairs[i]).count();
        let mut chosen: Vec<usize> = Vec::new();
        for holders in &self.rests {
            if holders.iter().any(|h| chosen.contains(h)) {
                continue;
            }
            // First among equals: the passage that shares most of the sentence.
            if let Some(best) = holders.iter().copied().reduce(|a, b| if shared(b) > shared(a) { b } else { a }) {
                chosen.push(best);
            }
        }
        if chosen.is_empty() && said.len() >= RESTS_PAIRS {
            let best = (0..self.pairs.len()).reduce(|a, b| if shared(b) > shared(a) { b } else { a });
            chosen.extend(best.filter(|b| shared(*b) >= RESTS_PAIRS && shared(*b) as f32 >= RESTS_SHARE * said.len() as f32));
        }
        chosen.into_iter().map(|i| self.numbers[i]).collect()
    }

    /// The passage sentence most like `sentence`; one with a figure of the dropped kind wins when words are even.
    fn quote(&self, sentence: &str) -> Option<(u32, String)> {
        let said = pairs(sentence);
        let likeness = |q: &Quote| {
            let shared = said.intersection(&q.pairs).count() as f32;
            let kind = self.dropped.iter().any(|d| q.kinds.iter().any(|k| k.kind == d.kind));
            // A heading is no sentence; it is quoted only when there is nothing else.
            let whole = q.text.ends_with(['。', '！', '？', '；', '”']);
            shared / ((said.len().max(1) * q.pairs.len().max(1)) as f32).sqrt()
                + if kind { 0.15 } else { 0.0 }
                + if whole { 0.05 } else { 0.0 }
        };
        let best = self.quotes.iter().map(|q| (likeness(q), q)).reduce(|a, b| if b.0 > a.0 { b } else { a })?;
        Some((best.1.n, best.1.text.clone()))
    }
}

fn closes(c: char) -> bool {
    ends_sentence(c) || matches!(c, '”' | '’' | '」' | '』')
}

/// How many characters the gate may hold behind a figure, for time-outs and tests.
#[must_use]
pub const fn longest_wait() -> usize {
    WINDOW
}
