//! [`ClockStore`] on `SQLite`, and what the clocks do when a ticket is made or moved.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sqlx::{Row as _, Sqlite as Driver, Transaction};

use super::Sqlite;
use super::clock_rows::{
    Change, Stored, drop_steps, hold_steps, insert, load, move_steps, note, plan_steps, stored, to_millisecond, update,
};
use super::incident::{SqliteTickets, by_number, failed, nameless_ticket, rewrite};
use super::outgoing;
use crate::core::ids::named;
use crate::core::seal::Sealer;
use crate::incident::clock_store::{
    Actor, Alert, ChangeKind, ClockError, ClockStore, ClockStory, ExtendTo, Extension, Fired, Pause, Within,
};
use crate::incident::clocks::{ClockRule, Counting};
use crate::incident::escalation::ClockKind;
use crate::incident::progress::spoken_time;
use crate::incident::rules::IncidentRules;
use crate::incident::store::StoreError;
use crate::incident::ticket::{Status, Ticket, Urgency};
use crate::incident::ticket_clock::{ClockState, Effect, TicketClock, alarms, effect, shown};
use crate::incident::update::{Update, UpdateKind};

/// Plans the clocks of a ticket that has just been made, in its own transaction.
pub(super) async fn plan(tx: &mut Transaction<'_, Driver>, db: &Sqlite, ticket: &Ticket) -> Result<(), StoreError> {
    let Some(rules) = db.rules() else { return Ok(()) };
    for kind in ClockKind::ALL {
        begin(tx, &rules, ticket, first(kind, ticket, &rules)).await?;
    }
    Ok(())
}

/// Does to the clocks what a move of the ticket means, in the transaction of the move. The ticket's deadlines follow.
pub(super) async fn follow(
    tx: &mut Transaction<'_, Driver>,
    db: &Sqlite,
    ticket: &mut Ticket,
    to: Status,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(rules) = db.rules() else { return Ok(()) };
    let (calendar, at) = (&rules.calendar, to_millisecond(at));
    let mut clocks = load(tx, &ticket.id.to_string()).await?;
    let mut shows = false;
    for kind in ClockKind::ALL {
        let known = clocks.iter().position(|c| c.clock.kind == kind);
        let effect = effect(to, kind);
        if effect == Effect::Anew {
            let round = known.map_or(1, |i| clocks[i].clock.round + 1);
            let next = match (known.map(|i| &clocks[i].clock), known_rule(ticket, &rules)) {
                (Some(last), None) => {
                    let same = (last.rule.clone(), last.basis.clone(), last.counting);
                    TicketClock::with(kind, same, round, at, last.allowed, calendar)
                }
                (_, rule) => {
                    let rule = rule.unwrap_or_else(|| rules.clocks.pick("", ticket.urgency));
                    TicketClock::start(kind, rule, round, at, calendar)
                }
            };
            let next = begin(tx, &rules, ticket, next).await?;
            match known {
                Some(i) => {
                    finish(tx, &mut clocks[i], at, &rules).await?;
                    clocks[i] = next;
                }
                None => clocks.push(next),
            }
            shows = true;
            continue;
        }
        let Some(clock) = known.map(|i| &mut clocks[i]) else { continue };
        let (was, before) = (clock.clock.state, clock.clock.due);
        match (effect, was) {
            (Effect::End, ClockState::Running | ClockState::Paused | ClockState::Stopped) => {
                finish(tx, clock, at, &rules).await?;
            }
            (Effect::Stop, ClockState::Running | ClockState::Paused) => {
                clock.clock.halt(ClockState::Stopped, at, calendar);
                update(tx, clock, None).await?;
                hold_steps(tx, clock).await?;
                note(tx, clock, ChangeKind::Stop, at, before, &Change { why: Some(to.word()), ..Change::default() }).await?;
            }
            (Effect::Restart, ClockState::Stopped) => {
                clock.clock.go_on(at, calendar);
                update(tx, clock, None).await?;
                move_steps(tx, clock, calendar).await?;
                note(tx, clock, ChangeKind::Restart, at, before, &Change { why: Some(to.word()), ..Change::default() }).await?;
                shows = true;
            }
            _ => {}
        }
        shows |= was == ClockState::Paused && clock.clock.state != was;
    }
    if shows {
        show(ticket, &clocks, &rules);
    }
    Ok(())
}

