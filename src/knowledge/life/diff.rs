//! What changed between two versions: fields, lines, and words within a changed line.

use serde::Serialize;
use similar::{ChangeTag, DiffOp, TextDiff};

use crate::knowledge::document::{DocumentMeta, ParsedDocument, Source};

/// Kept, taken away or added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DifferenceMark)]
pub enum Mark {
    /// In both.
    Same,
    /// Only in the old one.
    Gone,
    /// Only in the new one.
    New,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = DifferenceSpan)]
pub struct Span {
    /// What became of it.
    pub mark: Mark,
    /// Its words.
    pub text: String,
}

/// A line of either text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = DifferenceLine)]
pub struct Line {
    /// What became of it.
    pub mark: Mark,
    /// Its number in the old text (from 1).
    pub old: Option<usize>,
    /// Its number in the new text (from 1).
    pub new: Option<usize>,
    /// Its words; a line that was changed, not replaced, shows which of them.
    pub spans: Vec<Span>,
}

/// A field of the front matter that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Its name.
    pub field: &'static str,
    /// What it was; lists have a line an item.
    pub old: String,
    /// What it is.
    pub new: String,
}

/// Everything that differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Fields that changed, in the order of the front matter.
    pub fields: Vec<FieldChange>,
    /// Changed lines with three lines around each; nothing when the text is the same.
    pub lines: Vec<Line>,
}

/// Lines around a change that help to find it.
const CONTEXT: usize = 3;
/// Lines less alike than this are not one changed line, but two.
const ONE_LINE: f32 = 0.4;

/// Compares `new` with `old`.
#[must_use]
pub fn between(old: &ParsedDocument, new: &ParsedDocument) -> Difference {
    Difference { fields: fields(&old.meta, &new.meta), lines: lines(&old.body, &new.body) }
}

fn fields(old: &DocumentMeta, new: &DocumentMeta) -> Vec<FieldChange> {
    let (before, after) = (shown(old), shown(new));
    let pairs = before.into_iter().zip(after).filter(|((_, a), (_, b))| a != b);
    pairs.map(|((field, old), (_, new))| FieldChange { field, old, new }).collect()
}

fn shown(meta: &DocumentMeta) -> [(&'static str, String); 16] {
    let day = |d: Option<jiff::civil::Date>| d.map(|d| d.to_string()).unwrap_or_default();
    let source = |s: &Source| format!("《{}》{}（{}）", s.law, s.article, s.version);
    [
        ("title", meta.title.clone()),
        ("audience", meta.audience.as_str().to_owned()),
        ("area", meta.area.clone()),
        ("category", meta.category.clone()),
        ("issuer", meta.issuer.clone()),
        ("doc_no", meta.doc_no.clone().unwrap_or_default()),
        ("effective_from", meta.effective_from.to_string()),
        ("expires_on", day(meta.expires_on)),
        ("review_by", day(meta.review_by)),
        ("owner", meta.owner.clone()),
        ("keywords", meta.keywords.join("\n")),
        ("questions", meta.questions.join("\n")),
        ("sources", meta.sources.iter().map(source).collect::<Vec<_>>().join("\n")),
        ("superseded_by", meta.superseded_by.clone().unwrap_or_default()),
        ("authority", meta.authority.map(|a| a.value().to_string()).unwrap_or_default()),
        ("shape", format!("{:?}", meta.shape).to_lowercase()),
    ]
}

fn lines(old: &str, new: &str) -> Vec<Line> {
    let (before, after): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let diff = TextDiff::from_slices(&before, &after);
    let mut out = Vec::new();
    for group in diff.grouped_ops(CONTEXT) {
        for op in group {
            match op {
                DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                    replaced(&before, old_index..old_index + old_len, &after, new_index..new_index + new_len, &mut out);
                }
                DiffOp::Equal { old_index, new_index, len } => {
                    for i in 0..len {
                        out.push(whole(Mark::Same, before[old_index + i], Some(old_index + i), Some(new_index + i)));
                    }
                }
                DiffOp::Delete { old_index, old_len, .. } => {
                    out.extend((old_index..old_index + old_len).map(|i| whole(Mark::Gone, before[i], Some(i), None)));
                }
                DiffOp::Insert { new_index, new_len, .. } => {
                    out.extend((new_index..new_index + new_len).map(|i| whole(Mark::New, after[i], None, Some(i))));
                }
            }
        }
    }
    out
}

fn whole(mark: Mark, text: &str, old: Option<usize>, new: Option<usize>) -> Line {
    let spans = vec![Span { mark, text: text.to_owned() }];
    Line { mark, old: old.map(|i| i + 1), new: new.map(|i| i + 1), spans }
}

/// Lines that took the place of others: pairs that are alike are shown as changed, word by word.
fn replaced(before: &[&str], old: std::ops::Range<usize>, after: &[&str], new: std::ops::Range<usize>, out: &mut Vec<Line>) {
    let mut pairs = Vec::new();
    let mut from = new.start;
    for i in old.clone() {
        // The first line after the last pair that is alike enough: lines keep their order.
        let partner = (from..new.end).find(|j| {
            let (a, b) = (words(before[i]), words(after[*j]));
            TextDiff::from_slices(&a, &b).ratio() >= ONE_LINE
        });
        if let Some(j) = partner {
            from = j + 1;
            pairs.push((i, j));
        }
    }
    let (mut i, mut j) = (old.start, new.start);
    for (a, b) in pairs.into_iter().chain(std::iter::once((old.end, new.end))) {
        out.extend((i..a).map(|n| whole(Mark::Gone, before[n], Some(n), None)));
        out.extend((j..b).map(|n| whole(Mark::New, after[n], None, Some(n))));
        if a < old.end && b < new.end {
            let (gone, added) = by_words(before[a], after[b]);
            out.push(Line { mark: Mark::Gone, old: Some(a + 1), new: None, spans: gone });
            out.push(Line { mark: Mark::New, old: None, new: Some(b + 1), spans: added });
        }
        (i, j) = (a + 1, b + 1);
    }
}

fn by_words(old: &str, new: &str) -> (Vec<Span>, Vec<Span>) {
    let (before, after) = (words(old), words(new));
    let diff = TextDiff::from_slices(&before, &after);
    let (mut gone, mut added) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        let word: &str = change.value();
        match change.tag() {
            ChangeTag::Equal => {
                push(&mut gone, Mark::Same, word);
                push(&mut added, Mark::Same, word);
            }
            ChangeTag::Delete => push(&mut gone, Mark::Gone, word),
            ChangeTag::Insert => push(&mut added, Mark::New, word),
        }
    }
    (gone, added)
}

fn push(spans: &mut Vec<Span>, mark: Mark, word: &str) {
    match spans.last_mut().filter(|s| s.mark == mark) {
        Some(span) => span.text.push_str(word),
        None => spans.push(Span { mark, text: word.to_owned() }),
    }
}

/// Words of a line: a run of digits or letters is one, every other character one by itself.
fn words(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut run = false;
    for (at, c) in line.char_indices() {
        let joins = c.is_ascii_alphanumeric() || c == '.' && run;
        if at > start && !(joins && run) {
            out.push(&line[start..at]);
            start = at;
        }
        run = joins;
    }
    if start < line.len() {
        out.push(&line[start..]);
    }
    out
}
