//! How official texts number themselves: 第X编/章/节, 第X条, 一、, （一）, 1.

use crate::core::numerals;

/// What a line of an official text begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article<'a> {
    /// 第十二条之一.
    pub name: String,
    /// Its number; 之X is not counted.
    pub number: u32,
    /// What follows on the same line.
    pub rest: &'a str,
}

/// Words that follow an article's number when it is being cited, not begun: 第三条规定的…
const CITING: &str = "规定所的第款项及和至或以与之、，。,；;中有内";

fn is_numeral(c: char) -> bool {
    numerals::is_chinese_numeral(numerals::fold(c)) || c.is_ascii_digit()
}

/// Where the numeral at the start of `text` ends, and its value.
fn numeral_end(text: &str) -> Option<(usize, u32)> {
    let end = text.find(|c: char| !is_numeral(c)).unwrap_or(text.len());
    // 第一百二十三万条 is nobody's article: a short numeral only.
    if text[..end].chars().count() > 9 {
        return None;
    }
    let value = numerals::parse(&text[..end])?.to_whole()?;
    Some((end, u32::try_from(value).ok()?))
}

/// The article that `line` begins, if it begins one. `expected` is the number that would come next: with it, a line that
/// lost the space behind the number (texts taken from PDF) is recognised too.
#[must_use]
pub fn article(line: &str, expected: Option<u32>) -> Option<Article<'_>> {
    let start = line.trim_start_matches(['#', '*', ' ', '\u{3000}', '\t', '【']);
    let after = start.strip_prefix('第')?;
    let (end, number) = numeral_end(after)?;
    let mut rest = after[end..].strip_prefix('条')?;
    let mut name = format!("第{}条", &after[..end]);
    if let Some(more) = rest.strip_prefix('之')
        && let Some((end, _)) = numeral_end(more)
    {
        name.push('之');
        name.push_str(&more[..end]);
        rest = &more[end..];
    }
    let begins = rest.is_empty()
        || rest.starts_with([' ', '\u{3000}', '\t', '\u{a0}', '\u{2002}', '\u{2003}', '：', ':', '*', '】'])
        // 第一条【立法目的】
        || rest.starts_with(['[', '〔'])
        || (expected == Some(number) && !rest.starts_with(|c: char| CITING.contains(c)));
    if !begins {
        return None;
    }
    let rest =
        rest.trim_start_matches([' ', '\u{3000}', '\t', '\u{a0}', '\u{2002}', '\u{2003}', '：', ':', '*', '】']).trim_end();
    // 第三条 、第五条 or 第十条 的规定: still a citation.
    if rest.starts_with(['、', '，', ',']) || rest.starts_with("规定的") || rest.starts_with("的规定") {
        return None;
    }
    Some(Article { name, number, rest })
}

/// How high a structural heading stands: 编 1, 分编 2, 章 3, 节 4; `None` when the line is none.
#[must_use]
pub fn structure(line: &str) -> Option<u8> {
    let line = line.trim_matches(['*', ' ', '\u{3000}', '\t']);
    if line.chars().count() > 40 || line.ends_with(['。', '；', '：', '，', ';', ',']) {
        return None;
    }
    let after = line.strip_prefix('第')?;
    let (end, _) = numeral_end(after)?;
    let rest = &after[end..];
    let (rank, rest) =
        [("分编", 2), ("编", 1), ("章", 3), ("节", 4)].iter().find_map(|(word, rank)| Some((*rank, rest.strip_prefix(word)?)))?;
    (rest.is_empty()
        || rest.starts_with([' ', '\u{3000}', '\t', '：', ':', '\u{a0}'])
        || rest.chars().count() <= 20 && !rest.starts_with(|c: char| CITING.contains(c)))
    .then_some(rank)
}

/// Does the line list something under a sentence before it: （一）, (1), 1., ①, · ?
#[must_use]
pub fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with("· ") || line.starts_with(|c: char| ('①'..='⑳').contains(&c)) {
        return true;
    }
    if let Some(after) = line.strip_prefix(['（', '(']) {
        return numeral_end(after).is_some_and(|(end, _)| after[end..].starts_with(['）', ')']));
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let mut after = line[digits..].chars();
    (1..=3).contains(&digits)
        && after.next().is_some_and(|c| ".．、）)".contains(c))
        && !after.next().is_some_and(|c| c.is_ascii_digit())
}

/// A short line 一、总体要求 without a full stop: a heading of an official notice (level 2), （一）… below it (level 3).
#[must_use]
pub fn notice_heading(line: &str) -> Option<u8> {
    let line = line.trim();
    if line.chars().count() > 30
        || line.ends_with(['。', '；', '：', '，', '、', ';', ':', ',', '.', '！', '？'])
        || line.contains('。')
    {
        return None;
    }
    let chinese = |text: &str| {
        let end = text.find(|c: char| !numerals::is_chinese_numeral(numerals::fold(c))).filter(|e| *e > 0)?;
        Some(text[end..].to_owned())
    };
    if let Some(rest) = chinese(line) {
        return rest.strip_prefix('、').is_some_and(|r| !r.trim().is_empty()).then_some(2);
    }
    let rest = chinese(line.strip_prefix(['（', '('])?)?;
    rest.strip_prefix(['）', ')']).is_some_and(|r| !r.trim().is_empty()).then_some(3)
}
