//! `PUT /api/v1/admin/documents/{id}/draft`.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::view::{Content, DifferenceView, DocumentView, DraftView};
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::identity::Caller;
use crate::knowledge::document::ParsedDocument;
use crate::knowledge::life::diff;
use crate::knowledge::life::moves::Refusal;
use crate::knowledge::life::service::LifeError;

/// A draft as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditDraft {
    /// Front matter and text, whole.
    pub content: Content,
    /// The published version that the author has looked at, when a newer one came meanwhile.
    #[serde(default)]
    pub based_on: Option<u32>,
    /// A remark for the history.
    #[serde(default)]
    pub note: String,
}

/// Puts the draft in place. `If-Match: "0"` begins one where there is none; otherwise it names the revision that was seen,
/// and 409 shows what somebody else has changed since.
#[utoipa::path(put, path = "/api/v1/admin/documents/{id}/draft", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = EditDraft,
    responses((status = 200, body = DocumentView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody), (status = 428, body = ProblemBody)))]
pub async fn edit_draft(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(wish): JsonBody<EditDraft>,
) -> Result<Response, Problem> {
    let seen = super::seen(&headers)?;
    let content = wish.content.parsed(&id)?;
    let by = crate::http::admin::actor(&caller);
    let done = if seen == 0 {
        api.life.begin(&id, content.clone(), &by, &wish.note).await
    } else {
        api.life.edit(&id, seen, content.clone(), wish.based_on, &by, &wish.note).await
    };
    let acted = match done {
        Ok(acted) => acted,
        Err(LifeError::Refused(changed @ Refusal::Changed { .. })) => return Err(conflict(&api, &id, changed, &content).await),
        Err(e) => return Err(super::refusal(&e)),
    };
    let revision = acted.after.draft.as_ref().map_or(0, |d| d.revision);
    super::audit(&api, &caller, "document.edit", &acted, json!({ "revision": revision })).await?;
    Ok(super::shown(&api, &acted.after))
}

/// What there is now, and how what was sent differs from it.
async fn conflict(api: &Api, id: &str, changed: Refusal, sent: &ParsedDocument) -> Problem {
    let problem = super::refusal(&changed.into());
    match api.life.file(id).await {
        Ok(file) => match &file.draft {
            Some(draft) => {
                let difference = DifferenceView::from(diff::between(&draft.content, sent));
                problem.with("current", json!(DraftView::from(draft))).with("difference", json!(difference))
            }
            None => problem.with("current", Value::Null),
        },
        Err(_) => problem,
    }
}
