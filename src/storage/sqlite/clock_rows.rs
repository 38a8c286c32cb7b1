//! The rows behind a ticket's clocks: reading and writing one at a time, inside the transaction of whoever calls.

use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Driver, Transaction};

use super::incident::failed;
use crate::incident::calendar::WorkCalendar;
use crate::incident::clock_store::ChangeKind;
use crate::incident::clocks::Counting;
use crate::incident::escalation::{ClockKind, Receiver, Step};
use crate::incident::store::StoreError;
use crate::incident::ticket_clock::{ClockState, PlannedAlarm, TicketClock, step_due};

type Tx<'t, 'c> = &'t mut Transaction<'c, Driver>;

/// A clock with its row's id.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub id: i64,
    pub clock: TicketClock,
}

/// What is noted of a change.
#[derive(Debug, Default)]
pub(super) struct Change<'a> {
    pub by: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub why: Option<&'a str>,
    pub note: Option<&'a str>,
}

/// The clocks of a ticket's present round, 受理 first. Both or none, unless somebody changed the rows by hand.
pub(super) async fn load(tx: Tx<'_, '_>, ticket_id: &str) -> Result<Vec<Stored>, StoreError> {
    let rows = sqlx::query("SELECT * FROM ticket_clocks WHERE ticket_id = $1 ORDER BY round DESC")
        .bind(ticket_id)
        .fetch_all(&mut **tx)
        .await
        .map_err(failed)?;
    let all = rows.iter().map(stored).collect::<Result<Vec<_>, _>>()?;
    Ok(ClockKind::ALL.into_iter().filter_map(|kind| all.iter().find(|c| c.clock.kind == kind).cloned()).collect())
}

pub(super) fn stored(row: &SqliteRow) -> Result<Stored, StoreError> {
    let clock = TicketClock {
        kind: word(row, "kind", ClockKind::from_word)?,
        round: row.try_get("round").map_err(failed)?,
        plan: row.try_get("plan").map_err(failed)?,
        rule: row.try_get("rule").map_err(failed)?,
        basis: row.try_get("basis").map_err(failed)?,
        counting: word(row, "counting", Counting::from_word)?,
        state: word(row, "state", ClockState::from_word)?,
        started_at: time(row, "started_at")?,
        since: time(row, "since")?,
        left: SignedDuration::from_millis(row.try_get("left_ms").map_err(failed)?),
        allowed: SignedDuration::from_millis(row.try_get("allowed_ms").map_err(failed)?),
        due: time(row, "due_at")?,
        paused_until: time_if(row, "paused_until")?,
        paused_why: row.try_get("paused_why").map_err(failed)?,
        extended: row.try_get("extended").map_err(failed)?,
        extended_why: row.try_get("extended_why").map_err(failed)?,
    };
    Ok(Stored { id: row.try_get("id").map_err(failed)?, clock })
}

/// Adds a clock.
pub(super) async fn insert(tx: Tx<'_, '_>, ticket_id: &str, clock: TicketClock) -> Result<Stored, StoreError> {
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO ticket_clocks (ticket_id, kind, round, plan, rule, basis, counting, state, started_at, since, left_ms, \
         allowed_ms, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id",
    )
    .bind(ticket_id)
    .bind(clock.kind.word())
    .bind(clock.round)
    .bind(clock.plan)
    .bind(&clock.rule)
    .bind(&clock.basis)
    .bind(clock.counting.word())
    .bind(clock.state.word())
    .bind(clock.started_at.as_millisecond())
    .bind(clock.since.as_millisecond())
    .bind(millis(clock.left))
    .bind(millis(clock.allowed))
    .bind(clock.due.as_millisecond())
    .fetch_one(&mut **tx)
    .await
    .map_err(failed)?;
    Ok(Stored { id, clock })
}

