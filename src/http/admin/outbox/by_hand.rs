//! `POST /api/v1/admin/outbox/{id}/by-hand`.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{known, refusal};
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::platform::desk::ByHand;

/// What came of entering it by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnteredByHand {
    /// The number that the platform gave.
    pub external_no: String,
}

/// Ends a row that could not be delivered: somebody has entered it at the platform by hand.
#[utoipa::path(post, path = "/api/v1/admin/outbox/{id}/by-hand", tag = "推送", security(("session" = [])), params(("id" = i64, Path)),
    request_body = EnteredByHand,
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn enter_by_hand(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(entered): JsonBody<EnteredByHand>,
) -> Result<StatusCode, Problem> {
    let external_no = entered.external_no.trim().to_owned();
    if external_no.is_empty() || external_no.len() > 200 {
        return Err(Problem::new(Code::InvalidBody).detail("请填写平台上的编号"));
    }
    let (row, _) = known(&api, &id).await?;
    let detail = json!({ "number": row.ticket_number, "to": row.destination, "external_no": external_no });
    api.audit
        .record(&caller, "outbox.by_hand", ("outbox", &row.id.to_string()), detail)
        .await
        .map_err(|e| Problem::unavailable(&e))?;
    let done = ByHand { external_no, by: caller.name.clone(), at: api.clock.now() };
    api.delivery.desk.done_by_hand(row.id, &done).await.map_err(refusal)?;
    api.delivery.bell.ring();
    Ok(StatusCode::NO_CONTENT)
}
