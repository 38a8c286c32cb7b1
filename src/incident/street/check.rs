//! What is wrong with a set of files: as much as can be found at once, each with file, line, column and words.
//!
//! First the tables as tables (columns, cells, keys, what one names and the other must have). Then the rooms' own readers, which
//! stop at their first complaint: the row is taken out and they read again, until they have nothing more to say. What only follows
//! from a row that was taken out is not said.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use serde::Serialize;
use utoipa::ToSchema;

use super::super::rules::IncidentRules;
use super::super::table::DataError;
use super::base::{Base, Texts};
use super::files::{Columns, FILES, Refers, StreetFile, file, nearest};
use super::sheet::{Row, Sheet};

/// More than this nobody mends in one go; the rest comes up with the next check.
pub const MOST: usize = 200;
/// How often the readers are asked again; each time costs a whole reading.
const ROUNDS: usize = 60;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StreetProblem)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// Line in it, from 1 (the header); absent: the file as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column, when it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What to correct, for people.
    pub message: String,
}

impl Problem {
    /// A complaint.
    #[must_use]
    pub fn of(file: &str, line: Option<u64>, column: Option<&str>, message: String) -> Self {
        Self { file: file.to_owned(), line, column: column.map(str::to_owned), message }
    }

    /// For people: `taxonomy.csv 第5行「clock」列：…`.
    #[must_use]
    pub fn words(&self) -> String {
        let line = self.line.map_or_else(String::new, |n| format!(" 第{n}行"));
        let column = self.column.as_deref().filter(|c| !c.is_empty()).map_or_else(String::new, |c| format!("「{c}」列"));
        format!("{}{line}{column}：{}", self.file, self.message)
    }
}

/// A set of files after its check.
#[derive(Debug)]
pub struct Checked {
    /// What is wrong; at most [`MOST`].
    pub problems: Vec<Problem>,
    /// The rules that the files make, when nothing is wrong.
    pub rules: Option<IncidentRules>,
}

/// Checks the files of `base` with `over` laid on top. The columns of those in `given` are looked at strictly.
///
/// # Errors
/// A file of version 0 cannot be read.
pub fn check(base: &Base, over: &Texts, given: &BTreeSet<String>, version: u32) -> io::Result<Checked> {
    let mut found = Finder { sheets: BTreeMap::new(), unreadable: BTreeSet::new(), bad: HashMap::new(), problems: Vec::new() };
    for name in over.keys().filter(|name| file(name).is_none()) {
        let hint = nearest(name, FILES.iter().map(|f| f.name)).map_or_else(String::new, |right| format!("，是不是 {right}？"));
        found.problems.push(Problem::of(name, None, None, format!("街道数据里没有这个文件{hint}")));
    }
    for one in FILES {
        match base.with(over, one.name)? {
            Some(text) => found.take(one, &text, given.contains(one.name)),
            None if one.optional => {}
            None => found.problems.push(Problem::of(one.name, None, None, "缺少这个文件".to_owned())),
        }
    }
    for one in FILES {
        found.cells(one);
        found.references(one);
    }
    let rules = found.readers(base, over, version);
    let mut problems = found.problems;
    problems.sort_by_key(|p| (FILES.iter().position(|f| f.name == p.file), p.line));
    problems.dedup();
    problems.truncate(MOST);
    Ok(Checked { rules: rules.filter(|_| problems.is_empty()), problems })
}

struct Finder {
    sheets: BTreeMap<&'static str, Sheet>,
    /// Files whose columns are wrong: their rows mean nothing.
    unreadable: BTreeSet<&'static str>,
    /// Lines that were complained about, by file.
    bad: HashMap<&'static str, BTreeSet<u64>>,
    problems: Vec<Problem>,
}

impl Finder {
    fn take(&mut self, one: &'static StreetFile, text: &str, strictly: bool) {
        if one.columns.is_none() {
            return;
        }
        let (sheet, mut problems) = Sheet::read(one.name, text);
        let mut header = if sheet.columns.is_empty() { Vec::new() } else { sheet.header_problems(one) };
        if !strictly {
            // What the operator's own folder has beyond that has always been passed over.
            header.retain(|p| p.message.starts_with("缺少"));
        }
        if sheet.columns.is_empty() || !header.is_empty() {
            self.unreadable.insert(one.name);
        }
        self.problems.append(&mut problems);
        self.problems.append(&mut header);
        self.sheets.insert(one.name, sheet);
    }

