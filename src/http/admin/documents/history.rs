//! `GET /api/v1/admin/documents/{id}/history`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::EventView;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// Who did what.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentHistory {
    /// Oldest first.
    pub events: Vec<EventView>,
}

/// The history of a document, oldest first; lines are only ever added.
#[utoipa::path(get, path = "/api/v1/admin/documents/{id}/history", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = DocumentHistory), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_history(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<DocumentHistory>, Problem> {
    let events = api.life.history(&id).await.map_err(|e| super::refusal(&e))?;
    Ok(Json(DocumentHistory { events: events.into_iter().map(EventView::from).collect() }))
}
