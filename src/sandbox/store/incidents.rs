//! Storing an incident, moving it, losing it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Arrival, Incident, Store, Tx, arrivals, callbacks, incident, locked, note_down, select, write};
use crate::sandbox::moves::{By, Move, Needs, State};
use crate::sandbox::{SandboxError, dispatch};

/// What is needed to store a new incident.
#[derive(Debug)]
pub(in crate::sandbox) struct NewIncident {
    pub idempotency_key: String,
    pub title: String,
    pub place: String,
    pub urgency: String,
    pub section: &'static str,
    pub post: String,
    pub received_at: Timestamp,
    pub accept_by: Timestamp,
    pub resolve_by: Option<Timestamp>,
    pub basis: Option<String>,
    pub people: u32,
    pub affected: Option<u32>,
    pub body: Value,
    pub reporter: Option<Value>,
    pub webhook_id: String,
    pub arrival: Arrival,
}

/// The outcome of storing.
#[derive(Debug)]
pub(in crate::sandbox) enum Stored {
    New(Incident),
    Already(Incident),
}

/// A move with what was said.
#[derive(Debug)]
pub(in crate::sandbox) struct Act {
    pub step: Move,
    pub note: Option<String>,
    /// As given; otherwise the title of whoever is on duty for this move.
    pub handler: Option<String>,
    /// For extensions.
    pub until: Option<Timestamp>,
    /// For an agreed return: section and post.
    pub to: Option<(&'static str, String)>,
    pub at: Timestamp,
    pub webhook_id: String,
}

/// The outcome of a move.
#[derive(Debug)]
pub(in crate::sandbox) enum Moved {
    Done(Box<Incident>),
    Illegal(State),
    /// Legal, but something that it needs was not said, or makes no sense: a code and the words for it.
    Unsaid(&'static str, &'static str),
    Unknown,
}

/// The reviewer and the leader, as titles.
const CENTRE: &str = "指挥中心审核岗";
const LEADER: &str = "值班领导";
/// What an extension gives when nobody says until when.
const ONE_DAY: SignedDuration = SignedDuration::from_hours(24);
/// The furthest new deadline.
const FURTHEST: SignedDuration = SignedDuration::from_hours(24 * 366);

impl Store {
    /// Stores once per idempotency key, with the first line of its history and its first callback.
    pub(in crate::sandbox) async fn insert(&self, new: NewIncident, tz: &TimeZone) -> Result<Stored, SandboxError> {
        let mut tx = self.0.begin_with("BEGIN IMMEDIATE").await?;
        arrivals::keep(&mut tx, &new.arrival).await?;
        if let Some(it) = locked(&mut tx, &new.idempotency_key).await? {
            tx.commit().await?;
            return Ok(Stored::Already(it));
        }
        let day = new.received_at.to_zoned(tz.clone()).strftime("%Y%m%d").to_string();
        let number: i64 = sqlx::query_scalar(
            "INSERT INTO counter (day, last) VALUES ($1, 1) ON CONFLICT (day) DO UPDATE SET last = last + 1 RETURNING last",
        )
        .bind(&day)
        .fetch_one(&mut *tx)
        .await?;
        let external_no = format!("PT{day}{number:05}");
        let at = new.received_at.as_millisecond();
        sqlx::query(
            "INSERT INTO incident (external_no, idempotency_key, title, place, urgency, section, post, state, received_at, \
             accept_by, resolve_by, basis, round_at, people, affected, updated_at, body, reporter) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $9, $13, $14, $9, $15, $16)",
        )
        .bind(&external_no)
        .bind(&new.idempotency_key)
        .bind(&new.title)
        .bind(&new.place)
        .bind(&new.urgency)
        .bind(new.section)
        .bind(&new.post)
        .bind(State::Received.word())
        .bind(at)
        .bind(new.accept_by.as_millisecond())
        .bind(new.resolve_by.map(Timestamp::as_millisecond))
        .bind(new.basis.as_deref())
        .bind(new.people)
        .bind(new.affected)
        .bind(new.body.to_string())
        .bind(new.reporter.as_ref().map(Value::to_string))
        .execute(&mut *tx)
        .await?;
        let row = sqlx::query(select("WHERE external_no = $1")).bind(&external_no).fetch_one(&mut *tx).await?;
        let stored = incident(&row)?;
        note_down(&mut tx, &stored, new.received_at, "pushed", None, None).await?;
        callbacks::queue(&mut tx, &stored, &new.webhook_id, None, tz).await?;
        tx.commit().await?;
        Ok(Stored::New(stored))
    }

