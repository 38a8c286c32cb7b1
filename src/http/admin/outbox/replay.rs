//! `POST /api/v1/admin/outbox/replay` and `…/{id}/replay`: dead letters once more, all that fit or one, put right if need be.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{known, refusal};
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::platform::outbox::Redrive;

/// Longest corrections, in bytes of JSON.
const MAX_CORRECTIONS: usize = 64 * 1024;

/// Which dead letters; all that is given must fit. Nothing given means all of them, and must be said by `all`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayMany {
    /// To this platform.
    #[serde(default)]
    pub destination: Option<String>,
    /// Of this ticket.
    #[serde(default)]
    pub number: Option<String>,
    /// `incident`, `update` or `attachment`.
    #[serde(default)]
    pub kind: Option<String>,
    /// Words in the reason.
    #[serde(default)]
    pub reason: Option<String>,
    /// True when really everything is meant.
    #[serde(default)]
    pub all: bool,
}

/// How many were queued again.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// Rows that are due now.
    pub rows: u64,
}

/// Queues every dead letter that fits again.
#[utoipa::path(post, path = "/api/v1/admin/outbox/replay", tag = "推送", security(("session" = []), ("key" = [])), request_body = ReplayMany,
    responses((status = 200, body = Replayed), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn replay_outbox(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    JsonBody(which): JsonBody<ReplayMany>,
) -> Result<Json<Replayed>, Problem> {
    let ReplayMany { destination, number, kind, reason, all } = which;
    let detail = json!({ "to": destination, "number": number, "kind": kind, "reason": reason, "all": all });
    let redrive = Redrive { id: None, number, destination, kind, reason };
    if redrive == Redrive::default() && !all {
        return Err(Problem::new(Code::InvalidBody).detail("请写明重推哪些；确实要全部重推，请加上 \"all\": true"));
    }
    api.audit.record(&caller, "outbox.replay", ("outbox", "many"), detail).await.map_err(|e| Problem::unavailable(&e))?;
    let rows = api.delivery.outbox.redrive(&redrive, api.clock.now()).await.map_err(refusal)?;
    api.delivery.bell.ring();
    Ok(Json(Replayed { rows }))
}

/// One dead letter, and what is to be put right in it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayOne {
    /// A JSON merge patch (RFC 7396) over the body; absent = as it is.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub corrections: Option<Value>,
}

/// Queues one dead letter again, put right if need be. The ticket itself stays as the resident confirmed it.
#[utoipa::path(post, path = "/api/v1/admin/outbox/{id}/replay", tag = "推送", security(("session" = []), ("key" = [])),
    params(("id" = i64, Path)), request_body = ReplayOne,
    responses((status = 202), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn replay_outbox_row(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(ReplayOne { corrections }): JsonBody<ReplayOne>,
) -> Result<StatusCode, Problem> {
    let (row, _) = known(&api, &id).await?;
    if let Some(patch) = &corrections {
        let fixed = ["idempotency_key", "event_id", "attachment_id", "number"];
        if !patch.is_object() || patch.to_string().len() > MAX_CORRECTIONS {
            return Err(Problem::new(Code::InvalidBody).detail("修改内容应为不超过64KB的JSON对象"));
        }
        if let Some(name) = fixed.into_iter().find(|name| patch.get(name).is_some()) {
            return Err(Problem::new(Code::InvalidBody).detail(format!("{name} 是识别重复用的，不能修改")));
        }
    }
    // The names of the fields, not what stands in them.
    let fields: Vec<&str> =
        corrections.as_ref().and_then(Value::as_object).map(|o| o.keys().map(String::as_str).collect()).unwrap_or_default();
    let detail = json!({ "number": row.ticket_number, "to": row.destination, "fields": fields });
    api.audit
        .record(&caller, "outbox.replay", ("outbox", &row.id.to_string()), detail)
        .await
        .map_err(|e| Problem::unavailable(&e))?;
    api.delivery.desk.correct(row.id, corrections.as_ref(), api.clock.now()).await.map_err(refusal)?;
    api.delivery.bell.ring();
    Ok(StatusCode::ACCEPTED)
}
