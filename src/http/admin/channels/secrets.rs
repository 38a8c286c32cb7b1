//! `/api/v1/admin/channels/{id}/secrets`: what a host's server signs with.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ChannelSecretView, secret_view};
use crate::http::body::JsonBody;
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// A secret to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChannelSecret {
    /// Hours for which the one before goes on opening, at most 168; 24 when absent.
    #[serde(default = "a_day")]
    pub overlap_hours: u32,
}

const fn a_day() -> u32 {
    24
}

/// A secret, told this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct ToldChannelSecret {
    /// What it is.
    #[serde(flatten)]
    pub info: ChannelSecretView,
    /// Itself: the bytes of this text are the key of the HMAC.
    pub secret: String,
}

/// Makes a new secret; the one before opens a while longer, so that a host can be changed over without a gap.
#[utoipa::path(post, path = "/api/v1/admin/channels/{id}/secrets", tag = "渠道", security(("session" = [])), params(("id" = String, Path)),
    request_body = NewChannelSecret,
    responses((status = 201, body = ToldChannelSecret), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn create_channel_secret(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(NewChannelSecret { overlap_hours }): JsonBody<NewChannelSecret>,
) -> Result<(StatusCode, Json<ToldChannelSecret>), Problem> {
    let overlap = SignedDuration::from_hours(i64::from(overlap_hours));
    let made = api.channels.rotate(&caller, &id, overlap).await.map_err(super::refusal)?;
    let told = ToldChannelSecret { info: secret_view(made.info, api.clock.now()), secret: made.secret };
    Ok((StatusCode::CREATED, Json(told)))
}

/// Ends a secret at once.
#[utoipa::path(delete, path = "/api/v1/admin/channels/{id}/secrets/{secret}", tag = "渠道", security(("session" = [])),
    params(("id" = String, Path), ("secret" = Uuid, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn end_channel_secret(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path((id, secret)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    api.channels.end_secret(&caller, &id, callers::id(&secret)?).await.map_err(super::refusal)?;
    Ok(StatusCode::NO_CONTENT)
}
