//! `POST /api/v1/conversations`: a new conversation and the only key to it.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::channel;
use crate::conversation::channels::DEFAULT;
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
    /// Of a channel in secure mode: what the host's server has signed for this one conversation.
    #[serde(default)]
    pub channel_token: Option<String>,
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
    let id = wish.channel.unwrap_or_else(|| DEFAULT.to_owned());
    let chosen = api.channels.get(&id).ok_or_else(|| Problem::new(Code::InvalidBody).detail("没有这个渠道"))?;
    api.limits.open(api.limits.caller(peer, &headers), &chosen)?;
    channel::from_allowed_site(&api, &chosen.id, &headers)?;
    let audience = wish.audience.unwrap_or(Audience::Resident);
    if audience == Audience::Gridworker && !access::opens_procedures(&api, peer, &headers).await? {
        return Err(Problem::new(Code::Forbidden).detail("网格员问答需要网格员的凭证"));
    }
    // The last question: a token is used up by it.
    api.channels.admit(&chosen, wish.channel_token.as_deref()).await.map_err(channel::refusal)?;
    let opened = api.conversations.open(id, audience).await.map_err(|e| Problem::unavailable(&e))?;
    let words = channel::words(&api, &chosen);
    let created =
        Created { conversation_id: opened.id, token: opened.token, greeting: words.greeting, suggestions: words.suggestions };
    Ok((StatusCode::CREATED, Json(created)))
}
