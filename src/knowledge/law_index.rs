//! Which article of which version of which law exists: `law-index.csv`, made from a folder of official texts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::knowledge::document::Source;

/// The version under which the books of the civil code stand (they are a folder, not a dated file).
const CIVIL_CODE: (&str, &str) = ("民法典", "2020-05-28");

static ARTICLE: LazyLock<Result<Regex, regex::Error>> =
    LazyLock::new(|| Regex::new(r"^\s*(第[一二三四五六七八九十百千零]+条(?:之[一二三四五])?)(.*)$"));
static FILE: LazyLock<Result<Regex, regex::Error>> = LazyLock::new(|| Regex::new(r"^(.+)\((\d{4}-\d{2}-\d{2})\)\.md$"));

/// One article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Name of the law without 中华人民共和国.
    pub law: String,
    /// Date of the version, `YYYY-MM-DD`.
    pub version: String,
    /// 第…条.
    pub article: String,
    /// First 12 hex digits of the SHA-256 of the article's text.
    pub hash: String,
}

/// The articles that exist.
#[derive(Debug, Clone, Default)]
pub struct LawIndex {
    rows: Vec<Row>,
    articles: HashMap<(String, String), BTreeSet<String>>,
    versions: BTreeMap<String, BTreeSet<String>>,
}

impl LawIndex {
    /// An index of these rows.
    #[must_use]
    pub fn new(rows: Vec<Row>) -> Self {
        let mut out = Self::default();
        for row in &rows {
            out.articles.entry((row.law.clone(), row.version.clone())).or_default().insert(row.article.clone());
            out.versions.entry(row.law.clone()).or_default().insert(row.version.clone());
        }
        out.rows = rows;
        out
    }

    /// Reads `law-index.csv`.
    ///
    /// # Errors
    /// The bytes are not such a table.
    pub fn parse(csv: &[u8]) -> Result<Self, String> {
        let rows =
            csv::Reader::from_reader(csv).deserialize::<Row>().collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
        Ok(Self::new(rows))
    }

    /// Cuts every law of a folder (`NAME(YYYY-MM-DD).md`, and the folder 民法典) into its articles.
    ///
    /// # Errors
    /// The folder or a file cannot be read.
    pub fn build(folder: &Path) -> Result<Self, String> {
        let problem = |path: &Path, e: &dyn std::fmt::Display| format!("{}：{e}", path.display());
        let file = FILE.as_ref().map_err(ToString::to_string)?;
        let list = |folder: &Path| -> Result<Vec<std::path::PathBuf>, String> {
            let entries = std::fs::read_dir(folder).map_err(|e| problem(folder, &e))?;
            let mut out: Vec<_> = entries.flatten().map(|e| e.path()).collect();
            out.sort();
            Ok(out)
        };
        let read = |path: &Path| std::fs::read_to_string(path).map_err(|e| problem(path, &e));
        let mut rows = Vec::new();
        for path in list(folder)? {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() && name == CIVIL_CODE.0 {
                for book in list(&path)?.into_iter().filter(|p| p.extension().is_some_and(|e| e == "md")) {
                    rows.extend(articles(CIVIL_CODE.0, CIVIL_CODE.1, &read(&book)?)?);
                }
            } else if let Some(parts) = file.captures(&name) {
                rows.extend(articles(&parts[1], &parts[2], &read(&path)?)?);
            }
        }
        Ok(Self::new(rows))
    }

    /// The table as CSV.
    ///
    /// # Errors
    /// Never in practice; the writer's own.
    pub fn to_csv(&self) -> Result<String, String> {
        let mut out = csv::Writer::from_writer(Vec::new());
        for row in &self.rows {
            out.serialize(row).map_err(|e| e.to_string())?;
        }
        let bytes = out.into_inner().map_err(|e| e.to_string())?;
        String::from_utf8(bytes).map_err(|e| e.to_string())
    }

    /// Its rows, law by law, in the order of the articles.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether any version of the law has the article.
    #[must_use]
    pub fn holds(&self, law: &str, article: &str) -> bool {
        let versions = self.versions.get(law).into_iter().flatten();
        versions.into_iter().any(|v| self.articles.get(&(law.to_owned(), v.clone())).is_some_and(|a| a.contains(article)))
    }

    /// Why a source does not exist; `None` when it does.
    #[must_use]
    pub fn objection(&self, source: &Source) -> Option<String> {
        let key = (source.law.clone(), source.version.clone());
        match self.articles.get(&key) {
            Some(articles) if articles.contains(&source.article) => None,
            Some(_) => Some(format!("《{}》（{}）没有{}", source.law, source.version, source.article)),
            None => Some(match self.versions.get(&source.law) {
                Some(known) => {
                    let known: Vec<&str> = known.iter().map(String::as_str).collect();
                    format!("《{}》没有 {} 这个版本，已有：{}", source.law, source.version, known.join("、"))
                }
                None => format!("法规索引里没有《{}》", source.law),
            }),
        }
    }
}

fn articles(law: &str, version: &str, text: &str) -> Result<Vec<Row>, String> {
    let pattern = ARTICLE.as_ref().map_err(ToString::to_string)?;
    let mut out: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(parts) = pattern.captures(line) {
            out.push((parts[1].to_owned(), parts[2].trim().to_owned()));
        } else if line.starts_with('#') {
            // A heading belongs to no article; what follows it starts with the next one.
        } else if let Some((_, body)) = out.last_mut() {
            let line = line.trim();
            if !line.is_empty() {
                body.push('\n');
                body.push_str(line);
            }
        }
    }
    // The table of contents of some texts names articles too: the first with a text wins, each article once.
    let mut seen = BTreeSet::new();
    Ok(out
        .into_iter()
        .filter(|(article, _)| seen.insert(article.clone()))
        .map(|(article, body)| Row {
            law: law.to_owned(),
            version: version.to_owned(),
            article,
            hash: hex::encode(&Sha256::digest(body.as_bytes())[..6]),
        })
        .collect())
}
