//! `GET /api/v1/admin/channels`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ChannelView, view};
use crate::http::problem::ProblemBody;
use crate::http::state::ApiState;

/// Every channel.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelList {
    /// Those that always exist first.
    pub channels: Vec<ChannelView>,
}

/// Where the window stands.
#[utoipa::path(get, path = "/api/v1/admin/channels", tag = "渠道", security(("session" = []), ("key" = [])),
    responses((status = 200, body = ChannelList), (status = 403, body = ProblemBody)))]
pub async fn list_channels(State(api): State<ApiState>) -> Json<ChannelList> {
    Json(ChannelList { channels: api.channels.all().iter().map(|c| view(&api, c)).collect() })
}
