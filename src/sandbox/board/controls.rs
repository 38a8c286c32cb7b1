//! What is set beside the incidents: who is away, how the platform fails, whether it works by itself.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Ctx;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::object;
use crate::sandbox::api::{broken, problem};
use crate::sandbox::{Autopilot, Faults, Inner, Sandbox, SandboxError, desk, dispatch};

/// `PUT /board/duty`
#[derive(Debug, Deserialize)]
struct Absence {
    section: String,
    post: String,
    /// The A holder is away: B stands in.
    away: bool,
}

/// `GET /board/duty`: every post with its two holders, and who is on duty.
pub(in crate::sandbox) async fn duty(Ctx(sandbox): Ctx<Sandbox>) -> Response {
    match roster(&sandbox.0).await {
        Ok(roster) => Json(json!({"sections": roster})).into_response(),
        Err(error) => broken(&error),
    }
}

/// `PUT /board/duty`, body `{section, post, away}`; answers as `GET` does.
pub(in crate::sandbox) async fn set_duty(Ctx(sandbox): Ctx<Sandbox>, body: Bytes) -> Response {
    let Ok(Absence { section, post, away }) = object::<Absence>(&body) else {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "malformed_duty", "需要 section、post、away", None);
    };
    let p = &sandbox.0;
    let set = match desk::known(p, &section, &post).await {
        Ok(Some(section)) => p.store.set_away(section, &post, away).await,
        Ok(None) => return problem(StatusCode::UNPROCESSABLE_ENTITY, "unknown_post", "没有这个板块或岗位", None),
        Err(error) => Err(error),
    };
    match set {
        Ok(()) => duty(Ctx(sandbox)).await,
        Err(error) => broken(&error),
    }
}

/// The posts of the table, and those that reports have named.
async fn roster(inner: &Inner) -> Result<Vec<Value>, SandboxError> {
    let (seen, away) = (inner.store.posts().await?, inner.store.away().await?);
    let sections = dispatch::SECTIONS.iter().map(|(section, posts)| {
        let mut names: Vec<&str> = posts.to_vec();
        for (_, post) in seen.iter().filter(|(s, _)| s == section) {
            if !names.contains(&post.as_str()) {
                names.push(post);
            }
        }
        let posts = names.into_iter().map(|post| {
            let gone = away.iter().any(|(s, p)| s == section && p == post);
            json!({
                "name": post,
                "a": dispatch::holder(post, false),
                "b": dispatch::holder(post, true),
                "away": gone,
                "on_duty": dispatch::holder(post, gone),
            })
        });
        json!({"name": section, "posts": posts.collect::<Vec<_>>()})
    });
    Ok(sections.collect())
}

/// `GET /board/faults`
pub(in crate::sandbox) async fn faults(Ctx(sandbox): Ctx<Sandbox>) -> Json<Faults> {
    Json(*sandbox.0.faults.read())
}

/// `PUT /board/faults`; fields left out are switched off.
pub(in crate::sandbox) async fn set_faults(Ctx(sandbox): Ctx<Sandbox>, body: Bytes) -> Response {
    match object::<Faults>(&body) {
        Ok(faults) => {
            sandbox.set_faults(faults);
            Json(*sandbox.0.faults.read()).into_response()
        }
        Err(error) => {
            let detail = format!("故障开关无法识别：{error}");
            problem(StatusCode::UNPROCESSABLE_ENTITY, "unknown_fault", &detail, None)
        }
    }
}

/// `GET /board/autopilot`
pub(in crate::sandbox) async fn autopilot(Ctx(sandbox): Ctx<Sandbox>) -> Json<Autopilot> {
    Json(*sandbox.0.autopilot.read())
}

/// `PUT /board/autopilot`; fields left out are as at the start, so `{}` switches it off.
pub(in crate::sandbox) async fn set_autopilot(Ctx(sandbox): Ctx<Sandbox>, body: Bytes) -> Response {
    match object::<Autopilot>(&body) {
        Ok(autopilot) => {
            sandbox.set_autopilot(autopilot);
            Json(*sandbox.0.autopilot.read()).into_response()
        }
        Err(error) => {
            let detail = format!("自动办理设置无法识别：{error}");
            problem(StatusCode::UNPROCESSABLE_ENTITY, "unknown_setting", &detail, None)
        }
    }
}
