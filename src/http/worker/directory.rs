//! `GET /api/v1/worker/directory`: what staff choose from: sections and posts, communities and grids, reasons to pause.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::state::ApiState;
use crate::incident::dispute;
use crate::incident::pauses::PauseReason;

/// A section (板块) with its posts.
#[derive(Debug, Serialize, ToSchema)]
pub struct SectionView {
    /// Its name.
    pub name: String,
    /// Its posts (岗位).
    pub posts: Vec<String>,
}

/// A grid.
#[derive(Debug, Serialize, ToSchema)]
pub struct GridView {
    /// Its code.
    pub code: String,
    /// Its name within the community.
    pub name: String,
    /// `普通` or `专属`.
    pub kind: String,
}

/// A community with its grids.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommunityView {
    /// Its name.
    pub name: String,
    /// Its grids.
    pub grids: Vec<GridView>,
}

/// A reason for which a clock may stand still.
#[derive(Debug, Serialize, ToSchema)]
pub struct PauseChoice {
    /// As calls name it.
    pub id: String,
    /// What staff choose.
    pub title: String,
    /// After so many days the clock goes on by itself.
    pub max_days: i64,
    /// What the resident reads.
    pub words: String,
}

impl From<&PauseReason> for PauseChoice {
    fn from(reason: &PauseReason) -> Self {
        Self { id: reason.id.clone(), title: reason.title.clone(), max_days: reason.max_days, words: reason.words.clone() }
    }
}

/// The street as one chooses from it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Directory {
    /// Its name.
    pub street: String,
    /// In the order of the street's tables.
    pub sections: Vec<SectionView>,
    /// In the order of the street's tables.
    pub communities: Vec<CommunityView>,
    /// In the order of the table.
    pub pauses: Vec<PauseChoice>,
}

/// Sections, posts, communities, grids and reasons to pause, by the rules in use.
#[utoipa::path(get, path = "/api/v1/worker/directory", tag = "工单", security(("session" = []), ("key" = [])),
    responses((status = 200, body = Directory)))]
pub async fn get_directory(State(api): State<ApiState>) -> Json<Directory> {
    let rules = api.rules.load();
    let mut sections: Vec<SectionView> = Vec::new();
    for (section, post) in dispute::posts(&rules) {
        match sections.iter_mut().find(|s| s.name == section) {
            Some(known) => known.posts.push(post.to_owned()),
            None => sections.push(SectionView { name: section.to_owned(), posts: vec![post.to_owned()] }),
        }
    }
    let mut communities: Vec<CommunityView> = Vec::new();
    for grid in rules.places.gazetteer().grids() {
        let view = GridView { code: grid.grid_code.clone(), name: grid.grid.clone(), kind: grid.kind.clone() };
        match communities.iter_mut().find(|c| c.name == grid.community) {
            Some(known) => known.grids.push(view),
            None => communities.push(CommunityView { name: grid.community.clone(), grids: vec![view] }),
        }
    }
    Json(Directory {
        street: rules.street.clone(),
        sections,
        communities,
        pauses: rules.pauses.all().iter().map(PauseChoice::from).collect(),
    })
}
