//! `GET /api/v1/admin/turns/{id}`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::conversation::log::TurnLine;
use crate::http::admin::answers::evidence::{CitedAgain, again};
use crate::http::admin::curated::create::suggested;
use crate::http::admin::hit_test::{HitTest, past};
use crate::http::callers;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::curated::{Content, CuratedError};
use crate::knowledge::evidence::Stands;
use crate::knowledge::gaps::Cluster;

/// One turn, and what can be done about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TurnDetail {
    /// What was asked and answered.
    pub turn: TurnLine,
    /// What the answer rests on, read again from the versions that it names.
    pub citations: Vec<CitedAgain>,
    /// Every quote stands word for word where it was cited.
    pub reproduces: bool,
    /// The scores as they were then; absent when the turn did not search.
    pub then: Option<HitTest>,
    /// The gap that it left.
    pub gap: Option<Cluster>,
    /// What a fixed answer made from it would begin with; absent when its words are not shown.
    pub suggestion: Option<Content>,
}

/// One turn: words, evidence read again, scores, the gap it left, and what its correction begins with.
#[utoipa::path(get, path = "/api/v1/admin/turns/{id}", tag = "提问记录", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = TurnDetail), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_turn(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<TurnDetail>, Problem> {
    let id = callers::id(&id)?;
    let gone = || Problem::new(Code::NotFound).detail("没有这一轮对话，可能已随会话删除");
    api.curation.gather(api.clock.now()).await.map_err(|e| Problem::unavailable(&e))?;
    let turn = api.conversations.question(id).await.map_err(|e| Problem::unavailable(&e))?.ok_or_else(gone)?;
    let past = api.conversations.past_turn(id).await.map_err(|e| Problem::unavailable(&e))?.ok_or_else(gone)?;
    let gap = match turn.gap_id {
        Some(gap) => api.curation.gaps().cluster(gap).await.map_err(|e| Problem::unavailable(&e))?,
        None => None,
    };
    let suggestion = match suggested(&api, &past).await {
        _ if turn.withheld => None,
        Ok(content) => Some(content),
        // What it cited is gone: the correction begins without it.
        Err(CuratedError::Faults(_)) => {
            let mut bare = past.clone();
            bare.past.reply.citations.clear();
            suggested(&api, &bare).await.ok()
        }
        Err(other) => return Err(Problem::unavailable(&other)),
    };
    let mut citations = Vec::new();
    for citation in past.past.reply.citations {
        citations.push(again(&api, citation).await?);
    }
    let then = match past.past.trace {
        Some(trace) => Some(past::shown(&api, trace).await?),
        None => None,
    };
    let reproduces = citations.iter().all(|c| c.stands == Stands::Verbatim);
    Ok(Json(TurnDetail { turn, citations, reproduces, then, gap, suggestion }))
}
