//! The lines of a foreign corpus and its questions.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use super::{EvalError, read_lines};
use crate::knowledge::rank::reading::Text;
use crate::knowledge::rank::shelf::Texts;

#[derive(Deserialize)]
struct CorpusLine {
    name: Option<serde_json::Value>,
    id: Option<serde_json::Value>,
    #[serde(default)]
    law: String,
    #[serde(default)]
    chapter: String,
    text: String,
}

#[derive(Deserialize)]
struct QueryLine {
    query_id: serde_json::Value,
    query: String,
    #[serde(default)]
    gold: Vec<serde_json::Value>,
}

struct Passage {
    law: String,
    chapter: String,
    text: String,
    document: u32,
    authority: f32,
}

/// A corpus by number.
pub struct Corpus {
    /// The key of each passage, with its JSON type.
    pub keys: Vec<serde_json::Value>,
    passages: Vec<Passage>,
    /// Keys as JSON text, so that 7 and "7" are different.
    numbers: HashMap<String, usize>,
}

/// A question of a foreign set.
#[derive(Debug)]
pub struct Question {
    /// With its JSON type.
    pub id: serde_json::Value,
    /// As asked.
    pub text: String,
    /// Keys of what answers it, as JSON text.
    pub gold: Vec<String>,
}

/// How high a law stands, told by its name: 1 a law of the National People's Congress, ½ what the supreme court or procuratorate
/// has said, 0 the rest. In the product this is metadata of the document.
#[must_use]
pub fn authority(law: &str) -> f32 {
    if law.ends_with('法') || law.ends_with("法典") || law.contains("宪法") {
        1.0
    } else if law.contains("最高人民") {
        0.5
    } else {
        0.0
    }
}

impl Corpus {
    /// Reads the lines.
    ///
    /// # Errors
    /// The file cannot be read, or a line has neither `name` nor `id`.
    pub fn read(path: &Path) -> Result<Self, EvalError> {
        let lines: Vec<CorpusLine> = read_lines(path)?;
        let mut out = Self { keys: Vec::new(), passages: Vec::new(), numbers: HashMap::new() };
        let mut documents: HashMap<String, u32> = HashMap::new();
        for (number, line) in lines.into_iter().enumerate() {
            let key = line.name.or(line.id).ok_or_else(|| EvalError::Line {
                path: path.to_owned(),
                line: number + 1,
                reason: "neither name nor id".to_owned(),
            })?;
            let next = documents.len() as u32;
            let document = *documents.entry(line.law.clone()).or_insert(next);
            out.numbers.insert(key.to_string(), number);
            out.keys.push(key);
            let authority = authority(&line.law);
            out.passages.push(Passage { law: line.law, chapter: line.chapter, text: line.text, document, authority });
        }
        Ok(out)
    }

    /// The number of a key given as JSON text.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<usize> {
        self.numbers.get(key).copied()
    }
}

impl Texts for Corpus {
    fn count(&self) -> usize {
        self.passages.len()
    }

    fn text(&self, n: usize) -> Text<'_> {
        let p = &self.passages[n];
        Text { title: &p.law, heading: &p.chapter, text: &p.text }
    }

    fn document(&self, n: usize) -> u32 {
        self.passages[n].document
    }

    fn authority(&self, n: usize) -> f32 {
        self.passages[n].authority
    }
}

/// Reads a set of questions.
///
/// # Errors
/// The file cannot be read or a line is no question.
pub fn questions(path: &Path) -> Result<Vec<Question>, EvalError> {
    let lines: Vec<QueryLine> = read_lines(path)?;
    let gold = |values: Vec<serde_json::Value>| values.iter().map(ToString::to_string).collect();
    Ok(lines.into_iter().map(|l| Question { id: l.query_id, text: l.query, gold: gold(l.gold) }).collect())
}