/// The first clock of a ticket: by the rule that it names, else as its deadline says.
fn first(kind: ClockKind, ticket: &Ticket, rules: &IncidentRules) -> TicketClock {
    let at = to_millisecond(ticket.created_at);
    if let Some(rule) = known_rule(ticket, rules) {
        return TicketClock::start(kind, rule, 1, at, &rules.calendar);
    }
    let counting = if ticket.urgency > Urgency::一般 { Counting::Continuous } else { Counting::Working };
    let due = match kind {
        ClockKind::受理 => ticket.clock.accept_by,
        ClockKind::办结 => ticket.clock.resolve_by,
    };
    let allowed = counting.between(at, to_millisecond(due), &rules.calendar).max(SignedDuration::ZERO);
    let rule = rules.clocks.pick("", ticket.urgency).id.clone();
    TicketClock::with(kind, (rule, ticket.clock.basis.clone(), counting), 1, at, allowed, &rules.calendar)
}

fn known_rule<'r>(ticket: &Ticket, rules: &'r IncidentRules) -> Option<&'r ClockRule> {
    ticket.clock.rule.as_deref().and_then(|id| rules.clocks.get(id))
}

/// Adds a clock and its steps.
async fn begin(
    tx: &mut Transaction<'_, Driver>,
    rules: &IncidentRules,
    ticket: &Ticket,
    clock: TicketClock,
) -> Result<Stored, StoreError> {
    let clock = insert(tx, &ticket.id.to_string(), clock).await?;
    let steps = alarms(&clock.clock, ticket, rules, clock.clock.started_at);
    plan_steps(tx, &clock, &steps).await?;
    Ok(clock)
}

async fn finish(
    tx: &mut Transaction<'_, Driver>,
    clock: &mut Stored,
    at: Timestamp,
    rules: &IncidentRules,
) -> Result<(), StoreError> {
    if clock.clock.state == ClockState::Ended {
        return Ok(());
    }
    clock.clock.halt(ClockState::Ended, at, &rules.calendar);
    update(tx, clock, Some(at)).await?;
    drop_steps(tx, clock).await
}

/// Puts the deadlines that hold into the ticket.
fn show(ticket: &mut Ticket, clocks: &[Stored], rules: &IncidentRules) {
    let of = |kind| clocks.iter().map(|c| &c.clock).find(|c| c.kind == kind);
    if let (Some(accept), Some(resolve)) = (of(ClockKind::受理), of(ClockKind::办结)) {
        ticket.clock = shown(accept, resolve, &rules.calendar);
    }
}

/// A ticket's clocks in the hands of somebody who changes the second one.
struct Hands<'c> {
    tx: Transaction<'c, Driver>,
    sealer: &'c Sealer,
    rules: Arc<IncidentRules>,
    ticket: Ticket,
    clocks: Vec<Stored>,
    resolve: usize,
}

impl Hands<'_> {
    fn resolve(&mut self) -> &mut Stored {
        &mut self.clocks[self.resolve]
    }

    /// Writes clock and ticket.
    async fn keep(mut self) -> Result<Ticket, ClockError> {
        update(&mut self.tx, &self.clocks[self.resolve], None).await?;
        show(&mut self.ticket, &self.clocks, &self.rules);
        rewrite(&mut self.tx, self.sealer, &self.ticket).await?;
        self.tx.commit().await.map_err(failed)?;
        Ok(self.ticket)
    }

    /// Writes clock and ticket, and tells the platforms which deadline holds now.
    async fn keep_and_tell(mut self, at: Timestamp, why: &str) -> Result<Ticket, ClockError> {
        show(&mut self.ticket, &self.clocks, &self.rules);
        let (clock, due) = (self.clocks[self.resolve].id, self.ticket.clock.resolve_by.as_millisecond());
        let id = named(&format!("gridworker-extended\n{}\n{clock}\n{due}", self.ticket.id));
        let update = Update::of(&self.ticket, id, UpdateKind::Extended, at, "系统", Some(why.to_owned()));
        outgoing::announce(&mut self.tx, self.sealer, &self.ticket, &update).await?;
        self.keep().await
    }
}

