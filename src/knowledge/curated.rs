//! Fixed answers: words that people wrote and approved for a question, given as they are, past model and gate.
//!
//! A version is never changed. The author saves drafts; another person publishes one; what is live stays live until then.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::core::text::for_matching;
use crate::knowledge::document::{Audience, Document, Passage, Source};
use crate::knowledge::store::StoreError;

/// Most similar or negative questions of one answer.
pub const MAX_QUESTIONS: usize = 200;
/// Most characters of an answer.
pub const MAX_ANSWER: usize = 4000;

/// Where a fixed answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CuratedState)]
pub enum State {
    /// Not given yet.
    Draft,
    /// Given; a newer draft may wait beside it.
    Published,
    /// Not given any more.
    Retired,
}

/// A passage that a fixed answer rests on, as it stood when the answer was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cited {
    /// The n of 〔n〕.
    pub n: u32,
    /// The knowledge document.
    pub document_id: String,
    /// Its version.
    pub version: u32,
    /// Place of the passage in it, from 0.
    pub ordinal: u32,
    /// Its title.
    pub title: String,
    /// Who answers for it.
    pub issuer: String,
    /// Document number; a guide of our own has none.
    pub doc_no: Option<String>,
    /// Heading of the passage or 第X条.
    pub clause: String,
    /// The passage, word for word.
    pub quote: String,
    /// Who may be answered from it: `resident`, `gridworker` or `all`.
    #[schema(value_type = String)]
    pub audience: Audience,
    /// Where it holds.
    pub area: String,
    /// Valid from.
    #[schema(value_type = String, format = Date)]
    pub effective_from: Date,
    /// Valid before.
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<Date>,
    /// The articles it rests on.
    #[schema(value_type = Vec<Object>)]
    pub sources: Vec<Source>,
}

impl Cited {
    /// A passage of a document under the number `n`.
    #[must_use]
    pub fn of(n: u32, document: &Document, passage: &Passage) -> Self {
        let meta = &document.meta;
        Self {
            n,
            document_id: meta.id.clone(),
            version: document.version,
            ordinal: passage.ordinal,
            title: meta.title.clone(),
            issuer: meta.issuer.clone(),
            doc_no: meta.doc_no.clone(),
            clause: passage.heading.clone(),
            quote: passage.text.clone(),
            audience: meta.audience,
            area: meta.area.clone(),
            effective_from: meta.effective_from,
            expires_on: meta.expires_on,
            sources: passage.sources.clone(),
        }
    }

    /// May it be used on `day`?
    #[must_use]
    pub fn in_force(&self, day: Date) -> bool {
        self.effective_from <= day && self.expires_on.is_none_or(|end| day < end)
    }
}

/// What a person writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CuratedContent)]
pub struct Content {
    /// The question that it answers.
    pub question: String,
    /// Other ways to ask it.
    #[serde(default)]
    pub similar: Vec<String>,
    /// Questions that look alike and are answered otherwise.
    #[serde(default)]
    pub negative: Vec<String>,
    /// The words, with 〔n〕 where they rest on a citation.
    pub answer: String,
    /// What they rest on.
    #[serde(default)]
    pub citations: Vec<Cited>,
    /// Who is given it: `resident`, `gridworker` or `all`.
    #[schema(value_type = String)]
    pub audience: Audience,
    /// Where it holds.
    pub area: String,
    /// First day on which it is given.
    #[schema(value_type = String, format = Date)]
    pub effective_from: Date,
    /// First day on which it is not given any more.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<Date>,
    /// When it must be looked at again.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub review_by: Option<Date>,
    /// Section and post that keeps it; never a person.
    pub owner: String,
    /// The words are a model's, taken over unchanged: they keep the AI label.
    #[serde(default)]
    pub by_model: bool,
}

impl Content {
    /// May be given on `day`: valid itself, and so is everything it rests on.
    #[must_use]
    pub fn in_force(&self, day: Date) -> bool {
        self.effective_from <= day
            && self.expires_on.is_none_or(|end| day < end)
            && self.citations.iter().all(|cited| cited.in_force(day))
    }

    /// The question and all ways to ask it.
    pub fn positives(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.question.as_str()).chain(self.similar.iter().map(String::as_str))
    }

    /// Questions without empty lines and repetitions, in their order; text trimmed.
    pub fn tidy(&mut self) {
        self.question = self.question.trim().to_owned();
        self.answer = self.answer.trim().to_owned();
        let mut seen = vec![key(&self.question)];
        for list in [&mut self.similar, &mut self.negative] {
            list.retain_mut(|question| {
                *question = question.trim().to_owned();
                let key = key(question);
                let new = !key.is_empty() && !seen.contains(&key);
                seen.push(key);
                new
            });
            seen.clear();
        }
        self.citations.sort_by_key(|c| c.n);
    }

    /// What makes it impossible to save: (field, words).
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut out = Vec::new();
        if key(&self.question).is_empty() {
            out.push(("question", "请写明它回答的问题".to_owned()));
        }
        for (field, list) in [("similar", &self.similar), ("negative", &self.negative)] {
            if list.len() > MAX_QUESTIONS {
                out.push((field, format!("最多 {MAX_QUESTIONS} 句")));
            }
        }
        let own: Vec<String> = self.positives().map(key).collect();
        for question in &self.negative {
            if own.contains(&key(question)) {
                out.push(("negative", format!("“{question}”同时是相似问法")));
            }
        }
        if self.answer.chars().count() > MAX_ANSWER {
            out.push(("answer", format!("最多 {MAX_ANSWER} 字")));
        }
        if self.expires_on.is_some_and(|end| end <= self.effective_from) {
            out.push(("expires_on", "失效日期必须晚于生效日期".to_owned()));
        }
        for cited in &self.citations {
            // What is for gridworkers must not reach residents by way of a quotation.
            if cited.audience == Audience::Gridworker && self.audience != Audience::Gridworker {
                out.push(("citations", format!("《{}》只供网格员，不能引给居民", cited.title)));
            }
        }
        for n in markers(&self.answer) {
            if !self.citations.iter().any(|c| c.n == n) {
                out.push(("answer", format!("〔{n}〕没有对应的引用")));
            }
        }
        out
    }
}

