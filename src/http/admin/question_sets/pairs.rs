//! `GET /api/v1/admin/training-pairs`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::pairs::TrainingPairs as _;

/// What the search may be trained on.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrainingPairCounts {
    /// Pairs of a question and what answers it, by origin: `front_matter`, `curated`, `question_set`, `confirmed`.
    pub pairs: BTreeMap<String, u64>,
    /// Left out because a test question is the same or nearly so.
    pub near_copies: usize,
}

/// Counts the pairs that the search may be trained on. What tests never trains.
#[utoipa::path(get, path = "/api/v1/admin/training-pairs", tag = "评测", security(("session" = []), ("key" = [])),
    responses((status = 200, body = TrainingPairCounts), (status = 403, body = ProblemBody)))]
pub async fn count_training_pairs(State(api): State<ApiState>) -> Result<Json<TrainingPairCounts>, Problem> {
    let set = api.curation.pairs().pairs().await.map_err(|e| Problem::unavailable(&e))?;
    let mut pairs = BTreeMap::new();
    for pair in &set.pairs {
        *pairs.entry(pair.origin.word().to_owned()).or_insert(0) += 1;
    }
    Ok(Json(TrainingPairCounts { pairs, near_copies: set.near_copies }))
}
