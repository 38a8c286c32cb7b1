//! How a question came to its answer: the scores of every leg, kept with the turn for the hit test. Never shown to residents.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::knowledge::curated_match::{Considered, Found};
use crate::knowledge::document::Audience;
use crate::knowledge::judge;
use crate::knowledge::search::{Decision, Outcome, Scope};

/// Passages that are kept with a turn.
const KEPT: usize = 10;

/// One passage with its scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TracedHit {
    /// The document.
    #[serde(rename = "d")]
    pub document_id: String,
    /// Its version.
    #[serde(rename = "v")]
    pub version: u32,
    /// Place of the passage, from 0.
    #[serde(rename = "o")]
    pub ordinal: u32,
    /// Probability (0..1) that its document answers.
    #[serde(rename = "p")]
    pub score: f32,
    /// BM25F of the passage.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub sparse: Option<f32>,
    /// Cosine of the embeddings.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub dense: Option<f32>,
    /// Cosine of the built-in embedding.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<f32>,
}

/// A search as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trace {
    /// The question as it was understood, personal data replaced.
    pub question: String,
    /// Audiences of the asker.
    #[schema(value_type = Vec<String>)]
    pub audiences: Vec<Audience>,
    /// Areas of the asker.
    pub areas: Vec<String>,
    /// The day it was asked for.
    #[schema(value_type = String, format = Date)]
    pub on: Date,
    /// True when the best passage was over the gate; unset when a fixed answer came first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answerable: Option<bool>,
    /// The best probability.
    #[serde(default)]
    pub top_score: f32,
    /// The gate.
    #[serde(default)]
    pub threshold: f32,
    /// The best passages, best first.
    #[serde(default)]
    pub hits: Vec<TracedHit>,
    /// What the best probability was made from, in the order of `feature_names` of the hit test.
    #[serde(default)]
    pub features: Vec<f32>,
    /// Fixed answers that were considered, closest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub considered: Vec<Considered>,
}

impl Trace {
    /// A question that only fixed answers were asked for yet.
    #[must_use]
    pub fn new(question: String, scope: &Scope, found: &Found) -> Self {
        Self {
            question,
            audiences: scope.audiences.clone(),
            areas: scope.areas.clone(),
            on: scope.on,
            answerable: None,
            top_score: 0.0,
            threshold: judge::THRESHOLD,
            hits: Vec::new(),
            features: Vec::new(),
            considered: found.considered.iter().take(3).cloned().collect(),
        }
    }

    /// Adds what the search found.
    pub fn searched(&mut self, outcome: &Outcome) {
        self.answerable = Some(outcome.decision == Decision::Answerable);
        self.top_score = outcome.top_score;
        self.hits = outcome
            .hits
            .iter()
            .take(KEPT)
            .map(|hit| TracedHit {
                document_id: hit.document.id.clone(),
                version: hit.passage.version,
                ordinal: hit.passage.ordinal,
                score: short(hit.score),
                sparse: hit.legs.sparse.map(short),
                dense: hit.legs.dense.map(short),
                learned: hit.legs.learned.map(short),
            })
            .collect();
        self.features = outcome.hits.first().map(|h| h.features.iter().map(|x| short(*x)).collect()).unwrap_or_default();
    }

    /// The fixed answer that was given.
    #[must_use]
    pub fn given(&self) -> Option<Uuid> {
        self.considered.iter().find(|c| c.refused.is_none()).map(|c| c.id)
    }
}

/// Three places are enough to read, and short to keep.
fn short(x: f32) -> f32 {
    (x * 1000.0).round() / 1000.0
}
