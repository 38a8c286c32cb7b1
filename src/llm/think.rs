//! Keeps a model's thinking out of the answer when the endpoint sends it inline as a leading `<think>…</think>`.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Filters a stream of text pieces. Only a block at the very start is thinking; later tags are the model's words.
#[derive(Debug, Default)]
pub(super) struct ThinkFilter {
    state: State,
    held: String,
}

#[derive(Debug, Default, PartialEq)]
enum State {
    /// Nothing but white space or a part of the opening tag so far.
    #[default]
    Undecided,
    /// Inside the block.
    Thinking,
    /// Behind the block, before the first visible character.
    Behind,
    /// In the answer.
    Through,
}

impl ThinkFilter {
    /// Takes the next piece and gives what may be shown of it.
    pub(super) fn push(&mut self, piece: &str) -> String {
        if self.state == State::Through {
            return piece.to_owned();
        }
        self.held.push_str(piece);
        loop {
            match self.state {
                State::Undecided => {
                    let start = self.held.trim_start();
                    if let Some(rest) = start.strip_prefix(OPEN) {
                        self.held = rest.to_owned();
                        self.state = State::Thinking;
                    } else if OPEN.starts_with(start) {
                        return String::new();
                    } else {
                        self.state = State::Through;
                    }
                }
                State::Thinking => {
                    if let Some(end) = self.held.find(CLOSE) {
                        self.held.drain(..end + CLOSE.len());
                        self.state = State::Behind;
                    } else {
                        // Only a tail that may become the closing tag is worth keeping.
                        let keep = (1..CLOSE.len()).rev().find(|n| self.held.ends_with(&CLOSE[..*n])).unwrap_or(0);
                        self.held.drain(..self.held.len() - keep);
                        return String::new();
                    }
                }
                State::Behind => {
                    let blank = self.held.len() - self.held.trim_start().len();
                    self.held.drain(..blank);
                    if self.held.is_empty() {
                        return String::new();
                    }
                    self.state = State::Through;
                }
                State::Through => return std::mem::take(&mut self.held),
            }
        }
    }

    /// What was held back and turned out to be the answer itself, when the text has ended.
    pub(super) fn finish(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        let keep = self.state == State::Undecided && !held.trim().is_empty();
        self.state = State::Through;
        if keep { held } else { String::new() }
    }
}

/// A whole text without its leading thinking.
pub(super) fn without_thinking(text: &str) -> String {
    let mut filter = ThinkFilter::default();
    let mut shown = filter.push(text);
    shown.push_str(&filter.finish());
    shown
}
