//! A document of the knowledge base: its front matter, its versions and its passages.

use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::knowledge::authority::Authority;
use crate::knowledge::split::{self, Section};

/// Who may be answered from a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Residents.
    Resident,
    /// Grid workers and staff.
    Gridworker,
    /// Everyone.
    All,
}

impl Audience {
    /// The word used in front matter, storage and index.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::Gridworker => "gridworker",
            Self::All => "all",
        }
    }
}

impl std::str::FromStr for Audience {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "resident" => Ok(Self::Resident),
            "gridworker" => Ok(Self::Gridworker),
            "all" => Ok(Self::All),
            other => Err(format!("受众只能是 resident、gridworker 或 all，不是“{other}”")),
        }
    }
}

/// How the passages of a document belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// One matter: its passages explain each other, and it is found as a whole.
    Guide,
    /// Unrelated paragraphs in one file (plain text): each stands for itself.
    Lines,
    /// Clauses that are found by themselves, under the title they share: a law, a handbook, a table of questions.
    Clauses,
}

/// One article that a document rests on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name of the law without 中华人民共和国.
    pub law: String,
    /// 第…条.
    pub article: String,
    /// Date of the law's version, `YYYY-MM-DD`.
    pub version: String,
}

/// What is known about a document besides its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentMeta {
    /// Stable id (the file's name without extension).
    pub id: String,
    /// What the document is called, in everyday words.
    pub title: String,
    /// Who may be answered from it.
    pub audience: Audience,
    /// Where it holds: 全国, 重庆市, 大渡口区, a street.
    pub area: String,
    /// The matter it belongs to.
    pub category: String,
    /// Who issued it.
    pub issuer: String,
    /// Number of the official paper; a guide has none.
    pub doc_no: Option<String>,
    /// First day of use.
    pub effective_from: Date,
    /// First day on which it may no longer be used.
    pub expires_on: Option<Date>,
    /// When it must be looked at again.
    pub review_by: Option<Date>,
    /// Section and post that keeps it; never a person.
    pub owner: String,
    /// Words residents use for the matter.
    pub keywords: Vec<String>,
    /// Ways residents ask about it.
    pub questions: Vec<String>,
    /// Articles it rests on.
    pub sources: Vec<Source>,
    /// `published`, `draft` or `retired`.
    pub status: String,
    /// The document that took its place.
    pub superseded_by: Option<String>,
    /// How its passages belong together.
    pub shape: Shape,
    /// How much weight it has, when it says so itself; read it with [`Self::authority`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}

impl DocumentMeta {
    /// How much weight it has among texts that say the same, 0..1: its own word, else supposed from name and issuer.
    #[must_use]
    pub fn authority(&self) -> f32 {
        self.authority.unwrap_or_else(|| Authority::supposed(&self.title, &self.issuer)).value()
    }

    /// May be used on `day`: in force and not yet expired.
    #[must_use]
    pub fn in_force(&self, day: Date) -> bool {
        self.effective_from <= day && self.expires_on.is_none_or(|end| day < end)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    id: String,
    title: String,
    audience: Audience,
    area: String,
    category: String,
    issuer: String,
    doc_no: Option<String>,
    effective_from: toml::value::Datetime,
    expires_on: Option<toml::value::Datetime>,
    review_by: Option<toml::value::Datetime>,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    questions: Vec<String>,
    #[serde(default)]
    sources: Vec<Source>,
    status: String,
    superseded_by: Option<String>,
    shape: Option<Shape>,
    authority: Option<Authority>,
}

/// Why a file is not a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} 第 {line} 行：{reason}")]
pub struct DocumentError {
    /// The file as it was named.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// What is wrong, in Chinese.
    pub reason: String,
}

/// What a file without front matter gets.
#[derive(Debug, Clone)]
pub struct ImportDefaults {
    /// Who may be answered from it.
    pub audience: Audience,
    /// Where it holds.
    pub area: String,
    /// From when on it may be used.
    pub effective_from: Date,
}

/// A document as read from a file: not yet numbered as a version.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedDocument {
    /// Front matter, or what stands for it.
    pub meta: DocumentMeta,
    /// The Markdown or text below the front matter.
    pub body: String,
    /// The line of the file on which the body begins (1-based).
    pub body_line: usize,
    /// SHA-256 (hex) of front matter and body with unified line ends: what makes a version new.
    pub content_hash: String,
}

