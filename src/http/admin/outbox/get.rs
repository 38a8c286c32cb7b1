//! `GET /api/v1/admin/outbox/{id}`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{known, refusal};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::platform::outbox::{AttemptRow, OutboxRow};

/// A row with its attempts and what it brings.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutboxStory {
    /// The row.
    pub row: OutboxRow,
    /// Every attempt, oldest first.
    pub attempts: Vec<AttemptRow>,
    /// The body as it would be sent now; who reports is covered, whatever the receiver may see.
    #[schema(value_type = Option<Object>)]
    pub body: Option<Value>,
    /// Why there is no body.
    pub body_problem: Option<String>,
    /// What a person put right, as a JSON merge patch over the body.
    #[schema(value_type = Option<Object>)]
    pub corrections: Option<Value>,
}

/// One row: what it brings, and what became of it so far.
#[utoipa::path(get, path = "/api/v1/admin/outbox/{id}", tag = "推送", security(("session" = []), ("key" = [])), params(("id" = i64, Path)),
    responses((status = 200, body = OutboxStory), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_outbox_row(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<OutboxStory>, Problem> {
    let (row, parcel) = known(&api, &id).await?;
    let attempts = api.delivery.outbox.attempts(row.id).await.map_err(refusal)?;
    let corrections = parcel.corrections.clone();
    let (body, body_problem) = match api.delivery.platforms.get(&row.destination) {
        None => (None, Some("这个平台没有配置地址".to_owned())),
        Some(platform) => match platform.preview(&parcel).await {
            Ok(body) => (Some(body), None),
            Err(why) => (None, Some(why)),
        },
    };
    Ok(Json(OutboxStory { row, attempts, body, body_problem, corrections }))
}
