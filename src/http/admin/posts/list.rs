//! `GET /api/v1/admin/posts`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{PostView, posts};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// Posts.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostList {
    /// First those of the dispatch table, then those of the grids.
    pub posts: Vec<PostView>,
}

/// All posts of the street, held or not.
#[utoipa::path(get, path = "/api/v1/admin/posts", tag = "账号", security(("session" = []), ("key" = [])),
    responses((status = 200, body = PostList), (status = 403, body = ProblemBody)))]
pub async fn list_posts(State(api): State<ApiState>) -> Result<Json<PostList>, Problem> {
    Ok(Json(PostList { posts: posts(&api).await? }))
}
