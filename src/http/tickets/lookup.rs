//! `POST /api/v1/tickets/lookup`: progress from another device, by number and the last four digits of the phone.
//!
//! Five wrong tries lock a number for a quarter of an hour, whoever tries.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::refusal;
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::incident::progress::{self, TimelineEntry};
use crate::incident::ticket::{Deadlines, Route, Status};

const TRIES: u32 = 5;
const LOCK: SignedDuration = SignedDuration::from_mins(15);

#[derive(Debug, Clone, Copy)]
struct Tries {
    wrong: u32,
    last: Timestamp,
}

/// Wrong tries per ticket number.
#[derive(Debug, Default)]
pub struct LookupLocks(Mutex<HashMap<String, Tries>>);

impl LookupLocks {
    /// Seconds that the number stays locked, or `None` when one may try.
    fn locked_for(&self, number: &str, now: Timestamp) -> Option<u64> {
        let tries = self.0.lock();
        let entry = tries.get(number).filter(|t| t.wrong >= TRIES)?;
        let left = (entry.last + LOCK).duration_since(now).as_secs();
        u64::try_from(left).ok().filter(|s| *s > 0)
    }

    fn wrong(&self, number: &str, now: Timestamp) {
        let mut tries = self.0.lock();
        tries.retain(|_, t| now.duration_since(t.last) < LOCK);
        let entry = tries.entry(number.to_owned()).or_insert(Tries { wrong: 0, last: now });
        entry.wrong += 1;
        entry.last = now;
    }

    fn right(&self, number: &str) {
        self.0.lock().remove(number);
    }
}

/// Which ticket, and the proof.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Lookup {
    /// `WG…`
    pub number: String,
    /// Last four digits of the phone that was left with it.
    pub phone_tail: String,
}

/// What another device may see: how it stands, not who reported and not the reporter's words.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicProgress {
    /// `WG…`
    pub number: String,
    /// At most 30 characters.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// Who is to act.
    pub route: Route,
    /// Until when.
    pub clock: Deadlines,
    /// Its moves in plain words.
    pub timeline: Vec<TimelineEntry>,
}

/// Looks a ticket up from another device.
#[utoipa::path(post, path = "/api/v1/tickets/lookup", tag = "工单", request_body = Lookup,
    responses((status = 200, body = PublicProgress), (status = 404, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub async fn lookup_ticket(
    State(api): State<ApiState>,
    JsonBody(lookup): JsonBody<Lookup>,
) -> Result<Json<PublicProgress>, Problem> {
    let number: String = lookup.number.trim().to_uppercase().chars().take(40).collect();
    let now = api.clock.now();
    if let Some(seconds) = api.lookups.locked_for(&number, now) {
        let minutes = seconds.div_ceil(60);
        return Err(Problem::new(Code::LookupLocked)
            .detail(format!("查询次数过多，请{minutes}分钟后再试，或拨打12345查询"))
            .retry_after(seconds));
    }
    let tail = lookup.phone_tail.trim();
    let found = api.tickets.get(&number).await.map_err(refusal)?;
    let matching = found.filter(|t| {
        tail.len() == 4
            && tail.bytes().all(|b| b.is_ascii_digit())
            && t.reporter.phone.as_deref().is_some_and(|p| p.ends_with(tail))
    });
    let Some(ticket) = matching else {
        api.lookups.wrong(&number, now);
        return Err(Problem::new(Code::NotFound).detail("工单号与手机尾号对不上，请核对"));
    };
    api.lookups.right(&number);
    let moves = api.tickets.timeline(&number).await.map_err(refusal)?;
    let timeline = progress::timeline(&moves, &api.rules.load().news);
    Ok(Json(PublicProgress {
        number: ticket.number,
        title: ticket.title,
        status: ticket.status,
        route: ticket.route,
        clock: ticket.clock,
        timeline,
    }))
}