    fn readable(&self, name: &str) -> Option<&Sheet> {
        self.sheets.get(name).filter(|_| !self.unreadable.contains(name))
    }

    fn say(&mut self, name: &'static str, line: u64, column: &str, message: String) {
        self.bad.entry(name).or_default().insert(line);
        self.problems.push(Problem::of(name, Some(line), (!column.is_empty()).then_some(column), message));
    }

    /// Numbers, and keys that must tell rows apart.
    fn cells(&mut self, one: &'static StreetFile) {
        let (Some(columns), Some(sheet)) = (&one.columns, self.readable(one.name)) else { return };
        let mut said = Vec::new();
        let mut seen: HashMap<String, u64> = HashMap::new();
        for row in &sheet.rows {
            for column in columns.numbers {
                let cell = sheet.cell(row, column);
                if cell.parse::<i64>().is_err() {
                    said.push((row.line, *column, format!("「{cell}」应为整数")));
                }
            }
            let key = sheet.key(row, columns);
            if key.is_empty() {
                said.push((row.line, columns.key[0], format!("「{}」不能为空", columns.key[0])));
            } else if let Some(first) = seen.insert(key.clone(), row.line) {
                said.push((row.line, columns.key[0], format!("「{key}」与第{first}行重复")));
            }
        }
        for (line, column, message) in said {
            self.say(one.name, line, column, message);
        }
    }

    /// What one file names and the other must have.
    fn references(&mut self, one: &'static StreetFile) {
        let (Some(columns), Some(sheet)) = (&one.columns, self.readable(one.name)) else { return };
        let mut said = Vec::new();
        for Refers { column, to, prefix } in columns.refers {
            if to.iter().any(|(name, _)| self.unreadable.contains(name)) {
                continue;
            }
            let targets: BTreeSet<&str> = to
                .iter()
                .filter_map(|(name, column)| Some((self.sheets.get(name)?, column)))
                .flat_map(|(sheet, column)| sheet.rows.iter().map(move |row| sheet.cell(row, column)))
                .collect();
            for (row, named) in sheet.entries(column) {
                let known =
                    if *prefix { targets.iter().any(|t| t.starts_with(&named)) } else { targets.contains(named.as_str()) };
                if !known {
                    let (name, of) = to[0];
                    let begins = if *prefix { "没有以它开头的" } else { "没有它" };
                    let hint = nearest(&named, targets.iter().copied()).map_or_else(String::new, |n| format!("，最接近的是 {n}"));
                    said.push((row.line, *column, format!("「{named}」：{name} 的「{of}」列里{begins}{hint}")));
                }
            }
        }
        for (line, column, message) in said {
            self.say(one.name, line, column, message);
        }
    }

    /// The rooms' own readers, asked until they have nothing more to say. Gives the rules when they had nothing to say at all.
    fn readers(&mut self, base: &Base, over: &Texts, version: u32) -> Option<IncidentRules> {
        for round in 0..ROUNDS {
            let mut texts = over.clone();
            let mut lines: HashMap<&str, Vec<(u64, u64)>> = HashMap::new();
            for (name, sheet) in &self.sheets {
                if self.unreadable.contains(name) {
                    // Its rows mean nothing; the others are read with the one that is known to be good.
                    texts.remove(*name);
                } else if let Some(bad) = self.bad.get(name) {
                    let (text, at) = sheet.render(|row| !bad.contains(&row.line));
                    texts.insert((*name).to_owned(), text);
                    lines.insert(name, at);
                } else {
                    let (text, at) = sheet.render(|_| true);
                    texts.insert((*name).to_owned(), text);
                    lines.insert(name, at);
                }
            }
            let error = match base.rules(version, &texts) {
                Ok(rules) => return (round == 0 && self.problems.is_empty()).then_some(rules),
                Err(error) => error,
            };
            match error {
                DataError::Row { file: name, line, message } => {
                    let one = file(&name).filter(|f| !self.unreadable.contains(f.name))?;
                    let line =
                        lines.get(one.name).and_then(|at| at.iter().find(|(here, _)| *here == line)).map(|(_, there)| *there);
                    let Some(line) = line else {
                        self.problems.push(Problem::of(&name, None, None, message));
                        return None;
                    };
                    if self.follows(one, &message) {
                        self.bad.entry(one.name).or_default().insert(line);
                    } else {
                        let (column, message) = self.explain(one, line, message);
                        self.say(one.name, line, &column, message);
                    }
                    if self.problems.len() >= MOST {
                        return None;
                    }
                }
                DataError::File { file: name, message } => {
                    // It may only follow from what was taken out.
                    if self.problems.is_empty() {
                        self.problems.push(Problem::of(&name, None, None, message));
                    }
                    return None;
                }
                DataError::Read { file: name, .. } => {
                    self.problems.push(Problem::of(&name, None, None, "读不到这个文件".to_owned()));
                    return None;
                }
            }
        }
        None
    }

