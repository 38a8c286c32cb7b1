//! `GET /api/v1/admin/insight/rows`: the list behind a number.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::parts::by_word;
use super::{Asked, Look, SpanView, asked};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::{Caller, Permission};
use crate::insight::figures::{Figure, Of, Row, Side};
use crate::insight::parts::{part_of, route_title};

/// Rows of one page.
const MOST: usize = 1000;
/// With fewer conversations than this no question is shown: who asked could be guessed.
const ENOUGH: usize = 3;

/// Of which figure the rows are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AskedRows {
    /// Key of the figure.
    figure: String,
    /// `part` (those that are counted), `whole`, `rest`; `part` when absent.
    #[serde(default)]
    side: Option<String>,
    /// Only one part: by what it is divided.
    #[serde(default)]
    by: Option<String>,
    /// Only one part: its key; empty = not known.
    #[serde(default)]
    part: Option<String>,
    /// Skip so many.
    #[serde(default)]
    skip: Option<usize>,
}

/// A row; what its kind does not have is absent.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct RowView {
    /// Tells rows of a list apart.
    pub id: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Channel.
    pub channel: String,
    /// `resident`, `gridworker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Number of a ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// State of a ticket or a push; how a turn ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// 投诉, 求助, … of a ticket; the way of a turn; the kind of a push.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Section and post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// Community.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub community: Option<String>,
    /// Grid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid: Option<String>,
    /// Until when it was to be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub accept_by: Option<Timestamp>,
    /// When it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub accepted_at: Option<Timestamp>,
    /// Until when it was to be resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub resolve_by: Option<Timestamp>,
    /// When it was resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub resolved_at: Option<Timestamp>,
    /// Stars of the rating.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stars: Option<u8>,
    /// The rating says that it is solved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solved: Option<bool>,
    /// How many stand behind a ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined: Option<u32>,
    /// The question, personal data replaced; only where the gaps keep it, and never of very few people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// Titles of what was cited.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<String>,
    /// `up`, `down`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumb: Option<String>,
    /// Turn, for the hit test; as long as it is not deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<Uuid>,
    /// How long the answer took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
    /// Turns of a conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<u32>,
    /// Questions of a conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<u32>,
    /// Answered questions of a conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<u32>,
    /// Tickets of a conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tickets: Option<u32>,
    /// Attempts of a push.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
}

/// The rows behind a number.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowPage {
    /// The days.
    pub span: SpanView,
    /// Days and conditions in words.
    pub words: String,
    /// The figure.
    pub figure: &'static str,
    /// What people read.
    pub title: &'static str,
    /// What exactly is counted.
    pub definition: &'static str,
    /// `conversations`, `turns`, `tickets`, `deliveries`.
    pub of: &'static str,
    /// The part in words, when only one was wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Exactly the number that was shown.
    pub total: usize,
    /// Oldest first, at most 1,000 from `skip` on.
    pub rows: Vec<RowView>,
    /// Why questions are not shown although there are some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<&'static str>,
}

/// The rows that a number counts. Questions stand in it only with their personal data replaced, for those who may read them, and when
/// they come from three conversations or more.
#[utoipa::path(get, path = "/api/v1/admin/insight/rows", tag = "统计", security(("session" = []), ("key" = [])), params(Asked, AskedRows),
    responses((status = 200, body = RowPage), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody)))]