    /// Makes a move when it is legal and everything that it needs is said, with its line in the history and its callback.
    pub(in crate::sandbox) async fn act(&self, external_no: &str, mut act: Act, tz: &TimeZone) -> Result<Moved, SandboxError> {
        let mut tx = self.0.begin_with("BEGIN IMMEDIATE").await?;
        let row = sqlx::query(select("WHERE external_no = $1")).bind(external_no).fetch_optional(&mut *tx).await?;
        let Some(row) = row else { return Ok(Moved::Unknown) };
        let mut it = incident(&row)?;
        if !act.step.allowed_in(it.state, it.extensions, it.asked.is_some()) {
            return Ok(Moved::Illegal(it.state));
        }
        if act.step.rule().needs == Needs::NoteAndUntil && act.until.is_none() {
            let from = it.resolve_by.map_or(act.at, |by| by.max(act.at));
            act.until = from.saturating_add(ONE_DAY).ok();
        }
        if let Some((code, why)) = unsaid(&act, &it) {
            return Ok(Moved::Unsaid(code, why));
        }
        let Act { step, note, handler, until, to, at, webhook_id } = act;
        // Two moves in one millisecond keep their order in time.
        let at = at.max(it.updated_at.saturating_add(SignedDuration::from_millis(1)).unwrap_or(at));
        let rule = step.rule();
        let handler = match (handler, rule.by) {
            (Some(given), _) => given,
            (None, By::Centre) => CENTRE.to_owned(),
            (None, By::Leader) => LEADER.to_owned(),
            (None, By::Post) => dispatch::holder(&it.post, away(&mut tx, &it).await?),
        };
        let mut granted = until.filter(|_| step == Move::Extend);
        let mut said = note;
        match step {
            Move::Extend => it.extensions += 1,
            Move::AskExtension => it.asked = until.map(|until| (until, said.clone().unwrap_or_default())),
            Move::ApproveExtension => {
                if let Some((until, why)) = it.asked.take() {
                    granted = Some(until);
                    // The resident is told the post's reason, and what the leader adds.
                    said = Some(said.map_or_else(|| why.clone(), |more| format!("{why}（{more}）")));
                }
                it.extensions += 1;
            }
            Move::RefuseExtension => it.asked = None,
            Move::Return => {
                it.returns += 1;
                it.asked = None;
            }
            Move::AgreeReturn => {
                if let Some((section, post)) = to {
                    let route = format!("改派：{section}·{post}");
                    said = Some(said.map_or_else(|| route.clone(), |more| format!("{route}（{more}）")));
                    section.clone_into(&mut it.section);
                    it.post = post;
                }
            }
            Move::Accept | Move::Assign | Move::Start | Move::Resolve | Move::Close | Move::RefuseReturn | Move::Merge => {}
        }
        if granted.is_some() {
            it.resolve_by = granted;
        }
        if let Some(state) = rule.to {
            it.state = state;
            it.updated_at = at;
            it.note.clone_from(&said);
            it.handler = Some(handler.clone());
            if it.accepted_at.is_none() && matches!(state, State::Accepted | State::Assigned) {
                it.accepted_at = Some(at);
            }
            if it.resolved_at.is_none() && matches!(state, State::Resolved | State::Closed) {
                it.resolved_at = Some(at);
            }
            if !state.is_open() {
                it.asked = None;
            }
        }
        write(&mut tx, &it).await?;
        note_down(&mut tx, &it, at, step.word(), said.as_deref(), Some(&handler)).await?;
        if rule.to.is_some() {
            callbacks::queue(&mut tx, &it, &webhook_id, granted, tz).await?;
        }
        tx.commit().await?;
        Ok(Moved::Done(Box::new(it)))
    }

    /// Loses an incident with everything that belongs to it, as a platform does that was restored from an old copy. What
    /// arrived is kept, for the proof. False when there was none.
    pub(in crate::sandbox) async fn lose(&self, external_no: &str, at: Timestamp) -> Result<bool, SandboxError> {
        let mut tx = self.0.begin_with("BEGIN IMMEDIATE").await?;
        let lost = sqlx::query(
            "INSERT INTO lost (external_no, idempotency_key, at) SELECT external_no, idempotency_key, $2 FROM incident \
             WHERE external_no = $1",
        )
        .bind(external_no)
        .bind(at.as_millisecond())
        .execute(&mut *tx)
        .await?;
        for sql in [
            "DELETE FROM attachment WHERE external_no = $1",
            "DELETE FROM event WHERE external_no = $1",
            "DELETE FROM callback WHERE external_no = $1",
            "DELETE FROM history WHERE external_no = $1",
            "DELETE FROM incident WHERE external_no = $1",
        ] {
            sqlx::query(sql).bind(external_no).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(lost.rows_affected() > 0)
    }
}

/// What a legal move still lacks.
fn unsaid(act: &Act, it: &Incident) -> Option<(&'static str, &'static str)> {
    let needs = act.step.rule().needs;
    if matches!(needs, Needs::Note | Needs::NoteAndUntil) && act.note.is_none() {
        return Some(("note_missing", "需要写明原因"));
    }
    match (needs, act.until, &act.to) {
        (Needs::NoteAndUntil, None, _) => Some(("until_invalid", "没有可用的新时限")),
        (Needs::NoteAndUntil, Some(until), _) => {
            let later = it.resolve_by.is_none_or(|by| until > by) && until > act.at;
            let sane = act.at.saturating_add(FURTHEST).is_ok_and(|end| until <= end);
            (!later || !sane).then_some(("until_invalid", "新的办结时限应晚于现在和原时限，且在一年以内"))
        }
        (Needs::Post, _, None) => Some(("post_missing", "需要写明改派的板块和岗位")),
        (Needs::Post, _, Some((section, post))) => {
            (*section == it.section && *post == it.post).then_some(("post_same", "改派的岗位与原岗位相同"))
        }
        (Needs::Nothing | Needs::Note, _, _) => None,
    }
}

/// Whether the A holder of an incident's post is away.
async fn away(tx: &mut Tx<'_>, it: &Incident) -> Result<bool, SandboxError> {
    let away: Option<bool> = sqlx::query_scalar("SELECT away FROM duty WHERE section = $1 AND post = $2")
        .bind(&it.section)
        .bind(&it.post)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(away.unwrap_or_default())
}
