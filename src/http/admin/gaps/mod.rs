//! `/api/v1/admin/gaps`: questions without a good answer, grouped. One file per verb; the rules are `knowledge::gaps`.

pub mod change;
pub mod draft;
pub mod get;
pub mod list;
pub mod owners;
pub mod tell;

use serde_json::Value;

use crate::http::problem::{Code, Problem};
use crate::http::state::Api;
use crate::identity::Caller;
use crate::knowledge::gaps::Cluster;

/// A group, with what is new since put in its place.
async fn cluster(api: &Api, id: &str) -> Result<Cluster, Problem> {
    let id = crate::http::callers::id(id)?;
    api.curation.gather(api.clock.now()).await.map_err(|e| Problem::unavailable(&e))?;
    let found = api.curation.gaps().cluster(id).await.map_err(|e| Problem::unavailable(&e))?;
    found.ok_or_else(|| Code::NotFound.into())
}

/// One row of the audit log for one act.
async fn audit(api: &Api, caller: &Caller, action: &str, id: uuid::Uuid, detail: Value) -> Result<(), Problem> {
    api.audit.record(caller, action, ("gap", &id.to_string()), detail).await.map_err(|e| Problem::unavailable(&e))
}
