//! `POST /api/v1/platform/callbacks`: what the governance platform tells us, signed.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Code, Problem, ProblemBody};
use super::state::ApiState;
use crate::platform::callback::{Callback, CallbackError, CallbackReceiver, Taken};
use crate::platform::signature::SignedHeaders;

/// What became of a callback.
#[derive(Debug, Serialize, ToSchema)]
pub struct Acknowledged {
    /// `moved`, `ignored` or `repeated`.
    pub result: &'static str,
    /// Why nothing moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Takes a callback. Each `webhook-id` counts once; out-of-order news is acknowledged and moves nothing.
#[utoipa::path(post, path = "/api/v1/platform/callbacks", tag = "治理平台", request_body = Callback,
    params(("webhook-id" = String, Header), ("webhook-timestamp" = String, Header), ("webhook-signature" = String, Header)),
    responses((status = 200, body = Acknowledged), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn post_callback(State(api): State<ApiState>, headers: HeaderMap, body: Bytes) -> Result<Json<Acknowledged>, Problem> {
    let Some(callbacks) = api.delivery.callbacks.of(None) else {
        return Err(Problem::new(Code::Unavailable).detail("没有配置治理平台的密钥，不接收回调"));
    };
    take(callbacks, &headers, &body).await
}

/// The same for a further platform, by its name in the configuration.
#[utoipa::path(post, path = "/api/v1/platform/{destination}/callbacks", tag = "治理平台", request_body = Callback,
    params(("destination" = String, Path), ("webhook-id" = String, Header), ("webhook-timestamp" = String, Header),
        ("webhook-signature" = String, Header)),
    responses((status = 200, body = Acknowledged), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn post_callback_of(
    State(api): State<ApiState>,
    Path(destination): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Acknowledged>, Problem> {
    let callbacks = api.delivery.callbacks.of(Some(&destination));
    let callbacks = callbacks.ok_or_else(|| Problem::new(Code::NotFound).detail("没有这个平台"))?;
    take(callbacks, &headers, &body).await
}

async fn take(callbacks: &CallbackReceiver, headers: &HeaderMap, body: &Bytes) -> Result<Json<Acknowledged>, Problem> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let signed =
        SignedHeaders { id: text("webhook-id"), timestamp: text("webhook-timestamp"), signature: text("webhook-signature") };
    let (result, reason) = match callbacks.receive(signed, body).await.map_err(refusal)? {
        Taken::Moved(_) => ("moved", None),
        Taken::Ignored(reason) => ("ignored", Some(reason)),
        Taken::Repeated => ("repeated", None),
    };
    Ok(Json(Acknowledged { result, reason }))
}

fn refusal(error: CallbackError) -> Problem {
    match error {
        CallbackError::Signature(_) => Problem::new(Code::BadSignature),
        CallbackError::Malformed(why) => Problem::new(Code::InvalidBody).detail(why),
        CallbackError::UnknownTicket => Problem::new(Code::NotFound).detail("没有与回调对应的工单"),
        CallbackError::Store(error) => Problem::unavailable(&error),
    }
}