    /// True when a complaint about `one` speaks of something that another file would have had, were its row not taken out, or of a
    /// file whose columns are wrong.
    fn follows(&self, one: &StreetFile, message: &str) -> bool {
        let Some(columns) = &one.columns else { return false };
        let named: BTreeSet<&str> = columns.refers.iter().flat_map(|r| r.to).map(|(name, _)| *name).collect();
        if named.iter().any(|name| self.unreadable.contains(name)) {
            return true;
        }
        named.into_iter().filter(|name| *name != one.name).any(|name| {
            let (Some(sheet), Some(bad)) = (self.sheets.get(name), self.bad.get(name)) else { return false };
            let Some(columns) = file(name).and_then(|f| f.columns) else { return false };
            let gone = sheet.rows.iter().filter(|row| bad.contains(&row.line));
            gone.flat_map(|row| columns.key.iter().map(|k| sheet.cell(row, k)))
                .any(|key| !key.is_empty() && message.contains(key))
        })
    }

    /// The column that a reader's complaint is about, and its words for people.
    fn explain(&self, one: &StreetFile, line: u64, message: String) -> (String, String) {
        let Some(sheet) = self.sheets.get(one.name) else { return (String::new(), message) };
        let Some(row) = sheet.rows.iter().find(|r| r.line == line) else { return (String::new(), message) };
        if message.starts_with("CSV deserialize error") {
            return foreign(sheet, row, &message);
        }
        (column_of(sheet, row, one.columns.as_ref(), &message).unwrap_or_default(), message)
    }
}

/// serde's words: `CSV deserialize error: record 1 (line: 2, byte: 77): field 10: unknown variant `x`, expected …`.
fn foreign(sheet: &Sheet, row: &Row, message: &str) -> (String, String) {
    let number = message.split("field ").nth(1).and_then(|rest| rest.split(':').next()).and_then(|n| n.parse::<usize>().ok());
    // An enumeration is read without the number of its field: then the value says which column it is.
    let value = message.split('`').nth(1).filter(|_| message.contains("unknown variant"));
    let by_value = || value.and_then(|v| row.cells.iter().position(|c| c == v));
    let Some(at) = number.or_else(by_value) else { return (String::new(), "这一行的内容不符合要求".to_owned()) };
    let column = sheet.columns.get(at).cloned().unwrap_or_default();
    let cell = row.cells.get(at).map_or("", String::as_str);
    // The first word is what was there, the others are what may be.
    let may: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
    let words = if value.is_some() && !may.is_empty() {
        format!("「{cell}」应为：{}", may.join("、"))
    } else {
        format!("「{cell}」不符合要求")
    };
    (column, words)
}

/// The one column whose cell (or list) has a word that the complaint quotes; the key's only when no other does.
fn column_of(sheet: &Sheet, row: &Row, columns: Option<&Columns>, message: &str) -> Option<String> {
    let quoted: Vec<&str> = message.split('「').skip(1).filter_map(|rest| rest.split('」').next()).collect();
    let plain = message.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').filter(|w| w.len() > 1);
    let words: Vec<&str> = quoted.into_iter().chain(plain).collect();
    // The complaint may name the column itself.
    if let Some(column) = sheet.columns.iter().find(|c| words.contains(&c.as_str())) {
        return Some(column.clone());
    }
    let has = |cell: &str| words.iter().any(|w| cell == *w || cell.split('|').any(|part| part.trim() == *w));
    let mut hits: Vec<&String> = sheet.columns.iter().zip(&row.cells).filter(|(_, cell)| has(cell)).map(|(c, _)| c).collect();
    if hits.len() > 1 {
        hits.retain(|c| columns.is_none_or(|k| !k.key.contains(&c.as_str())));
    }
    (hits.len() == 1).then(|| hits[0].clone())
}
