//! `GET /api/v1/admin/insight/parts`.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Asked, Both, CountView, Look, SpanView, asked};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::insight::figures::{FIGURES, Of};
use crate::insight::parts::{By, Part, divided};

/// What is divided, and by what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AskedParts {
    /// `tickets`, `turns`, `conversations` or `deliveries`.
    of: String,
    /// `day`, `channel`, `audience`, `route`, `topic`, `state`, `kind`, `urgency`, `class`, `category`, `section`, `community`,
    /// `grid`, `spot`, `stars`, `destination`.
    by: String,
}

/// One part with every figure of its kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartView {
    /// For programs; empty = not known.
    pub key: String,
    /// For people.
    pub title: String,
    /// Rows in the span.
    pub count: usize,
    /// Rows in as many days before.
    pub before: usize,
    /// Figures by their keys.
    #[schema(value_type = BTreeMap<String, CountView>)]
    pub figures: BTreeMap<&'static str, CountView>,
}

/// Rows divided: each row is in exactly one part.
#[derive(Debug, Serialize, ToSchema)]
pub struct Parts {
    /// The days.
    pub span: SpanView,
    /// What is counted.
    pub of: &'static str,
    /// By what it is divided.
    pub by: &'static str,
    /// The same for people.
    pub title: &'static str,
    /// The largest first.
    pub parts: Vec<PartView>,
}

/// The figures of each part: by day, community, grid, category, topic, place …
#[utoipa::path(get, path = "/api/v1/admin/insight/parts", tag = "统计", security(("session" = []), ("key" = [])), params(Asked, AskedParts),
    responses((status = 200, body = Parts), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub async fn get_parts(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Json<Parts>, Problem> {
    const MORE: [&str; 2] = ["of", "by"];
    let AskedParts { of, by } = asked(&uri, &MORE)?;
    let of = of_word(&of)?;
    let by = by_word(&by, of)?;
    let look = Look::new(&api, asked(&uri, &MORE)?)?;
    let both = look.both(&api, &caller).await?;
    Ok(Json(look.parts(&both, of, by)))
}

pub(super) fn of_word(word: &str) -> Result<Of, Problem> {
    let of = [Of::Conversations, Of::Turns, Of::Tickets, Of::Deliveries].into_iter().find(|of| of.word() == word);
    of.ok_or_else(|| Problem::new(Code::InvalidParameter).detail("of 应为 tickets、turns、conversations 或 deliveries"))
}

pub(super) fn by_word(word: &str, of: Of) -> Result<By, Problem> {
    By::from_word(word)
        .filter(|by| by.divides(of))
        .ok_or_else(|| Problem::new(Code::InvalidParameter).detail(format!("不能按“{word}”分")))
}

impl Look {
    pub(super) fn parts(&self, both: &Both, of: Of, by: By) -> Parts {
        let Both { now: facts, before } = both;
        let (all, all_before) = (facts.rows(of), before.rows(of));
        let (now, mut earlier) = (divided(&all, by, &self.zone), divided(&all_before, by, &self.zone));
        let figures: Vec<_> = FIGURES.iter().filter(|f| f.of() == of).collect();
        let view = |part: Part, rows: &[_], before: usize| PartView {
            key: part.key,
            title: part.title,
            count: rows.len(),
            before,
            figures: figures.iter().map(|f| (f.key, f.count(rows, self.now).into())).collect(),
        };
        let mut parts: Vec<PartView> = now
            .into_iter()
            .map(|(key, (part, rows))| view(part, &rows, earlier.remove(&key).map_or(0, |(_, rows)| rows.len())))
            .collect();
        if by == By::Day {
            let known: Vec<String> = parts.iter().map(|p| p.key.clone()).collect();
            let empty = self.days.each().map(|d| d.to_string()).filter(|d| !known.contains(d));
            parts.extend(empty.map(|day| view(Part { key: day.clone(), title: day }, &[], 0)).collect::<Vec<_>>());
            parts.sort_by(|a, b| a.key.cmp(&b.key));
        } else {
            // What was there before and is not any more is news too.
            parts.extend(earlier.into_values().map(|(part, rows)| view(part, &[], rows.len())).collect::<Vec<_>>());
            parts.sort_by(|a, b| b.count.cmp(&a.count).then(b.before.cmp(&a.before)).then_with(|| a.title.cmp(&b.title)));
        }
        Parts { span: self.days.into(), of: of.word(), by: by.word(), title: by.title(), parts }
    }
}
