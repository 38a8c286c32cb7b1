//! Steps that fire, the list of them, and what is said because of them.

use async_trait::async_trait;
use futures::TryStreamExt as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::clock_rows::{step, stored, time, time_if, word};
use super::incident::{SqliteTickets, failed, nameless_ticket_of};
use crate::core::seal::Sealer;
use crate::incident::clock_store::{
    Alert, ChangeKind, ChangeView, ClockStory, ClockView, Fired, Notice, NoticeStore, NoticeView, Within,
};
use crate::incident::escalation::{ClockKind, Step};
use crate::incident::progress::spoken_time;
use crate::incident::store::StoreError;
use crate::incident::ticket_clock::ClockState;

/// What a list of alerts shows; `a` is the step, `c` its clock, `t` its ticket.
const ALERT: &str = "SELECT a.id, a.step, a.receiver, a.title AS receiver_title, a.words, a.fired_at, a.taken_at, c.kind, \
     c.due_at AS deadline, t.id AS ticket_key, t.document, t.status FROM ticket_alarms AS a JOIN ticket_clocks AS c ON c.id = a.clock_id \
     JOIN tickets AS t ON t.id = c.ticket_id WHERE a.state = 'fired'";

impl SqliteTickets {
    pub(super) async fn fire_steps(&self, now: Timestamp, limit: u32) -> Result<Vec<Fired>, StoreError> {
        let Some(rules) = self.db().rules() else { return Ok(Vec::new()) };
        // With nothing due this costs a read, not a durable write.
        let due: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT 1 FROM ticket_alarms WHERE state = 'planned' AND due_at IS NOT NULL AND due_at <= $1 LIMIT 1)",
        )
        .bind(now.as_millisecond())
        .fetch_one(self.db().reader())
        .await
        .map_err(failed)?;
        if due == 0 {
            return Ok(Vec::new());
        }
        let mut tx = self.db().durable().await.map_err(failed)?;
        let rows = sqlx::query(
            "SELECT a.*, c.kind, c.due_at AS deadline, c.ticket_id, t.number FROM ticket_alarms AS a \
             JOIN ticket_clocks AS c ON c.id = a.clock_id JOIN tickets AS t ON t.id = c.ticket_id \
             WHERE a.state = 'planned' AND a.due_at IS NOT NULL AND a.due_at <= $1 ORDER BY a.due_at, a.id LIMIT $2",
        )
        .bind(now.as_millisecond())
        .bind(limit)
        .fetch_all(&mut *tx)
        .await
        .map_err(failed)?;
        let mut fired = Vec::with_capacity(rows.len());
        for row in &rows {
            let id: i64 = row.try_get("id").map_err(failed)?;
            let kind = word(row, "kind", ClockKind::from_word)?;
            let (how, to) = step(row)?;
            let due = time(row, "due_at")?;
            let told_before: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM ticket_alarms WHERE clock_id = $1 AND plan = $2 AND state = 'fired' AND step = '督办'",
            )
            .bind(row.try_get::<i64, _>("clock_id").map_err(failed)?)
            .bind(row.try_get::<i64, _>("plan").map_err(failed)?)
            .fetch_one(&mut *tx)
            .await
            .map_err(failed)?;
            sqlx::query("UPDATE ticket_alarms SET state = 'fired', fired_at = $2 WHERE id = $1")
                .bind(id)
                .bind(now.as_millisecond())
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
            let zone = rules.calendar.zone();
            let for_resident = (how == Step::督办 && told_before == 0).then(|| overdue(kind, row, zone)).transpose()?;
            sqlx::query("INSERT INTO ticket_notices (ticket_id, alarm_id, at, text, resident_text) VALUES ($1, $2, $3, $4, $5)")
                .bind(row.try_get::<&str, _>("ticket_id").map_err(failed)?)
                .bind(id)
                .bind(now.as_millisecond())
                .bind(for_staff(row, kind, how, due, now, zone)?)
                .bind(for_resident)
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
            let number = row.try_get("number").map_err(failed)?;
            fired.push(Fired { ticket: number, clock: kind, step: how, to, due });
        }
        tx.commit().await.map_err(failed)?;
        Ok(fired)
    }

    pub(super) async fn open_alerts(&self, within: &Within, limit: usize) -> Result<Vec<Alert>, StoreError> {
        let sql = format!("{ALERT} AND a.taken_at IS NULL AND c.state IN ('running', 'paused') ORDER BY a.fired_at, a.id");
        let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch(self.db().reader());
        let mut found = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            if let Some(alert) = alert(self.db().sealer(), &row, within)? {
                found.push(alert);
            }
            if found.len() == limit {
                break;
            }
        }
        Ok(found)
    }

    pub(super) async fn one_alert(&self, id: i64, within: &Within) -> Result<Option<Alert>, StoreError> {
        let sql = format!("{ALERT} AND a.id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(self.db().reader()).await.map_err(failed)?;
        row.map_or(Ok(None), |row| alert(self.db().sealer(), &row, within))
    }

    pub(super) async fn clock_story(&self, number: &str, now: Timestamp) -> Result<ClockStory, StoreError> {
        let Some(rules) = self.db().rules() else { return Ok(ClockStory::default()) };
        let mut story = ClockStory::default();
        let clocks = sqlx::query(
            "SELECT c.* FROM ticket_clocks AS c JOIN tickets AS t ON t.id = c.ticket_id WHERE t.number = $1 ORDER BY c.round, c.id",
        );
        for row in clocks.bind(number).fetch_all(self.db().reader()).await.map_err(failed)? {
            let clock = stored(&row)?.clock;
            let used = match clock.state {
                ClockState::Running => clock.counting.between(clock.since, now, &rules.calendar),
                ClockState::Paused | ClockState::Stopped | ClockState::Ended => jiff::SignedDuration::ZERO,
            };
            story.clocks.push(ClockView {
                clock: clock.kind,
                round: clock.round,
                state: clock.state,
                due: clock.due,
                left_minutes: (clock.left - used).as_mins(),
                paused_until: clock.paused_until,
                extended: clock.extended,
                ended_at: time_if(&row, "ended_at")?,
            });
        }
        let changes = sqlx::query(
            "SELECT h.*, c.kind AS clock FROM ticket_clock_changes AS h JOIN ticket_clocks AS c ON c.id = h.clock_id \
             JOIN tickets AS t ON t.id = c.ticket_id WHERE t.number = $1 ORDER BY h.id",
        );
        for row in changes.bind(number).fetch_all(self.db().reader()).await.map_err(failed)? {
            story.changes.push(ChangeView {
                clock: word(&row, "clock", ClockKind::from_word)?,
                kind: word(&row, "kind", ChangeKind::from_word)?,
                at: time(&row, "at")?,
                by: row.try_get("changed_by").map_err(failed)?,
                why: row.try_get("why").map_err(failed)?,
                note: row.try_get("note").map_err(failed)?,
                due_before: time(&row, "due_before")?,
                due_after: time(&row, "due_after")?,
            });
        }
        let notices = sqlx::query(
            "SELECT n.at, n.text FROM ticket_notices AS n JOIN tickets AS t ON t.id = n.ticket_id WHERE t.number = $1 ORDER BY n.id",
        );
        for row in notices.bind(number).fetch_all(self.db().reader()).await.map_err(failed)? {
            story.notices.push(NoticeView { at: time(&row, "at")?, text: row.try_get("text").map_err(failed)? });
        }
        Ok(story)
    }
}