pub async fn list_rows(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Json<RowPage>, Problem> {
    const MORE: [&str; 5] = ["figure", "side", "by", "part", "skip"];
    let AskedRows { figure, side, by, part, skip } = asked(&uri, &MORE)?;
    let figure = Figure::named(&figure).ok_or_else(|| Problem::new(Code::NotFound).detail("没有这项指标"))?;
    let side = match side.as_deref().unwrap_or("part") {
        "part" => Side::Part,
        "whole" => Side::Whole,
        "rest" => Side::Rest,
        _ => return Err(Problem::new(Code::InvalidParameter).detail("side 应为 part、whole 或 rest")),
    };
    let by = by.filter(|b| !b.is_empty()).map(|by| by_word(&by, figure.of())).transpose()?;
    let wanted = by.map(|by| (by, part.unwrap_or_default()));
    let skip = skip.unwrap_or(0);
    let look = Look::new(&api, asked(&uri, &MORE)?)?;
    let facts = look.facts(&api, &caller, look.days).await?;
    let all = facts.rows(figure.of());
    let mut title = None;
    let rows: Vec<Row<'_>> = all
        .into_iter()
        .filter(|row| figure.takes(row, side, look.now))
        .filter(|row| {
            let Some((by, key)) = &wanted else { return true };
            let part = part_of(row, *by, &look.zone);
            let same = part.key == *key;
            if same && title.is_none() {
                title = Some(part.title);
            }
            same
        })
        .collect();
    let withheld = withheld(&rows, &caller);
    Ok(Json(RowPage {
        span: look.days.into(),
        words: look.words(&caller),
        figure: figure.key,
        title: figure.title,
        definition: figure.definition,
        of: figure.of().word(),
        part: title,
        total: rows.len(),
        rows: rows.iter().skip(skip).take(MOST).map(|row| view(row, withheld.is_none())).collect(),
        withheld: withheld.filter(|_| figure.of() == Of::Turns),
    }))
}

/// Why the questions of these rows are not shown.
fn withheld(rows: &[Row<'_>], caller: &Caller) -> Option<&'static str> {
    if !caller.may(Permission::ConversationRead) {
        return Some("看问题原文需要“查看提问记录”的权限");
    }
    let asked: BTreeSet<i64> =
        rows.iter().filter_map(|r| if let Row::Turn(t) = r { Some(t.conversation) } else { None }).collect();
    (asked.len() < ENOUGH).then_some("提问的人太少（不到3个对话），不显示问题原文")
}

fn view(row: &Row<'_>, with_questions: bool) -> RowView {
    let text = |t: &str| Some(t.to_owned()).filter(|t| !t.is_empty());
    match row {
        Row::Conversation(c) => RowView {
            id: c.id.to_string(),
            at: c.at,
            channel: c.channel.clone(),
            audience: text(&c.audience),
            turns: Some(c.turns),
            questions: Some(c.questions),
            answered: Some(c.answered),
            tickets: Some(c.tickets),
            ..RowView::default()
        },
        Row::Turn(t) => RowView {
            id: t.id.to_string(),
            at: t.at,
            channel: t.channel.clone(),
            audience: text(&t.audience),
            kind: text(route_title(&t.route)),
            state: text(match t.finish.as_str() {
                "complete" => "已回答",
                "refused" => "没有依据",
                _ => "中断",
            }),
            question: t.question.clone().filter(|_| with_questions),
            documents: t.documents.iter().map(|(_, title)| title.clone()).collect(),
            thumb: t.thumb.clone(),
            turn_id: t.turn_id.filter(|_| with_questions),
            took_ms: Some(t.took_ms),
            ..RowView::default()
        },
        Row::Ticket(t) => RowView {
            id: t.number.clone(),
            at: t.at,
            channel: t.channel.clone(),
            audience: t.audience.clone(),
            number: text(&t.number),
            state: text(t.status.word()),
            kind: text(&t.kind),
            category: t.path.last().and_then(|name| text(name)),
            post: text(&[t.section.as_str(), t.post.as_str()].join(" ")).filter(|p| p != " "),
            community: text(&t.community),
            grid: text(&t.grid).filter(|_| !t.confidential),
            accept_by: Some(t.accept_by),
            accepted_at: t.accepted_at,
            resolve_by: Some(t.resolve_by),
            resolved_at: t.resolved_at,
            stars: t.rating.map(|(_, stars)| stars),
            solved: t.rating.map(|(solved, _)| solved),
            joined: Some(t.joined),
            ..RowView::default()
        },
        Row::Delivery(d) => RowView {
            id: d.id.to_string(),
            at: d.at,
            channel: d.channel.clone(),
            number: text(&d.number),
            state: text(match d.state.as_str() {
                "dead" => "被拒收",
                "delivered" => "已送达",
                _ => "等待推送",
            }),
            kind: text(&format!(
                "{} {}",
                d.destination,
                match d.kind.as_str() {
                    "incident" => "工单",
                    "attachment" => "附件",
                    _ => "后续变化",
                }
            )),
            community: text(&d.community),
            attempts: Some(d.attempts),
            ..RowView::default()
        },
    }
}
