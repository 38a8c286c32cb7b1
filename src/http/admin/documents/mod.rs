//! `/api/v1/admin/documents`: the life of documents. One file per verb; the moves themselves are `knowledge::life`.

pub mod acknowledge;
pub mod approve;
pub mod create;
pub mod diff;
pub mod discard;
pub mod edit;
pub mod findings;
pub mod gate;
pub mod get;
pub mod give_back;
pub mod history;
pub mod list;
pub mod preview;
pub mod retire;
pub mod rollback;
pub mod submit;
pub mod version;
pub mod versions;
pub mod view;
pub mod withdraw;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::http::problem::{Code, FieldProblem, Problem};
use crate::http::state::Api;
use crate::identity::Caller;
use crate::knowledge::life::moves::Refusal;
use crate::knowledge::life::record::DocumentFile;
use crate::knowledge::life::service::{Acted, LifeError};

/// A refusal of the life of documents as a problem.
fn refusal(error: &LifeError) -> Problem {
    let said = error.to_string();
    match error {
        LifeError::NotFound => Problem::new(Code::NotFound).detail(said),
        LifeError::Taken(_) => Problem::new(Code::Conflict).detail(said),
        LifeError::Findings(open) => {
            let open: Vec<Value> = open.iter().map(|f| json!(view::FindingView::from(f.clone()))).collect();
            Problem::new(Code::FindingsOpen).detail(said).with("findings", Value::from(open))
        }
        LifeError::Refused(refusal) => {
            let problem = match refusal {
                Refusal::NotInThisState(_) => Problem::new(Code::Conflict),
                Refusal::Changed { now, .. } => Problem::new(Code::RevisionConflict).with("revision", Value::from(*now)),
                Refusal::Behind { newest, .. } => Problem::new(Code::RevisionConflict).with("newest", Value::from(*newest)),
                Refusal::OwnVersion => Problem::new(Code::OwnVersion),
                Refusal::Findings(_) => Problem::new(Code::FindingsOpen),
                Refusal::Incomplete(faults) => Problem {
                    errors: faults
                        .iter()
                        .map(|f| FieldProblem { field: f.field.to_owned(), message: f.message.clone() })
                        .collect(),
                    ..Problem::new(Code::DocumentIncomplete)
                },
            };
            problem.detail(said)
        }
        LifeError::Store(e) => Problem::unavailable(e),
        LifeError::Knowledge(e) => Problem::unavailable(e),
    }
}

/// One row of the audit log for one act.
async fn audit(api: &Api, caller: &Caller, action: &str, acted: &Acted, detail: Value) -> Result<(), Problem> {
    let file = &acted.after;
    api.audit.record(caller, action, ("document", &file.id), detail).await.map_err(|e| Problem::unavailable(&e))
}

/// The revision that the caller saw: `If-Match: "3"`.
fn seen(headers: &HeaderMap) -> Result<u32, Problem> {
    let value = headers.get(header::IF_MATCH).and_then(|v| v.to_str().ok());
    let value = value.ok_or_else(|| Problem::new(Code::RevisionRequired))?;
    let number = value.trim().trim_start_matches("W/").trim_matches('"');
    number.parse().map_err(|_| Problem::new(Code::InvalidParameter).detail("If-Match 须是草稿的修改次数"))
}

/// A document with the revision of its draft as `ETag`.
fn shown(api: &Api, file: &DocumentFile) -> Response {
    let mut response = Json(view::DocumentView::new(file, api.life.today())).into_response();
    let revision = file.draft.as_ref().map_or(0, |d| d.revision);
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
