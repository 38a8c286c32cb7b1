//! `GET /api/v1/admin/audit.csv`.

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{AuditFilter, bad_query, failed};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Rows read at a time.
const PAGE: u32 = 1000;
/// Rows of one file.
const AT_MOST: usize = 100_000;

/// A cell that a spreadsheet takes for text: none may begin like a formula.
fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// The same rows as a CSV file for a spreadsheet (UTF-8 with mark), newest first, at most 100,000. That it was taken is itself a row.
#[utoipa::path(get, path = "/api/v1/admin/audit.csv", tag = "审计", security(("session" = []), ("key" = [])), params(AuditFilter),
    responses((status = 200, content_type = "text/csv", body = String), (status = 400, body = ProblemBody),
        (status = 403, body = ProblemBody)))]
pub async fn export_audit(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    filter: Result<Query<AuditFilter>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(filter) = filter.map_err(bad_query)?;
    let most = filter.limit.map_or(AT_MOST, |l| AT_MOST.min(l as usize));
    let mut query = filter.query(PAGE);
    let mut out = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    let broken = |e: csv::Error| Problem::internal(&e);
    out.write_record(["序号", "时间", "账号", "账号编号", "方式", "网络", "操作", "对象类型", "对象编号", "内容", "校验值"])
        .map_err(broken)?;
    let mut written = 0;
    'pages: loop {
        let rows = api.audit.log().search(&query).await.map_err(failed)?;
        let full = rows.len() == PAGE as usize;
        for row in rows {
            if written == most {
                break 'pages;
            }
            let entry = &row.entry;
            out.write_record([
                row.seq.to_string(),
                entry.at.to_string(),
                cell(&entry.actor_name),
                entry.actor.to_string(),
                entry.via.clone(),
                entry.net.clone(),
                entry.action.clone(),
                entry.object_kind.clone(),
                cell(&entry.object_id),
                cell(&entry.detail),
                row.hash.clone(),
            ])
            .map_err(broken)?;
            query.before_seq = Some(row.seq);
            written += 1;
        }
        if !full {
            break;
        }
    }
    let bytes = out.into_inner().map_err(|e| Problem::internal(e.error()))?;
    api.audit.record(&caller, "audit.export", ("audit", "csv"), json!({ "rows": written })).await.map_err(failed)?;
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\"")];
    Ok((headers, bytes).into_response())
}
