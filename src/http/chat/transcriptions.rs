//! `POST /api/v1/transcriptions`: what was said, as words to be corrected before they are sent. Keeps nothing.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{ConnectInfo, Multipart, Query, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::channel;
use crate::conversation::channels::DEFAULT;
use crate::conversation::speech::SpeechError;
use crate::http::media::{self, Upload};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::{callers, limits::Speaker};

/// For whoever has no conversation yet: nothing is stored before the first message.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Where {
    /// The channel whose window it is; `default` when absent.
    #[serde(default)]
    pub channel: Option<String>,
}

/// What was heard.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transcription {
    /// The words, to be read and corrected by whoever said them.
    pub text: String,
}

/// Writes down a recording under the rules of voice attachments. With the key of a conversation or, before there is one, with a channel.
#[utoipa::path(post, path = "/api/v1/transcriptions", tag = "对话", params(Where), security((), ("conversation" = [])),
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses((status = 200, body = Transcription), (status = 404, body = ProblemBody), (status = 413, body = ProblemBody),
        (status = 415, body = ProblemBody), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody), (status = 502, body = ProblemBody)))]
pub async fn post_transcription(
    State(api): State<ApiState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Query(place): Query<Where>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Json<Transcription>, Problem> {
    if !api.speech.offered() {
        return Err(refusal(&SpeechError::None));
    }
    let caller = api.limits.caller(peer, &headers);
    if callers::bearer(&headers).is_some() {
        let conversation = callers::conversation_of_bearer(&api, &headers).await?;
        api.limits.speak(caller, Speaker::Conversation(conversation.id), &conversation.channel)?;
    } else {
        let id = place.channel.as_deref().unwrap_or(DEFAULT);
        let chosen = api.channels.get(id).ok_or_else(|| Problem::new(Code::NotFound).detail("没有这个渠道"))?;
        channel::from_allowed_site(&api, &chosen.id, &headers)?;
        // Where the host signs for its visitors, speaking begins with their conversation.
        api.channels.admit(&chosen, None).await.map_err(channel::refusal)?;
        api.limits.speak(caller, Speaker::Address(caller), &chosen.id)?;
    }
    let file = media::take(form, &api.attachments).await?;
    let recording = media::clean(&api, file).await?;
    let text = api.speech.words_of(recording).await.map_err(|error| refusal(&error))?;
    Ok(Json(Transcription { text }))
}

fn refusal(error: &SpeechError) -> Problem {
    match error {
        SpeechError::None => Problem::new(Code::NotFound).detail("这里没有开通语音输入，请打字告诉我"),
        SpeechError::NoVoice => Problem::new(Code::UnsupportedMediaType).detail("只能识别语音，照片和视频请作为附件发送"),
        SpeechError::Nothing => Problem::new(Code::NothingHeard),
        SpeechError::Failed(error) => {
            tracing::warn!(error = error.label(), "a recording was not transcribed");
            Problem::new(Code::TranscriptionFailed)
        }
    }
}
