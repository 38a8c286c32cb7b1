//! `GET /api/v1/admin/turns`.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::TurnFilter;
use crate::conversation::log::TurnLine;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;

/// A page of the log of questions.
#[derive(Debug, Serialize, ToSchema)]
pub struct TurnList {
    /// The turns, newest first when not wished otherwise. Personal data are replaced; who asked is not said.
    pub turns: Vec<TurnLine>,
    /// How many there are in all.
    pub total: u64,
    /// Set when a search for words stopped before the beginning: it looked at turns up to this one.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub searched_to: Option<Timestamp>,
    /// Channels to choose from.
    pub channels: Vec<String>,
}

/// What was asked and how it was answered: filtered, searched, paged.
#[utoipa::path(get, path = "/api/v1/admin/turns", tag = "提问记录", security(("session" = []), ("key" = [])), params(TurnFilter),
    responses((status = 200, body = TurnList), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub async fn list_turns(
    State(api): State<ApiState>,
    filter: Result<Query<TurnFilter>, QueryRejection>,
) -> Result<Json<TurnList>, Problem> {
    let Query(wish) =
        filter.map_err(|e| Problem::new(Code::InvalidParameter).detail("查询条件不认识：".to_owned() + &e.body_text()))?;
    let filter = wish.filter(&api.conversations.street().zone)?;
    let size = wish.size.unwrap_or(20).clamp(1, 100);
    let skip = wish.page.unwrap_or(1).max(1).saturating_sub(1).saturating_mul(size);
    let page = api.conversations.questions(&filter, wish.words(), skip, size).await.map_err(|e| Problem::unavailable(&e))?;
    let channels = api.conversations.asked_through().await.map_err(|e| Problem::unavailable(&e))?;
    Ok(Json(TurnList { turns: page.turns, total: page.total, searched_to: page.searched_to, channels }))
}
