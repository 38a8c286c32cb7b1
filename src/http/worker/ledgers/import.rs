//! `POST /api/v1/worker/ledgers/import`.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::today;
use crate::http::problem::{Code, FieldProblem, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::ledger::import;
use crate::incident::table::DataError;
use crate::knowledge::import::text;

/// Largest table.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Most faults that are told at once.
const FAULTS: usize = 50;

/// How a table is taken.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ImportWish {
    /// Only says what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What became of a table.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerImport {
    /// New entries.
    pub added: u32,
    /// Entries that were changed.
    pub changed: u32,
    /// Entries that were the same already.
    pub same: u32,
    /// Nothing was written.
    pub dry_run: bool,
}

/// Takes a CSV table over (UTF-8 or GB18030): `kind,number,grid_code,place,interval_days,next_due,details,lat,lng,system`. Entries are
/// known by kind and number. One wrong row, or one outside of the caller's part of the street, and nothing is taken; `errors` says all.
#[utoipa::path(post, path = "/api/v1/worker/ledgers/import", tag = "台账", security(("session" = []), ("key" = [])), params(ImportWish),
    request_body(content = Vec<u8>, content_type = "text/csv"),
    responses((status = 200, body = LedgerImport), (status = 403, body = ProblemBody), (status = 413, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn import_entries(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Query(wish): Query<ImportWish>,
    body: Bytes,
) -> Result<Json<LedgerImport>, Problem> {
    let refused = |why: &str| Problem::new(Code::InvalidBody).detail(why.to_owned());
    let text = text::decode_whole(&body).ok_or_else(|| refused("有无法识别的文字，请另存为 UTF-8 编码的 CSV 后再上传"))?;
    let rules = api.rules.load();
    let mut read = import::read(&text, rules.places.gazetteer(), today(&api), false);
    if let Ok(entries) = &read {
        let mut outside = Vec::new();
        for entry in entries {
            // Neither into another part of the street nor out of one.
            let known = api.ledgers.numbered(&entry.kind, &entry.number).await.map_err(refusal)?;
            let places = known.iter().chain([entry]);
            if !places.into_iter().all(|e| caller.scope.covers(&e.community, &e.grid_code)) {
                outside.push(DataError::file(import::FILE, format!("{} {} 不在您的网格里", entry.kind, entry.number)));
            }
        }
        if !outside.is_empty() {
            read = Err(outside);
        }
    }
    let entries = read.map_err(|wrong| {
        let mut problem = refused("");
        let first = wrong.first().map(ToString::to_string).unwrap_or_default();
        problem = problem.detail(match wrong.len() {
            1 => first,
            many => format!("共{many}处问题，没有导入任何一行"),
        });
        problem.errors =
            wrong.iter().take(FAULTS).map(|e| FieldProblem { field: "csv".to_owned(), message: e.to_string() }).collect();
        problem
    })?;
    let stored = api.ledgers.put(&entries, wish.dry_run).await.map_err(refusal)?;
    if !wish.dry_run {
        let detail = json!({ "added": stored.added, "changed": stored.changed });
        let traced = api.audit.record(&caller, "ledger.import", ("ledger", ""), detail).await;
        traced.map_err(|e| Problem::unavailable(&e))?;
    }
    Ok(Json(LedgerImport { added: stored.added, changed: stored.changed, same: stored.same, dry_run: wish.dry_run }))
}
