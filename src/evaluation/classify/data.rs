//! The lines and the scheme of labels that `eval classify` reads.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufWriter, Write};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::core::text;
use crate::knowledge::eval_retrieval::{self, EvalError};
use crate::learn::features::Counts;

/// A message as it is learnt from or judged.
#[derive(Debug, Clone)]
pub struct Line {
    /// As it stands in the file.
    pub id: Value,
    /// The same message elsewhere.
    linked: Option<String>,
    own: String,
    /// The right label, when it is known.
    pub label: Option<String>,
    /// Where it comes from; figures are printed for each.
    pub source: Option<String>,
    /// Its terms.
    pub counts: Counts,
    /// Whether it is a running text, not only a list of words.
    whole: bool,
}

impl Line {
    /// The names under which this example goes.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.own.as_str()).chain(self.linked.as_deref())
    }
}

#[derive(Deserialize)]
struct Raw {
    id: Value,
    #[serde(default)]
    topic: String,
    #[serde(default)]
    text: String,
    tokens: Option<Tokens>,
    label: Option<String>,
    source: Option<String>,
    token_id: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Tokens {
    Spaced(String),
    List(Vec<String>),
}

/// Reads lines of `topic` + `text` or of `tokens`, mixed as they come.
///
/// # Errors
/// The file cannot be read, or a line is not of this shape.
pub fn read(path: &Path) -> Result<Vec<Line>, EvalError> {
    let raw: Vec<Raw> = eval_retrieval::read_lines(path)?;
    Ok(raw.into_iter().map(line).collect())
}

fn line(raw: Raw) -> Line {
    let whole = !raw.text.is_empty() || !raw.topic.is_empty();
    let counts = match (&raw.tokens, whole) {
        (Some(Tokens::Spaced(words)), false) => Counts::of_words(words.split_whitespace()),
        (Some(Tokens::List(words)), false) => Counts::of_words(words.iter().map(String::as_str)),
        _ => Counts::of_text(&text::normalize(&format!("{}\n{}", raw.topic, raw.text))),
    };
    Line {
        own: raw.id.to_string(),
        id: raw.id,
        linked: raw.token_id.filter(|v| !v.is_null()).map(|v| v.to_string()),
        label: raw.label,
        source: raw.source,
        counts,
        whole,
    }
}

/// Puts lines that are the same message together: the running text stands for it. Lines without a label are dropped.
#[must_use]
pub fn join_linked(lines: Vec<Line>) -> Vec<Line> {
    let mut out: Vec<Line> = Vec::with_capacity(lines.len());
    let mut places: HashMap<String, usize> = HashMap::new();
    for line in lines.into_iter().filter(|l| l.label.is_some()) {
        let known = line.keys().find_map(|k| places.get(k).copied());
        let place = known.unwrap_or(out.len());
        for key in line.keys() {
            places.insert(key.to_owned(), place);
        }
        match out.get_mut(place) {
            None => out.push(line),
            Some(have) => {
                let linked = have.linked.take().or_else(|| line.linked.clone()).or_else(|| Some(line.own.clone()));
                if line.whole && !have.whole {
                    // The list was read first: the text takes its place and remembers its name.
                    let list = std::mem::replace(have, line);
                    have.linked = Some(list.own);
                } else {
                    have.linked = linked;
                }
            }
        }
    }
    out
}

/// A writer that compresses when the name ends in `.gz`.
pub(super) fn writer(path: &Path) -> Result<Box<dyn Write>, EvalError> {
    let file = std::fs::File::create(path).map_err(|source| EvalError::Io { path: path.to_owned(), source })?;
    let out = BufWriter::new(file);
    Ok(if path.extension().is_some_and(|e| e == "gz") {
        Box::new(flate2::write::GzEncoder::new(out, flate2::Compression::default()))
    } else {
        Box::new(out)
    })
}

/// Labels and the phrases under each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scheme {
    phrases: BTreeMap<String, Vec<String>>,
}

/// A name that says nothing about what is under it.
const OTHER: &str = "其他";

#[derive(Deserialize)]
struct Tree {
    tree: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

#[derive(Deserialize)]
struct StreetLeaf {
    code: String,
    name: String,
    words: String,
    examples: String,
}

impl Scheme {
    /// Reads a tree of three levels (`{"tree": {first: {second: [third…]}}}`, labels are the first level), or the street's
    /// own table (`.csv`, labels are the codes). Either may be gzipped.
    ///
    /// # Errors
    /// The file cannot be read or has another shape.
    pub fn read(path: &Path) -> Result<Self, EvalError> {
        let text = data_text(path)?;
        let bad = |line: usize, reason: String| EvalError::Line { path: path.to_owned(), line, reason };
        let mut phrases: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if text.trim_start().starts_with('{') {
            let scheme: Tree = serde_json::from_str(&text).map_err(|e| bad(e.line(), e.to_string()))?;
            for (first, below) in scheme.tree {
                let mut own = vec![first.clone()];
                for (second, third) in below {
                    own.push(second);
                    own.extend(third);
                }
                own.retain(|name| !name.contains(OTHER));
                phrases.insert(first, own);
            }
        } else {
            for (number, row) in csv::Reader::from_reader(text.as_bytes()).deserialize::<StreetLeaf>().enumerate() {
                let row = row.map_err(|e| bad(number + 2, e.to_string()))?;
                let listed = row.words.split('|').chain(row.examples.split('|')).map(str::to_owned);
                phrases.insert(row.code, std::iter::once(row.name).chain(listed).collect());
            }
        }
        Ok(Self { phrases })
    }

    /// All labels, sorted.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        self.phrases.keys().cloned().collect()
    }

    /// The phrases of a label; its own name when the scheme does not know it.
    #[must_use]
    pub fn phrases(&self, label: &str) -> Vec<String> {
        self.phrases.get(label).cloned().unwrap_or_else(|| vec![label.to_owned()])
    }
}

fn data_text(path: &Path) -> Result<String, EvalError> {
    let io = |source| EvalError::Io { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(io)?;
    if path.extension().is_some_and(|e| e == "gz") {
        std::io::read_to_string(flate2::read::MultiGzDecoder::new(bytes.as_slice())).map_err(io)
    } else {
        std::io::read_to_string(bytes.as_slice()).map_err(io)
    }
}