impl ParsedDocument {
    /// Reads the text of a `.md` or `.txt` file.
    ///
    /// # Errors
    /// The front matter is broken, holds an unknown field, or the file holds no text.
    pub fn parse(file: &Path, text: &str, defaults: &ImportDefaults) -> Result<Self, DocumentError> {
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let name = file.display().to_string();
        let fail = |line: usize, reason: String| DocumentError { file: name.clone(), line, reason };
        let content_hash = hex::encode(Sha256::digest(text.as_bytes()));
        if let Some(rest) = text.strip_prefix("+++\n") {
            let (head, body) = rest
                .split_once("\n+++\n")
                .or_else(|| rest.strip_suffix("\n+++").map(|head| (head, "")))
                .ok_or_else(|| fail(1, "“+++” 开头的文首信息没有以单独一行 “+++” 结束".to_owned()))?;
            let mut meta = front_matter(head).map_err(|(line, reason)| fail(line + 1, reason))?;
            let body_line = head.lines().count() + 3;
            if body.trim().is_empty() {
                return Err(fail(body_line, "没有正文".to_owned()));
            }
            let says_itself = head.lines().any(|line| line.trim_start().starts_with("shape"));
            if !says_itself && split::clauses::is_law(body) {
                meta.shape = Shape::Clauses;
            }
            return Ok(Self { meta, body: body.to_owned(), body_line, content_hash });
        }
        if text.trim().is_empty() {
            return Err(fail(1, "文件是空的".to_owned()));
        }
        // Without front matter the defaults are part of what the document is: another audience is another version.
        let content_hash = hex::encode(Sha256::digest(format!("{}\n{}\n{text}", defaults.audience.as_str(), defaults.area)));
        let stem = file.file_stem().map_or_else(|| "document".to_owned(), |s| s.to_string_lossy().into_owned());
        let heading = text.lines().find_map(|l| l.strip_prefix('#').map(|h| h.trim_start_matches('#').trim().to_owned()));
        let shape = match heading {
            _ if split::clauses::stands_alone(&text) => Shape::Clauses,
            Some(_) => Shape::Guide,
            None => Shape::Lines,
        };
        let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
        let title = heading.filter(|h| !h.is_empty()).unwrap_or_else(|| split::first_words(first).to_owned());
        let meta = DocumentMeta {
            id: stem,
            title,
            audience: defaults.audience,
            area: defaults.area.clone(),
            category: String::new(),
            issuer: String::new(),
            doc_no: None,
            effective_from: defaults.effective_from,
            expires_on: None,
            review_by: None,
            owner: String::new(),
            keywords: Vec::new(),
            questions: Vec::new(),
            sources: Vec::new(),
            status: "published".to_owned(),
            superseded_by: None,
            shape,
            authority: None,
        };
        Ok(Self { meta, body: text, body_line: 1, content_hash })
    }

    /// A document that was written here and not read from a file; its hash is that of the file it would be.
    #[must_use]
    pub fn written(meta: DocumentMeta, body: &str) -> Self {
        let body = body.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let file = to_file(&meta, &body);
        let body_line = file.split_once("\n+++\n").map_or(1, |(head, _)| head.lines().count() + 2);
        Self { content_hash: hex::encode(Sha256::digest(file.as_bytes())), meta, body, body_line }
    }

    /// The text of the file that holds the document: front matter and body.
    #[must_use]
    pub fn file(&self) -> String {
        to_file(&self.meta, &self.body)
    }

    /// Does the file say in front matter what it is?
    #[must_use]
    pub fn names_itself(&self) -> bool {
        self.body_line > 1
    }

    /// The same, each clause found by itself.
    #[must_use]
    pub fn standing_alone(mut self) -> Self {
        self.meta.shape = Shape::Clauses;
        self
    }

