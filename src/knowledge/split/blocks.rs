//! Markdown as a flat list of blocks: what the splitter cuts, and what the importers write.

use super::plain;

/// One block of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading of level 1 to 6.
    Heading {
        /// Number of `#`.
        level: u8,
        /// Without marks.
        text: String,
    },
    /// A line of prose or a list item, without marks; an item begins with `· `.
    Line(String),
    /// A table.
    Table(Table),
}

/// A table: rows of cells without marks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The row that names the columns.
    pub header: Vec<String>,
    /// The other rows.
    pub rows: Vec<Vec<String>>,
}

/// A row as people and the index read it.
#[must_use]
pub fn row_text(cells: &[String]) -> String {
    let mut out = String::from("|");
    for cell in cells {
        out.push(' ');
        out.push_str(cell);
        out.push_str(" |");
    }
    out
}

/// Reads Markdown. Every character that is no mark stands in exactly one block, in order.
#[must_use]
pub fn read(markdown: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut lines = markdown.lines().map(str::trim).filter(|l| !l.is_empty()).peekable();
    while let Some(line) = lines.next() {
        if line.starts_with('|') && lines.peek().is_some_and(|next| is_rule(next)) {
            lines.next();
            let mut table = Table { header: cells(line), rows: Vec::new() };
            while let Some(row) = lines.next_if(|next| next.starts_with('|')) {
                if !is_rule(row) {
                    table.rows.push(cells(row));
                }
            }
            out.push(Block::Table(table));
            continue;
        }
        let level = line.bytes().take_while(|b| *b == b'#').count();
        if (1..=6).contains(&level) && line[level..].starts_with([' ', '\u{3000}', '\t']) {
            out.push(Block::Heading { level: level as u8, text: plain(line[level..].trim_end_matches('#')) });
        } else {
            out.push(Block::Line(plain(line)));
        }
    }
    out
}

/// The line between the head of a table and its rows: `|---|:--:|`.
pub(super) fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.starts_with('|') && line.contains('-') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

/// The cells of `| a | b \| c |`.
pub(super) fn cells(line: &str) -> Vec<String> {
    let line = line.trim();
    let inner = line.strip_prefix('|').unwrap_or(line);
    let mut out = Vec::new();
    let mut cell = String::new();
    let mut escaped = false;
    for c in inner.chars() {
        if c == '|' && !escaped {
            out.push(plain(&cell));
            cell.clear();
        } else {
            cell.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    // What stands behind the last bar is a cell of its own only when it holds something.
    if !cell.trim().is_empty() {
        out.push(plain(&cell));
    }
    out
}

/// `text` as a line of Markdown that [`plain`] gives back: one line, marks escaped.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let text = text.trim();
    for (at, c) in text.char_indices() {
        let mark = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' => true,
            '|' => true,
            '#' | '>' | '+' => at == 0,
            '-' => text[at + 1..].starts_with(' ') && at == 0,
            _ => false,
        };
        if mark {
            out.push('\\');
        }
        out.push(if matches!(c, '\n' | '\r') { ' ' } else { c });
    }
    out
}

/// A table as Markdown.
#[must_use]
pub fn table_markdown(table: &Table) -> String {
    let width = table.rows.iter().map(Vec::len).chain([table.header.len(), 1]).max().unwrap_or(1);
    let row = |cells: &[String]| {
        let mut out = String::from("|");
        for column in 0..width {
            out.push(' ');
            out.push_str(&escape(cells.get(column).map_or("", String::as_str)));
            out.push_str(" |");
        }
        out.push('\n');
        out
    };
    let mut out = row(&table.header);
    out.push_str(&"| --- ".repeat(width));
    out.push_str("|\n");
    for cells in &table.rows {
        out.push_str(&row(cells));
    }
    out
}