impl SqliteTickets {
    /// Takes the clocks of a ticket whose second one has not ended.
    async fn hands(&self, number: &str) -> Result<Hands<'_>, ClockError> {
        let not_running = || ClockError::NotRunning(number.to_owned());
        let rules = self.db().rules().ok_or_else(not_running)?;
        let mut tx = self.db().durable().await.map_err(failed)?;
        let ticket = by_number(&mut tx, self.db().sealer(), number).await?;
        let clocks = load(&mut tx, &ticket.id.to_string()).await?;
        let goes = |c: &Stored| matches!(c.clock.state, ClockState::Running | ClockState::Paused);
        let resolve = clocks.iter().position(|c| c.clock.kind == ClockKind::办结 && goes(c)).ok_or_else(not_running)?;
        Ok(Hands { tx, sealer: self.db().sealer(), rules, ticket, clocks, resolve })
    }
}

#[async_trait]
impl ClockStore for SqliteTickets {
    async fn pause(&self, number: &str, wish: &Pause) -> Result<Ticket, ClockError> {
        let at = to_millisecond(wish.at);
        let mut hands = self.hands(number).await?;
        if hands.clocks.iter().any(|c| c.clock.kind == ClockKind::受理 && c.clock.state != ClockState::Ended) {
            return Err(ClockError::NotAccepted(number.to_owned()));
        }
        let clock = &hands.clocks[hands.resolve];
        if clock.clock.state == ClockState::Paused {
            let why = clock.clock.paused_why.clone().unwrap_or_default();
            return if why == wish.reason.words { Ok(hands.ticket) } else { Err(ClockError::PausedAlready(why)) };
        }
        let longest = at.saturating_add(SignedDuration::from_hours(24 * wish.reason.max_days)).unwrap_or(at);
        let until = wish.until.map_or(longest, to_millisecond);
        if until <= at || until > longest {
            let words = format!("“{}”最多暂停{}天，恢复时间要晚于现在", wish.reason.title, wish.reason.max_days);
            return Err(ClockError::Invalid(words));
        }
        let (rules, before) = (Arc::clone(&hands.rules), clock.clock.due);
        hands.resolve().clock.pause(at, until, wish.reason.words.clone(), &rules.calendar);
        let Hands { tx, clocks, resolve, .. } = &mut hands;
        hold_steps(tx, &clocks[*resolve]).await?;
        let change = Change {
            by: Some(&wish.by.account),
            reason: Some(&wish.reason.id),
            why: Some(&wish.reason.words),
            note: wish.note.as_deref(),
        };
        note(tx, &clocks[*resolve], ChangeKind::Pause, at, before, &change).await?;
        hands.keep().await
    }

    async fn resume(&self, number: &str, by: &Actor, at: Timestamp) -> Result<Ticket, ClockError> {
        let hands = self.hands(number).await?;
        if hands.clocks[hands.resolve].clock.state == ClockState::Running {
            return Ok(hands.ticket);
        }
        go_on(hands, Some(&by.account), to_millisecond(at)).await
    }

    async fn extend(&self, number: &str, wish: &Extension) -> Result<Ticket, ClockError> {
        let at = to_millisecond(wish.at);
        let mut hands = self.hands(number).await?;
        let rules = Arc::clone(&hands.rules);
        let Hands { tx, clocks, resolve, ticket, .. } = &mut hands;
        let clock = &mut clocks[*resolve];
        let earlier = extensions(tx, clock).await?;
        let before = clock.clock.due;
        if to_millisecond(wish.seen) != before {
            let again = earlier.last().is_some_and(|(by, seen)| *by == wish.by.account && *seen == wish.seen.as_millisecond());
            let words = spoken_time(before, rules.calendar.zone());
            return if again { Ok(hands.ticket) } else { Err(ClockError::Moved { due: before, words }) };
        }
        if clock.clock.state == ClockState::Paused {
            return Err(ClockError::Paused);
        }
        if !earlier.is_empty() && (!wish.by.may_review || earlier.iter().any(|(by, _)| *by == wish.by.account)) {
            return Err(ClockError::NeedsReviewer);
        }
        let due = put_off(&clock.clock, wish.to, at, &rules)?;
        clock.clock.extend_to(due, wish.why.clone(), &rules.calendar);
        drop_steps(tx, clock).await?;
        let steps = alarms(&clock.clock, ticket, &rules, at);
        plan_steps(tx, clock, &steps).await?;
        let change = Change { by: Some(&wish.by.account), why: Some(&wish.why), ..Change::default() };
        note(tx, clock, ChangeKind::Extend, at, before, &change).await?;
        hands.keep_and_tell(at, &wish.why).await
    }

