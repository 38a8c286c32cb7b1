//! `POST /api/v1/admin/generations`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::WishView;
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::knowledge::generation::{Action, Plan, Wish};

/// Characters of a piece between which a person may choose.
const PIECE: std::ops::RangeInclusive<u32> = 40..=4000;

/// The next generation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGeneration {
    /// Characters a piece holds at most, 40 to 4000; 0 = as the splitter has it; absent = as it is wanted now.
    #[serde(default)]
    pub piece_chars: Option<u32>,
    /// True: it answers as soon as it has passed its check. Else it waits until somebody switches to it.
    #[serde(default)]
    pub switch: bool,
}

/// Has a generation built beside the one that answers; it is checked with the canonical questions. 409 while another wish waits.
#[utoipa::path(post, path = "/api/v1/admin/generations", tag = "索引", security(("session" = []), ("key" = [])),
    request_body = NewGeneration,
    responses((status = 202, body = WishView), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn create_generation(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    JsonBody(new): JsonBody<NewGeneration>,
) -> Result<(StatusCode, Json<WishView>), Problem> {
    if new.piece_chars.is_some_and(|n| n != 0 && !PIECE.contains(&n)) {
        return Err(Problem::new(Code::InvalidBody).detail("每段字数请填40到4000之间，或0（按切分方法本身）"));
    }
    let now = api.knowledge.plan().await.map_err(|e| Problem::unavailable(&e))?;
    let plan = Plan { piece_chars: new.piece_chars.unwrap_or(now.piece_chars), held: false };
    let action = if new.switch { Action::Rebuild(plan) } else { Action::Prepare(plan) };
    let detail = json!({ "piece_chars": plan.piece_chars, "switch": new.switch });
    super::switch::wish(&api, &caller, action, ("index", "next"), detail).await?;
    Ok((StatusCode::ACCEPTED, Json(Wish::for_it(action).into())))
}
