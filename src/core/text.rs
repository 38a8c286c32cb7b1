//! Text as everybody here sees it: one normal form, one way to cut it into tokens and sentences.

use std::collections::HashSet;
use std::sync::LazyLock;

use ferrous_opencc::{OpenCC, config::BuiltinConfig};
use regex::Regex;
use unicode_normalization::UnicodeNormalization as _;

/// The dictionaries are compiled into the binary; loading takes some milliseconds, so it is done once.
/// `None` (a damaged build) means that traditional characters stay as they are.
static SIMPLIFIER: LazyLock<Option<OpenCC>> = LazyLock::new(|| OpenCC::from_config(BuiltinConfig::T2s).ok());

/// The expression of a pattern that is a literal of this program; nothing from outside goes here.
///
/// # Panics
/// The literal is no expression: every test run compiles all of them.
#[must_use]
#[track_caller]
#[expect(clippy::expect_used, reason = "the patterns are literals of this program; every test run compiles them")]
pub fn pattern(literal: &str) -> Regex {
    Regex::new(literal).expect("the pattern is a literal of this program")
}

/// Loads the conversion tables now instead of at the first message. Returns whether they are usable.
pub fn warm_up() -> bool {
    SIMPLIFIER.is_some()
}

/// NFKC, simplified characters, no control, zero-width or bidi characters, single spaces, newlines kept
/// (`\r\n` becomes `\n`, lines are trimmed, at most one empty line in a row).
///
/// Chinese punctuation stays full-width (NFKC would turn ，；：！？（）～ into ASCII), because people read this text
/// and sentences are cut at it. Digits, letters and signs such as ％ or ￥ become their ordinary form.
#[must_use]
pub fn normalize(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '，' | '；' | '：' | '！' | '？' | '（' | '）' | '～' | '…' => folded.push(c),
            '\u{2028}' | '\u{2029}' | '\u{0085}' => folded.push('\n'),
            _ if is_invisible(c) => {}
            _ => folded.push(c),
        }
    }
    let mut composed = String::with_capacity(folded.len());
    let mut run = String::new();
    for c in folded.chars() {
        if matches!(c, '，' | '；' | '：' | '！' | '？' | '（' | '）' | '～' | '…') {
            composed.extend(run.nfkc());
            run.clear();
            composed.push(c);
        } else {
            run.push(c);
        }
    }
    composed.extend(run.nfkc());
    collapse(&simplify(&composed))
}

/// [`normalize`], full-width punctuation folded as well, lower case, and no spaces between CJK characters.
/// For comparing, never for showing.
#[must_use]
pub fn for_matching(text: &str) -> String {
    let plain: String = normalize(text).nfkc().flat_map(char::to_lowercase).collect();
    let chars: Vec<char> = plain.chars().collect();
    let mut out = String::with_capacity(plain.len());
    for (i, &c) in chars.iter().enumerate() {
        let between_cjk =
            c == ' ' && i > 0 && chars.get(i + 1).is_some_and(|n| is_cjk(*n)) && chars.get(i - 1).is_some_and(|p| is_cjk(*p));
        if !between_cjk {
            out.push(c);
        }
    }
    out
}

/// Traditional to simplified characters, nothing else.
#[must_use]
pub fn simplify(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    match SIMPLIFIER.as_ref() {
        Some(converter) => converter.convert(text),
        None => text.to_owned(),
    }
}

/// Characters nobody sees: control characters except newline and tab, zero-width and bidi marks, variation selectors, BOM.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A CJK ideograph, extensions included.
#[must_use]
pub fn is_cjk(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}' | '〇')
}

fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty_lines = 0;
    for line in text.split('\n') {
        let mut words = line.split_whitespace();
        match words.next() {
            None => empty_lines += 1,
            Some(first) => {
                if !out.is_empty() {
                    out.push_str(if empty_lines > 0 { "\n\n" } else { "\n" });
                }
                empty_lines = 0;
                out.push_str(first);
                for word in words {
                    out.push(' ');
                    out.push_str(word);
                }
            }
        }
    }
    out
}

/// One term of a text, as the sparse index and the similarity measures count it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Token {
    /// One CJK character, or one whole run of ASCII letters and digits in lower case.
    Unigram(String),
    /// Two neighbouring CJK characters of one run.
    Bigram(String),
}

impl Token {
    /// The term itself.
    #[must_use]
    pub fn term(&self) -> &str {
        match self {
            Self::Unigram(t) | Self::Bigram(t) => t,
        }
    }
}

/// The unigrams and bigrams of `text` in reading order: runs of CJK characters and runs of ASCII letters and digits;
/// a unigram for each CJK character and each ASCII run, bigrams inside CJK runs only. No stop list.
/// `text` should be in [`normalize`]d form.
#[must_use]
pub fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut previous: Option<char> = None;
    let mut word = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
            previous = None;
            continue;
        }
        if !word.is_empty() {
            out.push(Token::Unigram(std::mem::take(&mut word)));
        }
        if is_cjk(c) {
            if let Some(p) = previous {
                out.push(Token::Bigram([p, c].iter().collect()));
            }
            out.push(Token::Unigram(c.to_string()));
            previous = Some(c);
        } else {
            previous = None;
        }
    }
    if !word.is_empty() {
        out.push(Token::Unigram(word));
    }
    out
}

/// `text` cut after 。！？；!?; and newlines, delimiters kept: the pieces joined give `text` again. Pieces of white space
/// only are joined to the piece before.
#[must_use]
pub fn sentences(text: &str) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        if !matches!(c, '。' | '！' | '？' | '；' | '!' | '?' | ';' | '\n') {
            continue;
        }
        // Closing quotes and a second mark belong to the sentence that they end.
        while chars.peek().is_some_and(|(_, n)| matches!(n, '”' | '’' | '」' | '』' | '）' | ')' | '！' | '？' | '。' | '\n'))
        {
            chars.next();
        }
        let end = chars.peek().map_or(text.len(), |(j, _)| *j);
        debug_assert!(end > i);
        out.push(&text[start..end]);
        start = end;
    }
    if start < text.len() {
        out.push(&text[start..]);
    }
    out
}

/// At most `max` code points of `text`.
#[must_use]
pub fn truncate_chars(text: &str, max: usize) -> &str {
    match text.char_indices().nth(max) {
        Some((i, _)) => &text[..i],
        None => text,
    }
}

/// Jaccard similarity 0..=1 of the sets of character pairs (pairs inside runs of CJK or ASCII letters and digits,
/// lower case). Two texts without any pair are alike (1.0) only if they are equal.
#[must_use]
pub fn bigram_jaccard(a: &str, b: &str) -> f32 {
    let (left, right) = (pairs(a), pairs(b));
    if left.is_empty() && right.is_empty() {
        return if a == b { 1.0 } else { 0.0 };
    }
    let shared = left.intersection(&right).count();
    shared as f32 / (left.len() + right.len() - shared) as f32
}

/// The character pairs of `text`, inside runs of CJK or ASCII letters and digits, lower case.
#[must_use]
pub fn pairs(text: &str) -> HashSet<(char, char)> {
    let mut out = HashSet::new();
    let mut previous: Option<char> = None;
    for c in text.chars() {
        if is_cjk(c) || c.is_ascii_alphanumeric() {
            let c = c.to_ascii_lowercase();
            if let Some(p) = previous {
                out.insert((p, c));
            }
            previous = Some(c);
        } else {
            previous = None;
        }
    }
    out
}
