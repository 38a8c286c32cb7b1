//! `GET /api/v1/admin/directory`: the street's communities, grids and posts, for faces that let people choose.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::problem::ProblemBody;
use crate::http::state::ApiState;
use crate::incident::rules::IncidentRules;

/// A grid.
#[derive(Debug, Serialize, ToSchema)]
pub struct GridEntry {
    /// Its code.
    pub code: String,
    /// Its name within the community.
    pub name: String,
    /// The community.
    pub community: String,
    /// The post that handles it.
    pub post: String,
}

/// A post of the street.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostEntry {
    /// Its name: what a holder is entered for.
    pub post: String,
    /// Its section (板块), or the community of a grid's post.
    pub section: String,
    /// Code of the grid, for a grid's post.
    pub grid_code: Option<String>,
}

/// What the street has, as its files of now say.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostDirectory {
    /// Names of the communities.
    pub communities: Vec<String>,
    /// Grids, in the order of the file.
    pub grids: Vec<GridEntry>,
    /// Posts: first those of the dispatch table, then those of the grids.
    pub posts: Vec<PostEntry>,
}

/// Every post that something can be dispatched to, each once.
pub fn posts(rules: &IncidentRules) -> Vec<PostEntry> {
    let mut all: Vec<PostEntry> = Vec::new();
    let mut add = |post: &str, section: &str, grid_code: Option<&str>| {
        if !post.is_empty() && all.iter().all(|p| p.post != post) {
            all.push(PostEntry { post: post.to_owned(), section: section.to_owned(), grid_code: grid_code.map(str::to_owned) });
        }
    };
    for (section, post) in rules.dispatch.posts() {
        add(post, section, None);
    }
    for grid in rules.places.gazetteer().grids() {
        add(&grid.handler_post, &grid.community, Some(&grid.grid_code));
    }
    all
}

/// Communities, grids and posts of the street.
#[utoipa::path(get, path = "/api/v1/admin/directory", tag = "街道数据", security(("session" = []), ("key" = [])),
    responses((status = 200, body = PostDirectory), (status = 401, body = ProblemBody)))]
pub async fn get_post_directory(State(api): State<ApiState>) -> Json<PostDirectory> {
    let rules = api.rules.load();
    let gazetteer = rules.places.gazetteer();
    let grids: Vec<GridEntry> = gazetteer
        .grids()
        .iter()
        .map(|g| GridEntry {
            code: g.grid_code.clone(),
            name: g.grid.clone(),
            community: g.community.clone(),
            post: g.handler_post.clone(),
        })
        .collect();
    let mut communities: Vec<String> = Vec::new();
    for grid in &grids {
        if !communities.contains(&grid.community) {
            communities.push(grid.community.clone());
        }
    }
    Json(PostDirectory { communities, grids, posts: posts(&rules) })
}
