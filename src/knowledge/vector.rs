//! The port to whatever holds vectors: an embedded engine, a server, or memory. One contract, one test-suite.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::knowledge::document::Passage;
use crate::learn::bm25::LegLengths;

/// Name of the sparse leg in every engine.
pub const SPARSE_LEG: &str = "bm25";
/// Name of the dense leg in every engine.
pub const DENSE_LEG: &str = "dense";
/// Stands for "never expires" in [`ChunkPayload::expires_on`].
#[expect(clippy::inconsistent_digit_grouping, reason = "a day: year, month, day")]
pub const NEVER: i64 = 9999_12_31;

/// A sparse vector: sorted distinct indices with their values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sparse {
    /// Terms, ascending, each once.
    pub indices: Vec<u32>,
    /// The value of each term.
    pub values: Vec<f32>,
}

impl Sparse {
    /// From `(term, value)` in any order; values of a repeated term are added, zeros dropped.
    #[must_use]
    pub fn new(mut pairs: Vec<(u32, f32)>) -> Self {
        pairs.sort_unstable_by_key(|(term, _)| *term);
        let mut out = Self::default();
        for (term, value) in pairs {
            if value == 0.0 {
                continue;
            }
            match (out.indices.last(), out.values.last_mut()) {
                (Some(last), Some(sum)) if *last == term => *sum += value,
                _ => {
                    out.indices.push(term);
                    out.values.push(value);
                }
            }
        }
        out
    }

    /// True without any term.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }
}

/// What an engine keeps beside the vectors: what filters need, and the way back to the passage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkPayload {
    /// The document's id.
    pub document: String,
    /// The document's version.
    pub version: u32,
    /// Place in the document.
    pub ordinal: u32,
    /// `resident`, `gridworker` or `all`.
    pub audience: String,
    /// Where it holds.
    pub area: String,
    /// First day of use as the number yyyymmdd.
    pub effective_from: i64,
    /// First day without use as the number yyyymmdd; [`NEVER`] when it does not expire.
    pub expires_on: i64,
}

