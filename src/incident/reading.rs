//! The form in which this room compares words: one width, one case, no stray blanks; and small numbers.

use crate::core::{numerals, text::for_matching};

/// [`for_matching`], with blanks kept only between two Latin words or numbers and line ends as full stops.
#[must_use]
pub fn plain(text: &str) -> String {
    let folded: Vec<char> = for_matching(text).chars().collect();
    let mut out = String::with_capacity(text.len());
    for (i, &c) in folded.iter().enumerate() {
        if c == '\n' {
            if !out.is_empty() && !out.ends_with('。') {
                out.push('。');
            }
        } else if c.is_whitespace() {
            let before = out.chars().next_back().is_some_and(|b| b.is_ascii_alphanumeric());
            let after = folded[i + 1..].iter().find(|c| !c.is_whitespace()).is_some_and(char::is_ascii_alphanumeric);
            if before && after {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// A whole number below ten thousand, in digits or in Chinese (`十二`, `二十`, `两百零三`).
#[must_use]
pub fn small_number(text: &str) -> Option<u32> {
    let whole = numerals::parse(text)?.to_whole()?;
    u32::try_from(whole).ok().filter(|n| *n < 10_000)
}

/// True when any of the words stands in the text.
#[must_use]
pub fn has_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|w| text.contains(w))
}
