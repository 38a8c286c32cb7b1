//! `/api/v1/admin/hit-test`: why is this the answer? The scores of every leg, now and as they were in a past turn.

pub mod ask;
pub mod confirm;
pub mod past;

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::knowledge::curated_match::Considered;
use crate::knowledge::judge;

/// One feature of the gate's probability.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NamedFeature {
    /// As in `knowledge/judge.rs`.
    pub name: String,
    /// Its value.
    pub value: f32,
}

/// A passage with its scores.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TestedPassage {
    /// Its document.
    pub document_id: String,
    /// The document's version.
    pub version: u32,
    /// Its place in the document, from 0.
    pub ordinal: u32,
    /// The document's title; absent when it is not in use any more.
    pub title: Option<String>,
    /// Its heading.
    pub clause: Option<String>,
    /// Its text.
    pub text: Option<String>,
    /// Probability (0..1) that its document answers.
    pub probability: f32,
    /// BM25F of the passage.
    pub sparse: Option<f32>,
    /// Cosine of the embeddings.
    pub dense: Option<f32>,
    /// Cosine of the built-in embedding.
    pub learned: Option<f32>,
}

/// How a question is answered, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HitTest {
    /// The question as it was searched for.
    pub question: String,
    /// The audiences it was asked for.
    pub audiences: Vec<String>,
    /// The areas; none = no limit.
    pub areas: Vec<String>,
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub on: Date,
    /// The way of a turn with these words: only `ask` searches.
    pub route: String,
    /// `curated`, `answered` or `declined`.
    pub outcome: String,
    /// Why, in words.
    pub reason: String,
    /// The best probability.
    pub top_probability: f32,
    /// From this one on an answer is shown.
    pub threshold: f32,
    /// What the best probability was made from.
    pub features: Vec<NamedFeature>,
    /// The best passages, best first.
    pub passages: Vec<TestedPassage>,
    /// Fixed answers that were considered, closest first.
    pub considered: Vec<Considered>,
}

/// Values with the names of the gate's features.
fn named(values: &[f32]) -> Vec<NamedFeature> {
    judge::NAMES.iter().zip(values).map(|(name, value)| NamedFeature { name: (*name).to_owned(), value: *value }).collect()
}

/// The outcome in a word, and why.
fn verdict(given: bool, answerable: Option<bool>, top: f32, threshold: f32, considered: &[Considered]) -> (String, String) {
    if given {
        let how = considered.first().map_or(String::new(), |c| {
            if c.exact {
                format!("与固定答复的问法“{}”相同", c.question)
            } else {
                format!("与固定答复的问法“{}”相似（{:.2}）", c.question, c.probability)
            }
        });
        return ("curated".to_owned(), how);
    }
    let compared = format!("最高概率 {top:.2}，门槛 {threshold:.2}");
    match answerable {
        Some(true) => ("answered".to_owned(), compared),
        Some(false) if top <= 0.0 => ("declined".to_owned(), "没有一段文字与问题有共同的词".to_owned()),
        Some(false) => ("declined".to_owned(), compared),
        None => ("declined".to_owned(), "没有检索".to_owned()),
    }
}
