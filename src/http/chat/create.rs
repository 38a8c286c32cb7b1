//! `POST /api/v1/conversations`: a new conversation and the only key to it.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::channel::CHANNELS;
use crate::conversation::store::Audience;
use crate::http::access;
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;

/// What may be wished.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewConversation {
    /// `default` when absent.
    #[serde(default)]
    pub channel: Option<String>,
    /// May only narrow the caller's role: `gridworker` needs a session, an API key with `procedure_ask`, or the configured key.
    #[serde(default)]
    pub audience: Option<Audience>,
}

/// The conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Created {
    /// Public id.
    pub conversation_id: Uuid,
    /// Bearer of every further call; shown once.
    pub token: String,
    /// First words.
    pub greeting: String,
    /// What one might ask.
    pub suggestions: Vec<String>,
}

/// Opens a conversation.
#[utoipa::path(post, path = "/api/v1/conversations", tag = "对话", request_body = NewConversation,
    responses((status = 201, body = Created), (status = 403, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub async fn create_conversation(
    State(api): State<ApiState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    JsonBody(wish): JsonBody<NewConversation>,
) -> Result<(StatusCode, Json<Created>), Problem> {
    api.limits.open(api.limits.caller(peer, &headers))?;
    let audience = wish.audience.unwrap_or(Audience::Resident);
    if audience == Audience::Gridworker && !access::opens_procedures(&api, peer, &headers).await? {
        return Err(Problem::new(Code::Forbidden).detail("网格员问答需要网格员的凭证"));
    }
    let channel = wish.channel.unwrap_or_else(|| "default".to_owned());
    if !CHANNELS.contains(&channel.as_str()) {
        return Err(Problem::new(Code::InvalidBody).detail("没有这个渠道"));
    }
    let opened = api.conversations.open(channel, audience).await.map_err(|e| Problem::unavailable(&e))?;
    let street = api.conversations.street();
    let created = Created {
        conversation_id: opened.id,
        token: opened.token,
        greeting: street.greeting.clone(),
        suggestions: street.suggestions.clone(),
    };
    Ok((StatusCode::CREATED, Json(created)))
}
