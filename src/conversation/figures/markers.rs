//! The model's own citation marks, which the program takes out and replaces by its own: `[1]`, `【1】`, `〔1〕`, `[^1]`, `（来源：…）`.

/// Longest mark in characters.
const LONGEST: usize = 60;

/// What stands at a bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Index behind the mark, if it is one.
    pub end: Option<usize>,
    /// More text could change this.
    pub open: bool,
}

/// Whether a mark can start with this (folded) character.
pub(super) fn can_start(c: char) -> bool {
    matches!(c, '[' | '【' | '〔' | '（' | '(' | '［')
}

/// Reads the mark at `at`.
pub(super) fn read_at(raw: &[char], at: usize) -> Mark {
    const OPEN: Mark = Mark { end: None, open: true };
    const NONE: Mark = Mark { end: None, open: false };
    let Some(&bracket) = raw.get(at) else { return OPEN };
    let close = match bracket {
        '[' => ']',
        '［' => '］',
        '【' => '】',
        '〔' => '〕',
        '（' => '）',
        _ => ')',
    };
    let inside = &raw[at + 1..];
    if matches!(bracket, '（' | '(') {
        let [first, second, ..] = inside else {
            return if inside.first().is_none_or(|c| matches!(c, '来' | '出' | '引' | '参' | '资')) { OPEN } else { NONE };
        };
        if !matches!(
            (first, second),
            ('来', '源' | '自') | ('出', '处') | ('引', '用' | '自') | ('参', '考' | '见') | ('资', '料')
        ) {
            return NONE;
        }
        for (i, c) in inside.iter().enumerate().take(LONGEST) {
            if *c == close {
                return Mark { end: Some(at + 2 + i), open: false };
            }
            if *c == '\n' {
                return NONE;
            }
        }
        return if inside.len() < LONGEST { OPEN } else { NONE };
    }
    // Numbers of at most two digits each, with commas or hyphens between, and a few words such as 来源 before them: 〔2023〕 is none.
    let mut digits = 0;
    let mut numbers = 0;
    for (i, c) in inside.iter().enumerate().take(24) {
        match c {
            _ if *c == close => {
                return if numbers > 0 && digits <= 2 { Mark { end: Some(at + 2 + i), open: false } } else { NONE };
            }
            '0'..='9' | '０'..='９' => {
                digits += 1;
                if digits == 1 {
                    numbers += 1;
                }
                if digits > 2 {
                    return NONE;
                }
            }
            ',' | '，' | '、' | '-' | '–' | ' ' | ';' | '；' => digits = 0,
            '^' | '来' | '源' | '引' | '用' | '文' | '献' | '资' | '料' | '片' | '段' | '注' | '†' | ':' | '：'
                if numbers == 0 => {}
            _ => return NONE,
        }
    }
    if inside.len() < 24 { OPEN } else { NONE }
}
