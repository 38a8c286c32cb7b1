//! `GET /api/v1/admin/curated`.

use axum::Json;
use axum::extract::{Query, State};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::core::text::for_matching;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::curated::{Curated, State as CuratedState};

/// Which ones.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CuratedFilter {
    /// `draft`, `published` or `retired`.
    pub state: Option<String>,
    /// Words in a question or the answer.
    pub q: Option<String>,
    /// Only those that must be looked at: a source has changed, or the day of review has come.
    #[serde(default)]
    pub due: bool,
}

/// A line of the list.
#[derive(Debug, Serialize, ToSchema)]
pub struct CuratedLine {
    /// Public id.
    pub id: Uuid,
    /// Where it stands.
    pub state: CuratedState,
    /// The question that it answers.
    pub question: String,
    /// How many other ways to ask it.
    pub similar: usize,
    /// How many questions that refuse it.
    pub negative: usize,
    /// Section and post that keeps it.
    pub owner: String,
    /// Who wrote the newest version.
    pub author: String,
    /// A newer version waits for another person.
    pub waiting: bool,
    /// Turns that were answered with it.
    pub hits: u64,
    /// A source does not stand any more as it was cited: it is not given.
    pub outdated: bool,
    /// When it must be looked at again.
    #[schema(value_type = Option<String>, format = Date)]
    pub review_by: Option<Date>,
}

/// Fixed answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct CuratedList {
    /// Oldest first.
    pub curated: Vec<CuratedLine>,
}

/// All fixed answers, with hit counts.
#[utoipa::path(get, path = "/api/v1/admin/curated", tag = "固定答复", security(("session" = []), ("key" = [])), params(CuratedFilter),
    responses((status = 200, body = CuratedList), (status = 403, body = ProblemBody)))]
pub async fn list_curated(
    State(api): State<ApiState>,
    Query(filter): Query<CuratedFilter>,
) -> Result<Json<CuratedList>, Problem> {
    let all = api.curation.curated().all_curated().await.map_err(|e| Problem::unavailable(&e))?;
    let today = crate::http::admin::today(&api);
    let outdated = api.curation.index().outdated(today);
    let words = filter.q.as_deref().map(for_matching).unwrap_or_default();
    let line = |c: Curated| -> Option<CuratedLine> {
        let newest = c.newest()?;
        let content = &newest.content;
        let line = CuratedLine {
            id: c.id,
            state: c.state,
            question: content.question.clone(),
            similar: content.similar.len(),
            negative: content.negative.len(),
            owner: content.owner.clone(),
            author: newest.author.clone(),
            waiting: c.draft.is_some() && c.state == CuratedState::Published,
            hits: c.hits,
            outdated: outdated.contains(&c.id),
            review_by: content.review_by,
        };
        let says = words.is_empty()
            || content.positives().chain(std::iter::once(content.answer.as_str())).any(|t| for_matching(t).contains(&words));
        let due = !filter.due || line.outdated || content.review_by.is_some_and(|day| day <= today);
        (says && due).then_some(line)
    };
    let wanted = |c: &Curated| filter.state.as_deref().is_none_or(|s| serde_json::json!(c.state) == s);
    Ok(Json(CuratedList { curated: all.into_iter().filter(wanted).filter_map(line).collect() }))
}
