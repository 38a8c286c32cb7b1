//! What the reporting system tells later about an incident that it has pushed.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Arrival, Incident, Store, arrivals, json, locked, note_down, write};
use crate::sandbox::moves::State;
use crate::sandbox::{SandboxError, dispatch};

/// What an event does to the incident.
#[derive(Debug)]
pub(in crate::sandbox) enum Effect {
    /// Back to received, with new clocks by the event's own `clock`.
    Reopen {
        /// The event's body, for its clock.
        body: Value,
    },
    /// Closed; nothing more is expected.
    Withdraw,
    /// The reporting system's own people have moved it on; what is further here already stays.
    Move {
        /// To.
        state: State,
    },
    /// A line of history and nothing else.
    Note,
    /// Another deadline.
    Deadline {
        /// Until when it must be resolved now.
        resolve_by: Timestamp,
        /// What that rests on.
        basis: Option<String>,
    },
    /// Another post. A section that this platform does not have leaves the incident in its section.
    Route {
        /// One of the platform's sections.
        section: Option<&'static str>,
        /// The post, as told.
        post: String,
    },
}

/// An event, read and checked.
#[derive(Debug)]
pub(in crate::sandbox) struct NewEvent {
    pub id: String,
    pub kind: &'static str,
    pub effect: Effect,
    /// The line of history.
    pub line: Option<String>,
    /// How many residents stand behind the incident now.
    pub people: Option<u32>,
    /// How many suffer from it.
    pub affected: Option<u32>,
    pub arrival: Arrival,
}

/// What became of an event.
#[derive(Debug)]
pub(in crate::sandbox) enum Told {
    /// Done; the answer.
    New(Value),
    /// It was here before; the same answer.
    Already(Value),
    /// It is known, but as an event of another incident.
    Elsewhere,
    /// It cannot happen in this state.
    Illegal(State),
    /// No such incident.
    Unknown,
}

impl Store {
    /// Takes an event once, whole: effect, line of history, answer, and the call as it arrived.
    pub(in crate::sandbox) async fn take_event(&self, event: NewEvent) -> Result<Told, SandboxError> {
        let NewEvent { id, kind, effect, line, people, affected, arrival } = event;
        let mut tx = self.0.begin_with("BEGIN IMMEDIATE").await?;
        let Some(mut it) = locked(&mut tx, &arrival.key).await? else { return Ok(Told::Unknown) };
        let before: Option<(String, String)> = sqlx::query_as("SELECT external_no, answer FROM event WHERE event_id = $1")
            .bind(&id)
            .fetch_optional(&mut *tx)
            .await?;
        if let Some((external_no, answer)) = before {
            if external_no != it.external_no {
                return Ok(Told::Elsewhere);
            }
            arrivals::keep(&mut tx, &arrival).await?;
            tx.commit().await?;
            return Ok(Told::Already(json(&answer)?));
        }
        if !apply(&mut it, effect, line.as_deref(), arrival.at) {
            return Ok(Told::Illegal(it.state));
        }
        it.people = people.unwrap_or(it.people);
        it.affected = affected.or(it.affected);
        let answer = json!({"external_no": it.external_no, "status": it.state.word()});
        write(&mut tx, &it).await?;
        note_down(&mut tx, &it, arrival.at, kind, line.as_deref(), None).await?;
        arrivals::keep(&mut tx, &arrival).await?;
        sqlx::query("INSERT INTO event (event_id, external_no, kind, at, answer) VALUES ($1, $2, $3, $4, $5)")
            .bind(&id)
            .bind(&it.external_no)
            .bind(kind)
            .bind(arrival.at.as_millisecond())
            .bind(answer.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Told::New(answer))
    }
}

/// Changes the incident; false when the event cannot happen in its state.
fn apply(it: &mut Incident, effect: Effect, line: Option<&str>, now: Timestamp) -> bool {
    // The newest state is always later than the one before it.
    let at = now.max(it.updated_at.saturating_add(SignedDuration::from_millis(1)).unwrap_or(now));
    match effect {
        Effect::Reopen { body } => {
            if it.withdrawn || !matches!(it.state, State::Resolved | State::Closed) {
                return false;
            }
            it.state = State::Received;
            it.accept_by = dispatch::accept_by(&body, &it.urgency, now);
            it.accepted_at = None;
            // A deadline of the round before is no deadline of this one, unless it is still to come.
            it.resolve_by = dispatch::resolve_by(&body, now).or(it.resolve_by.filter(|by| *by > now));
            it.resolved_at = None;
            it.round += 1;
            it.round_at = at;
            it.extensions = 0;
            it.asked = None;
        }
        Effect::Withdraw => {
            it.withdrawn = true;
            it.asked = None;
            // What has ended otherwise stays as it ended.
            if matches!(it.state, State::Closed | State::Merged) {
                return true;
            }
            it.state = State::Closed;
            it.resolved_at = it.resolved_at.or(Some(at));
        }
        Effect::Move { state } => {
            let rank = |state: State| State::ALL.iter().position(|s| *s == state);
            if it.withdrawn || !it.state.is_open() || rank(state) <= rank(it.state) {
                return true;
            }
            it.state = state;
            it.accepted_at = it.accepted_at.or(Some(at));
            if state == State::Resolved {
                it.resolved_at = Some(at);
            }
        }
        Effect::Note => return true,
        Effect::Deadline { resolve_by, basis } => {
            it.resolve_by = Some(resolve_by);
            it.basis = basis.or(it.basis.take());
            return true;
        }
        Effect::Route { section, post } => {
            if let Some(section) = section {
                section.clone_into(&mut it.section);
            }
            it.post = post;
            return true;
        }
    }
    it.updated_at = at;
    it.note = line.map(str::to_owned);
    it.handler = None;
    true
}
