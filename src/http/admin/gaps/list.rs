//! `GET /api/v1/admin/gaps`.

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::core::text::for_matching;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::gaps::Cluster;

/// Which ones.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GapFilter {
    /// `open`, `assigned`, `drafted`, `answered`, `closed` or `not_our_duty`.
    pub state: Option<String>,
    /// The account or post that works on it.
    pub owner: Option<String>,
    /// Words in the label.
    pub q: Option<String>,
    /// Only those whose day has passed and that are not done.
    #[serde(default)]
    pub overdue: bool,
}

/// Groups of gaps.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapList {
    /// Most asked first.
    pub groups: Vec<Cluster>,
}

/// Groups of questions without a good answer: how many asked, since when, who works on it.
#[utoipa::path(get, path = "/api/v1/admin/gaps", tag = "知识缺口", security(("session" = []), ("key" = [])), params(GapFilter),
    responses((status = 200, body = GapList), (status = 403, body = ProblemBody)))]
pub async fn list_gaps(State(api): State<ApiState>, Query(filter): Query<GapFilter>) -> Result<Json<GapList>, Problem> {
    api.curation.gather(api.clock.now()).await.map_err(|e| Problem::unavailable(&e))?;
    let mut groups = api.curation.gaps().clusters().await.map_err(|e| Problem::unavailable(&e))?;
    let today = crate::http::admin::today(&api);
    let words = filter.q.as_deref().map(for_matching).unwrap_or_default();
    groups.retain(|g| {
        filter.state.as_deref().is_none_or(|s| g.state.word() == s)
            && filter.owner.as_ref().is_none_or(|o| g.owner.as_ref() == Some(o))
            && (words.is_empty() || for_matching(&g.label).contains(&words))
            && (!filter.overdue || (g.due.is_some_and(|d| d < today) && g.state.is_unfinished()))
    });
    Ok(Json(GapList { groups }))
}
