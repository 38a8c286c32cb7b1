//! `POST /api/v1/admin/hit-test/confirm`.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Which passage answers a past question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmPast {
    /// The turn.
    pub turn_id: Uuid,
    /// The document that answers; the first one that was cited when absent.
    #[serde(default)]
    pub document_id: Option<String>,
    /// Its clause.
    #[serde(default)]
    pub clause: Option<String>,
}

/// Says that a document answers a past question: a pair that the search may be trained on, deleted with the turn.
#[utoipa::path(post, path = "/api/v1/admin/hit-test/confirm", tag = "命中测试", security(("session" = []), ("key" = [])),
    request_body = ConfirmPast,
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn confirm_past(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    JsonBody(wish): JsonBody<ConfirmPast>,
) -> Result<StatusCode, Problem> {
    let found = api.conversations.past_turn(wish.turn_id).await.map_err(|e| Problem::unavailable(&e))?;
    let past = found.ok_or_else(|| Problem::new(Code::NotFound).detail("没有这一轮对话，可能已随会话删除"))?;
    let cited = past.past.reply.citations.first();
    let document = wish.document_id.or_else(|| cited.map(|c| c.document_id.clone()));
    let document = document.ok_or_else(|| Problem::new(Code::InvalidBody).detail("请写明哪份资料能回答"))?;
    let known = api.knowledge.store().document(&document, None).await.map_err(|e| Problem::unavailable(&e))?;
    let known = known.ok_or_else(|| Problem::new(Code::NotFound).detail("没有这份资料"))?;
    let cited = cited.filter(|c| c.document_id == document).map(|c| c.clause.clone());
    let clause = wish.clause.or(cited).unwrap_or_default();
    if !clause.is_empty() && !known.passages.iter().any(|p| p.heading == clause) {
        return Err(Problem::new(Code::InvalidBody).detail("这份资料里没有这一节"));
    }
    let kept = api.conversations.confirm_past(&past, &document, &clause, &caller.name).await;
    kept.map_err(|e| Problem::unavailable(&e))?;
    let detail = json!({ "document": document, "clause": clause });
    let written = api.audit.record(&caller, "answer.confirm", ("turn", &wish.turn_id.to_string()), detail).await;
    written.map_err(|e| Problem::unavailable(&e))?;
    Ok(StatusCode::NO_CONTENT)
}
