//! `/api/v1/admin/curated`: fixed answers. One file per verb; the rules are `knowledge::curation`.

pub mod check;
pub mod create;
pub mod get;
pub mod list;
pub mod publish;
pub mod retire;
pub mod save;
pub mod versions;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::http::problem::{Code, FieldProblem, Problem};
use crate::http::state::Api;
use crate::identity::Caller;
use crate::knowledge::curated::{Content, Curated, CuratedError};
use crate::knowledge::document::Audience;

/// A citation as it is wished for: a passage of a stored document.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WishedCitation {
    /// The n of 〔n〕.
    pub n: u32,
    /// The document.
    pub document_id: String,
    /// Its version; the one published last when absent.
    #[serde(default)]
    pub version: Option<u32>,
    /// Heading of the passage.
    pub clause: String,
}

/// What a person writes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WishedContent {
    /// The question that it answers.
    pub question: String,
    /// Other ways to ask it.
    #[serde(default)]
    pub similar: Vec<String>,
    /// Questions that look alike and are answered otherwise.
    #[serde(default)]
    pub negative: Vec<String>,
    /// The words, with 〔n〕 where they rest on a citation; may be empty in a draft.
    #[serde(default)]
    pub answer: String,
    /// What they rest on.
    #[serde(default)]
    pub citations: Vec<WishedCitation>,
    /// `resident`, `gridworker` or `all`.
    #[serde(default = "resident")]
    #[schema(value_type = String)]
    pub audience: Audience,
    /// Where it holds.
    #[serde(default = "everywhere")]
    pub area: String,
    /// First day on which it is given; today when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub effective_from: Option<Date>,
    /// First day on which it is not given any more.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<Date>,
    /// When it must be looked at again.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub review_by: Option<Date>,
    /// Section and post that keeps it.
    #[serde(default)]
    pub owner: String,
    /// The words are a model's, unchanged.
    #[serde(default)]
    pub by_model: bool,
}

const fn resident() -> Audience {
    Audience::Resident
}

fn everywhere() -> String {
    "全国".to_owned()
}

/// A fixed answer after a change, with what a person should look at.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedCurated {
    /// As it is now.
    pub curated: Curated,
    /// To be put right, or acknowledged when it is published.
    pub warnings: Vec<String>,
}

/// The content with its citations taken out of the stored documents.
async fn content(api: &Api, wish: WishedContent) -> Result<Content, Problem> {
    let wanted: Vec<(u32, String, Option<u32>, String)> =
        wish.citations.into_iter().map(|c| (c.n, c.document_id, c.version, c.clause)).collect();
    let citations = api.curation.cite(&wanted).await.map_err(refusal)?;
    Ok(Content {
        question: wish.question,
        similar: wish.similar,
        negative: wish.negative,
        answer: wish.answer,
        citations,
        audience: wish.audience,
        area: wish.area,
        effective_from: wish.effective_from.unwrap_or_else(|| super::today(api)),
        expires_on: wish.expires_on,
        review_by: wish.review_by,
        owner: wish.owner,
        by_model: wish.by_model,
    })
}

/// A refusal of the curators' service as a problem.
pub(super) fn refusal(error: CuratedError) -> Problem {
    let said = error.to_string();
    match error {
        CuratedError::Unknown => Problem::new(Code::NotFound).detail(said),
        CuratedError::Conflict(_) => Problem::new(Code::Conflict).detail(said),
        CuratedError::SamePerson => Problem::new(Code::OwnVersion).detail(said),
        CuratedError::Faults(faults) => {
            let fields = faults.into_iter().map(|(field, message)| FieldProblem { field: field.to_owned(), message });
            Problem { errors: fields.collect(), ..Problem::new(Code::InvalidBody) }.detail(said)
        }
        CuratedError::Unacknowledged(warnings) => {
            Problem::new(Code::NotAcknowledged).detail(said).with("warnings", json!(warnings))
        }
        CuratedError::Gate(report) => Problem::new(Code::AnswersLost).detail(report.text.clone()).with("report", json!(report)),
        CuratedError::Store(e) => Problem::unavailable(&e),
        CuratedError::Knowledge(e) => Problem::unavailable(&e),
    }
}

/// One row of the audit log for one act.
async fn audit(api: &Api, caller: &Caller, action: &str, curated: &Curated, detail: Value) -> Result<(), Problem> {
    let id = curated.id.to_string();
    api.audit.record(caller, action, ("curated", &id), detail).await.map_err(|e| Problem::unavailable(&e))
}