impl ChunkPayload {
    /// The fields that filters use, and whether each is a number.
    pub const INDEXED: [(&'static str, bool); 5] =
        [("document", false), ("audience", false), ("area", false), ("effective_from", true), ("expires_on", true)];

    /// The payload of a passage.
    #[must_use]
    pub fn of(passage: &Passage) -> Self {
        Self {
            document: passage.document_id.clone(),
            version: passage.version,
            ordinal: passage.ordinal,
            audience: passage.audience.as_str().to_owned(),
            area: passage.area.clone(),
            effective_from: day_number(passage.effective_from),
            expires_on: passage.expires_on.map_or(NEVER, day_number),
        }
    }
}

/// A day as the number yyyymmdd: sorts as the calendar does and is exact in every engine.
#[must_use]
pub fn day_number(day: jiff::civil::Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

/// One passage in the index.
#[derive(Debug, Clone, PartialEq)]
pub struct ChunkPoint {
    /// The passage's id.
    pub id: Uuid,
    /// Values of the sparse leg; IDF is applied by the engine when it is asked.
    pub sparse: Sparse,
    /// The dense leg, when the index has one; as many values as the manifest's dimension.
    pub dense: Option<Vec<f32>>,
    /// Beside the vectors.
    pub payload: ChunkPayload,
}

/// A condition on payload fields.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every one holds; an empty list always holds.
    All(Vec<Filter>),
    /// At least one holds; an empty list never holds.
    Any(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// The text field is one of these; an empty list never holds.
    Keyword {
        /// Payload field.
        field: String,
        /// Accepted values.
        any_of: Vec<String>,
    },
    /// The number field is within `gte ≤ value < lt`; exact below 2⁵³.
    Int {
        /// Payload field.
        field: String,
        /// Lower bound, included.
        gte: Option<i64>,
        /// Upper bound, excluded.
        lt: Option<i64>,
    },
    /// The flag field has this value.
    Flag {
        /// Payload field.
        field: String,
        /// Wanted value.
        is: bool,
    },
}

impl Filter {
    /// No condition.
    #[must_use]
    pub fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// The text field has this value.
    #[must_use]
    pub fn is(field: &str, value: &str) -> Self {
        Self::Keyword { field: field.to_owned(), any_of: vec![value.to_owned()] }
    }

    /// The text field has one of these values.
    #[must_use]
    pub fn any_of(field: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Keyword { field: field.to_owned(), any_of: values.into_iter().map(Into::into).collect() }
    }

    /// In force on the day: `effective_from ≤ day < expires_on`.
    #[must_use]
    pub fn in_force(day: jiff::civil::Date) -> Self {
        let day = day_number(day);
        Self::All(vec![
            Self::Int { field: "effective_from".to_owned(), gte: None, lt: Some(day + 1) },
            Self::Int { field: "expires_on".to_owned(), gte: Some(day + 1), lt: None },
        ])
    }

    /// Does it hold for this payload (a JSON object)? What every engine must agree with.
    #[must_use]
    pub fn holds(&self, payload: &serde_json::Value) -> bool {
        match self {
            Self::All(all) => all.iter().all(|f| f.holds(payload)),
            Self::Any(any) => any.iter().any(|f| f.holds(payload)),
            Self::Not(inner) => !inner.holds(payload),
            Self::Keyword { field, any_of } => {
                payload.get(field).and_then(serde_json::Value::as_str).is_some_and(|v| any_of.iter().any(|a| a == v))
            }
            Self::Int { field, gte, lt } => payload
                .get(field)
                .and_then(serde_json::Value::as_i64)
                .is_some_and(|v| gte.is_none_or(|g| v >= g) && lt.is_none_or(|l| v < l)),
            Self::Flag { field, is } => payload.get(field).and_then(serde_json::Value::as_bool) == Some(*is),
        }
    }
}

/// A question to the index. Both legs are asked with the same filter; the caller fuses them.
#[derive(Debug, Clone)]
pub struct VectorQuery {
    /// Query term frequencies; nothing is asked of the leg when empty.
    pub sparse: Sparse,
    /// The query's embedding, when the index has a dense leg.
    pub dense: Option<Vec<f32>>,
    /// Applied inside the engine.
    pub filter: Filter,
    /// Hits of each leg at most.
    pub limit: usize,
}

/// A passage found, with the score of each leg that found it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VectorHit {
    /// The passage's id.
    pub id: Uuid,
    /// Σ query value × idf × document value.
    pub sparse: Option<f32>,
    /// Cosine similarity of the embedder's vectors.
    pub dense: Option<f32>,
    /// Cosine similarity of the built-in embedding; set by the caller, who keeps those vectors beside the catalog.
    pub learned: Option<f32>,
}

/// With what an index generation was made: another manifest needs another generation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexManifest {
    /// [`crate::knowledge::split::SPLITTER_VERSION`].
    pub splitter: u32,
    /// Characters a piece holds at most; 0 = as the splitter has it.
    #[serde(default)]
    pub piece_chars: u32,
    /// The embedder's id; `None` = no dense leg.
    pub embedder: Option<String>,
    /// Values of the dense leg.
    pub dimension: Option<usize>,
    /// Mean weighted lengths that the sparse values were made with.
    pub mean: LegLengths,
    /// The id of the lexicon that questions are reworded with.
    #[serde(default)]
    pub lexicon: Option<String>,
    /// The id of the table of the built-in embedding; `None` = too few passages to learn one.
    #[serde(default)]
    pub table: Option<String>,
    /// Passages that the table was learnt from.
    #[serde(default)]
    pub learnt_from: usize,
}

/// The number of a generation; grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Generation(pub u32);

impl std::fmt::Display for Generation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a generation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It answers.
    Live,
    /// It answered before the live one and is kept to go back to.
    Previous,
    /// It is being built beside the live one.
    Building,
}

/// A generation that the engine holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its number.
    pub generation: Generation,
    /// What it is for.
    pub role: Role,
    /// How it was made.
    pub manifest: IndexManifest,
}

