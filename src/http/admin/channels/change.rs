//! `PUT /api/v1/admin/channels/{id}`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ChannelView, view};
use crate::conversation::channels::ChannelSettings;
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// A channel as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedChannel {
    /// The one that was seen.
    pub revision: u32,
    /// All of what the desk says.
    pub settings: ChannelSettings,
}

/// Changes a channel: windows that are opened from now on show it.
#[utoipa::path(put, path = "/api/v1/admin/channels/{id}", tag = "渠道", security(("session" = [])), params(("id" = String, Path)),
    request_body = ChangedChannel,
    responses((status = 200, body = ChannelView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn change_channel(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(ChangedChannel { revision, settings }): JsonBody<ChangedChannel>,
) -> Result<Json<ChannelView>, Problem> {
    let channel = api.channels.change(&caller, &id, revision, settings).await.map_err(super::refusal)?;
    Ok(Json(view(&api, &channel)))
}
