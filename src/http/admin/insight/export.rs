//! `GET /api/v1/admin/insight/export`: figures as a file, with span, definitions and the time of making.

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::figures::Figures;
use super::parts::{Parts, by_word, of_word};
use super::stars::StarTable;
use super::{Asked, CountView, Look, asked};
use crate::http::export::{As, Cell, Line, Maker, Sheet, file};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::insight::figures::{FIGURES, Figure, Of};
use crate::insight::parts::By;
use crate::insight::span::Days;

/// Which table, and as what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AskedFile {
    /// `figures` (with every table in a workbook), `stars`, or `parts` (with `of` and `by`).
    table: String,
    /// `xlsx` or `csv`; xlsx when absent. CSV holds one table.
    #[serde(default)]
    format: Option<String>,
    /// With `parts`: of what.
    #[serde(default)]
    of: Option<String>,
    /// With `parts`: by what.
    #[serde(default)]
    by: Option<String>,
}

/// What a workbook with the figures holds beside them.
const TABLES: [(Of, By); 9] = [
    (Of::Tickets, By::Community),
    (Of::Tickets, By::Grid),
    (Of::Tickets, By::Section),
    (Of::Tickets, By::Category),
    (Of::Tickets, By::State),
    (Of::Tickets, By::Kind),
    (Of::Tickets, By::Spot),
    (Of::Turns, By::Topic),
    (Of::Deliveries, By::Destination),
];

