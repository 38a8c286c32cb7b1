//! `GET /api/v1/worker/street`: the caller's part of the street, for the map and the choices on a phone.

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::directory::PauseChoice;
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::incident::ticket::Point;

/// A grid of the caller's.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnGrid {
    /// Its code.
    pub code: String,
    /// Its community.
    pub community: String,
    /// Its name within the community.
    pub name: String,
    /// The post that answers for it.
    pub post: String,
    /// Its outer lines in WGS-84; empty when it is not drawn.
    pub outline: Vec<Vec<Point>>,
}

/// A part of the street.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnStreet {
    /// The street's name.
    pub street: String,
    /// The grids that the caller may see, as they are today.
    pub grids: Vec<OwnGrid>,
    /// Reasons for pausing.
    pub pauses: Vec<PauseChoice>,
}

/// The grids of the caller, with their outlines, and what a clock may wait for.
#[utoipa::path(get, path = "/api/v1/worker/street", tag = "工单", security(("session" = []), ("key" = [])),
    responses((status = 200, body = OwnStreet)))]
pub async fn get_own_street(State(api): State<ApiState>, Extension(caller): Extension<Caller>) -> Json<OwnStreet> {
    let rules = api.rules.load();
    let today = rules.day(api.clock.now());
    let all = rules.places.gazetteer().grids();
    let own = all.iter().filter(|g| g.validity.holds(today) && caller.scope.covers(&g.community, &g.grid_code));
    let grids = own.map(|g| OwnGrid {
        code: g.grid_code.clone(),
        community: g.community.clone(),
        name: g.grid.clone(),
        post: g.handler_post.clone(),
        outline: rules.places.map().outline(&g.grid_code),
    });
    Json(OwnStreet {
        street: rules.street.clone(),
        grids: grids.collect(),
        pauses: rules.pauses.all().iter().map(PauseChoice::from).collect(),
    })
}
