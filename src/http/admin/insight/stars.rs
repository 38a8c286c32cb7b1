//! `GET /api/v1/admin/insight/stars`: 三级五星.

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Asked, CountView, Look, SpanView, asked};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::incident::gazetteer::Grid;
use crate::insight::stars::{Judged, Level, Line, judge};

/// How a star is given.
#[derive(Debug, Serialize, ToSchema)]
pub struct StarRule {
    /// Key of the figure behind it.
    pub figure: &'static str,
    /// 「响应星」.
    pub title: String,
    /// Weight in the score.
    pub weight: u32,
    /// From so many percent on.
    pub threshold: f64,
    /// Over so many cases at least.
    pub at_least: u32,
    /// In words.
    pub note: String,
}

/// A star of somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct StarView {
    /// Key of the figure behind it.
    pub figure: &'static str,
    /// 「响应星」.
    pub title: String,
    /// The numbers.
    pub count: CountView,
    /// It is given.
    pub lit: bool,
    /// There were enough cases to judge.
    pub judged: bool,
    /// Why, with the numbers.
    pub why: String,
}

/// The street, a community or a grid.
#[derive(Debug, Serialize, ToSchema)]
pub struct StarLine {
    /// `street`, `community`, `grid`.
    pub level: &'static str,
    /// The same for people.
    pub level_title: &'static str,
    /// Community or code of the grid; empty for the street.
    pub key: String,
    /// For people.
    pub title: String,
    /// Of a grid.
    pub community: String,
    /// Tickets of the span.
    pub tickets: usize,
    /// Each star.
    pub stars: Vec<StarView>,
    /// How many are given.
    pub lit: usize,
    /// The weighted mean of what could be judged, in percent; absent when nothing could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// The table.
#[derive(Debug, Serialize, ToSchema)]
pub struct StarTable {
    /// The days.
    pub span: SpanView,
    /// Days and conditions in words.
    pub words: String,
    /// When it was counted.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// How each star is given: `stars.csv` of the street.
    pub rules: Vec<StarRule>,
    /// Street, communities, grids.
    pub lines: Vec<StarLine>,
    /// Tickets whose grid is not known: they count for the street only.
    pub without_grid: usize,
}

/// Street, communities and grids by five stars; each with the numbers that it rests on. What has no data has no star.
#[utoipa::path(get, path = "/api/v1/admin/insight/stars", tag = "统计", security(("session" = []), ("key" = [])), params(Asked),
    responses((status = 200, body = StarTable), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub async fn get_stars(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Json<StarTable>, Problem> {
    let look = Look::new(&api, asked(&uri, &[])?)?;
    Ok(Json(look.stars(&api, &caller).await?))
}

impl Look {
    pub(super) async fn stars(&self, api: &ApiState, caller: &Caller) -> Result<StarTable, Problem> {
        let facts = self.facts(api, caller, self.days).await?;
        let rules = api.rules.load();
        let gazetteer = rules.places.gazetteer();
        let used = |g: &Grid| facts.tickets.iter().any(|t| t.grid_code == g.grid_code);
        let stands = |g: &&Grid| g.validity.holds(self.days.last) || used(g);
        let narrowed = &self.narrowed;
        let grids = gazetteer.grids().iter().filter(stands).filter(|g| {
            caller.scope.covers(&g.community, &g.grid_code)
                && narrowed.community.as_ref().is_none_or(|c| *c == g.community)
                && narrowed.grid.as_ref().is_none_or(|code| *code == g.grid_code)
        });
        let grids: Vec<&Grid> = grids.collect();
        let mut communities: Vec<&str> = grids.iter().map(|g| g.community.as_str()).collect();
        communities.sort_unstable();
        communities.dedup();
        let mut who =
            vec![Judged { level: Level::Street, key: String::new(), title: rules.street.clone(), community: String::new() }];
        who.extend(communities.into_iter().map(|name| Judged {
            level: Level::Community,
            key: name.to_owned(),
            title: name.to_owned(),
            community: name.to_owned(),
        }));
        who.extend(grids.into_iter().map(|g| Judged {
            level: Level::Grid,
            key: g.grid_code.clone(),
            title: g.grid.clone(),
            community: g.community.clone(),
        }));
        let without_grid = facts.tickets.iter().filter(|t| t.grid_code.is_empty()).count();
        let lines = judge(who, &facts, &rules.stars, self.now).into_iter().map(view).collect();
        let stars = rules.stars.0.iter().map(|s| StarRule {
            figure: s.measure.word(),
            title: s.title.clone(),
            weight: s.weight,
            threshold: s.threshold,
            at_least: s.at_least,
            note: s.note.clone(),
        });
        Ok(StarTable {
            span: self.days.into(),
            words: self.words(caller),
            made_at: self.now,
            rules: stars.collect(),
            lines,
            without_grid,
        })
    }
}

fn view(line: Line) -> StarLine {
    let Line { who, tickets, stars, lit, score } = line;
    let stars = stars.into_iter().map(|s| StarView {
        figure: s.figure,
        title: s.title,
        count: s.count.into(),
        lit: s.lit,
        judged: s.judged,
        why: s.why,
    });
    StarLine {
        level: who.level.word(),
        level_title: who.level.title(),
        key: who.key,
        title: who.title,
        community: who.community,
        tickets,
        stars: stars.collect(),
        lit,
        score,
    }
}
