//! `GET /api/v1/worker/tickets/{number}`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{StaffTicket, in_scope};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::evidence::AddedEvidence;
use crate::incident::labels::LabelSource;
use crate::incident::progress::{self, TimelineEntry};
use crate::incident::store::Told;
use crate::incident::ticket::Status;
use crate::platform::desk::AtPlatform;

/// A ticket's whole story, as staff see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffStory {
    /// The ticket.
    pub ticket: StaffTicket,
    /// Its moves, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// What was added after it was confirmed, oldest first.
    pub added: Vec<AddedEvidence>,
    /// How it stands at each of its platforms, the leading one first.
    pub platforms: Vec<AtPlatform>,
    /// The moves that are legal now.
    pub may_become: Vec<Status>,
    /// What its resident was told, and is about to be told, oldest first, in the street's words of today.
    pub told: Vec<ToldView>,
    /// The category that it really has, when somebody put it right.
    pub corrected: Option<CorrectedCategory>,
    /// The service's clock.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
}

/// A line that the resident was told.
#[derive(Debug, Serialize, ToSchema)]
pub struct ToldView {
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When the conversation was told; none: not yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub told_at: Option<Timestamp>,
    /// In words.
    pub text: String,
}

/// The category that somebody gave a ticket after it was sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct CorrectedCategory {
    /// Code of the leaf.
    pub code: String,
    /// Its name; the code, when the taxonomy in use does not know it any more.
    pub name: String,
}

/// One ticket of the caller's part of the street.
#[utoipa::path(get, path = "/api/v1/worker/tickets/{number}", tag = "工单", security(("session" = []), ("key" = [])),
    params(("number" = String, Path)),
    responses((status = 200, body = StaffStory), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_staff_ticket(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
) -> Result<Json<StaffStory>, Problem> {
    let ticket = in_scope(&api, &caller, &number).await?;
    let moves = api.tickets.timeline(&ticket.number).await.map_err(refusal)?;
    let added = api.conversations.added(&ticket.number).await.map_err(refusal)?;
    let platforms = api.delivery.desk.of_ticket(ticket.id).await.map_err(refusal)?;
    let may_become = Status::ALL.into_iter().filter(|to| ticket.status.may_become(*to)).collect();
    let rules = api.rules.load();
    let lines = api.tickets.told(&ticket.number).await.map_err(refusal)?;
    let told = lines.into_iter().map(|line| ToldView {
        at: line.at,
        told_at: line.told_at,
        text: match &line.what {
            Told::Move(event) => rules.news.news(&ticket, event),
            Told::Notice(words) => words.clone(),
        },
    });
    let label = api.labels.of_ticket(&ticket.number).await.map_err(refusal)?;
    let put_right = label.filter(|(code, source)| *source == LabelSource::Worker && *code != ticket.category.code);
    let corrected = put_right.map(|(code, _)| {
        let name = rules.taxonomy.get(&code).map_or_else(|| code.clone(), |leaf| leaf.name.clone());
        CorrectedCategory { code, name }
    });
    Ok(Json(StaffStory {
        told: told.collect(),
        corrected,
        now: api.clock.now(),
        ticket: ticket.into(),
        timeline: progress::timeline(&moves, &rules.news),
        added,
        platforms,
        may_become,
    }))
}
