//! `GET /api/v1/channels/{id}`: greeting and rules before a conversation exists. Stores nothing.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::conversation::street::{Hotline, Human};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;

/// Limits for attachments.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachmentLimits {
    /// Bytes of one photo.
    pub max_bytes: usize,
    /// Bytes of one voice recording.
    pub max_voice_bytes: usize,
    /// Seconds of one voice recording.
    pub max_voice_s: u32,
    /// Bytes of one video.
    pub max_video_bytes: usize,
    /// Seconds of one video.
    pub max_video_s: u32,
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
    /// Limits for attachments.
    pub attachments: AttachmentLimits,
    /// Whether there is voice input (`POST /transcriptions`), within the limits of voice attachments.
    pub voice_input: bool,
    /// Days after their last message that conversations without a ticket are kept; 0 = until they are deleted by hand.
    pub retention_days: u32,
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
        attachments: AttachmentLimits {
            max_bytes: api.attachments.max_bytes,
            max_voice_bytes: api.attachments.max_voice_bytes,
            max_voice_s: api.attachments.max_voice_s,
            max_video_bytes: api.attachments.max_video_bytes,
            max_video_s: api.attachments.max_video_s,
            max_count: api.attachments.max_per_message,
        },
        voice_input: api.speech.offered(),
        retention_days: api.conversations.retention_days(),
    }))
}
