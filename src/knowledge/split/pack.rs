//! Packs the lines of a clause into passages: whole when they fit, else cut between items and rows, with the sentence that
//! leads them, or the head of the table, said again.

use super::blocks::{self, Block, Table};
use super::numbering;
use super::{MAX_CHARS, cut, sentences};

/// Characters that are said again before the rest of a list or table, at most.
pub const MAX_CONTEXT: usize = 200;

/// A passage of a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed {
    pub text: String,
    /// Bytes at the start of `text` that an earlier passage holds too.
    pub repeated: usize,
}

/// What is never cut unless it is too long by itself: a paragraph, an item, a row.
#[derive(Debug)]
struct Unit {
    text: String,
    chars: usize,
    /// Said again when the unit begins a passage; and the first unit that holds it.
    context: Option<(usize, String)>,
}

impl Unit {
    fn new(text: String, context: Option<(usize, String)>) -> Self {
        let chars = text.chars().count() + 1;
        Self { text, chars, context }
    }
}

/// Items of which kind a sentence leads; not known before the first.
#[derive(Debug)]
struct Lead {
    at: usize,
    text: String,
    kind: Option<u8>,
}

fn kind(line: &str) -> u8 {
    let line = line.trim_start();
    match line.chars().next() {
        Some('（' | '(') => {
            let second = line.chars().nth(1).unwrap_or_default();
            u8::from(second.is_ascii_digit())
        }
        Some('·') => 2,
        Some(c) if ('①'..='⑳').contains(&c) => 3,
        _ => 4,
    }
}

/// The last sentence of what leads a list, short enough to be said again.
fn last_words(text: &str) -> String {
    let last = sentences(text).last().map_or(text, |s| s.trim());
    let chars = last.chars().count();
    last.chars().skip(chars.saturating_sub(MAX_CONTEXT)).collect()
}

fn units(blocks: &[Block]) -> Vec<Unit> {
    let mut out: Vec<Unit> = Vec::new();
    let mut leads: Vec<Lead> = Vec::new();
    for block in blocks {
        match block {
            Block::Heading { text, .. } => {
                leads.clear();
                out.push(Unit::new(text.clone(), None));
            }
            Block::Line(text) => {
                let mut context = None;
                if numbering::is_item(text) {
                    let kind = kind(text);
                    while leads.last().is_some_and(|lead| lead.kind.is_some_and(|k| k != kind)) {
                        leads.pop();
                    }
                    if let Some(lead) = leads.last_mut() {
                        lead.kind = Some(kind);
                        context = Some((lead.at, lead.text.clone()));
                    }
                } else {
                    leads.clear();
                }
                if text.ends_with(['：', ':']) {
                    leads.push(Lead { at: out.len(), text: last_words(text), kind: None });
                }
                out.push(Unit::new(text.clone(), context));
            }
            Block::Table(table) => {
                leads.clear();
                rows(table, &mut out);
            }
        }
    }
    out
}

fn rows(table: &Table, out: &mut Vec<Unit>) {
    let mut at = out.len();
    let mut context = String::new();
    // 表1：低保标准 right above the table is its caption.
    if let Some(above) = out.last()
        && above.chars <= 60
        && above.context.is_none()
        && (above.text.contains('表') || above.text.ends_with(['：', ':']) || above.text.contains("单位"))
    {
        at -= 1;
        context.push_str(&above.text);
        context.push('\n');
    }
    let head = blocks::row_text(&table.header);
    let room = MAX_CONTEXT.saturating_sub(context.chars().count());
    context.extend(head.chars().take(room));
    let blank = table.header.iter().all(|c| c.trim().is_empty());
    if !blank {
        out.push(Unit::new(head, None));
    }
    for row in &table.rows {
        let text = blocks::row_text(row);
        if text.chars().count() <= MAX_CHARS {
            out.push(Unit::new(text, (!blank).then(|| (at, context.clone()))));
            continue;
        }
        // A row too wide for a passage: each cell with the name of its column, under the row's own name.
        let name = out.len();
        let label: String = row.first().map(|c| c.chars().take(60).collect()).unwrap_or_default();
        for (column, cell) in row.iter().enumerate() {
            let head = table.header.get(column).map_or("", |h| h.trim());
            let text = if head.is_empty() { cell.clone() } else { format!("{head}：{cell}") };
            out.push(Unit::new(text, (column > 0).then(|| (name, label.clone()))));
        }
    }
}

/// The passages of one clause, each of at most [`MAX_CHARS`] characters beside what is said again.
pub(super) fn pack(blocks: &[Block]) -> Vec<Packed> {
    let units = units(blocks);
    let mut out = Packer::default();
    for (at, unit) in units.iter().enumerate() {
        if unit.text.trim().is_empty() {
            continue;
        }
        // A list or table that fits into a passage of its own is not begun at the end of another.
        let led =
            units[at + 1..].iter().take_while(|u| u.context.as_ref().is_some_and(|(lead, _)| *lead >= at && *lead <= at + 1));
        let whole: usize = led.map(|u| u.chars).sum::<usize>() + unit.chars;
        let begins = whole > unit.chars && unit.context.is_none();
        if out.chars > 0 && (out.chars + unit.chars > MAX_CHARS || begins && out.chars + whole > MAX_CHARS && whole <= MAX_CHARS)
        {
            out.close();
        }
        out.add(at, unit);
    }
    out.close();
    out.done
}

#[derive(Debug, Default)]
struct Packer {
    done: Vec<Packed>,
    text: String,
    repeated: usize,
    /// Characters besides what is said again.
    chars: usize,
    /// The first unit in `text`.
    first: usize,
}

impl Packer {
    fn add(&mut self, at: usize, unit: &Unit) {
        let context = unit.context.as_ref().map(|(lead, text)| (*lead, text.as_str()));
        if unit.chars > MAX_CHARS + 1 {
            for part in cut(&unit.text) {
                self.close();
                self.begin(at, context);
                self.push(&part);
            }
            return;
        }
        if self.chars == 0 {
            self.begin(at, context);
        }
        self.push(&unit.text);
    }

    /// `at` begins a passage: what leads it is said again unless it stands in this very passage.
    fn begin(&mut self, at: usize, context: Option<(usize, &str)>) {
        self.first = at;
        if let Some((lead, text)) = context.filter(|(lead, text)| *lead < at && !text.trim().is_empty()) {
            debug_assert!(lead < self.first);
            self.text.push_str(text);
            self.text.push('\n');
            self.repeated = self.text.len();
        }
    }

    fn push(&mut self, text: &str) {
        if self.text.len() > self.repeated {
            self.text.push('\n');
        }
        self.text.push_str(text);
        self.chars += text.chars().count() + 1;
    }

    fn close(&mut self) {
        let text = std::mem::take(&mut self.text);
        let repeated = std::mem::take(&mut self.repeated);
        if self.chars > 0 {
            let end = text.trim_end().len();
            self.done.push(Packed { text: text[..end].to_owned(), repeated: repeated.min(end) });
        }
        self.chars = 0;
    }
}
