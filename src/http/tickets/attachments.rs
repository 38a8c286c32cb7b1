//! `POST /api/v1/tickets/{number}/attachments`: the resident has something more to show.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{TicketStory, own_ticket, refusal, story};
use crate::conversation::evidence::SupplementError;
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};

/// What is added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoreEvidence {
    /// Ids from `POST /attachments` of the same conversation.
    pub attachments: Vec<Uuid>,
    /// Own words, at most 500 characters.
    #[serde(default)]
    pub note: Option<String>,
}

/// Adds attachments to an open ticket; whoever handles it and every platform that has it learn of them. Twice is as once.
#[utoipa::path(post, path = "/api/v1/tickets/{number}/attachments", tag = "工单", request_body = MoreEvidence,
    params(("number" = String, Path)), security(("conversation" = [])),
    responses((status = 200, body = TicketStory), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn add_attachments(
    State(api): State<ApiState>,
    Path(number): Path<String>,
    headers: HeaderMap,
    JsonBody(more): JsonBody<MoreEvidence>,
) -> Result<Json<TicketStory>, Problem> {
    let ticket = own_ticket(&api, &headers, &number).await?;
    let ids = checked(&api, &more.attachments)?;
    let conversation = ticket.source.conversation_id;
    let added = api.conversations.supplement(conversation, &ticket, ids, more.note.as_deref()).await.map_err(not_added)?;
    Ok(Json(story(&api, added).await?))
}

/// Some, and not more than a message may bring.
pub fn checked<'a>(api: &Api, ids: &'a [Uuid]) -> Result<&'a [Uuid], Problem> {
    if ids.is_empty() {
        return Err(Problem::new(Code::InvalidBody).detail("attachments 里还没有附件"));
    }
    let most = api.attachments.max_per_message;
    if ids.len() > most {
        return Err(Problem::new(Code::TooManyAttachments).detail(format!("一次最多发送{most}个附件")));
    }
    Ok(ids)
}

/// Why nothing was added.
pub fn not_added(error: SupplementError) -> Problem {
    match error {
        SupplementError::Unknown(_) => Problem::new(Code::InvalidBody).detail("附件不存在，请重新上传"),
        SupplementError::TooMany(words) => Problem::new(Code::TooManyAttachments).detail(words),
        SupplementError::Ended(status) => {
            Problem::new(Code::Conflict).detail(format!("工单已是“{}”，不能再补充附件", status.word()))
        }
        SupplementError::Store(error) => Problem::unavailable(&error),
        SupplementError::Ticket(error) => refusal(error),
    }
}
