//! `POST /api/v1/conversations/{id}/messages`: one message, one turn.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::turn_events;
use crate::conversation::outcome::TurnOutcome;
use crate::conversation::service::{Incoming, PostError, Posted};
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::http::{callers, sse};

/// A message.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewMessage {
    /// Made by the client; the same again returns the same turn.
    pub client_message_id: String,
    /// At most `max_chars` characters; may be empty with an attachment.
    #[serde(default)]
    pub text: String,
    /// Ids from `POST /attachments`.
    #[serde(default)]
    pub attachments: Vec<Uuid>,
}

/// Takes a message. `Accept: text/event-stream` streams the turn, anything else waits for the whole of it.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/messages", tag = "对话", request_body = NewMessage,
    params(("id" = Uuid, Path)), security(("conversation" = [])),
    responses((status = 200, body = TurnOutcome), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub async fn post_message(
    State(api): State<ApiState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(message): JsonBody<NewMessage>,
) -> Result<Response, Problem> {
    let conversation = callers::conversation(&api, &headers, callers::id(&id)?).await?;
    let channel = api.channels.get(&conversation.channel);
    api.limits.message(api.limits.caller(peer, &headers), conversation.id, &conversation.channel, channel.as_deref())?;
    if message.attachments.len() > api.attachments.max_per_message {
        let detail = format!("一次最多发送{}个附件", api.attachments.max_per_message);
        return Err(Problem::new(Code::InvalidBody).detail(detail));
    }
    let incoming =
        Incoming { client_message_id: message.client_message_id, text: message.text, attachments: message.attachments };
    let posted = api.conversations.post(conversation, incoming).await.map_err(refusal)?;
    if sse::wants_stream(&headers) {
        return turn_events::stream(&api, posted, sse::last_event_id(&headers)).await;
    }
    Ok(Json(whole(&api, posted).await?).into_response())
}

/// Waits for the end of a turn.
pub(super) async fn whole(api: &Api, posted: Posted) -> Result<TurnOutcome, Problem> {
    match posted {
        Posted::Live(live) => {
            let outcome = live.outcome().await.ok_or(Code::Unavailable)?;
            Ok(Arc::unwrap_or_clone(outcome))
        }
        Posted::Stored(stored) => {
            if let Some(outcome) = stored.outcome {
                return Ok(outcome);
            }
            // It runs in no process: the crash that broke it off has not been cleaned up yet.
            api.conversations.recover().await.map_err(|e| Problem::unavailable(&e))?;
            Err(Problem::new(Code::Unavailable).retry_after(1))
        }
    }
}

fn refusal(error: PostError) -> Problem {
    match error {
        PostError::Empty => Problem::new(Code::EmptyMessage),
        PostError::TooLong { chars, limit } => {
            Problem::new(Code::MessageTooLong).detail(format!("这段话有{chars}个字，一次最多{limit}个字，请分几次发送"))
        }
        PostError::BadClientId => Problem::new(Code::InvalidBody).detail("client_message_id 须为1到100个字符"),
        PostError::UnknownAttachment(_) => Problem::new(Code::InvalidBody).detail("附件不存在，请重新上传"),
        PostError::TooManyAttachments(words) => Problem::new(Code::TooManyAttachments).detail(words),
        PostError::Lost => Problem::unavailable(&error),
        PostError::Store(error) => Problem::unavailable(&error),
    }
}