    async fn story(&self, number: &str, now: Timestamp) -> Result<ClockStory, StoreError> {
        self.clock_story(number, now).await
    }

    async fn fire(&self, now: Timestamp, limit: u32) -> Result<Vec<Fired>, StoreError> {
        self.fire_steps(now, limit).await
    }

    async fn end_pauses(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let over = sqlx::query(
            "SELECT t.number, c.paused_until FROM ticket_clocks AS c JOIN tickets AS t ON t.id = c.ticket_id \
             WHERE c.state = 'paused' AND c.paused_until <= $1 ORDER BY c.paused_until, c.id LIMIT 100",
        )
        .bind(now.as_millisecond())
        .fetch_all(self.db().reader())
        .await
        .map_err(failed)?;
        let mut resumed = Vec::new();
        for row in &over {
            let number: String = row.try_get("number").map_err(failed)?;
            match self.end_pause(&number, now).await {
                Ok(true) => resumed.push(number),
                // Somebody was quicker.
                Ok(false) => {}
                Err(ClockError::Store(error)) => return Err(error),
                Err(error) => tracing::debug!(%error, "a pause was over before its time"),
            }
        }
        Ok(resumed)
    }

    async fn catch_up(&self, now: Timestamp) -> Result<u64, StoreError> {
        let Some(rules) = self.db().rules() else { return Ok(0) };
        let mut changed = 0;
        loop {
            let adopted = self.adopt(&rules, now).await?;
            changed += adopted;
            if adopted == 0 {
                break;
            }
        }
        Ok(changed + self.count_again(&rules, now).await?)
    }

    async fn alerts(&self, within: &Within, limit: usize) -> Result<Vec<Alert>, StoreError> {
        self.open_alerts(within, limit).await
    }

    async fn alert(&self, id: i64, within: &Within) -> Result<Option<Alert>, StoreError> {
        self.one_alert(id, within).await
    }

    async fn take(&self, id: i64, account: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        sqlx::query(
            "UPDATE ticket_alarms SET taken_at = $2, taken_by = $3 WHERE id = $1 AND state = 'fired' AND taken_at IS NULL",
        )
        .bind(id)
        .bind(at.as_millisecond())
        .bind(account)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        tx.commit().await.map_err(failed)
    }
}

impl SqliteTickets {
    async fn end_pause(&self, number: &str, now: Timestamp) -> Result<bool, ClockError> {
        let hands = self.hands(number).await?;
        let until = hands.clocks[hands.resolve].clock.paused_until.filter(|until| *until <= now);
        let Some(until) = until else { return Ok(false) };
        go_on(hands, None, until).await?;
        Ok(true)
    }

