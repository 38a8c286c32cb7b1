//! The flow-dispatch board: the page, its data, and the buttons that people press.

mod controls;
mod incidents;

use axum::body::Bytes;
use axum::extract::{OriginalUri, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use super::api::problem;

pub(super) use controls::{autopilot, duty, faults, set_autopilot, set_duty, set_faults};
pub(super) use incidents::{attachment, detail, forget, list, make_move, reporter};

/// The page. Reached without its closing slash it redirects, because its addresses are relative.
pub(in crate::sandbox) async fn page(OriginalUri(uri): OriginalUri) -> Response {
    if !uri.path().ends_with('/') {
        return Redirect::permanent(&format!("{}/", uri.path())).into_response();
    }
    asset("text/html; charset=utf-8", include_str!("board.html"))
}

pub(in crate::sandbox) async fn drawers() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("drawers.js"))
}

pub(in crate::sandbox) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("board.js"))
}

pub(in crate::sandbox) async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("board.css"))
}

pub(in crate::sandbox) async fn icon() -> Response {
    asset("image/svg+xml", include_str!("board.svg"))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

/// Strict page rules on every answer; buttons pressed from another site's page are refused.
pub(in crate::sandbox) async fn guard(request: Request, next: Next) -> Response {
    let foreign = request.headers().get("sec-fetch-site").is_some_and(|v| v == "cross-site" || v == "same-site");
    if foreign && request.method() != Method::GET {
        return problem(StatusCode::FORBIDDEN, "foreign_page", "不接受其他网站页面发起的操作", None);
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; object-src 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A JSON object and nothing else: serde would also take the fields as a list.
fn object<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, serde_json::Error> {
    let fields: serde_json::Map<String, Value> = serde_json::from_slice(body)?;
    serde_json::from_value(Value::Object(fields))
}
