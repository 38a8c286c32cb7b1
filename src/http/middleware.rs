//! What every request passes: an id, a span, limits of size and time, and one shape for everything that goes wrong.

use std::any::Any;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use tower_http::request_id::{MakeRequestId, RequestId};
use tracing::Instrument as _;

use super::problem::{Code, Problem};
use super::state::ApiState;

/// The header that ties a request to its log lines.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Numbers requests with the service's own ids.
#[derive(Debug, Clone)]
pub struct RequestIds(pub std::sync::Arc<dyn crate::core::ids::Ids>);

impl MakeRequestId for RequestIds {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        HeaderValue::from_str(&self.0.uuid().to_string()).ok().map(RequestId::new)
    }
}

/// Refusals that axum or a layer wrote in its own words become problems.
pub async fn problems(request: Request, next: Next) -> axum::response::Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_ours = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(|v| {
        v.starts_with("application/problem+json") || v.starts_with("application/json") || v.starts_with("text/html")
    });
    if is_ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let code = match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Code::Timeout,
        StatusCode::TOO_MANY_REQUESTS => Code::RateLimited,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        StatusCode::UNPROCESSABLE_ENTITY => Code::InvalidBody,
        s if s.is_client_error() => Code::InvalidParameter,
        _ => Code::Internal,
    };
    let mut problem = Problem::new(code).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, allow.clone());
    }
    problem
}

/// Until the first import and the index are done, nothing is asked of the rooms: a question would be answered wrongly.
pub async fn when_ready(State(api): State<ApiState>, request: Request, next: Next) -> axum::response::Response {
    if request.uri().path().starts_with("/api/") && !api.readiness.is_ready() {
        return Problem::new(Code::Unavailable).detail("服务正在启动，请稍等几秒再试").retry_after(2).into_response();
    }
    next.run(request).await
}

/// A panic is a defect of ours: logged, answered, and never the end of the process.
#[expect(clippy::needless_pass_by_value, reason = "the signature that CatchPanicLayer asks for")]
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response<Body> {
    let words = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = words.unwrap_or("?"), "a handler panicked");
    Problem::new(Code::Internal).into_response()
}

/// What may change something runs to its end, also when its sender hangs up or the deadline passes: a handler that is broken
/// off between two of its steps would leave half a change, rows without what goes with them in memory.
pub async fn to_the_end(request: Request, next: Next) -> axum::response::Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    match tokio::spawn(next.run(request).in_current_span()).await {
        Ok(response) => response,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Problem::new(Code::Unavailable).into_response(),
        },
    }
}

/// Ends requests that take too long; streams stay outside of it.
pub async fn deadline(limit: Duration, request: Request, next: Next) -> axum::response::Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(Code::Timeout).into_response(),
    }
}