/// How two questions are compared word by word.
fn key(question: &str) -> String {
    for_matching(question).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The numbers of all 〔n〕 in a text, each once, ascending.
#[must_use]
pub fn markers(text: &str) -> Vec<u32> {
    let mut out: Vec<u32> =
        text.split('〔').skip(1).filter_map(|rest| rest.split_once('〕').and_then(|(n, _)| n.trim().parse().ok())).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// One version of a fixed answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = CuratedVersion)]
pub struct Version {
    /// From 1.
    pub version: u32,
    /// What was written.
    pub content: Content,
    /// Who wrote it.
    pub author: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who published it; never the author.
    pub approver: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub approved_at: Option<Timestamp>,
    /// Why it was published in spite of warnings.
    pub acknowledged: Option<String>,
}

/// A fixed answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Curated {
    /// Public id.
    pub id: Uuid,
    /// Where it stands.
    pub state: State,
    /// The version that is given.
    pub live: Option<Version>,
    /// A newer version that waits for another person.
    pub draft: Option<Version>,
    /// Turns that were answered with it.
    pub hits: u64,
    /// The last of them.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_hit_at: Option<Timestamp>,
    /// The gap that it closes.
    pub cluster: Option<Uuid>,
}

impl Curated {
    /// The newest version.
    #[must_use]
    pub fn newest(&self) -> Option<&Version> {
        self.draft.as_ref().or(self.live.as_ref())
    }
}

/// Why a change of a fixed answer was not made.
#[derive(Debug, thiserror::Error)]
pub enum CuratedError {
    /// There is none of that id.
    #[error("没有这条固定答复")]
    Unknown,
    /// The state does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// Fields that are wrong.
    #[error("固定答复有内容不对")]
    Faults(Vec<(&'static str, String)>),
    /// The one who wrote it may not publish it.
    #[error("提交人与发布人须为两个人")]
    SamePerson,
    /// Published only when a person says why in spite of these.
    #[error("发布前有需要确认的问题")]
    Unacknowledged(Vec<String>),
    /// The publish gate refuses.
    #[error("{}", .0.text)]
    Gate(Box<crate::knowledge::publish_gate::GateReport>),
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The search.
    #[error(transparent)]
    Knowledge(#[from] crate::knowledge::search::KnowledgeError),
}

/// Rows of fixed answers.
#[async_trait]
pub trait CuratedStore: Send + Sync + std::fmt::Debug {
    /// One of them.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn curated(&self, id: Uuid) -> Result<Option<Curated>, StoreError>;

    /// All of them, oldest first.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn all_curated(&self) -> Result<Vec<Curated>, StoreError>;

    /// Every version of one, oldest first.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn curated_versions(&self, id: Uuid) -> Result<Vec<Version>, StoreError>;

    /// Adds a version as a draft, and the answer itself when the id is new; returns the version's number.
    ///
    /// # Errors
    /// The database fails.
    async fn save_curated(
        &self,
        id: Uuid,
        content: &Content,
        author: &str,
        cluster: Option<Uuid>,
        at: Timestamp,
    ) -> Result<u32, StoreError>;

    /// Makes a version live; false when it is not the newest one any more.
    ///
    /// # Errors
    /// The database fails.
    async fn publish_curated(
        &self,
        id: Uuid,
        version: u32,
        approver: &str,
        acknowledged: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Takes one out of use; false when it was not in use.
    ///
    /// # Errors
    /// The database fails.
    async fn retire_curated(&self, id: Uuid) -> Result<bool, StoreError>;
}

/// The citations asked for, taken from stored documents.
///
/// # Errors
/// A passage that is not there, named by field and words.
pub fn resolve(
    wanted: &[(u32, String, Option<u32>, String)],
    documents: &BTreeMap<(String, Option<u32>), Document>,
) -> Result<Vec<Cited>, Vec<(&'static str, String)>> {
    let mut out = Vec::new();
    let mut faults = Vec::new();
    for (n, id, version, clause) in wanted {
        let Some(document) = documents.get(&(id.clone(), *version)) else {
            faults.push(("citations", format!("没有资料“{id}”的这一版")));
            continue;
        };
        match document.passages.iter().find(|p| p.heading == *clause) {
            Some(passage) => out.push(Cited::of(*n, document, passage)),
            None => faults.push(("citations", format!("《{}》里没有“{clause}”这一节", document.meta.title))),
        }
    }
    if faults.is_empty() { Ok(out) } else { Err(faults) }
}
