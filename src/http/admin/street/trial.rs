//! `POST /api/v1/admin/street/dispatch-trial`.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Handed, apart};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::incident::street::desk::Given;
use crate::incident::street::trial::{MOST, Trial, USUAL};

/// Which tickets, by which files.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToTry {
    /// Texts by file name over what is in use; nothing = the rules in use.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub files: Given,
    /// So many of the newest tickets, 1 to 2000; 200 when nothing is said.
    #[serde(default)]
    pub last: Option<u32>,
    /// Or exactly these tickets.
    #[serde(default)]
    pub numbers: Vec<String>,
}

/// Where would these tickets go? Routed by the files, against how they were routed. Nothing is moved.
#[utoipa::path(post, path = "/api/v1/admin/street/dispatch-trial", tag = "街道数据", security(("session" = []), ("key" = [])),
    request_body = ToTry,
    responses((status = 200, body = Trial), (status = 403, body = ProblemBody), (status = 413, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn try_dispatch(State(api): State<ApiState>, Handed(wanted): Handed<ToTry>) -> Result<Json<Trial>, Problem> {
    let ToTry { files, last, numbers } = wanted;
    if last.is_some_and(|n| !(1..=MOST).contains(&n)) || numbers.len() > MOST as usize {
        return Err(Problem::new(Code::InvalidBody).detail(format!("一次试派1到{MOST}张工单")));
    }
    let last = last.unwrap_or(USUAL);
    Ok(Json(apart(&api.street, async move |desk| desk.try_out(&files, last, &numbers).await).await?))
}
