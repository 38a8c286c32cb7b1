//! What every importer makes of its format: headings, paragraphs, items, tables, questions. Written as Markdown, it is the
//! body of a document; from there on a docx, a table and a page of the web are cut the same way.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::knowledge::split::blocks::{self, escape};
use crate::knowledge::split::numbering;

/// A part of a file, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Block {
    /// A heading of level 1 to 6.
    Heading {
        /// 1 to 6.
        level: u8,
        /// One line.
        text: String,
    },
    /// A paragraph.
    Paragraph {
        /// Plain text.
        text: String,
    },
    /// An item of a list without a number of its own.
    Item {
        /// Plain text.
        text: String,
    },
    /// A table.
    Table {
        /// What stands above it, when the file says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
        /// The row that names the columns.
        header: Vec<String>,
        /// The other rows.
        rows: Vec<Vec<String>>,
    },
    /// A question with its fixed answer.
    Question {
        /// As residents ask it.
        question: String,
        /// Other ways to ask it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        similar: Vec<String>,
        /// The answer.
        answer: String,
    },
}

/// The structure of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// What the file calls itself; the first heading or the file's name stands for it otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its parts.
    pub blocks: Vec<Block>,
}

impl Outline {
    /// Is there a single readable character?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let blank = |text: &String| text.trim().is_empty();
        self.blocks.iter().all(|block| match block {
            Block::Heading { text, .. } | Block::Paragraph { text } | Block::Item { text } => blank(text),
            Block::Table { header, rows, .. } => header.iter().all(blank) && rows.iter().flatten().all(blank),
            Block::Question { question, answer, .. } => blank(question) || blank(answer),
        })
    }

    /// Does it consist of questions and answers?
    #[must_use]
    pub fn is_questions(&self) -> bool {
        self.blocks.iter().any(|b| matches!(b, Block::Question { .. }))
            && self.blocks.iter().all(|b| matches!(b, Block::Question { .. } | Block::Heading { .. }))
    }

    /// The title: what the file says, else its highest heading or a first line that reads like one, else `name`.
    #[must_use]
    pub fn title_or(&self, name: &str) -> String {
        let first = match self.blocks.first() {
            Some(Block::Heading { level: 1, text }) => Some(text.as_str()),
            Some(Block::Paragraph { text }) if reads_like_a_title(text) => Some(text.as_str()),
            _ => None,
        };
        let own = self.title.as_deref();
        one_line(own.or(first).filter(|t| !t.trim().is_empty()).unwrap_or(name))
    }

    /// Finds headings in text that marks none: 第X章, and the short lines 一、… （一）… of official notices.
    /// Does nothing when the file has headings of its own.
    pub fn find_headings(&mut self) {
        if self.blocks.iter().filter(|b| matches!(b, Block::Heading { .. })).count() > 1 {
            return;
        }
        let levels: Vec<Option<u8>> = self
            .blocks
            .iter()
            .map(|block| match block {
                Block::Paragraph { text } => {
                    numbering::structure(text).map(|rank| rank.min(3) + 1).or_else(|| numbering::notice_heading(text))
                }
                _ => None,
            })
            .collect();
        // （一）… is a heading only in a text that also has 一、…; alone it is an item.
        let tops = levels.iter().filter(|l| l.is_some_and(|level| level == 2)).count();
        for (block, level) in self.blocks.iter_mut().zip(levels) {
            if let (Block::Paragraph { text }, Some(level)) = (&mut *block, level)
                && (level == 2 || tops >= 2)
            {
                *block = Block::Heading { level, text: std::mem::take(text) };
            }
        }
    }

    /// The structure as Markdown under `# title`.
    #[must_use]
    pub fn to_markdown(&self, title: &str) -> String {
        let mut out = format!("# {}\n\n", escape(&one_line(title)));
        let mut first = true;
        for block in &self.blocks {
            match block {
                // The title is not said twice.
                Block::Heading { text, .. } | Block::Paragraph { text } if first && one_line(text) == title => {}
                Block::Heading { level, text } => {
                    let level = usize::from((*level).clamp(1, 5)) + usize::from(*level == 1);
                    let _ = writeln!(out, "{} {}\n", "#".repeat(level.clamp(2, 6)), escape(&one_line(text)));
                }
                Block::Paragraph { text } => {
                    for line in text.lines().filter(|l| !l.trim().is_empty()) {
                        let _ = writeln!(out, "{}\n", escape(line));
                    }
                }
                Block::Item { text } => {
                    let _ = writeln!(out, "- {}", escape(&one_line(text)));
                }
                Block::Table { caption, header, rows } => {
                    if let Some(caption) = caption {
                        let _ = writeln!(out, "{}\n", escape(&one_line(caption)));
                    }
                    let table = blocks::Table { header: header.clone(), rows: rows.clone() };
                    out.push_str(&blocks::table_markdown(&table));
                    out.push('\n');
                }
                Block::Question { question, similar, answer } => {
                    let _ = writeln!(out, "## {}\n", escape(&one_line(question)));
                    for line in answer.lines().filter(|l| !l.trim().is_empty()) {
                        let _ = writeln!(out, "{}\n", escape(line));
                    }
                    if !similar.is_empty() {
                        let _ = writeln!(out, "{}\n", escape(&format!("也这样问：{}", similar.join("；"))));
                    }
                }
            }
            first = false;
        }
        out
    }
}

/// A short line without a mark: 关于开展灭鼠工作的通知.
fn reads_like_a_title(text: &str) -> bool {
    let length = text.chars().count();
    (4..=40).contains(&length)
        && !text.contains(['。', '；', '，', '：', '\n', '？', '！', '|'])
        && !numbering::is_item(text)
        && numbering::structure(text).is_none()
        && numbering::article(text, Some(1)).is_none()
        && numbering::notice_heading(text).is_none()
}

/// All white space as single spaces.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text as a person reads it: nothing invisible, spaces of every kind as single ones.
#[must_use]
pub fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if matches!(c, '\u{a0}' | '\u{3000}' | '\t' | '\u{2002}' | '\u{2003}') { ' ' } else { c };
        let superfluous = c == ' ' && (out.is_empty() || out.ends_with([' ', '\n']));
        if !superfluous && !crate::core::text::is_invisible(c) {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}
