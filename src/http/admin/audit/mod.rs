//! `/api/v1/admin/audit`: who changed what. Reading only; nobody can write or change a row from outside.

pub mod check;
pub mod export;
pub mod list;

use axum::extract::rejection::QueryRejection;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::problem::{Code, Problem};
use crate::identity::audit::{AuditError, AuditQuery, AuditRow};

/// What is looked for; all that is given must fit.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditFilter {
    /// By the account of this id.
    #[serde(default)]
    pub actor: Option<Uuid>,
    /// By the account that had this name.
    #[serde(default)]
    pub actor_name: Option<String>,
    /// `document.publish`, or `document` for all that was done to documents.
    #[serde(default)]
    pub action: Option<String>,
    /// Kind of object.
    #[serde(default)]
    pub object_kind: Option<String>,
    /// Id of the object.
    #[serde(default)]
    pub object_id: Option<String>,
    /// At or after.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Before.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Older than the row of this number: `next_before` of the page before.
    #[serde(default)]
    pub before: Option<i64>,
    /// Rows of one page, at most 500; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

impl AuditFilter {
    fn query(self, limit: u32) -> AuditQuery {
        let Self { actor, actor_name, action, object_kind, object_id, from, until, before, limit: _ } = self;
        let text = |t: Option<String>| t.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        AuditQuery {
            actor,
            actor_name: text(actor_name),
            action: text(action),
            object_kind: text(object_kind),
            object_id: text(object_id),
            from,
            until,
            before_seq: before,
            limit,
        }
    }
}

/// A row as shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditView {
    /// Grows by one.
    pub seq: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The account; nil for the console and the service itself.
    pub actor: Uuid,
    /// Its name at that time.
    pub actor_name: String,
    /// `session`, `key`, `console`, `system`.
    pub via: String,
    /// From which network, shortened.
    pub net: String,
    /// What was done.
    pub action: String,
    /// On which kind of object.
    pub object_kind: String,
    /// On which.
    pub object_id: String,
    /// What changed.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// Covers this row and all before it.
    pub hash: String,
}

impl From<AuditRow> for AuditView {
    fn from(row: AuditRow) -> Self {
        let AuditRow { seq, entry, previous: _, hash } = row;
        Self {
            seq,
            at: entry.at,
            actor: entry.actor,
            actor_name: entry.actor_name,
            via: entry.via,
            net: entry.net,
            action: entry.action,
            object_kind: entry.object_kind,
            object_id: entry.object_id,
            detail: serde_json::from_str(&entry.detail).unwrap_or(serde_json::Value::String(entry.detail)),
            hash,
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "given to `map_err`")]
fn failed(error: AuditError) -> Problem {
    Problem::unavailable(&error)
}

#[expect(clippy::needless_pass_by_value, reason = "given to `map_err`")]
fn bad_query(rejection: QueryRejection) -> Problem {
    let words = rejection.body_text();
    let field = words.split('`').nth(1).map(|f| format!("不认识的条件 {f}"));
    Problem::new(Code::InvalidParameter)
        .detail(field.unwrap_or_else(|| "查询条件的格式不对：时间写作2026-06-09T10:00:00+08:00".to_owned()))
}