#[async_trait]
impl NoticeStore for SqliteTickets {
    async fn untold_notices(&self, limit: u32) -> Result<Vec<Notice>, StoreError> {
        let rows = sqlx::query(
            "SELECT n.id, n.ticket_id, n.at, n.resident_text, t.number, t.conversation_id FROM ticket_notices AS n \
             JOIN tickets AS t ON t.id = n.ticket_id WHERE n.resident_text IS NOT NULL AND n.told_at IS NULL \
             ORDER BY n.id LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.db().reader())
        .await
        .map_err(failed)?;
        rows.iter()
            .map(|row| {
                Ok(Notice {
                    id: row.try_get("id").map_err(failed)?,
                    ticket_number: row.try_get("number").map_err(failed)?,
                    ticket_id: row.try_get::<&str, _>("ticket_id").map_err(failed)?.parse().map_err(failed)?,
                    conversation_id: row.try_get::<&str, _>("conversation_id").map_err(failed)?.parse().map_err(failed)?,
                    text: row.try_get("resident_text").map_err(failed)?,
                    at: time(row, "at")?,
                })
            })
            .collect()
    }

    async fn mark_notice_told(&self, id: i64, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db().quick().await.map_err(failed)?;
        sqlx::query("UPDATE ticket_notices SET told_at = $2 WHERE id = $1 AND told_at IS NULL")
            .bind(id)
            .bind(at.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)
    }
}

fn alert(sealer: &Sealer, row: &SqliteRow, within: &Within) -> Result<Option<Alert>, StoreError> {
    let ticket = nameless_ticket_of(sealer, row, "ticket_key")?;
    if !within(&ticket.place) {
        return Ok(None);
    }
    let (step, to) = step(row)?;
    Ok(Some(Alert {
        id: row.try_get("id").map_err(failed)?,
        ticket: ticket.number,
        title: ticket.title,
        community: ticket.place.community,
        grid_code: ticket.place.grid_code,
        clock: word(row, "kind", ClockKind::from_word)?,
        step,
        to,
        to_title: row.try_get("receiver_title").map_err(failed)?,
        words: row.try_get("words").map_err(failed)?,
        since: time(row, "fired_at")?,
        deadline: time(row, "deadline")?,
        taken_at: time_if(row, "taken_at")?,
    }))
}

/// The line in the ticket's story. A step that fires late says so: whoever reads it must not think that nobody had cared.
fn for_staff(
    row: &SqliteRow,
    kind: ClockKind,
    step: Step,
    due: Timestamp,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<String, StoreError> {
    let (title, words): (&str, &str) = (row.try_get("title").map_err(failed)?, row.try_get("words").map_err(failed)?);
    let late = now.duration_since(due).as_mins();
    let late =
        if late < 1 { String::new() } else { format!("（应在{}发出，迟发{late}分钟）", spoken_time(due, zone)) };
    Ok(format!("{}时限{}，通知{title}：{words}{late}", kind.word(), step.word()))
}

fn overdue(kind: ClockKind, row: &SqliteRow, zone: &TimeZone) -> Result<String, StoreError> {
    let (what, deadline) = (kind.word(), spoken_time(time(row, "deadline")?, zone));
    Ok(format!("应在{deadline}前{what}，现在超过了时限，街道已经督办。着急的话也可以拨打12345。"))
}