/// Why the index did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum VectorError {
    /// There is no generation yet: build one first.
    #[error("索引尚未建立")]
    NoGeneration,
    /// The engine holds no generation of this number (any more).
    #[error("没有第{0}代索引")]
    UnknownGeneration(u32),
    /// Another process holds the index folder.
    #[error("索引目录正被另一个进程使用：{0}")]
    Held(String),
    /// The engine cannot be reached or is overloaded; trying again may help.
    #[error("索引暂时不可用：{0}")]
    Unavailable(String),
    /// The engine refused or failed; trying the same again will not help.
    #[error("索引出错：{0}")]
    Failed(String),
}

impl VectorError {
    /// True when the same call may work later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// An index of passages in generations. Changes are visible to searches when the call returns.
///
/// Every call names its generation, so that a search sees one of them from its beginning to its end, whatever is switched
/// meanwhile. At most three exist: one that answers, the one before it, and one that is being built.
#[async_trait]
pub trait VectorStore: Send + Sync {
    /// What holds the vectors, for people: `memory`, `edge`, `server`.
    fn kind(&self) -> &'static str;

    /// What the engine holds, by number. A live one that was damaged is moved aside and not told. What a crash left
    /// half-built is gone after the engine was opened.
    ///
    /// # Errors
    /// The engine cannot be reached.
    async fn kept(&self) -> Result<Vec<Kept>, VectorError>;

    /// Starts an empty generation beside the live one.
    ///
    /// # Errors
    /// The engine refuses or cannot be reached.
    async fn begin(&self, manifest: &IndexManifest) -> Result<Generation, VectorError>;

    /// Makes a built generation, or the previous one, the live one, atomically and on disk. The one that was live is kept
    /// as the previous; the one before it is removed.
    ///
    /// # Errors
    /// The generation is unknown, or the engine fails; the old one then stays live.
    async fn switch_to(&self, generation: Generation) -> Result<(), VectorError>;

    /// Removes a generation that is being built, or the previous one; of the live or an unknown one nothing is done.
    ///
    /// # Errors
    /// The engine fails.
    async fn discard(&self, generation: Generation) -> Result<(), VectorError>;

    /// Puts points in; a point with a known id replaces the old one.
    ///
    /// # Errors
    /// The generation does not exist, or the engine fails.
    async fn upsert(&self, generation: Generation, points: Vec<ChunkPoint>) -> Result<(), VectorError>;

    /// Removes the points for which `filter` holds.
    ///
    /// # Errors
    /// The generation does not exist, or the engine fails.
    async fn delete_where(&self, generation: Generation, filter: &Filter) -> Result<(), VectorError>;

    /// The best points of each leg, one entry a point, in no promised order.
    ///
    /// # Errors
    /// The generation does not exist, or the engine fails.
    async fn search(&self, generation: Generation, query: &VectorQuery) -> Result<Vec<VectorHit>, VectorError>;

    /// Up to `limit` points in id order, from the first id greater than `after`.
    ///
    /// # Errors
    /// The generation does not exist, or the engine fails.
    async fn scroll(
        &self,
        generation: Generation,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<(Uuid, ChunkPayload)>, VectorError>;

    /// How many points `filter` holds for.
    ///
    /// # Errors
    /// The generation does not exist, or the engine fails.
    async fn count(&self, generation: Generation, filter: &Filter) -> Result<usize, VectorError>;

    /// Makes what was written survive a power cut.
    ///
    /// # Errors
    /// The generation does not exist, or the engine fails.
    async fn flush(&self, generation: Generation) -> Result<(), VectorError>;

    /// Brings a large generation into the shape that is searched fastest; long, for the background only. Searches and
    /// writes go on. False when there was nothing to do.
    ///
    /// # Errors
    /// The generation does not exist, or the engine fails.
    async fn optimize(&self, generation: Generation) -> Result<bool, VectorError> {
        let _ = generation;
        Ok(false)
    }
}
