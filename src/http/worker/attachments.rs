//! `POST /api/v1/worker/attachments`: what whoever handles a ticket brings back, kept under the account until a move takes it.

use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::{Extension, Json};

use crate::conversation::store::Owner;
use crate::http::media::{self, Kept, Upload};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Keeps a file for a move. What goes into no ticket within a day is deleted. Positions are taken out and not told.
#[utoipa::path(post, path = "/api/v1/worker/attachments", tag = "工单", security(("session" = []), ("key" = [])),
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses((status = 201, body = Kept), (status = 403, body = ProblemBody), (status = 413, body = ProblemBody),
        (status = 415, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn post_staff_attachment(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<Kept>), Problem> {
    let file = media::take(form, &api.attachments).await?;
    if !api.conversations.has_room(caller.account_id).await.map_err(|e| Problem::unavailable(&e))? {
        return Err(Problem::new(Code::TooManyAttachments).detail("您上传后还没有用到工单里的附件太多了，请先用掉，或者明天再传"));
    }
    let cleaned = media::clean(&api, file).await?;
    let kept = api.conversations.keep(Owner::Account(caller.account_id), cleaned).await.map_err(|e| Problem::unavailable(&e))?;
    Ok((StatusCode::CREATED, Json(Kept::new(kept, None))))
}
