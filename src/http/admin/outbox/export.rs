//! `GET /api/v1/admin/outbox/export`: what could not be sent, as a table, so that work goes on by hand.

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::{OutboxFilter, refusal};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::identity::{Caller, Permission};
use crate::platform::outbox::{OutboxRow, Parcel};

/// Rows of one file.
const AT_MOST: u32 = 5000;
/// What the file says of itself.
const LABEL: &str = "部分内容可能由AI辅助整理，仅供参考，以居民原话和现场情况为准";

/// How, and with what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportHow {
    /// `csv` or `xlsx`; xlsx when absent.
    #[serde(default)]
    pub format: Option<String>,
    /// `pending`, `dead`; both when absent.
    #[serde(default)]
    pub state: Option<String>,
    /// Only this platform.
    #[serde(default)]
    pub destination: Option<String>,
    /// True adds name and phone of reporters (never of anonymous and confidential ones): needs the right to see them and is written down.
    #[serde(default)]
    pub contact: bool,
    /// Why they are needed.
    #[serde(default)]
    pub reason: Option<String>,
}

const HEAD: [&str; 18] = [
    "工单号",
    "平台",
    "推送状态",
    "未送达原因",
    "尝试次数",
    "诉求类型",
    "类别",
    "标题",
    "情况",
    "地点",
    "社区",
    "网格",
    "紧急程度",
    "应受理时间",
    "应办结时间",
    "板块",
    "岗位",
    "提交时间",
];

/// What waits or was refused, a row a ticket and platform, for entering it by hand. Spreadsheets take no cell for a formula.
#[utoipa::path(get, path = "/api/v1/admin/outbox/export", tag = "推送", security(("session" = []), ("key" = [])), params(ExportHow),
    responses((status = 200, description = "xlsx or csv"), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub async fn export_outbox(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    how: Result<Query<ExportHow>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(how) = how.map_err(|e| Problem::new(Code::InvalidParameter).detail(e.body_text()))?;
    let format = how.format.as_deref().unwrap_or("xlsx");
    if !matches!(format, "xlsx" | "csv") {
        return Err(Problem::new(Code::InvalidParameter).detail("format 应为 xlsx 或 csv"));
    }
    let reason: String = how.reason.as_deref().unwrap_or_default().trim().chars().take(200).collect();
    if how.contact {
        if !caller.may(Permission::IdentityRead) || !caller.is_person() {
            return Err(Problem::new(Code::Forbidden).detail("导出联系方式需要“查看反映人”的权限，并由本人登录操作"));
        }
        if reason.is_empty() {
            return Err(Problem::new(Code::InvalidParameter).detail("导出联系方式要写明原因（reason）"));
        }
    }
    let table = table(&api, &how).await?;
    let detail = json!({ "rows": table.len(), "format": format, "to": how.destination });
    api.audit.record(&caller, "outbox.export", ("outbox", format), detail).await.map_err(|e| Problem::unavailable(&e))?;
    if how.contact {
        // One line for each person whose contact leaves the house.
        for number in table.iter().filter(|r| r.contact).map(|r| &r.cells[0]) {
            let detail = json!({ "reason": reason, "by": "export" });
            api.audit.record(&caller, "identity.read", ("ticket", number), detail).await.map_err(|e| Problem::unavailable(&e))?;
        }
    }
    let mut head: Vec<&str> = HEAD.to_vec();
    if how.contact {
        head.extend(["反映人", "联系电话"]);
    }
    let (kind, bytes) = match format {
        "csv" => ("text/csv; charset=utf-8", csv(&head, &table)?),
        _ => (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            xlsx(&head, &table).map_err(|e| Problem::internal(&e))?,
        ),
    };
    let name = format!("attachment; filename=\"outbox.{format}\"");
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], bytes).into_response())
}

struct Line {
    cells: Vec<String>,
    contact: bool,
}

async fn table(api: &Api, how: &ExportHow) -> Result<Vec<Line>, Problem> {
    let filter = OutboxFilter {
        state: Some(how.state.clone().filter(|s| !s.trim().is_empty()).unwrap_or_else(|| "pending,dead".to_owned())),
        destination: how.destination.clone(),
        kind: Some("incident".to_owned()),
        ..OutboxFilter::default()
    };
    let rows = api.delivery.desk.rows(&filter.query(AT_MOST)?).await.map_err(refusal)?;
    let zone = &api.conversations.street().zone;
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows.into_iter().rev() {
        let Some((row, parcel)) = api.delivery.desk.parcel(row.id).await.map_err(refusal)? else { continue };
        lines.push(line(&row, parcel, how.contact, zone));
    }
    Ok(lines)
}

fn line(row: &OutboxRow, parcel: Parcel, contact: bool, zone: &TimeZone) -> Line {
    let mut t = parcel.ticket;
    let identity = t.take_identity();
    let guarded = t.confidential || t.reporter.anonymous;
    let at = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut cells = vec![
        row.ticket_number.clone(),
        row.destination.clone(),
        if row.state.word() == "dead" { "被拒收" } else { "等待推送" }.to_owned(),
        row.reason.clone().unwrap_or_default(),
        row.attempts.to_string(),
        word(json!(t.kind)),
        t.category.path.join(" / "),
        t.title,
        t.description,
        t.place.text,
        t.place.community.unwrap_or_default(),
        t.place.grid.unwrap_or_default(),
        word(json!(t.urgency)),
        at(t.clock.accept_by),
        at(t.clock.resolve_by),
        t.route.section,
        t.route.post,
        at(t.created_at),
    ];
    let mut shown = false;
    if contact {
        let hidden = || "（保密）".to_owned();
        shown = !guarded && (identity.name.is_some() || identity.phone.is_some());
        cells.push(if guarded { hidden() } else { identity.name.unwrap_or_default() });
        cells.push(if guarded { hidden() } else { identity.phone.unwrap_or_default() });
    }
    Line { cells, contact: shown }
}

/// A cell that a spreadsheet takes for text: none may begin like a formula.
fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn csv(head: &[&str], lines: &[Line]) -> Result<Vec<u8>, Problem> {
    let mut out = csv::WriterBuilder::new().flexible(true).from_writer("\u{feff}".as_bytes().to_vec());
    let broken = |e: csv::Error| Problem::internal(&e);
    out.write_record(head).map_err(broken)?;
    for line in lines {
        out.write_record(line.cells.iter().map(|c| cell(c))).map_err(broken)?;
    }
    out.write_record([LABEL]).map_err(broken)?;
    out.into_inner().map_err(|e| Problem::internal(e.error()))
}

fn xlsx(head: &[&str], lines: &[Line]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let bold = Format::new().set_bold();
    for (column, name) in (0u16..).zip(head) {
        sheet.write_string_with_format(0, column, *name, &bold)?;
    }
    sheet.set_freeze_panes(1, 1)?;
    for (row, line) in (1u32..).zip(lines) {
        for (column, text) in (0u16..).zip(&line.cells) {
            // Text, whatever it looks like: no formula is ever written.
            sheet.write_string(row, column, text.as_str())?;
        }
    }
    let below = u32::try_from(lines.len()).unwrap_or(u32::MAX - 2) + 2;
    sheet.write_string(below, 0, LABEL)?;
    sheet.autofit();
    book.save_to_buffer()
}
