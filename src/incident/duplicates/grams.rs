//! What messages are compared by: pairs and triples of characters inside runs of letters, digits and characters.

use crate::core::text::is_cjk;

/// What happened stands at the beginning; so many characters of the text tell the incident.
pub const HEAD: usize = 200;
/// A copy is told by this much of the text. Longer texts are long because somebody tells a story, and cost time.
pub const WHOLE: usize = 1000;
/// Characters of the topic that are read.
const TOPIC: usize = 100;
/// An occurrence in the topic counts so often.
const TOPIC_WEIGHT: u16 = 2;

/// How often a gram occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gram {
    /// Two or three characters, 21 bits each: different grams are different numbers.
    pub id: u64,
    /// In topic (twice) and the beginning of the text.
    pub incident: u16,
    /// In the text.
    pub copy: u16,
}

impl Gram {
    /// True for two characters, false for three.
    #[must_use]
    pub const fn is_pair(self) -> bool {
        self.id >> 42 == 0
    }
}

/// The grams of a message, each once, sorted by number.
#[must_use]
pub fn of(topic: &str, text: &str) -> Vec<Gram> {
    let mut out = Vec::with_capacity(2 * (topic.len() + text.len()) / 3);
    visit(topic, TOPIC, |id, _| out.push(Gram { id, incident: TOPIC_WEIGHT, copy: 0 }));
    visit(text, WHOLE, |id, end| out.push(Gram { id, incident: u16::from(end <= HEAD), copy: 1 }));
    out.sort_unstable_by_key(|gram| gram.id);
    out.dedup_by(|next, kept| {
        let same = next.id == kept.id;
        if same {
            kept.incident = kept.incident.saturating_add(next.incident);
            kept.copy = kept.copy.saturating_add(next.copy);
        }
        same
    });
    out
}

/// Whether a character belongs to a run.
#[must_use]
pub fn in_run(c: char) -> bool {
    c.is_ascii_alphanumeric() || is_cjk(c)
}

/// Calls `each` with every gram of the first `limit` characters, and the number of the character behind it.
fn visit(text: &str, limit: usize, mut each: impl FnMut(u64, usize)) {
    let (mut before, mut last): (u64, u64) = (0, 0);
    for (at, c) in text.chars().take(limit).enumerate() {
        if !in_run(c) {
            (before, last) = (0, 0);
            continue;
        }
        let now = u64::from(u32::from(c.to_ascii_lowercase()));
        if last != 0 {
            each(last << 21 | now, at + 1);
        }
        if before != 0 {
            each(before << 42 | last << 21 | now, at + 1);
        }
        (before, last) = (last, now);
    }
}
