//! `GET /api/v1/admin/outbox/export`: what could not be sent, as a table, so that work goes on by hand.

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::{OutboxFilter, refusal};
use crate::http::export::{As, Cell, Line, Maker, Sheet, file};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::identity::{Caller, Permission};
use crate::platform::outbox::{OutboxRow, Parcel};

/// Rows of one file.
const AT_MOST: u32 = 5000;
/// What a workbook adds below the table.
const NOTE: &str = "AI辅助整理的内容以居民原话和现场情况为准";

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
    let format = As::from_word(how.format.as_deref())?;
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
    let detail = json!({ "rows": table.len(), "format": format.word(), "to": how.destination });
    api.audit.record(&caller, "outbox.export", ("outbox", format.word()), detail).await.map_err(|e| Problem::unavailable(&e))?;
    if how.contact {
        // One line for each person whose contact leaves the house.
        for number in table.iter().filter(|r| r.contact).map(|r| &r.number) {
            let detail = json!({ "reason": reason, "by": "export" });
            api.audit.record(&caller, "identity.read", ("ticket", number), detail).await.map_err(|e| Problem::unavailable(&e))?;
        }
    }
    let mut head: Vec<&str> = HEAD.to_vec();
    if how.contact {
        head.extend(["反映人", "联系电话"]);
    }
    let sheet = Sheet {
        name: "推送队列".to_owned(),
        head: head.into_iter().map(str::to_owned).collect(),
        lines: table.into_iter().map(|p| p.line).collect(),
        notes: vec![NOTE.to_owned()],
    };
    let maker =
        Maker { producer: format!("{}虚拟数字网格员", api.conversations.street().name), id: api.ids.uuid().to_string() };
    file(format, "outbox", "推送队列", &[sheet], &maker)
}

struct Pushed {
    number: String,
    line: Line,
    contact: bool,
}

async fn table(api: &Api, how: &ExportHow) -> Result<Vec<Pushed>, Problem> {
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

fn line(row: &OutboxRow, parcel: Parcel, contact: bool, zone: &TimeZone) -> Pushed {
    let mut t = parcel.ticket;
    let identity = t.take_identity();
    let guarded = t.confidential || t.reporter.anonymous;
    let at = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let generated = t.assisted_by_ai;
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
    let cells = cells.into_iter().map(Cell::from).collect();
    Pushed { number: row.ticket_number.clone(), line: Line { cells, generated }, contact: shown }
}
