//! `POST /api/v1/admin/hit-test`.

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{HitTest, TestedPassage};
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::document::Audience;
use crate::knowledge::search::{Decision, Query, Scope};

/// Passages shown.
const SHOWN: usize = 20;

/// A question to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestQuestion {
    /// As it would be asked.
    pub question: String,
    /// `resident` (when absent) or `gridworker`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub audience: Option<Audience>,
    /// The day; today when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub on: Option<Date>,
    /// Areas that hold for the asker; the street's own when absent.
    #[serde(default)]
    pub area: Option<Vec<String>>,
}

/// Answers like the service would, with the scores of every leg. Nothing is stored, no model is asked.
#[utoipa::path(post, path = "/api/v1/admin/hit-test", tag = "命中测试", security(("session" = []), ("key" = [])), request_body = TestQuestion,
    responses((status = 200, body = HitTest), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn test_question(
    State(api): State<ApiState>,
    JsonBody(wish): JsonBody<TestQuestion>,
) -> Result<Json<HitTest>, Problem> {
    let question = crate::core::text::normalize(&wish.question);
    let chars = question.chars().count();
    if question.trim().is_empty() || chars > api.conversations.max_chars() {
        return Err(Problem::new(Code::InvalidBody).detail("请填写要测试的问题"));
    }
    let audiences = match wish.audience {
        Some(Audience::Gridworker) => vec![Audience::Gridworker, Audience::Resident, Audience::All],
        Some(Audience::Resident | Audience::All) | None => vec![Audience::Resident, Audience::All],
    };
    let scope = Scope {
        audiences,
        areas: wish.area.unwrap_or_else(|| api.conversations.street().areas.clone()),
        on: wish.on.unwrap_or_else(|| crate::http::admin::today(&api)),
    };
    let found = api.curation.find(&question, &scope);
    let query = Query { text: question.clone(), scope: scope.clone(), limit: SHOWN };
    let outcome = api.knowledge.search(&query).await.map_err(|e| Problem::unavailable(&e))?;
    let answerable = outcome.decision == Decision::Answerable;
    let threshold = crate::knowledge::judge::THRESHOLD;
    let (word, reason) = super::verdict(found.given.is_some(), Some(answerable), outcome.top_score, threshold, &found.considered);
    let reason = match &outcome.expired {
        Some(old) => format!("{reason}；更相符的《{}》已于{}失效", old.title, old.expired_on),
        None => reason,
    };
    let passages = outcome.hits.iter().map(|hit| TestedPassage {
        document_id: hit.document.id.clone(),
        version: hit.passage.version,
        ordinal: hit.passage.ordinal,
        title: Some(hit.document.title.clone()),
        clause: Some(hit.passage.heading.clone()),
        text: Some(hit.passage.text.clone()),
        probability: hit.score,
        sparse: hit.legs.sparse,
        dense: hit.legs.dense,
        learned: hit.legs.learned,
    });
    Ok(Json(HitTest {
        audiences: scope.audiences.iter().map(|a| a.as_str().to_owned()).collect(),
        areas: scope.areas,
        on: scope.on,
        route: api.curation.route_of(&question).to_owned(),
        outcome: word,
        reason,
        top_probability: outcome.top_score,
        threshold,
        features: outcome.hits.first().map(|h| super::named(&h.features)).unwrap_or_default(),
        passages: passages.collect(),
        considered: found.considered,
        question,
    }))
}