    /// The document as version `version`, cut into passages.
    #[must_use]
    pub fn as_version(&self, version: u32) -> Document {
        Document {
            meta: self.meta.clone(),
            version,
            content_hash: self.content_hash.clone(),
            body: self.body.clone(),
            passages: self.passages(version),
        }
    }

    /// Cuts the text into the passages of version `version`.
    #[must_use]
    pub fn passages(&self, version: u32) -> Vec<Passage> {
        let sections = match self.meta.shape {
            Shape::Guide => split::sections(&self.body),
            Shape::Lines => split::lines(&self.body),
            Shape::Clauses => split::clauses::clauses(&self.body),
        };
        sections
            .into_iter()
            .enumerate()
            .map(|(ordinal, section)| Passage::new(&self.meta, version, u32::try_from(ordinal).unwrap_or(u32::MAX), section))
            .collect()
    }
}

/// Front matter and body as a file that [`ParsedDocument::parse`] reads as the same document.
fn to_file(meta: &DocumentMeta, body: &str) -> String {
    use std::fmt::Write as _;
    let text = |s: &str| toml::Value::String(s.to_owned()).to_string();
    let list = |all: &[String]| toml::Value::Array(all.iter().map(|s| toml::Value::String(s.clone())).collect()).to_string();
    let mut out = String::from("+++\n");
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "{name} = {value}");
    };
    line("id", &text(&meta.id));
    line("title", &text(&meta.title));
    line("audience", &text(meta.audience.as_str()));
    line("area", &text(&meta.area));
    line("category", &text(&meta.category));
    line("issuer", &text(&meta.issuer));
    if let Some(number) = &meta.doc_no {
        line("doc_no", &text(number));
    }
    line("effective_from", &meta.effective_from.to_string());
    for (name, day) in [("expires_on", meta.expires_on), ("review_by", meta.review_by)] {
        if let Some(day) = day {
            line(name, &day.to_string());
        }
    }
    line("owner", &text(&meta.owner));
    line("keywords", &list(&meta.keywords));
    line("questions", &list(&meta.questions));
    let sources: Vec<String> = meta
        .sources
        .iter()
        .map(|s| format!("{{ law = {}, article = {}, version = {} }}", text(&s.law), text(&s.article), text(&s.version)))
        .collect();
    line("sources", &format!("[{}]", sources.join(", ")));
    line("status", &text(&meta.status));
    if let Some(successor) = &meta.superseded_by {
        line("superseded_by", &text(successor));
    }
    match meta.shape {
        Shape::Guide => {}
        Shape::Lines => line("shape", "\"lines\""),
        Shape::Clauses => line("shape", "\"clauses\""),
    }
    if let Some(level) = meta.authority {
        line("authority", &format!("{:.2}", level.value()));
    }
    out.push_str("+++\n");
    out.push_str(body);
    out
}

fn front_matter(head: &str) -> Result<DocumentMeta, (usize, String)> {
    let line_of = |at: usize| head[..at.min(head.len())].matches('\n').count() + 1;
    let front: FrontMatter =
        toml::from_str(head).map_err(|e| (e.span().map_or(1, |span| line_of(span.start)), explain(e.message())))?;
    let date = |name: &str, value: toml::value::Datetime| -> Result<Date, (usize, String)> {
        let line = head.lines().position(|l| l.trim_start().starts_with(name)).unwrap_or(0) + 1;
        let day = value.date.ok_or_else(|| (line, format!("{name} 必须是日期，例如 2026-01-01")))?;
        let bad = |_| (line, format!("{name} 不是有效的日期"));
        Date::new(
            i16::try_from(day.year).unwrap_or(i16::MAX),
            i8::try_from(day.month).unwrap_or(i8::MAX),
            i8::try_from(day.day).unwrap_or(i8::MAX),
        )
        .map_err(bad)
    };
    Ok(DocumentMeta {
        effective_from: date("effective_from", front.effective_from)?,
        expires_on: front.expires_on.map(|d| date("expires_on", d)).transpose()?,
        review_by: front.review_by.map(|d| date("review_by", d)).transpose()?,
        id: front.id,
        title: front.title,
        audience: front.audience,
        area: front.area,
        category: front.category,
        issuer: front.issuer,
        doc_no: front.doc_no,
        owner: front.owner,
        keywords: front.keywords,
        questions: front.questions,
        sources: front.sources,
        status: front.status,
        superseded_by: front.superseded_by,
        shape: front.shape.unwrap_or(Shape::Guide),
        authority: front.authority,
    })
}

