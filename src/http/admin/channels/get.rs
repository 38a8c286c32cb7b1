//! `GET /api/v1/admin/channels/{id}`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ChannelSecretView, ChannelView, secret_view, view};
use crate::conversation::channels::service::ChannelError;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// A channel with what its hosts sign with.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelWithSecrets {
    /// The channel.
    #[serde(flatten)]
    pub channel: ChannelView,
    /// Newest first. The secrets themselves are told once, when they are made.
    pub secrets: Vec<ChannelSecretView>,
}

/// One channel.
#[utoipa::path(get, path = "/api/v1/admin/channels/{id}", tag = "渠道", security(("session" = []), ("key" = [])), params(("id" = String, Path)),
    responses((status = 200, body = ChannelWithSecrets), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_admin_channel(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<ChannelWithSecrets>, Problem> {
    let channel = api.channels.get(&id).ok_or_else(|| super::refusal(ChannelError::Missing))?;
    let secrets = api.channels.secrets(&id).await.map_err(|e| Problem::unavailable(&e))?;
    let now = api.clock.now();
    let secrets = secrets.into_iter().map(|s| secret_view(s, now)).collect();
    Ok(Json(ChannelWithSecrets { channel: view(&api, &channel), secrets }))
}
