//! `PUT /api/v1/worker/tickets/{number}/category`.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::labels::{LabelSource, NewLabel};

/// The category that a ticket really has.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightCategory {
    /// Code of the leaf.
    pub code: String,
}

/// Says which category a ticket really has. The ticket stays as it was sent; messages like it are read anew within seconds.
#[utoipa::path(put, path = "/api/v1/worker/tickets/{number}/category", tag = "工单", security(("session" = [])),
    params(("number" = String, Path)), request_body = RightCategory,
    responses((status = 204), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn correct_category(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    JsonBody(right): JsonBody<RightCategory>,
) -> Result<StatusCode, Problem> {
    let ticket = super::tickets::in_scope(&api, &caller, &number).await?;
    if api.rules.load().taxonomy.get(&right.code).is_none() {
        return Err(Problem::new(Code::InvalidBody).detail("没有这个类别"));
    }
    let detail = json!({ "from": ticket.category.code, "to": right.code });
    let detail = super::acting::noted(&api, &caller, &ticket.number, detail).await?;
    // Written down first: a correction that nobody can trace is worse than a trace of one that did not come to be.
    let traced = api.audit.record(&caller, "ticket.category", ("ticket", &ticket.number), detail).await;
    traced.map_err(|error| Problem::unavailable(&error))?;
    let by = Some(caller.account_id.to_string());
    let label = NewLabel { code: right.code, source: LabelSource::Worker, by, at: api.clock.now() };
    api.labels.label(&ticket.number, label).await.map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}
