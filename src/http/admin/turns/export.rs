//! `GET /api/v1/admin/turns/export`.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::TurnFilter;
use crate::conversation::log::TurnLine;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Turns of one file.
const AT_MOST: u32 = 5000;

/// Turns for a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct TurnExport {
    /// As in the list, at most 5000.
    pub turns: Vec<TurnLine>,
    /// How many there are in all.
    pub total: u64,
}

/// The turns of a filter for a file. That it was taken stands in the audit log, without the words that were looked for.
#[utoipa::path(get, path = "/api/v1/admin/turns/export", tag = "提问记录", security(("session" = []), ("key" = [])), params(TurnFilter),
    responses((status = 200, body = TurnExport), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub async fn export_turns(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    filter: Result<Query<TurnFilter>, QueryRejection>,
) -> Result<Json<TurnExport>, Problem> {
    let Query(wish) =
        filter.map_err(|e| Problem::new(Code::InvalidParameter).detail("查询条件不认识：".to_owned() + &e.body_text()))?;
    let filter = wish.filter(&api.conversations.street().zone)?;
    let page = api.conversations.questions(&filter, wish.words(), 0, AT_MOST).await.map_err(|e| Problem::unavailable(&e))?;
    let detail = json!({
        "rows": page.turns.len(), "from": wish.from, "to": wish.to, "route": wish.route, "answered": wish.answered,
        "verdict": wish.verdict, "channel": wish.channel,
    });
    api.audit.record(&caller, "turns.export", ("turns", "export"), detail).await.map_err(|e| Problem::unavailable(&e))?;
    Ok(Json(TurnExport { turns: page.turns, total: page.total }))
}
