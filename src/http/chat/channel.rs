//! `GET /api/v1/channels/{id}`: greeting and rules before a conversation exists. Stores nothing.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::conversation::street::{Hotline, Human};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;

/// Limits for pictures.
#[derive(Debug, Serialize, ToSchema)]
pub struct PictureLimits {
    /// Bytes of one.
    pub max_bytes: usize,
    /// Of one message.
    pub max_count: usize,
}

/// What a window shows first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Channel {
    /// Its id.
    pub id: String,
    /// Head line.
    pub title: String,
    /// First words.
    pub greeting: String,
    /// What one might ask.
    pub suggestions: Vec<String>,
    /// AI notice, shown all the time near the input.
    pub notice: String,
    /// AI label of generated answers.
    pub label: String,
    /// Before anything personal is collected.
    pub privacy: String,
    /// Numbers that can be tapped.
    pub hotlines: Vec<Hotline>,
    /// How to reach a person.
    pub human: Human,
    /// Characters of one message.
    pub max_chars: usize,
    /// Limits for pictures.
    pub attachments: PictureLimits,
}

/// Channels that exist: `default` for residents, `worker` for gridworkers.
pub const CHANNELS: [&str; 2] = ["default", "worker"];

/// Greeting and rules of a channel.
#[utoipa::path(get, path = "/api/v1/channels/{id}", tag = "对话",
    params(("id" = String, Path, description = "default 或 worker")),
    responses((status = 200, body = Channel), (status = 404, body = ProblemBody)))]
pub async fn get_channel(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<Channel>, Problem> {
    if !CHANNELS.contains(&id.as_str()) {
        return Err(Problem::new(Code::NotFound).detail("没有这个渠道"));
    }
    let street = api.conversations.street();
    Ok(Json(Channel {
        id,
        title: format!("{}·虚拟数字网格员", street.name),
        greeting: street.greeting.clone(),
        suggestions: street.suggestions.clone(),
        notice: street.ai_notice.clone(),
        label: street.ai_label.clone(),
        privacy: street.privacy.clone(),
        hotlines: street.hotlines.clone(),
        human: street.human.clone(),
        max_chars: api.conversations.max_chars(),
        attachments: PictureLimits { max_bytes: api.attachments.max_bytes, max_count: api.attachments.max_per_message },
    }))
}
