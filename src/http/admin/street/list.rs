//! `GET /api/v1/admin/street`.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::incident::street::desk::Fault;
use crate::incident::street::files::FILES;
use crate::incident::street::store::{Activation, VersionRow};
use crate::incident::street::usage::MissingCode;

/// How many activations are shown.
const SHOWN: u32 = 50;

/// A file of the street.
#[derive(Debug, Serialize, ToSchema)]
pub struct StreetFileView {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// Columns that must be there; empty for what is no table.
    pub must: &'static [&'static str],
    /// Columns that may be there.
    pub may: &'static [&'static str],
    /// What tells its rows apart.
    pub key: &'static [&'static str],
    /// It need not exist.
    pub optional: bool,
    /// The version in use has a text of its own, not the shipped one.
    pub changed: bool,
}

/// A version of the street's files.
#[derive(Debug, Serialize, ToSchema)]
pub struct StreetVersionView {
    /// Its number.
    pub version: u32,
    /// The version in use when it was made.
    pub base: u32,
    /// `active`, `waiting` (never in use), `previous`.
    pub state: &'static str,
    /// Files that are not as shipped.
    pub files: Vec<String>,
    /// Who made it.
    pub by: String,
    /// What was changed and why.
    pub note: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A version put to use.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivationView {
    /// The version.
    pub version: u32,
    /// The one before.
    pub before: u32,
    /// Who did it.
    pub by: String,
    /// Why.
    pub note: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Since when the service really uses it; absent: not yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub taken_at: Option<Timestamp>,
    /// Why the service could not use it.
    pub fault: Option<String>,
}

/// The street's files.
#[derive(Debug, Serialize, ToSchema)]
pub struct StreetView {
    /// The street's name.
    pub street: String,
    /// The version that is to be in use; 0 = as shipped.
    pub active: u32,
    /// The version that is in use.
    pub serving: u32,
    /// Why the two are not the same.
    pub fault: Option<Fault>,
    /// Every file that may be edited.
    pub files: Vec<StreetFileView>,
    /// Newest first; version 0 is not among them.
    pub versions: Vec<StreetVersionView>,
    /// Newest first, at most 50.
    pub activations: Vec<ActivationView>,
    /// Tickets that are not closed and whose category the taxonomy in use does not know.
    pub orphans: Vec<MissingCode>,
}

/// Files, versions, and which one is in use.
#[utoipa::path(get, path = "/api/v1/admin/street", tag = "街道数据", security(("session" = []), ("key" = [])),
    responses((status = 200, body = StreetView), (status = 403, body = ProblemBody)))]
pub async fn get_street(State(api): State<ApiState>) -> Result<Json<StreetView>, Problem> {
    let desk = &api.street;
    let versions = desk.versions().await.map_err(problem)?;
    let past = desk.store().activations(u32::MAX).await.map_err(|e| problem(e.into()))?;
    let active = past.first().map_or(0, |a| a.version);
    let were: BTreeSet<u32> = past.iter().map(|a| a.version).collect();
    let changed: Vec<String> = versions.iter().find(|v| v.version == active).map(|v| v.files.clone()).unwrap_or_default();
    let files = FILES.iter().map(|f| StreetFileView {
        name: f.name,
        title: f.title,
        must: f.columns.map_or(&[], |c| c.must),
        may: f.columns.map_or(&[], |c| c.may),
        key: f.columns.map_or(&[], |c| c.key),
        optional: f.optional,
        changed: changed.iter().any(|c| c == f.name),
    });
    let rules = api.rules.load();
    Ok(Json(StreetView {
        street: rules.street.clone(),
        active,
        serving: rules.version,
        fault: desk.fault(),
        files: files.collect(),
        versions: versions.into_iter().map(|v| version(v, active, &were)).collect(),
        activations: past.into_iter().take(SHOWN as usize).map(activation).collect(),
        orphans: desk.orphans().await.map_err(problem)?,
    }))
}

fn version(row: VersionRow, active: u32, were: &BTreeSet<u32>) -> StreetVersionView {
    let VersionRow { version, base, files, by, note, at } = row;
    let state = match version {
        v if v == active => "active",
        v if were.contains(&v) => "previous",
        _ => "waiting",
    };
    StreetVersionView { version, base, state, files, by: by.name, note, at }
}

fn activation(row: Activation) -> ActivationView {
    let Activation { seq: _, version, before, by, note, at, taken_at, fault } = row;
    ActivationView { version, before, by: by.name, note, at, taken_at, fault }
}
