//! `GET /api/v1/admin/generations`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{GenerationView, WishView};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// How far a build is.
#[derive(Debug, Serialize, ToSchema)]
pub struct BuildProgress {
    /// `reading`, `learning`, `writing`, `checking`.
    pub stage: &'static str,
    /// The same for people.
    pub title: &'static str,
    /// Of this stage; passages, or thousandths while learning.
    pub done: usize,
    /// In all.
    pub all: usize,
}

/// The index.
#[derive(Debug, Serialize, ToSchema)]
pub struct GenerationList {
    /// `memory`, `edge` or `server`.
    pub engine: &'static str,
    /// The number of the one that answers.
    pub live: Option<u32>,
    /// The build that runs in this process.
    pub progress: Option<BuildProgress>,
    /// What was asked for last.
    pub wish: Option<WishView>,
    /// Newest first.
    pub generations: Vec<GenerationView>,
}

/// Every generation that is kept or remembered, how it was made and how it did.
#[utoipa::path(get, path = "/api/v1/admin/generations", tag = "索引", security(("session" = []), ("key" = [])),
    responses((status = 200, body = GenerationList), (status = 403, body = ProblemBody)))]
pub async fn list_generations(State(api): State<ApiState>) -> Result<Json<GenerationList>, Problem> {
    let knowledge = &api.knowledge;
    let records = knowledge.generations().await.map_err(|e| Problem::unavailable(&e))?;
    let wish = knowledge.wished().await.map_err(|e| Problem::unavailable(&e))?;
    let progress = knowledge.progress();
    Ok(Json(GenerationList {
        engine: knowledge.engine(),
        live: knowledge.snapshot().map(|s| s.generation.0),
        progress: progress.map(|p| BuildProgress { stage: p.stage.as_str(), title: p.stage.title(), done: p.done, all: p.all }),
        wish: wish.map(WishView::from),
        generations: records.into_iter().rev().map(GenerationView::from).collect(),
    }))
}
