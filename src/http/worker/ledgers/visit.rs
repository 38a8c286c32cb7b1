//! `POST /api/v1/worker/ledgers/{id}/visits`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{LedgerEntry, LedgerVisit, own, today};
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::http::tickets::refusal;
use crate::http::worker::tickets::moves::check_attachments;
use crate::identity::{Caller, Role};
use crate::incident::ledger::{Entry, MAX_NOTE, Visit, VisitResult};

/// A visit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVisit {
    /// Drawn by the device. What is sent again under the same id is one visit.
    pub id: Uuid,
    /// How it went.
    pub result: VisitResult,
    /// In words; needed for 发现隐患.
    #[serde(default)]
    pub note: Option<String>,
    /// Ids from `POST /worker/attachments` of the same account.
    #[serde(default)]
    pub attachments: Vec<Uuid>,
}

/// A visit that was written down.
#[derive(Debug, Serialize, ToSchema)]
pub struct Visited {
    /// The visit.
    pub visit: LedgerVisit,
    /// The entry, with the day of the next one.
    pub entry: LedgerEntry,
}

/// Writes a visit down. 正常 and 发现隐患 move the next day on by the interval, 没见到 leaves it. Sent again it gives the first one with 200.
#[utoipa::path(post, path = "/api/v1/worker/ledgers/{id}/visits", tag = "台账", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path)), request_body = NewVisit,
    responses((status = 201, body = Visited), (status = 200, body = Visited), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn add_visit(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(new): JsonBody<NewVisit>,
) -> Result<(StatusCode, Json<Visited>), Problem> {
    let entry = own(&api, &caller, &id).await?;
    let note = new.note.map(|n| n.trim().chars().take(MAX_NOTE).collect::<String>()).filter(|n| !n.is_empty());
    if new.result == VisitResult::发现隐患 && note.is_none() {
        return Err(Problem::new(Code::InvalidBody).detail("发现隐患的，请写明是什么隐患"));
    }
    check_attachments(&api, &caller, &new.attachments).await?;
    let day = today(&api);
    let visit = Visit {
        id: new.id,
        entry: entry.id,
        at: api.clock.now(),
        account: caller.account_id,
        by: post_of(&api, &caller, &entry),
        result: new.result,
        note,
        attachments: new.attachments,
        ticket: None,
    };
    let (visit, made) = api.ledgers.visit(&visit, entry.due_after(day, new.result)).await.map_err(refusal)?;
    if made {
        let detail = json!({ "result": visit.result.word() });
        let traced = api.audit.record(&caller, "ledger.visit", ("ledger", &entry.id.to_string()), detail).await;
        traced.map_err(|e| Problem::unavailable(&e))?;
    }
    let entry = own(&api, &caller, &id).await?;
    let status = if made { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Visited { visit: visit.into(), entry: LedgerEntry::new(entry, day) })))
}

/// As which post somebody visits.
fn post_of(api: &Api, caller: &Caller, entry: &Entry) -> String {
    let rules = api.rules.load();
    if caller.roles.contains(&Role::Gridworker) {
        let grid = rules.places.gazetteer().grid(&entry.grid_code);
        return grid.map_or_else(|| "网格员岗".to_owned(), |g| g.handler_post.clone());
    }
    format!("{}基层治理指挥中心", rules.street)
}
