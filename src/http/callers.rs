//! Who calls: the bearer of a conversation, or a gridworker's key.

use axum::http::{HeaderMap, header};
use uuid::Uuid;

use super::problem::{Code, Problem};
use super::state::Api;
use crate::conversation::store::Conversation;
use crate::identity;

/// The bearer token of a request.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|t| !t.is_empty())
}

/// The conversation that the caller holds the key to.
pub async fn conversation(api: &Api, headers: &HeaderMap, id: Uuid) -> Result<Conversation, Problem> {
    let token = bearer(headers).ok_or(Code::Unauthenticated)?;
    let found = api.conversations.conversation(id).await.map_err(|e| Problem::unavailable(&e))?;
    let conversation = found.ok_or_else(|| Problem::new(Code::NotFound).detail("没有这个会话，可能已被清空，请重新开始"))?;
    if identity::same(&conversation.token_hash, &identity::hash(token)) {
        Ok(conversation)
    } else {
        Err(Problem::new(Code::Forbidden).detail("凭证与这个会话不符"))
    }
}

/// The conversation that the bearer is the key of.
pub async fn conversation_of_bearer(api: &Api, headers: &HeaderMap) -> Result<Conversation, Problem> {
    let token = bearer(headers).ok_or(Code::Unauthenticated)?;
    let found = api.conversations.conversation_of_token(token).await.map_err(|e| Problem::unavailable(&e))?;
    found.ok_or_else(|| Problem::new(Code::Forbidden).detail("凭证无效，请重新开始对话"))
}

/// A path segment as an id.
pub fn id(text: &str) -> Result<Uuid, Problem> {
    Uuid::parse_str(text).map_err(|_| Problem::new(Code::NotFound))
}
