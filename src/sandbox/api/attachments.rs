//! `POST /api/v1/incidents/{idempotency_key}/attachments`: a file that belongs to an incident.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{admit, arrival, broken, object, problem, receipt, same_twice, stored, unknown};
use crate::sandbox::Sandbox;
use crate::sandbox::store::NewAttachment;

/// The longest file name and content type taken, in characters.
const NAME_LIMIT: usize = 200;

#[derive(Debug, Deserialize)]
struct Said {
    file_name: String,
    content_type: String,
    bytes: usize,
    sha256: String,
}

/// `POST /api/v1/incidents/{idempotency_key}/attachments`
pub(in crate::sandbox) async fn attach(
    State(sandbox): State<Sandbox>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let p = &sandbox.0;
    let id = match admit(&sandbox, &headers, &body).await {
        Ok(id) => id,
        Err(refused) => return refused,
    };
    let mut fields = match object(&body) {
        Ok(fields) => fields,
        Err(refused) => return *refused,
    };
    if let Err(refused) = same_twice(&fields, [("attachment_id", &id), ("idempotency_key", &key)]) {
        return *refused;
    }
    let wrong = |code: &str, detail: &str| problem(StatusCode::UNPROCESSABLE_ENTITY, code, detail, None);
    let content = fields.remove("content");
    let Some(content) = content.as_ref().and_then(Value::as_str) else {
        return wrong("malformed_attachment", "需要 content（base64）");
    };
    let Ok(content) = base64::engine::general_purpose::STANDARD.decode(content) else {
        return wrong("malformed_attachment", "content 不是 base64");
    };
    let fields = Value::Object(fields);
    let said: Said = match Said::deserialize(&fields) {
        Ok(said) => said,
        Err(error) => return wrong("malformed_attachment", &format!("附件无法识别：{error}")),
    };
    if said.file_name.trim().is_empty()
        || [&said.file_name, &said.content_type].into_iter().any(|t| t.chars().count() > NAME_LIMIT)
    {
        return wrong("malformed_attachment", "文件名或类型为空或过长");
    }
    if said.bytes != content.len() {
        return wrong("length_differs", "长度与 bytes 不符");
    }
    if !hex::encode(Sha256::digest(&content)).eq_ignore_ascii_case(&said.sha256) {
        return wrong("hash_differs", "内容与 sha256 不符");
    }
    let new = NewAttachment {
        file_name: said.file_name,
        content_type: said.content_type,
        sha256: said.sha256.to_ascii_lowercase(),
        content,
        arrival: arrival("attachment", &key, &id, p.clock.now(), &headers, fields.to_string()),
        id,
    };
    match p.store.attach(new, |it| json!(receipt(it))).await {
        Ok(Some((answer, false))) => stored(&sandbox, (StatusCode::CREATED, axum::Json(answer)).into_response()).await,
        Ok(Some((answer, true))) => stored(&sandbox, (StatusCode::CONFLICT, axum::Json(answer)).into_response()).await,
        Ok(None) => unknown(),
        Err(error) => broken(&error),
    }
}
