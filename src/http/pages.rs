//! The web part, built by Vite into `web/dist` and embedded. Without it the API works and the pages say how to build it.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest as _, Sha256};

use super::problem::{Code, Problem};
use super::state::ApiState;
use crate::conversation::channels::DEFAULT;

#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Dist;

/// Our own pages load nothing from anywhere else and hold no inline script or style.
const POLICY: &str = "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; style-src 'self'; script-src 'self'; \
                      connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors ";

/// Who may show a page in a frame.
enum Framed {
    /// The sites of a channel, as `frame-ancestors` names them.
    By(String),
    /// Nobody: what staff press must be what they see.
    Nowhere,
}

impl Framed {
    fn ancestors(&self) -> &str {
        match self {
            Self::By(sites) => sites,
            Self::Nowhere => "'none'",
        }
    }
}

const NOT_BUILT: &str = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>虚拟数字网格员</title>\
    <p>网页部分还没有构建：请在项目目录执行 <code>make web</code> 后重新编译。接口可用，见 <a href=\"/openapi.json\">/openapi.json</a>。</p>";

/// `/`: what is here.
pub async fn index(headers: HeaderMap) -> Response {
    page("index.html", &Framed::Nowhere, &headers)
}

/// `/chat`: the resident's window; of a channel for shared machines with `kiosk=<seconds>`.
#[expect(clippy::implicit_hasher, reason = "a handler: the router makes the map")]
pub async fn chat(State(api): State<ApiState>, Query(query): Query<HashMap<String, String>>, headers: HeaderMap) -> Response {
    let channel = query.get("channel").map_or(DEFAULT, String::as_str);
    let idle = api.channels.get(channel).map_or(0, |c| c.settings.idle_reset_s);
    if idle > 0 && !query.contains_key("kiosk") {
        // The window must know before it remembers anything that it stands on a shared machine.
        let mut words: Vec<_> = query.iter().collect();
        words.sort();
        let seconds = idle.to_string();
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(words).append_pair("kiosk", &seconds).finish();
        let to = format!("/chat?{query}");
        return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to.as_str()), (header::CACHE_CONTROL, "no-store")])
            .into_response();
    }
    page("chat.html", &Framed::By(api.channels.sites(channel).ancestors()), &headers)
}

/// `/worker…`: the gridworker's face; it finds the place behind the address itself.
pub async fn worker(headers: HeaderMap) -> Response {
    page("worker.html", &Framed::Nowhere, &headers)
}

/// `/admin…`: the desk.
pub async fn admin(headers: HeaderMap) -> Response {
    page("admin.html", &Framed::Nowhere, &headers)
}

/// `/widget.js`: the loader for other sites.
pub async fn widget(headers: HeaderMap) -> Response {
    match Dist::get("widget.js") {
        Some(file) => serve("widget.js", &file, &Framed::Nowhere, &headers, "public, max-age=300"),
        None => Problem::new(Code::NotFound).detail("网页部分还没有构建").into_response(),
    }
}

/// `/worker/sw.js`: what keeps the gridworker's face working without a network. It is asked for anew each time, so that a new
/// version is known at once, and may serve `/worker` itself, which lies beside its own folder.
pub async fn worker_service(headers: HeaderMap) -> Response {
    let Some(file) = Dist::get("worker/sw.js") else { return Problem::new(Code::NotFound).into_response() };
    let mut response = serve("sw.js", &file, &Framed::Nowhere, &headers, "no-cache");
    response.headers_mut().insert("service-worker-allowed", HeaderValue::from_static("/worker"));
    response
}

/// `/worker/app.webmanifest`
pub async fn worker_manifest(headers: HeaderMap) -> Response {
    match Dist::get("worker/app.webmanifest") {
        Some(file) => serve("app.webmanifest", &file, &Framed::Nowhere, &headers, "no-cache"),
        None => Problem::new(Code::NotFound).into_response(),
    }
}

/// `/icon.svg`
pub async fn icon(headers: HeaderMap) -> Response {
    match Dist::get("icon.svg") {
        Some(file) => serve("icon.svg", &file, &Framed::Nowhere, &headers, "public, max-age=86400"),
        None => Problem::new(Code::NotFound).into_response(),
    }
}

/// `/assets/…`: names carry a hash, so they never change.
pub async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let name = format!("assets/{path}");
    match Dist::get(&name) {
        Some(file) => serve(&name, &file, &Framed::Nowhere, &headers, "public, max-age=31536000, immutable"),
        None => Problem::new(Code::NotFound).into_response(),
    }
}

fn page(name: &str, framed: &Framed, headers: &HeaderMap) -> Response {
    if let Some(file) = Dist::get(name) {
        return serve(name, &file, framed, headers, "no-cache");
    }
    let mut response = (StatusCode::OK, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy(framed)) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn policy(framed: &Framed) -> String {
    [POLICY, framed.ancestors()].concat()
}

fn serve(name: &str, file: &EmbeddedFile, framed: &Framed, headers: &HeaderMap, cache: &'static str) -> Response {
    let policy = policy(framed);
    // A page is what it says and who may show it: whoever keeps a copy must not keep an old policy.
    let content = Sha256::digest([&file.metadata.sha256_hash()[..], policy.as_bytes()].concat());
    let tag = format!("\"{}\"", hex::encode(&content[..12]));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains(&tag));
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { file.data.to_vec().into_response() };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        out.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    out.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(header::ETAG, tag);
    }
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("webmanifest") => "application/manifest+json",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
