//! `GET /api/v1/admin/documents`.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::DocumentRow;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::document::Audience;
use crate::knowledge::life::list::{self, Due, Facets, Sort, Standing, Wanted};

/// Rows of a page at most.
const PAGE: usize = 200;

/// Which documents; everything that is given must fit.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// `draft`, `in_review`, `scheduled`, `published`, `expired` or `retired`.
    #[param(inline)]
    pub state: Option<Standing>,
    /// `overdue` or `soon`.
    #[param(inline)]
    pub due: Option<Due>,
    /// Days that count as soon (30).
    pub within: Option<u16>,
    /// Part of the owner.
    pub owner: Option<String>,
    /// Area.
    pub area: Option<String>,
    /// `resident`, `gridworker` or `all`.
    pub audience: Option<String>,
    /// Matter.
    pub category: Option<String>,
    /// In title, id, number or keywords.
    pub q: Option<String>,
    /// `id`, `title`, `review_by`, `expires_on`, `changed_at` or `owner`.
    #[param(inline)]
    pub sort: Option<Sort>,
    /// The other way round.
    pub descending: Option<bool>,
    /// With what there is to choose from.
    pub facets: Option<bool>,
    /// Rows to pass over.
    pub offset: Option<usize>,
    /// Rows wanted, 50, at most 200.
    pub limit: Option<usize>,
}

/// A page of documents.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentPage {
    /// How many fit in all.
    pub total: usize,
    /// This page.
    pub documents: Vec<DocumentRow>,
    /// What there is to choose from, when it was asked for; counted over all documents, whatever was filtered.
    pub facets: Option<Facets>,
}

/// Documents in every state, with what is due.
#[utoipa::path(get, path = "/api/v1/admin/documents", tag = "资料", security(("session" = []), ("key" = [])), params(ListQuery),
    responses((status = 200, body = DocumentPage), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub async fn list_documents(
    State(api): State<ApiState>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<DocumentPage>, Problem> {
    let Query(query) =
        query.map_err(|e| Problem::new(Code::InvalidParameter).detail("查询条件不认识：".to_owned() + &e.body_text()))?;
    let wrong = |why: String| Problem::new(Code::InvalidParameter).detail(why);
    let today = api.life.today();
    let wanted = Wanted {
        standing: query.state,
        due: query.due,
        within_days: query.within.unwrap_or(30),
        owner: query.owner,
        area: query.area,
        audience: query.audience.map(|a| a.parse::<Audience>()).transpose().map_err(wrong)?,
        category: query.category,
        text: query.q,
        sort: query.sort.unwrap_or_default(),
        descending: query.descending.unwrap_or(false),
    };
    let all = api.life.store().overview(today).await.map_err(|e| Problem::unavailable(&e))?;
    let facets = query.facets.unwrap_or(false).then(|| list::facets(&all, wanted.within_days, today));
    let rows = list::select(all, &wanted, today);
    let total = rows.len();
    let limit = query.limit.unwrap_or(50).clamp(1, PAGE);
    let documents = rows.into_iter().skip(query.offset.unwrap_or(0)).take(limit).map(DocumentRow::from).collect();
    Ok(Json(DocumentPage { total, documents, facets }))
}
