//! `GET /api/v1/auth/ways`: in which ways one can sign in here.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::state::ApiState;

/// The ways beside name and password.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ways {
    /// The identity provider; none when none is configured.
    pub oidc: Option<OidcWay>,
}

/// An identity provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct OidcWay {
    /// What the button calls it.
    pub title: String,
}

/// In which ways one can sign in.
#[utoipa::path(get, path = "/api/v1/auth/ways", tag = "登录", responses((status = 200, body = Ways)))]
pub async fn get_ways(State(api): State<ApiState>) -> Json<Ways> {
    Json(Ways { oidc: api.oidc.as_ref().map(|o| OidcWay { title: o.title().to_owned() }) })
}
