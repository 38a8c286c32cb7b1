//! `POST /api/v1/admin/generations/{number}/switch`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::WishView;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::identity::Caller;
use crate::knowledge::generation::{Action, State as Standing, Wish};
use crate::knowledge::vector::Generation;

/// Switches to the generation that waits, or goes back to the previous one; 409 for any other, or while another wish waits.
#[utoipa::path(post, path = "/api/v1/admin/generations/{number}/switch", tag = "索引", security(("session" = []), ("key" = [])),
    params(("number" = u32, Path)),
    responses((status = 202, body = WishView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn switch_generation(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u32>,
) -> Result<(StatusCode, Json<WishView>), Problem> {
    let records = api.knowledge.generations().await.map_err(|e| Problem::unavailable(&e))?;
    let record = records.into_iter().find(|r| r.generation == Generation(number)).ok_or(Code::NotFound)?;
    let action = match record.state {
        Standing::Ready | Standing::Previous => Action::Switch(record.generation),
        Standing::Live => return Err(Problem::new(Code::Conflict).detail("这一代索引正在回答")),
        _ => return Err(Problem::new(Code::Conflict).detail("只能切换到待切换的一代，或退回上一代")),
    };
    wish(&api, &caller, action, ("index", &number.to_string()), json!({ "state": record.state })).await?;
    Ok((StatusCode::ACCEPTED, Json(Wish::for_it(action).into())))
}

/// Leaves a wish for the holder of the index and writes down who had it.
pub(super) async fn wish(api: &Api, caller: &Caller, action: Action, object: (&str, &str), detail: Value) -> Result<(), Problem> {
    if !api.knowledge.wish_for(action).await.map_err(|e| Problem::unavailable(&e))? {
        return Err(Problem::new(Code::Conflict).detail("上一项索引操作还没有完成，请稍候"));
    }
    let name = match action {
        Action::Switch(_) | Action::Rollback => "index.switch",
        Action::Prepare(_) | Action::Rebuild(_) => "index.build",
    };
    api.audit.record(caller, name, object, detail).await.map_err(|e| Problem::unavailable(&e))?;
    Ok(())
}
