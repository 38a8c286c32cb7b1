//! `GET /api/v1/admin/conversations/{id}/turns/{turn_id}/evidence`.

use axum::Json;
use axum::extract::{Path, State};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::conversation::outcome::Citation;
use crate::http::callers;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::knowledge::evidence::{self, Stands};

/// A citation read again.
#[derive(Debug, Serialize, ToSchema)]
pub struct CitedAgain {
    /// The n of 〔n〕.
    pub n: u32,
    /// The document.
    pub document_id: String,
    /// The version that was cited.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// The clause.
    pub clause: String,
    /// The words that were cited.
    pub quote: String,
    /// Do they still stand there?
    pub stands: Stands,
    /// SHA-256 of the version's content.
    pub content_hash: Option<String>,
    /// First day on which the version answers; null when it no longer answers for any day.
    #[schema(value_type = Option<String>, format = Date)]
    pub answers_from: Option<Date>,
    /// First day on which it no longer does.
    #[schema(value_type = Option<String>, format = Date)]
    pub answers_until: Option<Date>,
    /// The version that answers today, when it is another one.
    pub answering_today: Option<u32>,
}

/// What an answer rests on, read again from the versions that it names. Holds no word of the resident.
#[derive(Debug, Serialize, ToSchema)]
pub struct Evidence {
    /// Which turn.
    pub turn_id: Uuid,
    /// True when every quote stands word for word where it was cited.
    pub reproduces: bool,
    /// Each citation.
    pub citations: Vec<CitedAgain>,
}

/// Reads the versions that a stored answer cites and shows whether its quotes stand there word for word.
#[utoipa::path(get, path = "/api/v1/admin/conversations/{id}/turns/{turn_id}/evidence", tag = "资料",
    security(("session" = []), ("key" = [])),
    params(("id" = String, Path, format = Uuid), ("turn_id" = String, Path, format = Uuid)),
    responses((status = 200, body = Evidence), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_evidence(
    State(api): State<ApiState>,
    Path((id, turn)): Path<(String, String)>,
) -> Result<Json<Evidence>, Problem> {
    let (conversation, turn_id) = (callers::id(&id)?, callers::id(&turn)?);
    let found = api.conversations.outcome(conversation, turn_id).await.map_err(|e| Problem::unavailable(&e))?;
    let outcome = found.ok_or_else(|| Problem::new(Code::NotFound))?;
    let mut citations = Vec::new();
    for citation in outcome.reply.citations {
        citations.push(again(&api, citation).await?);
    }
    let reproduces = citations.iter().all(|c| c.stands == Stands::Verbatim);
    Ok(Json(Evidence { turn_id, reproduces, citations }))
}

/// Reads a citation again.
pub(in crate::http::admin) async fn again(api: &Api, cited: Citation) -> Result<CitedAgain, Problem> {
    let failed = |e: crate::knowledge::store::StoreError| Problem::unavailable(&e);
    let version = api.life.store().any_version(&cited.document_id, cited.version).await.map_err(failed)?;
    let file = api.life.store().file(&cited.document_id).await.map_err(failed)?;
    let windows = file.map(|f| f.windows()).unwrap_or_default();
    let own = windows.iter().find(|(v, _)| *v == cited.version).map(|(_, w)| *w);
    let today = api.life.today();
    let answering = windows.iter().find(|(v, w)| *v != cited.version && w.holds(today)).map(|(v, _)| *v);
    Ok(CitedAgain {
        n: cited.n,
        stands: evidence::look_up(version.as_ref(), &cited.clause, &cited.quote),
        content_hash: version.map(|v| v.content_hash),
        document_id: cited.document_id,
        version: cited.version,
        title: cited.title,
        clause: cited.clause,
        quote: cited.quote,
        answers_from: own.map(|w| w.from),
        answers_until: own.and_then(|w| w.until),
        answering_today: answering,
    })
}
