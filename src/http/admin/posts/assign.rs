//! `PUT /api/v1/admin/posts`.

use axum::extract::State;
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{PostView, posts};
use crate::http::auth::refusal;
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Who holds a post from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignPost {
    /// Name of the post.
    pub post: String,
    /// The account that holds it; none: nobody.
    #[serde(default)]
    pub a: Option<Uuid>,
    /// The account that stands in; none: nobody.
    #[serde(default)]
    pub b: Option<Uuid>,
}

/// Says who holds a post as A and as B. Twice is as once.
#[utoipa::path(put, path = "/api/v1/admin/posts", tag = "账号", security(("session" = [])), request_body = AssignPost,
    responses((status = 200, body = PostView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn assign_post(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    JsonBody(wish): JsonBody<AssignPost>,
) -> Result<Json<PostView>, Problem> {
    let AssignPost { post, a, b } = wish;
    let missing = || Problem::new(Code::NotFound).detail("街道没有这个岗位");
    let known = posts(&api).await?.into_iter().find(|p| p.post == post).ok_or_else(missing)?;
    if !known.known && (a.is_some() || b.is_some()) {
        return Err(Problem::new(Code::InvalidBody).detail("街道数据里已经没有这个岗位，只能把人撤下来"));
    }
    api.accounts.assign_post(&caller, &post, a, b).await.map_err(|e| refusal(&e))?;
    // A post of the past is gone with its last holder.
    Ok(Json(posts(&api).await?.into_iter().find(|p| p.post == post).unwrap_or(PostView { a: None, b: None, ..known })))
}
