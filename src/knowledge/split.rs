//! Cuts the text of a document into clauses that can be found and cited.
//!
//! A guide is cut at its headings ([`sections`]), a plain list at its lines ([`lines`]), a law, handbook or long text
//! into clauses that stand for themselves ([`clauses::clauses`]).

pub mod blocks;
pub mod clauses;
pub mod numbering;
pub mod pack;

use crate::knowledge::document::Source;

/// Changes whenever the same file would be cut, or its terms weighed, differently: a live index of another number is rebuilt.
pub const SPLITTER_VERSION: u32 = 1;

/// Characters that a passage holds at most; a longer section is cut between sentences.
pub const MAX_CHARS: usize = 400;

/// The clause of the lead of a guide.
pub const CONCLUSION: &str = "结论";

/// One clause: heading and plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What the clause is called.
    pub heading: String,
    /// Plain text; list items and table rows are lines.
    pub text: String,
    /// The headings above the clause, outermost first, `›` between them; empty when there is none.
    pub path: String,
    /// Bytes at the start of `text` that an earlier clause holds too: what leads a list, the head of a table.
    pub repeated: usize,
}

/// Cuts Markdown at `## ` headings (and 第X条 headings of any level); what stands before the first is the conclusion.
#[must_use]
pub fn sections(markdown: &str) -> Vec<Section> {
    let mut out = Vec::new();
    let mut heading = CONCLUSION.to_owned();
    let mut lines: Vec<&str> = Vec::new();
    for line in markdown.lines() {
        let level = line.chars().take_while(|c| *c == '#').count();
        let title = line.trim_start_matches('#').trim();
        if level == 1 && line[1..].starts_with(' ') {
            continue;
        }
        if level >= 2 && line[level..].starts_with(' ') && (level == 2 || title.starts_with('第')) {
            push(&mut out, &heading, &mut lines);
            heading = plain(title);
            continue;
        }
        lines.push(line);
    }
    push(&mut out, &heading, &mut lines);
    out
}

/// Every non-empty line is a clause of its own, called by its first words.
#[must_use]
pub fn lines(text: &str) -> Vec<Section> {
    let mut out = Vec::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        push(&mut out, first_words(line), &mut vec![line]);
    }
    out
}

fn push(out: &mut Vec<Section>, heading: &str, lines: &mut Vec<&str>) {
    let lines = std::mem::take(lines);
    // The rule under the head of a table says nothing to a reader.
    let text = lines.iter().filter(|l| !blocks::is_rule(l)).map(|l| plain(l)).collect::<Vec<_>>().join("\n");
    let section = |text: String, repeated: usize| Section { heading: heading.to_owned(), text, path: String::new(), repeated };
    if text.chars().count() > MAX_CHARS && lines.iter().any(|l| blocks::is_rule(l)) {
        let packed = pack::pack(&blocks::read(&lines.join("\n")));
        out.extend(packed.into_iter().map(|p| section(p.text, p.repeated)));
        return;
    }
    let text = text.trim().strip_prefix("结论：").filter(|_| heading == CONCLUSION).unwrap_or(text.trim());
    out.extend(cut(text).into_iter().map(|part| section(part, 0)));
}

/// Parts of at most [`MAX_CHARS`] characters, cut after sentences or lines; a single longer sentence is cut hard.
fn cut(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    if text.chars().count() <= MAX_CHARS {
        return vec![text.to_owned()];
    }
    let mut out = Vec::new();
    let mut part = String::new();
    let mut length = 0usize;
    for sentence in sentences(text) {
        let size = sentence.chars().count();
        if length > 0 && length + size > MAX_CHARS {
            out.push(std::mem::take(&mut part).trim().to_owned());
            length = 0;
        }
        if size > MAX_CHARS {
            let chars: Vec<char> = sentence.chars().collect();
            for piece in chars.chunks(MAX_CHARS) {
                out.push(piece.iter().collect::<String>().trim().to_owned());
            }
            continue;
        }
        part.push_str(sentence);
        length += size;
    }
    out.push(part.trim().to_owned());
    out.retain(|p| !p.is_empty());
    out
}

/// Sentences with their end mark; line ends end a sentence too. A basis in brackets after the mark stays with its sentence.
#[must_use]
pub fn sentences(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut depth = 0usize;
    let mut iter = text.char_indices().peekable();
    while let Some((at, c)) = iter.next() {
        match c {
            '（' | '(' | '「' | '《' => depth += 1,
            '）' | ')' | '」' | '》' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let ends = c == '\n' || (depth == 0 && matches!(c, '。' | '！' | '？' | '；' | '!' | '?' | ';'));
        if !ends {
            continue;
        }
        let follows_basis = c != '\n' && iter.peek().is_some_and(|(_, next)| matches!(next, '（' | '”' | '」' | '）'));
        if follows_basis {
            continue;
        }
        depth = 0;
        let end = at + c.len_utf8();
        out.push(&text[start..end]);
        start = end;
    }
    if start < text.len() {
        out.push(&text[start..]);
    }
    out.retain(|s| !s.trim().is_empty());
    out
}

/// A line without Markdown marks: emphasis, code, links, quotes; list items keep a plain mark.
#[must_use]
pub fn plain(line: &str) -> String {
    let line = line.trim();
    let line = line.strip_prefix("> ").unwrap_or(line);
    let (mark, rest) = match line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).or_else(|| line.strip_prefix("+ ")) {
        Some(item) => ("· ", item),
        None => ("", line.trim_start_matches('#').trim_start()),
    };
    let mut out = String::with_capacity(line.len());
    out.push_str(mark);
    let mut rest = rest;
    while let Some(c) = rest.chars().next() {
        // A mark behind a backslash is no mark.
        if c == '\\'
            && let Some(mark) = rest[1..].chars().next().filter(char::is_ascii_punctuation)
        {
            out.push(mark);
            rest = &rest[2..];
        } else if let Some(after) = rest.strip_prefix("**").or_else(|| rest.strip_prefix("__")).or_else(|| rest.strip_prefix('`'))
        {
            rest = after;
        } else if c == '['
            // A label is short: whoever writes a million brackets does not make us look behind each for its end.
            && let Some((label, _)) = rest[1..rest.floor_char_boundary(600)].split_once("](")
            && let tail = &rest[1 + label.len() + 2..]
            && let Some((_, after)) = tail.split_once(')')
            && !label.contains('[')
        {
            out.push_str(label);
            rest = after;
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// The words before the first mark of punctuation, at most 24 characters.
#[must_use]
pub fn first_words(line: &str) -> &str {
    let line = line.trim();
    let end = line
        .char_indices()
        .enumerate()
        .find(|(n, (_, c))| *n >= 24 || matches!(c, ':' | '：' | ',' | '，' | '。' | '；' | ';' | '？' | '?' | '！' | '!'))
        .map_or(line.len(), |(_, (at, _))| at);
    &line[..end]
}

/// True when `text` cites this article: the law's name in 《》 and the article somewhere after it.
#[must_use]
pub fn names(text: &str, source: &Source) -> bool {
    text.match_indices(&source.law).any(|(at, _)| {
        let after = &text[at + source.law.len()..];
        let Some(after) = after.strip_prefix('》') else { return false };
        let until = after.find(['《', '。', '\n']).unwrap_or(after.len());
        after[..until].match_indices(&source.article).any(|(at, _)| !after[at + source.article.len()..].starts_with('之'))
    })
}
