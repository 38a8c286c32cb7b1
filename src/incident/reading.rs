//! The form in which this room compares words: one width, one case, no stray blanks; and small numbers.

use crate::core::{
    numerals,
    text::{for_matching, normalize},
};

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

/// A part of [`plain`]`(said)` as people read it: signs beside Chinese are wide again, Latin words have the case in which they
/// were said (`,` between two characters becomes `，`, `a座` what was typed as `A座`). [`plain`] of it is the part again.
#[must_use]
pub fn as_said(part: &str, said: &str) -> String {
    let said = normalize(said);
    let lower = said.to_ascii_lowercase();
    let mut from = 0;
    let chars: Vec<char> = part.chars().collect();
    let mut out = String::with_capacity(part.len() + 16);
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        if c.is_ascii_alphabetic() {
            let word: String = chars[at..].iter().take_while(|c| c.is_ascii_alphabetic()).collect();
            let found = lower[from..].match_indices(&word).map(|(start, _)| from + start).find(|&start| {
                let ends_word = !lower[start + word.len()..].starts_with(|c: char| c.is_ascii_alphabetic());
                ends_word && !lower[..start].ends_with(|c: char| c.is_ascii_alphabetic())
            });
            match found {
                Some(start) => {
                    from = start + word.len();
                    out.push_str(&said[start..from]);
                }
                None => out.push_str(&word),
            }
            at += word.len();
            continue;
        }
        let beside_chinese =
            at.checked_sub(1).is_some_and(|b| !chars[b].is_ascii()) || chars.get(at + 1).is_some_and(|n| !n.is_ascii());
        out.push(if beside_chinese { wide(c) } else { c });
        at += 1;
    }
    out
}

/// The sign as it stands in Chinese text.
const fn wide(sign: char) -> char {
    match sign {
        ',' => '，',
        ';' => '；',
        ':' => '：',
        '!' => '！',
        '?' => '？',
        '(' => '（',
        ')' => '）',
        other => other,
    }
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