/// The parser speaks English; the people who write guides do not have to.
fn explain(message: &str) -> String {
    let quoted = message.split('`').nth(1).unwrap_or_default();
    if message.starts_with("unknown field") {
        format!("文首信息里有不认识的字段“{quoted}”")
    } else if message.starts_with("missing field") {
        format!("文首信息缺少字段“{quoted}”")
    } else {
        format!("文首信息无法读取：{message}")
    }
}

/// A part of a document that can be cited: a clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// The same for the same document, version and ordinal on every machine.
    pub id: Uuid,
    /// The document's id.
    pub document_id: String,
    /// The document's version.
    pub version: u32,
    /// 0-based place in the document.
    pub ordinal: u32,
    /// The document's title.
    pub title: String,
    /// The clause: the section's heading, 结论 for the lead, 第X条 where a text is cut so.
    pub heading: String,
    /// The headings above the clause, `›` between them: 第一编 总则 › 第二章 自然人. Empty when there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Plain text; list items are lines.
    pub text: String,
    /// Who may be answered from it.
    pub audience: Audience,
    /// Where it holds.
    pub area: String,
    /// First day of use.
    pub effective_from: Date,
    /// First day on which it may no longer be used.
    pub expires_on: Option<Date>,
    /// The articles this passage names, or all of the document's when it names none.
    pub sources: Vec<Source>,
}

impl Passage {
    /// The clause with the headings above it, as a reader needs it who sees nothing else of the document.
    #[must_use]
    pub fn called(&self) -> String {
        if self.path.is_empty() { self.heading.clone() } else { format!("{} {}", self.path, self.heading) }
    }

    fn new(meta: &DocumentMeta, version: u32, ordinal: u32, section: Section) -> Self {
        let named: Vec<Source> = meta.sources.iter().filter(|s| split::names(&section.text, s)).cloned().collect();
        let sources = if named.is_empty() { meta.sources.clone() } else { named };
        Self {
            id: passage_id(&meta.id, version, ordinal),
            document_id: meta.id.clone(),
            version,
            ordinal,
            title: meta.title.clone(),
            heading: section.heading,
            path: section.path,
            text: section.text,
            audience: meta.audience,
            area: meta.area.clone(),
            effective_from: meta.effective_from,
            expires_on: meta.expires_on,
            sources,
        }
    }
}

/// A name-based UUID (version 8, SHA-256): the same passage has the same id after every rebuild.
#[must_use]
pub fn passage_id(document: &str, version: u32, ordinal: u32) -> Uuid {
    let digest = Sha256::digest(format!("gridworker-passage\n{document}\n{version}\n{ordinal}"));
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// A stored document: its data, its version and its passages.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What is known about it.
    pub meta: DocumentMeta,
    /// Grows by one when the content changes; from 1.
    pub version: u32,
    /// SHA-256 (hex) of the content.
    pub content_hash: String,
    /// The Markdown or text it was cut from.
    pub body: String,
    /// Its clauses, in order.
    pub passages: Vec<Passage>,
}

impl Document {
    /// Its content as it would be read from a file.
    #[must_use]
    pub fn parsed(&self) -> ParsedDocument {
        ParsedDocument { meta: self.meta.clone(), body: self.body.clone(), body_line: 1, content_hash: self.content_hash.clone() }
    }

    /// The same version, answering only from `from` until before `until`: what the index filters by and what is cited.
    #[must_use]
    pub fn within(mut self, from: Date, until: Option<Date>) -> Self {
        self.meta.expires_on = until;
        for passage in &mut self.passages {
            passage.effective_from = from;
            passage.expires_on = until;
        }
        self
    }

    /// The same version, known to have been followed by another document.
    #[must_use]
    pub fn followed_by(mut self, successor: Option<&str>) -> Self {
        if let Some(successor) = successor {
            self.meta.superseded_by = Some(successor.to_owned());
        }
        self
    }
}