/// The same numbers as on the page, as a workbook or as CSV. No number and no word in it was written by a model, so it carries no
/// label. That it was taken is written down.
#[utoipa::path(get, path = "/api/v1/admin/insight/export", tag = "统计", security(("session" = []), ("key" = [])), params(Asked, AskedFile),
    responses((status = 200, description = "xlsx or csv"), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub async fn export_figures(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Problem> {
    const MORE: [&str; 4] = ["table", "format", "of", "by"];
    let AskedFile { table, format, of, by } = asked(&uri, &MORE)?;
    let format = As::from_word(format.as_deref())?;
    let look = Look::new(&api, asked(&uri, &MORE)?)?;
    let (title, mut sheets) = match table.as_str() {
        "figures" => {
            let both = look.both(&api, &caller).await?;
            let figures = look.figures(&both, &caller);
            let mut sheets = vec![figures_sheet(&figures, look.days.before())];
            if format == As::Xlsx {
                sheets.push(days_sheet(&figures));
                let tables = TABLES.into_iter().filter(|(of, _)| figures.talk || *of != Of::Turns);
                sheets.extend(tables.map(|(of, by)| parts_sheet(&look.parts(&both, of, by), of)));
            }
            ("运行统计", sheets)
        }
        "stars" => ("三级五星", vec![stars_sheet(&look.stars(&api, &caller).await?)]),
        "parts" => {
            let of = of_word(of.as_deref().unwrap_or_default())?;
            let by = by_word(by.as_deref().unwrap_or_default(), of)?;
            (by.title(), vec![parts_sheet(&look.parts(&look.both(&api, &caller).await?, of, by), of)])
        }
        _ => return Err(Problem::new(Code::InvalidParameter).detail("table 应为 figures、stars 或 parts")),
    };
    let made = look.now.to_zoned(look.zone.clone()).strftime("%Y年%-m月%-d日 %H:%M").to_string();
    let street = &api.conversations.street().name;
    for sheet in &mut sheets {
        sheet.notes.insert(0, format!("{street}，统计范围：{}。制表时间：{made}。", look.words(&caller)));
    }
    let detail = json!({ "table": table, "format": format.word(), "from": look.days.first, "until": look.days.last });
    api.audit.record(&caller, "insight.export", ("insight", &table), detail).await.map_err(|e| Problem::unavailable(&e))?;
    let maker = Maker { producer: format!("{street}虚拟数字网格员"), id: api.ids.uuid().to_string() };
    let name = format!("{table}-{}-{}", look.days.first, look.days.last);
    file(format, &name, title, &sheets, &maker)
}

fn percent(part: usize, whole: Option<usize>) -> Cell {
    match whole {
        Some(whole) if whole > 0 => Cell::Number((part as f64 * 1000.0 / whole as f64).round() / 10.0),
        _ => Cell::Empty,
    }
}

fn names(head: &[&str]) -> Vec<String> {
    head.iter().map(|h| (*h).to_owned()).collect()
}

fn figures_sheet(figures: &Figures, before: Days) -> Sheet {
    let lines = figures.figures.iter().map(|f| {
        let cells: Vec<Cell> = vec![
            f.group.into(),
            f.title.into(),
            f.now.part.into(),
            f.now.whole.into(),
            percent(f.now.part, f.now.whole),
            f.before.part.into(),
            f.before.whole.into(),
            percent(f.before.part, f.before.whole),
            f.definition.into(),
        ];
        Line::from(cells)
    });
    let took = figures.times.iter().map(|t| {
        let minutes = |ms: Option<u64>| ms.map_or(Cell::Empty, |ms| Cell::Number((ms as f64 / 600.0).round() / 100.0));
        let cells: Vec<Cell> = vec![
            "用时（分钟）".into(),
            format!("{}中位数", t.title).into(),
            minutes(t.median_ms),
            Cell::Empty,
            Cell::Empty,
            minutes(t.before_ms),
            Cell::Empty,
            Cell::Empty,
            t.definition.into(),
        ];
        Line::from(cells)
    });
    Sheet {
        name: "指标".to_owned(),
        head: names(&["分组", "指标", "本期", "本期分母", "本期%", "上期", "上期分母", "上期%", "口径"]),
        lines: lines.chain(took).collect(),
        notes: vec![format!("上期：{}。", before.in_words())],
    }
}

fn days_sheet(figures: &Figures) -> Sheet {
    let lines = figures.days.iter().map(|d| {
        Line::from(vec![
            d.day.clone().into(),
            d.conversations.into(),
            d.questions.into(),
            d.unanswered.into(),
            d.tickets.into(),
            d.resolved.into(),
        ])
    });
    Sheet {
        name: "按日".to_owned(),
        head: names(&["日期", "对话", "提问", "未答", "工单", "其中已办结"]),
        lines: lines.collect(),
        notes: Vec::new(),
    }
}

fn parts_sheet(parts: &Parts, of: Of) -> Sheet {
    let figures: Vec<&Figure> = FIGURES.iter().filter(|f| f.of() == of).collect();
    let mut head = names(&["编号", parts.title, "本期", "上期"]);
    for figure in &figures {
        head.push(figure.title.to_owned());
        if figure.whole.is_some() {
            head.push(format!("{}分母", figure.title));
        }
    }
    let lines = parts.parts.iter().map(|p| {
        let mut cells: Vec<Cell> = vec![p.key.clone().into(), p.title.clone().into(), p.count.into(), p.before.into()];
        for figure in &figures {
            let count = p.figures.get(figure.key).copied().unwrap_or(CountView { part: 0, whole: None });
            cells.push(count.part.into());
            if figure.whole.is_some() {
                cells.push(count.whole.into());
            }
        }
        Line::from(cells)
    });
    let name = match of {
        Of::Tickets => format!("工单按{}", parts.title),
        Of::Turns => format!("提问按{}", parts.title),
        Of::Conversations => format!("对话按{}", parts.title),
        Of::Deliveries => format!("推送按{}", parts.title),
    };
    let notes = figures.iter().map(|f| format!("{}：{}", f.title, f.definition)).collect();
    Sheet { name, head, lines: lines.collect(), notes }
}

fn stars_sheet(table: &StarTable) -> Sheet {
    let mut head = names(&["级别", "社区", "名称", "工单", "得星", "综合分"]);
    for rule in &table.rules {
        head.extend([rule.title.clone(), format!("{}依据", rule.title)]);
    }
    let lines = table.lines.iter().map(|l| {
        let mut cells: Vec<Cell> = vec![
            l.level_title.into(),
            l.community.clone().into(),
            l.title.clone().into(),
            l.tickets.into(),
            l.lit.into(),
            l.score.map_or(Cell::Empty, |s| Cell::Number((s * 10.0).round() / 10.0)),
        ];
        for star in &l.stars {
            cells.push(
                if !star.judged {
                    "不评"
                } else if star.lit {
                    "★"
                } else {
                    "☆"
                }
                .into(),
            );
            cells.push(star.why.clone().into());
        }
        Line::from(cells)
    });
    let rules = table
        .rules
        .iter()
        .map(|r| format!("{}：{}，达到{}%得星，少于{}件不评，权重{}。", r.title, r.note, r.threshold, r.at_least, r.weight));
    let lost = format!("未定网格的工单{}件，只计入街道。", table.without_grid);
    Sheet { name: "三级五星".to_owned(), head, lines: lines.collect(), notes: rules.chain([lost]).collect() }
}
