//! `POST /api/v1/worker/alerts/{id}/take`: 知悉.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::json;

use super::{trace, within};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::clock_store::Alert;

/// Takes note of an alert. The first one to do so stays; again changes nothing.
#[utoipa::path(post, path = "/api/v1/worker/alerts/{id}/take", tag = "工单", security(("session" = [])),
    params(("id" = i64, Path)), responses((status = 200, body = Alert), (status = 404, body = ProblemBody)))]
pub async fn take_alert(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Result<Json<Alert>, Problem> {
    let missing = || Problem::new(Code::NotFound).detail("没有这条提醒");
    let alert = api.clocks.alert(id, &*within(&caller)).await.map_err(refusal)?.ok_or_else(missing)?;
    if alert.taken_at.is_some() {
        return Ok(Json(alert));
    }
    trace(&api, &caller, "alert.take", &alert.ticket, json!({ "alert": id })).await?;
    api.clocks.take(id, &caller.account_id.to_string(), api.clock.now()).await.map_err(refusal)?;
    let taken = api.clocks.alert(id, &*within(&caller)).await.map_err(refusal)?;
    Ok(Json(taken.ok_or_else(missing)?))
}
