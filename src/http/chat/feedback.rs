//! `POST /api/v1/conversations/{id}/messages/{mid}/feedback`

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::body::JsonBody;
use crate::http::callers;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;

/// Thumb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It helped.
    Up,
    /// It did not.
    Down,
}

/// A verdict on a reply.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Feedback {
    /// Thumb.
    pub verdict: Verdict,
    /// One of the offered reasons.
    #[serde(default)]
    pub reason: Option<String>,
    /// Own words.
    #[serde(default)]
    pub comment: Option<String>,
}

/// Keeps a verdict.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/messages/{mid}/feedback", tag = "对话", request_body = Feedback,
    params(("id" = Uuid, Path), ("mid" = Uuid, Path)), security(("conversation" = [])),
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub async fn post_feedback(
    State(api): State<ApiState>,
    Path((id, mid)): Path<(String, String)>,
    headers: HeaderMap,
    JsonBody(feedback): JsonBody<Feedback>,
) -> Result<StatusCode, Problem> {
    let conversation = callers::conversation(&api, &headers, callers::id(&id)?).await?;
    let words: Vec<String> = [feedback.reason, feedback.comment].into_iter().flatten().collect();
    let words = (!words.is_empty()).then(|| words.join("｜").chars().take(500).collect::<String>());
    let up = feedback.verdict == Verdict::Up;
    let kept = api.conversations.feedback(conversation.id, callers::id(&mid)?, up, words.as_deref()).await;
    if kept.map_err(|e| Problem::unavailable(&e))? { Ok(StatusCode::NO_CONTENT) } else { Err(Code::NotFound.into()) }
}