    /// Gives clocks to some open tickets that have none.
    async fn adopt(&self, rules: &IncidentRules, now: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.db().durable().await.map_err(failed)?;
        let rows = sqlx::query(
            "SELECT t.id, t.document, t.status, (SELECT MIN(e.at) FROM ticket_events AS e WHERE e.ticket_id = t.id \
             AND e.to_status IN ('已受理', '已交办', '处置中', '延期')) AS accepted_at FROM tickets AS t \
             WHERE t.status NOT IN ('已办结', '已回访', '合并', '撤销') \
             AND NOT EXISTS (SELECT 1 FROM ticket_clocks AS c WHERE c.ticket_id = t.id) LIMIT 100",
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(failed)?;
        for row in &rows {
            let ticket = nameless_ticket(self.db().sealer(), row)?;
            for kind in ClockKind::ALL {
                let mut clock = begin(&mut tx, rules, &ticket, first(kind, &ticket, rules)).await?;
                let accepted = super::clock_rows::time_if(row, "accepted_at")?;
                match (kind, accepted, effect(ticket.status, kind)) {
                    (ClockKind::受理, Some(at), _) => finish(&mut tx, &mut clock, at, rules).await?,
                    (_, _, Effect::Stop) => {
                        clock.clock.halt(ClockState::Stopped, now, &rules.calendar);
                        update(&mut tx, &clock, None).await?;
                        hold_steps(&mut tx, &clock).await?;
                    }
                    _ => {}
                }
            }
        }
        tx.commit().await.map_err(failed)?;
        Ok(rows.len() as u64)
    }

    /// Counts running working clocks again by the calendar of today.
    async fn count_again(&self, rules: &Arc<IncidentRules>, now: Timestamp) -> Result<u64, StoreError> {
        let rows = sqlx::query(
            "SELECT c.*, t.number FROM ticket_clocks AS c JOIN tickets AS t ON t.id = c.ticket_id \
             WHERE c.state = 'running' AND c.counting = '工作时间'",
        )
        .fetch_all(self.db().reader())
        .await
        .map_err(failed)?;
        let mut changed = 0;
        for row in &rows {
            if stored(row)?.clock.due_by(&rules.calendar) == stored(row)?.clock.due {
                continue;
            }
            let number: &str = row.try_get("number").map_err(failed)?;
            let mut tx = self.db().durable().await.map_err(failed)?;
            let mut ticket = by_number(&mut tx, self.db().sealer(), number).await?;
            let mut clocks = load(&mut tx, &ticket.id.to_string()).await?;
            for clock in clocks.iter_mut().filter(|c| c.clock.state == ClockState::Running) {
                let (before, due) = (clock.clock.due, clock.clock.due_by(&rules.calendar));
                if due != before {
                    clock.clock.due = due;
                    update(&mut tx, clock, None).await?;
                    move_steps(&mut tx, clock, &rules.calendar).await?;
                    note(&mut tx, clock, ChangeKind::Calendar, now, before, &Change::default()).await?;
                    changed += 1;
                }
            }
            show(&mut ticket, &clocks, rules);
            rewrite(&mut tx, self.db().sealer(), &ticket).await?;
            tx.commit().await.map_err(failed)?;
        }
        Ok(changed)
    }
}

/// Lets a paused clock go on.
async fn go_on(mut hands: Hands<'_>, by: Option<&str>, at: Timestamp) -> Result<Ticket, ClockError> {
    let rules = Arc::clone(&hands.rules);
    let before = hands.resolve().clock.due;
    hands.resolve().clock.go_on(at, &rules.calendar);
    let Hands { tx, clocks, resolve, .. } = &mut hands;
    move_steps(tx, &clocks[*resolve], &rules.calendar).await?;
    note(tx, &clocks[*resolve], ChangeKind::Resume, at, before, &Change { by, ..Change::default() }).await?;
    if clocks[*resolve].clock.due == before { hands.keep().await } else { hands.keep_and_tell(at, "恢复计时").await }
}

/// Who extended a clock before, and which deadline they saw; oldest first.
async fn extensions(tx: &mut Transaction<'_, Driver>, clock: &Stored) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = sqlx::query(
        "SELECT changed_by, due_before FROM ticket_clock_changes WHERE clock_id = $1 AND kind = 'extend' ORDER BY id",
    )
    .bind(clock.id)
    .fetch_all(&mut **tx)
    .await
    .map_err(failed)?;
    rows.iter()
        .map(|r| {
            let by: Option<String> = r.try_get("changed_by").map_err(failed)?;
            Ok((by.unwrap_or_default(), r.try_get("due_before").map_err(failed)?))
        })
        .collect()
}

/// The deadline that a wish asks for.
fn put_off(clock: &TicketClock, to: ExtendTo, at: Timestamp, rules: &IncidentRules) -> Result<Timestamp, ClockError> {
    let calendar = &rules.calendar;
    // Past the deadline the hours count from now: an extension that is over when it is given helps nobody.
    let base = clock.due.max(at);
    let due = match to {
        ExtendTo::Hours(hours) if (1..=10_000).contains(&hours) => {
            clock.counting.after(base, SignedDuration::from_hours(hours), calendar)
        }
        ExtendTo::Hours(_) => return Err(ClockError::Invalid("延期的小时数应为正数".to_owned())),
        ExtendTo::Day(day) if clock.counting == Counting::Working && !calendar.is_working_day(day) => {
            return Err(ClockError::Invalid(format!("{day}不是工作日，请选一个工作日")));
        }
        ExtendTo::Day(day) => calendar.closing(day).unwrap_or(base),
    };
    let due = to_millisecond(due);
    if due <= base {
        return Err(ClockError::Invalid("延期后的时限要晚于现在，也要晚于原来的时限".to_owned()));
    }
    if clock.counting.between(base, due, calendar) > clock.allowed {
        let hours = clock.allowed.as_hours();
        return Err(ClockError::Invalid(format!("一次延期不能超过原办理时限（{hours}小时）")));
    }
    Ok(due)
}
