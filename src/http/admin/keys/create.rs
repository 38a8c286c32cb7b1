//! `POST /api/v1/admin/keys`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::KeyView;
use crate::http::auth::refusal;
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::keys::NewKey;
use crate::identity::{Caller, Permissions};

/// A key to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateKey {
    /// What it is for.
    pub name: String,
    /// Whose; absent: one's own.
    #[serde(default)]
    pub account_id: Option<Uuid>,
    /// A part of what the owner may do; absent: all of it that a key may carry.
    #[serde(default)]
    pub permissions: Option<Permissions>,
    /// When it ends; absent: when it is taken back.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

/// A key with its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyWithSecret {
    /// The key.
    pub key: KeyView,
    /// The bearer: in this answer and nowhere else.
    pub secret: String,
}

/// Makes a key.
#[utoipa::path(post, path = "/api/v1/admin/keys", tag = "账号", security(("session" = [])), request_body = CreateKey,
    responses((status = 201, body = KeyWithSecret), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn create_key(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    JsonBody(wish): JsonBody<CreateKey>,
) -> Result<(StatusCode, Json<KeyWithSecret>), Problem> {
    let CreateKey { name, account_id, permissions, expires_at } = wish;
    let new = NewKey { account_id: account_id.unwrap_or(caller.account_id), name, permissions, expires_at };
    let made = api.accounts.create_key(&caller, new).await.map_err(|e| refusal(&e))?;
    let key = KeyView::new(made.key, api.clock.now());
    Ok((StatusCode::CREATED, Json(KeyWithSecret { key, secret: made.secret.expose_secret().to_owned() })))
}
