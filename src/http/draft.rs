//! `/api/v1/conversations/{id}/draft`: the buttons of the draft card.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::JsonBody;
use super::callers;
use super::problem::{Code, FieldProblem, Problem, ProblemBody};
use super::state::ApiState;
use super::tickets;
use crate::conversation::draft_ops::{Confirmed, DraftError};
use crate::incident::ticket::Ticket;

/// The draft after a change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConversationDraft)]
pub struct DraftView {
    /// The draft card; null when there is none any more.
    #[schema(value_type = Option<Object>)]
    pub card: Option<Value>,
}

/// A ticket that was just made, or was made before by the same draft.
#[derive(Debug, Serialize, ToSchema)]
pub struct Receipt {
    /// The ticket.
    pub ticket: Ticket,
    /// The receipt card.
    #[schema(value_type = Object)]
    pub card: Value,
}

/// Changes fields of the draft: a JSON merge patch over the ticket's fields.
#[utoipa::path(patch, path = "/api/v1/conversations/{id}/draft", tag = "上报", request_body = Object, params(("id" = Uuid, Path)),
    security(("conversation" = [])),
    responses((status = 200, body = DraftView), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn patch_draft(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(patch): JsonBody<Value>,
) -> Result<Json<DraftView>, Problem> {
    let conversation = callers::conversation(&api, &headers, callers::id(&id)?).await?;
    let card = api.conversations.patch_draft(conversation.id, &patch).await.map_err(refusal)?;
    Ok(Json(DraftView { card: Some(card) }))
}

/// Confirms the draft. The same draft confirmed again returns 200 and the same ticket.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/draft/confirm", tag = "上报",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)), security(("conversation" = [])),
    responses((status = 201, body = Receipt), (status = 200, body = Receipt), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn confirm_draft(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Receipt>), Problem> {
    let conversation = callers::conversation(&api, &headers, callers::id(&id)?).await?;
    let key = idempotency_key(&headers);
    let Confirmed { ticket, card, created } = api.conversations.confirm_draft(conversation.id, key).await.map_err(refusal)?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Receipt { ticket, card })))
}

/// Which ticket is the same.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Number of a ticket that was shown beside this draft.
    pub number: String,
}

/// 一起反映: the draft becomes a ticket of its own that is merged at once into the one that is known. The same draft joined again
/// returns 200 and the same ticket.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/draft/join", tag = "上报", request_body = Join,
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)), security(("conversation" = [])),
    responses((status = 201, body = Receipt), (status = 200, body = Receipt), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn join_draft(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(join): JsonBody<Join>,
) -> Result<(StatusCode, Json<Receipt>), Problem> {
    let conversation = callers::conversation(&api, &headers, callers::id(&id)?).await?;
    let key = idempotency_key(&headers);
    let joined = api.conversations.join_draft(conversation.id, join.number.trim(), key).await.map_err(refusal)?;
    let status = if joined.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Receipt { ticket: joined.ticket, card: joined.card })))
}

/// Gives the draft up.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/draft/cancel", tag = "上报", params(("id" = Uuid, Path)),
    security(("conversation" = [])), responses((status = 200, body = DraftView), (status = 404, body = ProblemBody)))]
pub async fn cancel_draft(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<DraftView>, Problem> {
    let conversation = callers::conversation(&api, &headers, callers::id(&id)?).await?;
    api.conversations.cancel_draft(conversation.id).await.map_err(refusal)?;
    Ok(Json(DraftView { card: None }))
}

fn idempotency_key(headers: &HeaderMap) -> Option<String> {
    headers.get("idempotency-key").and_then(|v| v.to_str().ok()).map(|k| k.chars().take(100).collect())
}

fn refusal(error: DraftError) -> Problem {
    match error {
        DraftError::None => Problem::new(Code::NoDraft),
        DraftError::Incomplete { missing, words } => {
            let mut problem = Problem::new(Code::DraftIncomplete).detail(words);
            problem.missing = missing;
            problem
        }
        DraftError::Invalid(errors) => {
            let detail = errors.iter().map(|e| e.1.as_str()).collect::<Vec<_>>().join("；");
            let mut problem = Problem::new(Code::InvalidDraft).detail(detail);
            problem.errors = errors.into_iter().map(|(field, message)| FieldProblem { field, message }).collect();
            problem
        }
        DraftError::Stopped(words) => Problem::new(Code::Conflict).detail(words),
        DraftError::Store(error) => Problem::unavailable(&error),
        DraftError::Ticket(error) => tickets::refusal(error),
    }
}