/// Writes what changed. A clock that ends notes when.
pub(super) async fn update(tx: Tx<'_, '_>, stored: &Stored, ended_at: Option<Timestamp>) -> Result<(), StoreError> {
    let clock = &stored.clock;
    sqlx::query(
        "UPDATE ticket_clocks SET plan = $2, state = $3, since = $4, left_ms = $5, due_at = $6, paused_until = $7, \
         paused_why = $8, extended = $9, extended_why = $10, ended_at = $11 WHERE id = $1",
    )
    .bind(stored.id)
    .bind(clock.plan)
    .bind(clock.state.word())
    .bind(clock.since.as_millisecond())
    .bind(millis(clock.left))
    .bind(clock.due.as_millisecond())
    .bind(clock.paused_until.map(Timestamp::as_millisecond))
    .bind(clock.paused_why.as_deref())
    .bind(clock.extended)
    .bind(clock.extended_why.as_deref())
    .bind(ended_at.map(Timestamp::as_millisecond))
    .execute(&mut **tx)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Adds the steps of a clock's present plan.
pub(super) async fn plan_steps(tx: Tx<'_, '_>, stored: &Stored, steps: &[PlannedAlarm]) -> Result<(), StoreError> {
    for step in steps {
        sqlx::query(
            "INSERT INTO ticket_alarms (clock_id, plan, step, receiver, title, words, offset_min, counting, due_at, state) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'planned')",
        )
        .bind(stored.id)
        .bind(stored.clock.plan)
        .bind(step.step.word())
        .bind(step.to.word())
        .bind(&step.title)
        .bind(&step.words)
        .bind(step.offset_minutes)
        .bind(step.counting.word())
        .bind(step.due.as_millisecond())
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
    }
    Ok(())
}

/// What has not fired never will.
pub(super) async fn drop_steps(tx: Tx<'_, '_>, stored: &Stored) -> Result<(), StoreError> {
    sqlx::query("UPDATE ticket_alarms SET state = 'dropped', due_at = NULL WHERE clock_id = $1 AND state = 'planned'")
        .bind(stored.id)
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
    Ok(())
}

/// What has not fired waits until the clock goes on.
pub(super) async fn hold_steps(tx: Tx<'_, '_>, stored: &Stored) -> Result<(), StoreError> {
    sqlx::query("UPDATE ticket_alarms SET due_at = NULL WHERE clock_id = $1 AND state = 'planned'")
        .bind(stored.id)
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
    Ok(())
}

/// What has not fired is due as far from the deadline as it was planned.
pub(super) async fn move_steps(tx: Tx<'_, '_>, stored: &Stored, calendar: &WorkCalendar) -> Result<(), StoreError> {
    let rows = sqlx::query("SELECT id, offset_min, counting FROM ticket_alarms WHERE clock_id = $1 AND state = 'planned'")
        .bind(stored.id)
        .fetch_all(&mut **tx)
        .await
        .map_err(failed)?;
    for row in &rows {
        let counting = word(row, "counting", Counting::from_word)?;
        let offset = row.try_get("offset_min").map_err(failed)?;
        sqlx::query("UPDATE ticket_alarms SET due_at = $2 WHERE id = $1")
            .bind(row.try_get::<i64, _>("id").map_err(failed)?)
            .bind(step_due(stored.clock.due, offset, counting, calendar).as_millisecond())
            .execute(&mut **tx)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

/// Notes what was done to a clock; `before` is the deadline that held.
pub(super) async fn note(
    tx: Tx<'_, '_>,
    stored: &Stored,
    kind: ChangeKind,
    at: Timestamp,
    before: Timestamp,
    change: &Change<'_>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO ticket_clock_changes (clock_id, kind, at, changed_by, reason, why, note, due_before, due_after) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(stored.id)
    .bind(kind.word())
    .bind(at.as_millisecond())
    .bind(change.by)
    .bind(change.reason)
    .bind(change.why)
    .bind(change.note)
    .bind(before.as_millisecond())
    .bind(stored.clock.due.as_millisecond())
    .execute(&mut **tx)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) fn word<T>(row: &SqliteRow, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let word: &str = row.try_get(column).map_err(failed)?;
    read(word).ok_or_else(|| failed(std::io::Error::other(format!("unknown word in {column}"))))
}

pub(super) fn step(row: &SqliteRow) -> Result<(Step, Receiver), StoreError> {
    Ok((word(row, "step", Step::from_word)?, word(row, "receiver", Receiver::from_word)?))
}

pub(super) fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(row.try_get(column).map_err(failed)?).map_err(failed)
}

pub(super) fn time_if(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, StoreError> {
    row.try_get::<Option<i64>, _>(column).map_err(failed)?.map(Timestamp::from_millisecond).transpose().map_err(failed)
}

/// As the rows keep it: to the millisecond.
pub(super) fn to_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

fn millis(time: SignedDuration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
