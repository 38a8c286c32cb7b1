//! Taking bodies apart: the same refusals as everywhere.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use axum::response::IntoResponse as _;
use serde::de::DeserializeOwned;

use super::problem::{Code, Problem};

/// A JSON body; every way it can be wrong is a [`Problem`].
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.split(';').next())
            .map(|v| v.trim().to_ascii_lowercase())
            .is_some_and(|v| v == "application/json" || v == "application/merge-patch+json" || v.ends_with("+json"));
        if !is_json {
            return Err(Problem::new(Code::UnsupportedMediaType).detail("请求内容须为 application/json"));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|e| bytes_problem(&e))?;
        parse(&bytes)
    }
}

/// Reads `bytes` as JSON of the shape `T`; an empty body counts as `{}`.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<JsonBody<T>, Problem> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    serde_json::from_slice(bytes).map(JsonBody).map_err(|e| match e.classify() {
        serde_json::error::Category::Data => Problem::new(Code::InvalidBody).detail(shape(&e)),
        _ => Problem::new(Code::MalformedJson).detail(format!("第{}行第{}个字符处不是有效的JSON", e.line(), e.column())),
    })
}

/// What is wrong with the shape; serde's words name fields and types, never the values of other fields.
fn shape(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let field = text.split('`').nth(1).unwrap_or_default();
    if text.starts_with("missing field") {
        format!("缺少字段 {field}")
    } else if text.starts_with("unknown field") {
        format!("不认识的字段 {field}")
    } else if text.starts_with("unknown variant") {
        // The first word is what was sent, the others are what may be.
        let may: Vec<&str> = text.split('`').skip(3).step_by(2).collect();
        format!("第{}行第{}个字符处只能填：{}", error.line(), error.column(), may.join("、"))
    } else {
        format!("第{}行第{}个字符处的值类型不对", error.line(), error.column())
    }
}

fn bytes_problem(rejection: &BytesRejection) -> Problem {
    if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(Code::TooLarge)
    } else {
        Problem::new(Code::MalformedJson).detail("请求内容没有收全")
    }
}

/// Keeps `IntoResponse` of rejections out of handlers.
#[must_use]
pub fn refuse(code: Code) -> axum::response::Response {
    Problem::new(code).into_response()
}
