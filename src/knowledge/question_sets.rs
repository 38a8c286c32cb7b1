//! Question sets of the knowledge base: named, versioned, each question with what should come of it. What tests never trains.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::knowledge::document::Audience;
use crate::knowledge::store::StoreError;

/// Questions of one set at most.
pub const MAX_QUESTIONS: usize = 5000;

/// What a question is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Use {
    /// May be learnt from.
    Train,
    /// Only measures.
    Test,
}

const fn test() -> Use {
    Use::Test
}

/// One line of a question set. Exactly one of `expect`, `curated` and `route` says what should come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SetQuestion {
    /// Any JSON value; keeps its type.
    #[schema(value_type = Object)]
    pub id: serde_json::Value,
    /// As it is asked.
    #[serde(default)]
    pub question: String,
    /// Documents that answer it; empty = must be declined.
    #[serde(default)]
    pub expect: Vec<String>,
    /// The fixed answer that must be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curated: Option<Uuid>,
    /// The route that must be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// What it is for.
    #[serde(default = "test", rename = "use")]
    pub purpose: Use,
    /// Who asks; a resident when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub audience: Option<Audience>,
    /// The day on which it is asked; the day of the run when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub on: Option<Date>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What should come of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation<'a> {
    /// One of these documents first.
    Documents(&'a [String]),
    /// This fixed answer.
    Curated(Uuid),
    /// An honest no.
    Decline,
    /// Another way than an answer.
    Route(&'a str),
}

impl SetQuestion {
    /// What should come of it.
    #[must_use]
    pub fn expectation(&self) -> Expectation<'_> {
        match (&self.route, self.curated) {
            (Some(route), _) => Expectation::Route(route),
            (None, Some(id)) => Expectation::Curated(id),
            (None, None) if self.expect.is_empty() => Expectation::Decline,
            (None, None) => Expectation::Documents(&self.expect),
        }
    }
}

/// The ways a turn can go, as a question may expect them.
pub const ROUTES: [&str; 8] = ["ask", "report", "progress", "channel", "emergency", "smalltalk", "human", "decline"];

/// What is wrong with questions: (number of the line from 1, words).
#[must_use]
pub fn faults(questions: &[SetQuestion]) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    if questions.is_empty() {
        out.push((1, "没有题目".to_owned()));
    }
    if questions.len() > MAX_QUESTIONS {
        out.push((MAX_QUESTIONS + 1, format!("最多 {MAX_QUESTIONS} 题")));
    }
    let mut ids = std::collections::HashSet::new();
    for (number, question) in questions.iter().enumerate() {
        let line = number + 1;
        if question.question.trim().is_empty() {
            out.push((line, "缺少问题".to_owned()));
        }
        if question.question.chars().count() > 500 {
            out.push((line, "问题最多 500 字".to_owned()));
        }
        if question.id.is_null() || !ids.insert(question.id.to_string()) {
            out.push((line, format!("编号 {} 缺失或重复", question.id)));
        }
        let said = usize::from(!question.expect.is_empty())
            + usize::from(question.curated.is_some())
            + usize::from(question.route.is_some());
        if said > 1 {
            out.push((line, "应答的资料、固定答复、去向只能写一种".to_owned()));
        }
        if question.route.as_deref().is_some_and(|r| !ROUTES.contains(&r)) {
            out.push((line, format!("去向只能是 {}", ROUTES.join("、"))));
        }
    }
    out
}

/// A set without its questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SetSummary {
    /// Short name, unique: letters, digits, hyphens.
    pub id: String,
    /// For people.
    pub title: String,
    /// Asked before anything is published.
    pub canonical: bool,
    /// The newest version.
    pub version: u32,
    /// Its questions.
    pub questions: u64,
    /// Of which only measure.
    pub tests: u64,
    /// Who wrote the newest version.
    pub author: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// One version of a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QuestionSet {
    /// Short name.
    pub id: String,
    /// For people.
    pub title: String,
    /// Asked before anything is published.
    pub canonical: bool,
    /// From 1.
    pub version: u32,
    /// What is asked.
    pub questions: Vec<SetQuestion>,
    /// Who wrote it.
    pub author: String,
    /// What was changed.
    pub note: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A version to be stored.
#[derive(Debug, Clone)]
pub struct NewVersion<'a> {
    /// Short name.
    pub id: &'a str,
    /// For people.
    pub title: &'a str,
    /// Asked before anything is published; one set at most is.
    pub canonical: bool,
    /// What is asked.
    pub questions: &'a [SetQuestion],
    /// Who wrote it.
    pub author: &'a str,
    /// What was changed.
    pub note: Option<&'a str>,
    /// Now.
    pub at: Timestamp,
}

/// True for a name that a set may have.
#[must_use]
pub fn is_name(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Rows of question sets.
#[async_trait]
pub trait QuestionSetStore: Send + Sync + std::fmt::Debug {
    /// Sets in use, in id order.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn question_sets(&self) -> Result<Vec<SetSummary>, StoreError>;

    /// One version, the newest when none is named; also of a retired set.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn question_set(&self, id: &str, version: Option<u32>) -> Result<Option<QuestionSet>, StoreError>;

    /// Adds a version, and the set itself when the id is new; the same questions as before make none. Returns the newest version.
    ///
    /// # Errors
    /// The database fails.
    async fn save_question_set(&self, version: &NewVersion<'_>) -> Result<u32, StoreError>;

    /// Takes a set out of use; its versions and runs stay. False when it was not in use.
    ///
    /// # Errors
    /// The database fails.
    async fn retire_question_set(&self, id: &str) -> Result<bool, StoreError>;

    /// The canonical set, if there is one.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn canonical_set(&self) -> Result<Option<QuestionSet>, StoreError>;

    /// The newest questions of every set in use that serve this purpose, in the order of set and line: what tests never trains, so
    /// whoever trains asks for [`Use::Train`] here.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn questions_for(&self, purpose: Use) -> Result<Vec<SetQuestion>, StoreError>;
}
