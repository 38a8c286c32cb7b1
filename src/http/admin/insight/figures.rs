//! `GET /api/v1/admin/insight/figures`.

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Asked, Both, CountView, Look, SpanView, asked};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::insight::figures::{FIGURES, Figure, Of, times};
use crate::insight::parts::{By, divided};

/// One figure of the span and of the span before.
#[derive(Debug, Serialize, ToSchema)]
pub struct FigureView {
    /// For programs: `rows` lists what is behind it.
    pub key: &'static str,
    /// What people read.
    pub title: &'static str,
    /// Under which heading.
    pub group: &'static str,
    /// What exactly is counted.
    pub definition: &'static str,
    /// `conversations`, `turns`, `tickets`, `deliveries`.
    pub of: &'static str,
    /// `more`, `less`, `neither` is good.
    pub better: &'static str,
    /// In the span.
    pub now: CountView,
    /// In as many days before.
    pub before: CountView,
}

/// How long something took.
#[derive(Debug, Serialize, ToSchema)]
pub struct TookView {
    /// For programs.
    pub key: &'static str,
    /// What people read.
    pub title: &'static str,
    /// What exactly is measured.
    pub definition: &'static str,
    /// Over how many.
    pub cases: usize,
    /// Half of them took no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_ms: Option<u64>,
    /// Nine of ten took no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_ms: Option<u64>,
    /// The median of as many days before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_ms: Option<u64>,
}

/// A day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayView {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// Conversations that began.
    pub conversations: usize,
    /// Questions.
    pub questions: usize,
    /// Questions without an answer.
    pub unanswered: usize,
    /// Tickets.
    pub tickets: usize,
    /// Of these tickets, those that are done now.
    pub resolved: usize,
}

/// The figures of a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct Figures {
    /// The days.
    pub span: SpanView,
    /// What they are compared with.
    pub before: SpanView,
    /// Days and conditions in words.
    pub words: String,
    /// When they were counted.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// False when only what has a place is counted: conversations have none.
    pub talk: bool,
    /// Every figure.
    pub figures: Vec<FigureView>,
    /// How long things took.
    pub times: Vec<TookView>,
    /// Every day, also those on which nothing happened.
    pub days: Vec<DayView>,
}

/// All figures of a span of days beside those of the span before, with their definitions. Default: thirty days up to today.
#[utoipa::path(get, path = "/api/v1/admin/insight/figures", tag = "统计", security(("session" = []), ("key" = [])), params(Asked),
    responses((status = 200, body = Figures), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub async fn get_figures(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Json<Figures>, Problem> {
    let look = Look::new(&api, asked(&uri, &[])?)?;
    let both = look.both(&api, &caller).await?;
    Ok(Json(look.figures(&both, &caller)))
}

impl Look {
    pub(super) fn figures(&self, both: &Both, caller: &Caller) -> Figures {
        let (before_days, now) = (self.days.before(), self.now);
        let Both { now: facts, before } = both;
        let talk = !self.narrowed.to_a_place();
        let figures = FIGURES.iter().filter(|f| talk || matches!(f.of(), Of::Tickets | Of::Deliveries)).map(|f| FigureView {
            key: f.key,
            title: f.title,
            group: f.group,
            definition: f.definition,
            of: f.of().word(),
            better: f.better.word(),
            now: f.of_all(facts, now).into(),
            before: f.of_all(before, now).into(),
        });
        let earlier = times(before);
        let took =
            times(facts).into_iter().zip(earlier).filter(|(t, _)| talk || t.key != "answer").map(|(t, earlier)| TookView {
                key: t.key,
                title: t.title,
                definition: t.definition,
                cases: t.cases,
                median_ms: t.median_ms,
                most_ms: t.most_ms,
                before_ms: earlier.median_ms,
            });
        let by_day = |of: Of| {
            divided(&facts.rows(of), By::Day, &self.zone)
                .into_iter()
                .map(|(day, (_, rows))| (day, rows))
                .collect::<std::collections::BTreeMap<_, _>>()
        };
        let (conversations, turns, tickets) = (by_day(Of::Conversations), by_day(Of::Turns), by_day(Of::Tickets));
        let days = self.days.each().map(|day| {
            let day = day.to_string();
            let count = |rows: &std::collections::BTreeMap<String, Vec<_>>, key: &str| {
                let rows = rows.get(&day).map(Vec::as_slice).unwrap_or_default();
                Figure::named(key).map_or(0, |f| f.count(rows, now).part)
            };
            DayView {
                conversations: count(&conversations, "conversations"),
                questions: count(&turns, "questions"),
                unanswered: count(&turns, "unanswered"),
                tickets: count(&tickets, "tickets"),
                resolved: count(&tickets, "resolved"),
                day,
            }
        });
        Figures {
            span: self.days.into(),
            before: before_days.into(),
            words: self.words(caller),
            made_at: now,
            talk,
            figures: figures.collect(),
            times: took.collect(),
            days: days.collect(),
        }
    }
}
