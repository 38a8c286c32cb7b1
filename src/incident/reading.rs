//! The form in which this room compares words: one width, one case, no stray blanks; and small numbers.

use unicode_normalization::UnicodeNormalization as _;

/// Full width → half width, lower case, control characters out, blanks only between two Latin words or numbers.
#[must_use]
pub fn plain(text: &str) -> String {
    let folded: Vec<char> = text
        .nfkc()
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}'))
        .collect();
    let mut out = String::with_capacity(text.len());
    for (i, &c) in folded.iter().enumerate() {
        if c == ' ' {
            let before = out.chars().next_back().is_some_and(|b| b.is_ascii_alphanumeric());
            let after = folded[i + 1..].iter().find(|c| **c != ' ').is_some_and(char::is_ascii_alphanumeric);
            if before && after {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// A whole number below ten thousand, in digits or in Chinese (`十二`, `二十`, `两百零三`, `〇`).
#[must_use]
pub fn small_number(text: &str) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    if text.chars().all(|c| c.is_ascii_digit()) {
        return text.parse().ok().filter(|n| *n < 10_000);
    }
    let (mut total, mut digit, mut placed) = (0u32, None::<u32>, false);
    let mut plain_digits = String::new();
    for c in text.chars() {
        let value = match c {
            '零' | '〇' => 0,
            '一' | '幺' => 1,
            '二' | '两' => 2,
            '三' => 3,
            '四' => 4,
            '五' => 5,
            '六' => 6,
            '七' => 7,
            '八' => 8,
            '九' => 9,
            '十' | '百' | '千' => {
                let unit = match c {
                    '十' => 10,
                    '百' => 100,
                    _ => 1000,
                };
                total += digit.unwrap_or(1) * unit;
                digit = None;
                placed = true;
                continue;
            }
            _ => return None,
        };
        plain_digits.push(char::from_digit(value, 10)?);
        digit = Some(value);
    }
    if placed {
        return Some(total + digit.unwrap_or(0)).filter(|n| *n < 10_000);
    }
    plain_digits.parse().ok().filter(|n| *n < 10_000)
}

/// Sentences of a message, split at `。！？!?；;` and line ends, the mark kept.
#[must_use]
pub fn sentences(text: &str) -> Vec<&str> {
    text.split_inclusive(['。', '！', '？', '!', '?', '；', ';', '\n']).filter(|s| !s.trim().is_empty()).collect()
}

/// Clauses: as [`sentences`], and split at commas too.
#[must_use]
pub fn clauses(text: &str) -> Vec<&str> {
    text.split_inclusive(['。', '！', '？', '!', '?', '；', ';', '\n', '，', ','])
        .filter(|s| !s.trim().is_empty())
        .collect()
}

/// True when any of the words stands in the text.
#[must_use]
pub fn has_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|w| text.contains(w))
}
