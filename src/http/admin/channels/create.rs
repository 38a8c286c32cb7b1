//! `POST /api/v1/admin/channels`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ChannelView, view};
use crate::conversation::channels::ChannelSettings;
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// A channel to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChannel {
    /// 2 to 32 of a–z, 0–9 and `-`; stands on other sites' pages and is never changed.
    pub id: String,
    /// What the desk says.
    #[serde(default)]
    pub settings: ChannelSettings,
}

/// Makes a channel.
#[utoipa::path(post, path = "/api/v1/admin/channels", tag = "渠道", security(("session" = [])), request_body = NewChannel,
    responses((status = 201, body = ChannelView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn create_channel(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    JsonBody(NewChannel { id, settings }): JsonBody<NewChannel>,
) -> Result<(StatusCode, Json<ChannelView>), Problem> {
    let channel = api.channels.create(&caller, &id, settings).await.map_err(super::refusal)?;
    Ok((StatusCode::CREATED, Json(view(&api, &channel))))
}
