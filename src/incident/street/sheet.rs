//! A table as people see it: columns, rows, and the line in the file where each row begins.

use std::collections::{BTreeMap, BTreeSet};

use super::super::table::list;
use super::check::Problem;
use super::files::{Columns, StreetFile, nearest};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line in the file where it begins, from 1 (the header).
    pub line: u64,
    /// Cells, trimmed, in the order of the columns.
    pub cells: Vec<String>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows, in their order.
    pub rows: Vec<Row>,
}

impl Sheet {
    /// Reads a table. Rows with too few or too many cells are named and left out.
    #[must_use]
    pub fn read(file: &str, text: &str) -> (Self, Vec<Problem>) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut problems = Vec::new();
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        let mut sheet = Self { columns: Vec::new(), rows: Vec::new() };
        let mut line = Lines::of(text);
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let at = error.position().map(|p| line.at(p.byte()));
                    problems.push(Problem::of(file, at, None, "这一行不是有效的 CSV 文本".to_owned()));
                    continue;
                }
            };
            let at = record.position().map_or(0, |p| line.at(p.byte()));
            let cells: Vec<String> = record.iter().map(str::to_owned).collect();
            if sheet.columns.is_empty() {
                sheet.columns = cells;
            } else if cells.iter().all(String::is_empty) {
                // A spreadsheet leaves such rows behind.
            } else if cells.len() == sheet.columns.len() {
                sheet.rows.push(Row { line: at, cells });
            } else {
                let (have, want) = (cells.len(), sheet.columns.len());
                let hint = if have > want { "，含逗号的内容要用英文双引号括起来" } else { "" };
                problems.push(Problem::of(file, Some(at), None, format!("这一行有{have}格，表头有{want}列{hint}")));
            }
        }
        if sheet.columns.iter().all(String::is_empty) {
            problems.push(Problem::of(file, None, None, "文件是空的，第一行应为列名".to_owned()));
        }
        (sheet, problems)
    }

    /// What is wrong with its columns.
    #[must_use]
    pub fn header_problems(&self, file: &StreetFile) -> Vec<Problem> {
        let Some(columns) = &file.columns else { return Vec::new() };
        let known: Vec<&str> = columns.must.iter().chain(columns.may).copied().collect();
        let free = || known.iter().copied().filter(|k| !self.columns.iter().any(|c| c == k));
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        let mut say = |column: &str, words: String| out.push(Problem::of(file.name, Some(1), Some(column), words));
        for column in &self.columns {
            if !seen.insert(column) {
                say(column, format!("列「{column}」出现了两次"));
            } else if !known.contains(&column.as_str()) {
                let hint = nearest(column, free())
                    .map_or_else(|| format!("可用的列：{}", known.join("、")), |right| format!("是不是「{right}」？"));
                say(
                    column,
                    if column.is_empty() {
                        "有一列没有列名".to_owned()
                    } else {
                        format!("没有「{column}」这一列，{hint}")
                    },
                );
            }
        }
        for missing in columns.must.iter().filter(|m| !self.columns.iter().any(|c| c == *m)) {
            say(missing, format!("缺少「{missing}」列"));
        }
        out
    }

    /// Number of a column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c == name)
    }

    /// A cell; empty when the column is missing.
    #[must_use]
    pub fn cell<'a>(&'a self, row: &'a Row, column: &str) -> &'a str {
        self.column(column).and_then(|i| row.cells.get(i)).map_or("", String::as_str)
    }

    /// What tells a row apart, for people; several parts with `·` between them.
    #[must_use]
    pub fn key(&self, row: &Row, columns: &Columns) -> String {
        columns.key.iter().map(|k| self.cell(row, k)).filter(|c| !c.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    /// Cells by the names of their columns.
    #[must_use]
    pub fn named(&self, row: &Row) -> BTreeMap<String, String> {
        self.columns.iter().cloned().zip(row.cells.iter().cloned()).collect()
    }

    /// The entries of a cell that holds a list, of all rows.
    pub fn entries<'a>(&'a self, column: &str) -> impl Iterator<Item = (&'a Row, String)> {
        let at = self.column(column);
        self.rows.iter().flat_map(move |row| {
            let cell = at.and_then(|i| row.cells.get(i)).map_or("", String::as_str);
            list(cell).into_iter().map(move |entry| (row, entry))
        })
    }

    /// The table as text again, without the rows of which `keep` says no; with the line of each row in it and in the file it came from.
    #[must_use]
    pub fn render(&self, keep: impl Fn(&Row) -> bool) -> (String, Vec<(u64, u64)>) {
        let mut out = String::new();
        write_line(&mut out, &self.columns);
        let (mut at, mut lines) = (2, Vec::new());
        for row in self.rows.iter().filter(|r| keep(r)) {
            let before = out.len();
            write_line(&mut out, &row.cells);
            lines.push((at, row.line));
            at += out[before..].matches('\n').count() as u64;
        }
        (out, lines)
    }
}

/// One record with its cells quoted where they must be.
pub fn write_line(out: &mut String, cells: &[String]) {
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        if cell.contains(['"', ',', '\n', '\r']) || (cells.len() == 1 && cell.is_empty()) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(cell);
        }
    }
    out.push('\n');
}

/// Finds the line of a byte; asked in rising order.
struct Lines<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    const fn of(text: &'a str) -> Self {
        Self { text, byte: 0, line: 1 }
    }

    /// The line of what begins at `byte` after the empty lines there.
    fn at(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        let rest = &self.text.as_bytes()[byte..];
        let byte = byte + rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        if byte >= self.byte {
            self.line += self.text[self.byte..byte].matches('\n').count() as u64;
            self.byte = byte;
        }
        self.line
    }
}
