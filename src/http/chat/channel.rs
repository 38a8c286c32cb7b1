//! `GET /api/v1/channels/{id}`: greeting and rules before a conversation exists. Stores nothing.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::conversation::channels::Channel as Kept;
use crate::conversation::channels::service::NotAdmitted;
use crate::conversation::channels::token::Refused;
use crate::conversation::street::{Hotline, Human};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};

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
    /// On a shared machine: seconds without a touch after which the window forgets the conversation; 0 = never.
    pub idle_reset_s: u32,
    /// A conversation begins only with a token that the host's server has signed.
    pub secure: bool,
}

/// What a channel says; where the desk has said nothing, the street's own words.
pub struct Words {
    /// Head line.
    pub title: String,
    /// First words.
    pub greeting: String,
    /// What one might ask.
    pub suggestions: Vec<String>,
    /// AI notice.
    pub notice: String,
}

/// What a channel says.
pub fn words(api: &Api, channel: &Kept) -> Words {
    let street = api.conversations.street();
    let settings = &channel.settings;
    let or = |own: &str, street: &dyn Fn() -> String| if own.is_empty() { street() } else { own.to_owned() };
    Words {
        title: or(&settings.title, &|| format!("{}·虚拟数字网格员", street.name)),
        greeting: or(&settings.greeting, &|| street.greeting.clone()),
        notice: or(&settings.notice, &|| street.ai_notice.clone()),
        suggestions: if settings.suggestions.is_empty() { street.suggestions.clone() } else { settings.suggestions.clone() },
    }
}

/// Refuses what a page of a site sends that may not show this channel. Browsers name the site of every call that changes something;
/// programs name none, and are asked for a token where one is needed.
///
/// # Errors
/// The site is neither ours nor one of the channel's.
pub fn from_allowed_site(api: &Api, channel: &str, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or("null").to_ascii_lowercase();
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let ours =
        origin == api.public_origin || (!host.is_empty() && origin.split_once("://").is_some_and(|(_, rest)| rest == host));
    if ours || api.channels.sites(channel).has(&origin) { Ok(()) } else { Err(Code::OriginRefused.into()) }
}

/// Why a conversation may not begin.
pub fn refusal(why: NotAdmitted) -> Problem {
    match why {
        NotAdmitted::Missing => Problem::new(Code::NotFound).detail("没有这个渠道"),
        NotAdmitted::Disabled => Code::ChannelDisabled.into(),
        NotAdmitted::TokenRequired => Code::ChannelTokenRequired.into(),
        NotAdmitted::Token(Refused::Invalid(why)) => {
            Problem::new(Code::ChannelTokenInvalid).detail(format!("打开窗口的凭证无效：{why}"))
        }
        NotAdmitted::Token(Refused::Foreign) => Code::ChannelTokenForeign.into(),
        NotAdmitted::Token(Refused::Expired) => Code::ChannelTokenExpired.into(),
        NotAdmitted::Token(Refused::Used) => Code::ChannelTokenUsed.into(),
        NotAdmitted::Store(error) => Problem::unavailable(&error),
    }
}

/// Greeting and rules of a channel.
#[utoipa::path(get, path = "/api/v1/channels/{id}", tag = "对话",
    params(("id" = String, Path, description = "default、worker 或管理台建立的渠道")),
    responses((status = 200, body = Channel), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_channel(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<Channel>, Problem> {
    let channel = api.channels.get(&id).ok_or_else(|| Problem::new(Code::NotFound).detail("没有这个渠道"))?;
    if !channel.settings.enabled {
        return Err(Code::ChannelDisabled.into());
    }
    let street = api.conversations.street();
    let Words { title, greeting, suggestions, notice } = words(&api, &channel);
    Ok(Json(Channel {
        id,
        title,
        greeting,
        suggestions,
        notice,
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
        idle_reset_s: channel.settings.idle_reset_s,
        secure: channel.settings.secure,
    }))
}
