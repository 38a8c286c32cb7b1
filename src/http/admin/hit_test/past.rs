//! `POST /api/v1/admin/hit-test/from-turn`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{HitTest, TestedPassage};
use crate::conversation::outcome::Citation;
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::knowledge::trace::{Trace, TracedHit};

/// A past turn.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestTurn {
    /// Its id.
    pub turn_id: Uuid,
}

/// A past turn with its scores.
#[derive(Debug, Serialize, ToSchema)]
pub struct PastHitTest {
    /// The question, personal data replaced.
    pub question: String,
    /// The words that were shown.
    pub answer: String,
    /// What they rested on.
    pub citations: Vec<Citation>,
    /// The scores as they were then; absent when the turn did not search.
    pub then: Option<HitTest>,
}

/// Any past question with the scores that were stored with its turn: they are not computed again.
#[utoipa::path(post, path = "/api/v1/admin/hit-test/from-turn", tag = "命中测试", security(("session" = []), ("key" = [])),
    request_body = TestTurn,
    responses((status = 200, body = PastHitTest), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn test_turn(State(api): State<ApiState>, JsonBody(wish): JsonBody<TestTurn>) -> Result<Json<PastHitTest>, Problem> {
    let found = api.conversations.past_turn(wish.turn_id).await.map_err(|e| Problem::unavailable(&e))?;
    let found = found.ok_or_else(|| Problem::new(Code::NotFound).detail("没有这一轮对话，可能已随会话删除"))?;
    let then = match found.past.trace {
        Some(trace) => Some(shown(&api, trace).await?),
        None => None,
    };
    Ok(Json(PastHitTest { question: found.question, answer: found.past.reply.text, citations: found.past.reply.citations, then }))
}

/// The stored scores of a turn as a hit test.
pub(in crate::http::admin) async fn shown(api: &Api, trace: Trace) -> Result<HitTest, Problem> {
    let given = trace.given().is_some();
    let (outcome, reason) = super::verdict(given, trace.answerable, trace.top_score, trace.threshold, &trace.considered);
    let mut passages = Vec::with_capacity(trace.hits.len());
    for hit in trace.hits {
        passages.push(passage(api, hit).await?);
    }
    Ok(HitTest {
        route: "ask".to_owned(),
        audiences: trace.audiences.iter().map(|a| a.as_str().to_owned()).collect(),
        areas: trace.areas,
        on: trace.on,
        question: trace.question,
        outcome,
        reason,
        top_probability: trace.top_score,
        threshold: trace.threshold,
        features: super::named(&trace.features),
        passages,
        considered: trace.considered,
    })
}

/// The passage that a score belongs to, as its version was.
async fn passage(api: &Api, hit: TracedHit) -> Result<TestedPassage, Problem> {
    let document = api.knowledge.store().document(&hit.document_id, Some(hit.version)).await;
    let document = document.map_err(|e| Problem::unavailable(&e))?;
    let passage = document.as_ref().and_then(|d| d.passages.iter().find(|p| p.ordinal == hit.ordinal));
    Ok(TestedPassage {
        title: document.as_ref().map(|d| d.meta.title.clone()),
        clause: passage.map(|p| p.heading.clone()),
        text: passage.map(|p| p.text.clone()),
        document_id: hit.document_id,
        version: hit.version,
        ordinal: hit.ordinal,
        probability: hit.score,
        sparse: hit.sparse,
        dense: hit.dense,
        learned: hit.learned,
    })
}
