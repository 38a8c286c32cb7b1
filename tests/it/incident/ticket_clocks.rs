//! The clocks of tickets in their rows: what fires when, what a move, a pause, an extension and a new calendar do to a deadline.
//!
//! Time is a parameter of every call: these tests look at any instant, and nothing waits.

use std::path::Path;
use std::sync::Arc;

use gridworker::core::seal::Sealer;
use gridworker::incident::destinations::Destinations;
use gridworker::incident::{
    clock_store::{Actor, ChangeKind, ClockError, ClockStore as _, ClockStory, ExtendTo, Extension, NoticeStore as _, Pause},
    clocks::deadlines,
    draft::Draft,
    escalation::ClockKind,
    labels::LabelSource,
    progress,
    rules::IncidentRules,
    store::{NewTicket, Rating, TicketMove, TicketStore as _},
    ticket::{Source, Status, Ticket, Urgency},
    ticket_clock::{ClockState, Effect, effect},
};
use gridworker::storage::sqlite::{Sqlite, incident::SqliteTickets};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use super::{STREET, all_hold};
use crate::support::sealer;

fn at(text: &str) -> Timestamp {
    let text = if text.len() == 16 { format!("{text}:00") } else { text.to_owned() };
    format!("{text}+08:00").parse().unwrap_or_else(|e| panic!("a time of the test itself, {text}: {e}"))
}

fn rules_with(change: impl Fn(&str, String) -> String) -> Arc<IncidentRules> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/street");
    Arc::new(IncidentRules::read(|file| Ok(change(file, std::fs::read_to_string(dir.join(file))?))).expect("the tables load"))
}

/// A street's tickets in a folder of their own.
pub(super) struct Desk {
    pub(super) tickets: SqliteTickets,
    db: Sqlite,
    folder: tempfile::TempDir,
    sealer: Arc<Sealer>,
    made: std::sync::atomic::AtomicU32,
}

impl Desk {
    pub(super) async fn new() -> Self {
        Self::over(tempfile::tempdir().expect("a temporary folder"), sealer(), Some(rules_with(|_, text| text))).await
    }

    async fn over(folder: tempfile::TempDir, sealer: Arc<Sealer>, rules: Option<Arc<IncidentRules>>) -> Self {
        let db = Sqlite::open(&folder.path().join("street.sqlite"), Arc::clone(&sealer)).await.expect("the database opens");
        let db = match rules {
            Some(rules) => db.keeping_time(Arc::new(rules)),
            None => db,
        };
        let tickets = SqliteTickets::new(db.clone(), STREET.calendar.zone().clone());
        Self { tickets, db, folder, sealer, made: 0.into() }
    }

    /// The same folder, opened again by a process with these rules.
    async fn again(self, rules: Arc<IncidentRules>) -> Self {
        let Self { db, folder, sealer, made, .. } = self;
        db.close().await;
        Self { made, ..Self::over(folder, sealer, Some(rules)).await }
    }

    /// A confirmed ticket under this clock, made at `from`.
    pub(super) async fn report(&self, clock: &str, from: Timestamp) -> Ticket {
        let n = u128::from(self.made.fetch_add(1, std::sync::atomic::Ordering::SeqCst)) * 10;
        let source = Source { channel: "web".to_owned(), conversation_id: Uuid::from_u128(n + 3) };
        let mut draft = Draft::new(Uuid::from_u128(n + 1), source, from);
        draft.apply("锦凤苑5栋楼道堆满杂物", &STREET, from);
        let mut new = draft.into_new_ticket(&STREET, from, Uuid::from_u128(n + 2), &Destinations::default()).expect("complete");
        let rule = STREET.clocks.get(clock).expect("a clock of the street");
        new.ticket.urgency = rule.urgency;
        new.ticket.clock = deadlines(rule, from, &STREET.calendar);
        let NewTicket { ticket, draft_id, destinations, .. } = new;
        let new = NewTicket { ticket, draft_id, destinations, labelled_by: LabelSource::Confirmed };
        self.tickets.create(new).await.expect("stored").ticket
    }

    pub(super) async fn go(&self, ticket: &Ticket, to: Status, at: Timestamp) -> Ticket {
        let step = TicketMove { to, by: "城市更新岗".to_owned(), note: None, at };
        self.tickets.move_to(&ticket.number, step).await.expect("a legal move")
    }

    /// Looks every minute from `from` to `to` and gives what fired: minutes since `from`, clock, step, receiver.
    async fn watch(&self, from: Timestamp, to: Timestamp) -> Vec<(i64, String)> {
        let mut seen = Vec::new();
        let mut now = from;
        while now <= to {
            self.tickets.end_pauses(now).await.expect("readable");
            for fired in self.tickets.fire(now, 100).await.expect("fired") {
                let words = format!("{}{}{}", fired.clock.word(), fired.step.word(), fired.to.word());
                seen.push((now.duration_since(from).as_mins(), words));
            }
            now += SignedDuration::from_mins(1);
        }
        seen
    }

    async fn fire(&self, now: Timestamp) -> Vec<String> {
        self.tickets.end_pauses(now).await.expect("readable");
        let fired = self.tickets.fire(now, 100).await.expect("fired");
        fired.iter().map(|f| format!("{}{}{}", f.clock.word(), f.step.word(), f.to.word())).collect()
    }

    pub(super) async fn story(&self, ticket: &Ticket, now: Timestamp) -> ClockStory {
        self.tickets.story(&ticket.number, now).await.expect("readable")
    }

    pub(super) async fn clock(&self, ticket: &Ticket) -> gridworker::incident::ticket::Deadlines {
        self.tickets.get(&ticket.number).await.expect("readable").expect("the ticket is there").clock
    }

    /// Accepted at once, for tests about what comes after.
    async fn accepted(&self, clock: &str, from: Timestamp) -> Ticket {
        let ticket = self.report(clock, from).await;
        self.go(&ticket, Status::已送达平台, from).await;
        self.go(&ticket, Status::已受理, from).await
    }
}

pub(super) fn worker() -> Actor {
    Actor { account: "worker".to_owned(), may_review: false }
}

pub(super) fn dispatcher() -> Actor {
    Actor { account: "dispatcher".to_owned(), may_review: true }
}

pub(super) fn pause(reason: &str, until: Option<Timestamp>, at: Timestamp) -> Pause {
    let reason = STREET.pauses.get(reason).expect("a reason of the street").clone();
    Pause { by: worker(), reason, note: None, until, at }
}

pub(super) fn extension(by: Actor, to: ExtendTo, seen: Timestamp, at: Timestamp) -> Extension {
    Extension { by, to, why: "等待配件".to_owned(), seen, at }
}

fn told(list: &[(i64, &str)]) -> Vec<(i64, String)> {
    list.iter().map(|(minute, words)| (*minute, (*words).to_owned())).collect()
}

#[tokio::test]
async fn silence_leads_through_all_four_steps_at_the_right_minutes() {
    let desk = Desk::new().await;
    // A Saturday night within 国庆: urgent clocks ask no calendar.
    let from = at("2026-10-03T23:57");
    let ticket = desk.report("jinji-24h", from).await;
    let seen = desk.watch(from, from + SignedDuration::from_mins(60)).await;
    let expected = [(3, "受理提醒A岗"), (5, "受理催办B岗"), (8, "受理督办值班领导"), (12, "受理督办指挥中心")];
    assert_eq!(seen, told(&expected));
    let story = desk.story(&ticket, from).await;
    let lines: Vec<&str> = story.notices.iter().map(|n| n.text.as_str()).collect();
    assert_eq!(lines.len(), 4, "each step is a line of the story: {lines:?}");
    assert!(lines[0].contains("受理时限提醒") && lines[0].contains("A岗") && !lines[0].contains("迟发"), "{lines:?}");
    assert_eq!(desk.tickets.timeline(&ticket.number).await.expect("readable").len(), 1, "no step is a move of the ticket");
    let untold = desk.tickets.untold_notices(10).await.expect("readable");
    assert_eq!(untold.len(), 1, "the resident hears once of a missed deadline, not of each step: {untold:?}");
    assert!(
        untold[0].text.contains("督办") && untold[0].text.contains("12345") && untold[0].text.contains("10月4日 00:02前受理"),
        "{untold:?}"
    );
    desk.tickets.mark_notice_told(untold[0].id, from).await.expect("marked");
    assert!(desk.tickets.untold_notices(10).await.expect("readable").is_empty());
    // Nobody has said anything for a day: the other clock has run as well.
    let day = desk.watch(from + SignedDuration::from_hours(19), from + SignedDuration::from_hours(31)).await;
    let expected = [(60, "办结提醒A岗"), (300, "办结催办B岗"), (420, "办结督办值班领导"), (660, "办结督办指挥中心")];
    assert_eq!(day, told(&expected), "at 20, 24, 26 and 30 hours");
    assert_eq!(desk.tickets.untold_notices(10).await.expect("readable").len(), 1, "once for this deadline too");
}

#[tokio::test]
async fn accepting_in_time_ends_the_first_clock_and_late_accepting_ends_the_rest_of_it() {
    let desk = Desk::new().await;
    let from = at("2026-11-23T09:00");
    let quick = desk.report("jinji-24h", from).await;
    desk.go(&quick, Status::已受理, from + SignedDuration::from_secs(4 * 60 + 59)).await;
    let seen = desk.watch(from + SignedDuration::from_mins(5), from + SignedDuration::from_mins(30)).await;
    assert_eq!(seen, [], "accepted a second before the deadline, and only looked at later");
    let story = desk.story(&quick, from + SignedDuration::from_mins(30)).await;
    assert_eq!((story.clocks[0].clock, story.clocks[0].state), (ClockKind::受理, ClockState::Ended));
    assert_eq!(story.clocks[0].left_minutes, 0, "one second was left");
    assert_eq!(story.clocks[0].ended_at, Some(from + SignedDuration::from_secs(299)));
    assert_eq!(story.clocks[1].state, ClockState::Running);

    // A platform whose clock is behind gives no time back.
    let early = desk.report("jinji-24h", from).await;
    desk.go(&early, Status::已受理, from - SignedDuration::from_mins(10)).await;
    assert_eq!(desk.story(&early, from).await.clocks[0].left_minutes, 5);

    let slow = desk.report("jinji-24h", from).await;
    assert_eq!(desk.watch(from, from + SignedDuration::from_mins(6)).await.len(), 2, "a reminder and the deadline");
    // The platform skips a step: handed to a post is accepted too.
    desk.go(&slow, Status::已交办, from + SignedDuration::from_mins(7)).await;
    let seen = desk.watch(from + SignedDuration::from_mins(8), from + SignedDuration::from_mins(60)).await;
    assert_eq!(seen, [], "what had not fired never does");
    let story = desk.story(&slow, from + SignedDuration::from_mins(60)).await;
    assert_eq!(story.clocks[0].left_minutes, -2, "two minutes late");
}

#[tokio::test]
async fn a_late_start_fires_what_was_missed_once_in_order_and_says_how_late() {
    let desk = Desk::new().await;
    let from = at("2026-11-23T09:00");
    let ticket = desk.report("jinji-24h", from).await;
    assert_eq!(desk.fire(from + SignedDuration::from_mins(4)).await, ["受理提醒A岗"]);
    let desk = desk.again(rules_with(|_, text| text)).await;
    let late = from + SignedDuration::from_mins(95);
    // Two processes wake at the same moment: whoever comes second finds nothing.
    let (one, two) = tokio::join!(desk.fire(late), desk.fire(late));
    let mut both = [one, two];
    both.sort_by_key(Vec::len);
    assert_eq!(both, [vec![], vec!["受理催办B岗".to_owned(), "受理督办值班领导".to_owned(), "受理督办指挥中心".to_owned()]]);
    assert_eq!(desk.fire(late + SignedDuration::from_mins(1)).await, Vec::<String>::new());
    let story = desk.story(&ticket, late).await;
    assert!(story.notices[1].text.contains("应在11月23日 09:05发出，迟发90分钟"), "{:?}", story.notices);
    assert_eq!(story.notices.len(), 4);
    assert_eq!(desk.tickets.untold_notices(10).await.expect("readable").len(), 1);
    // A small bite at a time fires the same.
    let other = desk.report("jinji-24h", from).await;
    let mut bites = Vec::new();
    for _ in 0..6 {
        bites.extend(desk.tickets.fire(late, 1).await.expect("fired"));
    }
    assert_eq!(bites.len(), 4, "{bites:?}");
    assert!(bites.windows(2).all(|w| w[0].due <= w[1].due) && bites.iter().all(|f| f.ticket == other.number));
}

#[tokio::test]
async fn ordinary_clocks_warn_and_complain_in_working_time() {
    let desk = Desk::new().await;
    // The Friday before a Saturday worked instead (2026-10-10), 国庆 just over.
    let ticket = desk.report("yiban-3d", at("2026-10-09T16:00")).await;
    let mut failures = Vec::new();
    for (when, expected) in [
        ("2026-10-09T23:00", vec![]),
        ("2026-10-10T11:59", vec![]),
        ("2026-10-10T14:00", vec!["受理提醒A岗"]),
        ("2026-10-10T15:59", vec![]),
        ("2026-10-10T16:00", vec!["受理催办B岗"]),
        ("2026-10-12T08:00", vec![]),
        ("2026-10-12T10:00", vec!["受理督办值班领导"]),
        ("2026-10-12T15:59", vec![]),
        ("2026-10-12T16:00", vec!["办结提醒A岗", "受理督办指挥中心"]),
        ("2026-10-13T16:00", vec!["办结催办B岗"]),
        ("2026-10-14T16:00", vec!["办结督办值班领导"]),
        ("2026-10-15T16:00", vec!["办结督办指挥中心"]),
        ("2026-12-31T16:00", vec![]),
    ] {
        let mut fired = desk.fire(at(when)).await;
        fired.sort_unstable();
        let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        expected.sort_unstable();
        if fired != expected {
            failures.push(format!("{when}: {fired:?}, not {expected:?}"));
        }
    }
    all_hold(&failures, 13);
    assert_eq!(ticket.clock.accept_by, at("2026-10-10T16:00"));
}

#[tokio::test]
async fn a_pause_over_a_weekend_takes_no_working_time() {
    let desk = Desk::new().await;
    let ticket = desk.accepted("yiban-3d", at("2026-11-18T08:00")).await;
    assert_eq!(desk.clock(&ticket).await.resolve_by, at("2026-11-20T18:00"), "three whole days from Wednesday's opening");
    let (paused, resumed) = (at("2026-11-20T15:00"), at("2026-11-24T10:00"));
    assert_eq!(desk.fire(paused).await, ["办结提醒A岗"], "the reminder came the day before");
    let shown = desk.tickets.pause(&ticket.number, &pause("resident", None, paused)).await.expect("paused").clock;
    assert_eq!((shown.paused_since, shown.why.as_deref()), (Some(paused), Some("等待您补充情况或配合上门")));
    assert!(shown.basis.contains("11月20日 15:00起暂停计时，事由：等待您补充情况"), "{}", shown.basis);
    assert_eq!(desk.watch(paused, at("2026-11-21T09:00")).await, [], "past the old deadline nothing fires");
    let again = desk.tickets.pause(&ticket.number, &pause("resident", None, at("2026-11-23T09:00"))).await.expect("a second tap");
    assert_eq!(again.clock.paused_since, Some(paused), "changes nothing");
    let other = desk.tickets.pause(&ticket.number, &pause("weather", None, at("2026-11-23T09:00"))).await;
    assert!(matches!(other, Err(ClockError::PausedAlready(_))), "{other:?}");
    let seen = desk.clock(&ticket).await.resolve_by;
    let put_off = desk.tickets.extend(&ticket.number, &extension(worker(), ExtendTo::Hours(8), seen, resumed)).await;
    assert!(matches!(put_off, Err(ClockError::Paused)), "{put_off:?}");

    let shown = desk.tickets.resume(&ticket.number, &worker(), resumed).await.expect("resumed").clock;
    assert_eq!(shown.resolve_by, at("2026-11-24T15:00"), "three hours were left, two before lunch");
    assert_eq!((shown.paused_since, shown.why), (None, None));
    assert!(!shown.basis.contains("暂停"), "{}", shown.basis);
    let again = desk.tickets.resume(&ticket.number, &worker(), at("2026-11-24T11:00")).await.expect("a second tap");
    assert_eq!(again.clock.resolve_by, at("2026-11-24T15:00"));
    assert_eq!(desk.fire(at("2026-11-24T14:59")).await, Vec::<String>::new(), "the reminder does not come twice");
    assert_eq!(desk.fire(at("2026-11-24T15:00")).await, ["办结催办B岗"]);
    let kinds: Vec<ChangeKind> = desk.story(&ticket, resumed).await.changes.iter().map(|c| c.kind).collect();
    assert_eq!(kinds, [ChangeKind::Pause, ChangeKind::Resume], "taps that changed nothing left nothing");
}

#[tokio::test]
async fn a_pause_ends_by_itself_at_the_promised_moment() {
    let desk = Desk::new().await;
    let ticket = desk.accepted("jinji-24h", at("2026-11-20T09:00")).await;
    let paused = at("2026-11-20T10:00");
    for until in [paused, at("2026-11-27T10:01")] {
        let refused = desk.tickets.pause(&ticket.number, &pause("weather", Some(until), paused)).await;
        assert!(matches!(refused, Err(ClockError::Invalid(_))), "at most seven days, and not over before it began: {refused:?}");
    }
    let until = at("2026-11-21T10:00");
    desk.tickets.pause(&ticket.number, &pause("weather", Some(until), paused)).await.expect("paused");
    assert_eq!(desk.watch(paused, until - SignedDuration::from_mins(1)).await, []);
    // Nobody looked until the evening: the clock went on at ten all the same.
    assert_eq!(desk.fire(at("2026-11-21T20:00")).await, Vec::<String>::new());
    assert_eq!(desk.clock(&ticket).await.resolve_by, at("2026-11-22T09:00"), "23 hours were left");
    let story = desk.story(&ticket, at("2026-11-21T20:00")).await;
    assert_eq!((story.changes[1].kind, story.changes[1].at, story.changes[1].by.clone()), (ChangeKind::Resume, until, None));
    assert_eq!(desk.fire(at("2026-11-22T05:00")).await, ["办结提醒A岗"]);
}

#[tokio::test]
async fn only_an_accepted_ticket_that_still_runs_can_wait() {
    let desk = Desk::new().await;
    let from = at("2026-11-23T09:00");
    let fresh = desk.report("yiban-3d", from).await;
    let refused = desk.tickets.pause(&fresh.number, &pause("resident", None, from)).await;
    assert!(matches!(refused, Err(ClockError::NotAccepted(_))), "{refused:?}");
    desk.go(&fresh, Status::撤销, from).await;
    for refused in [
        desk.tickets.pause(&fresh.number, &pause("resident", None, from)).await,
        desk.tickets.resume(&fresh.number, &worker(), from).await,
        desk.tickets.extend(&fresh.number, &extension(worker(), ExtendTo::Hours(8), fresh.clock.resolve_by, from)).await,
    ] {
        assert!(matches!(refused, Err(ClockError::NotRunning(_))), "withdrawn: {refused:?}");
    }
    assert_eq!(desk.watch(at("2026-11-26T17:00"), at("2026-11-26T18:00")).await, [], "nobody is told about what was withdrawn");
}

#[tokio::test]
async fn a_deadline_is_put_off_once_and_again_only_by_another_person() {
    let desk = Desk::new().await;
    let ticket = desk.accepted("yiban-3d", at("2026-11-18T08:00")).await;
    let (number, first) = (&ticket.number, at("2026-11-20T18:00"));
    let now = at("2026-11-20T16:00");
    assert_eq!(desk.fire(now).await, ["办结提醒A岗"]);
    let extend = async |by, to, seen, at| desk.tickets.extend(number, &extension(by, to, seen, at)).await;
    for (to, why) in [
        (ExtendTo::Hours(0), "正数"),
        (ExtendTo::Hours(25), "24小时"),
        (ExtendTo::Day("2026-11-22".parse().expect("a date")), "不是工作日"),
        (ExtendTo::Day("2026-11-20".parse().expect("a date")), "晚于"),
        (ExtendTo::Day("2026-11-27".parse().expect("a date")), "24小时"),
    ] {
        let refused = extend(worker(), to, first, now).await;
        assert!(matches!(&refused, Err(ClockError::Invalid(words)) if words.contains(why)), "{to:?}: {refused:?}");
    }
    let shown = extend(worker(), ExtendTo::Hours(12), first, now).await.expect("extended").clock;
    assert_eq!((shown.resolve_by, shown.extended, shown.why.as_deref()), (at("2026-11-24T12:00"), 1, Some("等待配件")));
    assert!(shown.basis.ends_with("；延期至11月24日 12:00，事由：等待配件"), "{}", shown.basis);
    let again = extend(worker(), ExtendTo::Hours(12), first, now).await.expect("a second tap");
    assert_eq!(again.clock, shown, "puts nothing off twice");
    let stale = extend(dispatcher(), ExtendTo::Hours(12), first, now).await;
    assert!(
        matches!(stale, Err(ClockError::Moved { due, .. }) if due == shown.resolve_by),
        "somebody who saw the old one: {stale:?}"
    );
    // The new deadline has a reminder of its own, and the old ones are gone.
    assert_eq!(desk.fire(at("2026-11-23T13:59")).await, Vec::<String>::new());
    assert_eq!(desk.fire(at("2026-11-23T14:00")).await, ["办结提醒A岗"]);
    for by in
        [worker(), Actor { account: "another worker".to_owned(), may_review: false }, Actor { may_review: true, ..worker() }]
    {
        let refused = extend(by, ExtendTo::Hours(8), shown.resolve_by, at("2026-11-24T09:00")).await;
        assert!(matches!(refused, Err(ClockError::NeedsReviewer)), "{refused:?}");
    }
    let day = ExtendTo::Day("2026-11-26".parse().expect("a date"));
    let twice = extend(dispatcher(), day, shown.resolve_by, at("2026-11-24T09:00")).await.expect("agreed").clock;
    assert_eq!((twice.resolve_by, twice.extended), (at("2026-11-26T18:00"), 2));
    assert_eq!(desk.fire(at("2026-11-24T12:00")).await, Vec::<String>::new(), "the first extension is no deadline any more");
    // Past the deadline the hours count from now.
    let over = at("2026-11-30T10:00");
    let other = Actor { account: "another dispatcher".to_owned(), may_review: true };
    let third = extend(other, ExtendTo::Hours(1), twice.resolve_by, over).await.expect("agreed").clock;
    assert_eq!(third.resolve_by, at("2026-11-30T11:00"));
    // The platform's own word for it changes the state, not the deadline.
    let moved = desk.go(&ticket, Status::延期, over).await;
    assert_eq!((moved.status, moved.clock.resolve_by), (Status::延期, at("2026-11-30T11:00")));
}

#[tokio::test]
async fn done_again_is_a_new_round_with_the_same_rule() {
    let desk = Desk::new().await;
    let ticket = desk.accepted("yiban-3d", at("2026-11-18T08:00")).await;
    let seen = desk.clock(&ticket).await.resolve_by;
    desk.tickets
        .extend(&ticket.number, &extension(worker(), ExtendTo::Hours(8), seen, at("2026-11-19T09:00")))
        .await
        .expect("extended");
    desk.go(&ticket, Status::已办结, at("2026-11-20T10:00")).await;
    assert_eq!(desk.watch(at("2026-11-23T17:00"), at("2026-11-23T18:30")).await, [], "what is resolved is not due");
    let rated = at("2026-11-24T10:00");
    let rating = Rating { solved: false, stars: 1, comment: None, at: rated };
    let reopened = desk.tickets.rate(&ticket.number, rating).await.expect("rated");
    assert_eq!(reopened.status, Status::重新办理);
    let clock = &reopened.clock;
    assert_eq!(
        (clock.accept_by, clock.resolve_by),
        (at("2026-11-25T10:00"), at("2026-11-27T10:00")),
        "one day and three, from the rating"
    );
    assert_eq!((clock.extended, clock.why.clone()), (0, None), "a new round was never extended");
    assert_eq!(desk.fire(at("2026-11-25T08:00")).await, ["受理提醒A岗"]);
    assert_eq!(desk.fire(at("2026-11-25T10:00")).await, ["受理催办B岗"]);
    let story = desk.story(&ticket, rated).await;
    let rounds: Vec<(u32, ClockState)> = story.clocks.iter().map(|c| (c.round, c.state)).collect();
    use ClockState::{Ended, Running};
    assert_eq!(rounds, [(1, Ended), (1, Ended), (2, Running), (2, Running)]);
}

#[tokio::test]
async fn returning_a_ticket_gains_no_time() {
    let desk = Desk::new().await;
    let from = at("2026-11-23T09:00");
    let ticket = desk.report("yiban-3d", from).await;
    let (accept, resolve) = (ticket.clock.accept_by, ticket.clock.resolve_by);
    desk.go(&ticket, Status::退回待审, at("2026-11-23T11:00")).await;
    assert_eq!(desk.fire(at("2026-11-24T09:00")).await, Vec::<String>::new(), "a reviewer has it: nobody is asked to accept");
    let back = desk.go(&ticket, Status::已送达平台, at("2026-11-24T09:00")).await;
    assert_eq!(back.clock.accept_by, at("2026-11-24T17:00"), "six hours were left to accept");
    assert_eq!(back.clock.resolve_by, resolve, "the resident waits no longer for it");
    assert!(accept < back.clock.accept_by);
    assert_eq!(desk.fire(at("2026-11-24T15:00")).await, ["受理提醒A岗"]);
    assert_eq!(desk.fire(at("2026-11-24T17:00")).await, ["受理催办B岗"]);
}

#[test]
fn every_state_says_what_it_does_to_both_clocks() {
    use Effect::{Anew, End, Leave, Restart, Stop};
    for status in Status::ALL {
        let expected = match status {
            Status::已提交 | Status::已送达平台 => (Restart, Restart),
            Status::已受理 | Status::已交办 | Status::处置中 | Status::延期 => (End, Restart),
            Status::已办结 | Status::已回访 => (End, End),
            Status::重新办理 => (Anew, Anew),
            Status::退回待审 => (Stop, Leave),
            Status::合并 | Status::撤销 => (Stop, Stop),
        };
        assert_eq!((effect(status, ClockKind::受理), effect(status, ClockKind::办结)), expected, "{}", status.word());
    }
}

#[tokio::test]
async fn tickets_from_before_there_were_clocks_get_theirs() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let old = Desk::over(folder, sealer(), None).await;
    let from = at("2026-11-23T09:00");
    let waiting = old.report("jinji-24h", from).await;
    let accepted = old.report("yiban-3d", from).await;
    old.go(&accepted, Status::已受理, at("2026-11-23T10:00")).await;
    let closed = old.report("yiban-3d", from).await;
    old.go(&closed, Status::已办结, at("2026-11-23T10:00")).await;
    let desk = old.again(rules_with(|_, text| text)).await;
    let now = at("2026-11-23T17:30");
    assert_eq!(desk.tickets.catch_up(now).await.expect("caught up"), 2);
    assert_eq!(desk.tickets.catch_up(now).await.expect("caught up"), 0, "once");
    let story = desk.story(&accepted, now).await;
    assert_eq!((story.clocks[0].state, story.clocks[0].ended_at), (ClockState::Ended, Some(at("2026-11-23T10:00"))));
    assert_eq!(story.clocks[1].due, accepted.clock.resolve_by, "the deadline that the resident was told");
    assert_eq!(desk.story(&waiting, now).await.clocks[0].due, waiting.clock.accept_by);
    assert_eq!(desk.fire(now).await.len(), 4, "what nobody accepted since nine is told now");
    assert!(desk.story(&closed, now).await.clocks.is_empty());
    let rating = Rating { solved: false, stars: 1, comment: None, at: now };
    let reopened = desk.tickets.rate(&closed.number, rating).await.expect("rated");
    assert_eq!(reopened.clock.resolve_by, at("2026-11-26T17:30"), "a closed one begins when it is done again");
}

#[tokio::test]
async fn a_calendar_that_is_announced_moves_open_deadlines_and_leaves_promises_alone() {
    let desk = Desk::new().await;
    let from = at("2026-12-30T08:00");
    let plain = desk.accepted("yiban-5d", from).await;
    let promised = desk.accepted("yiban-5d", from).await;
    let seen = promised.clock.resolve_by;
    desk.tickets.extend(&promised.number, &extension(worker(), ExtendTo::Hours(8), seen, from)).await.expect("extended");
    assert!(plain.clock.basis.contains("2027年按周末和法定节日计算，节假日安排公布后更新"), "{}", plain.clock.basis);
    // An invented notice: a Saturday worked instead, as such notices have it. Only the test's own calendar says so.
    let announced = rules_with(|file, text| {
        if file != "calendar.csv" {
            return text;
        }
        let kept: Vec<&str> = text.lines().filter(|l| !l.starts_with("2027")).collect();
        format!("{}\n2027-01-01,holiday,元旦,\n2027-01-02,workday,x,\n", kept.join("\n"))
    });
    let desk = desk.again(announced).await;
    let now = at("2026-12-30T12:00");
    assert_eq!(desk.tickets.catch_up(now).await.expect("counted"), 1);
    let (before, after) = (plain.clock.resolve_by, desk.clock(&plain).await);
    assert_eq!(
        (before, after.resolve_by),
        (at("2027-01-06T18:00"), at("2027-01-05T18:00")),
        "the Saturday worked brings it forward by a day"
    );
    assert!(!after.basis.contains("公布后更新"), "{}", after.basis);
    let story = desk.story(&plain, now).await;
    assert_eq!(story.changes.iter().map(|c| (c.kind, c.due_before)).collect::<Vec<_>>(), [(ChangeKind::Calendar, before)]);
    assert_eq!(desk.clock(&promised).await.resolve_by, at("2027-01-07T18:00"), "what was promised by date stays");
    assert_eq!(desk.fire(at("2027-01-05T08:00")).await, ["办结提醒A岗"], "the reminder moved with the deadline");
}

#[tokio::test]
async fn alerts_are_open_until_somebody_takes_note_or_the_clock_is_over() {
    let desk = Desk::new().await;
    let from = at("2026-11-23T09:00");
    let (one, two) = (desk.report("jinji-24h", from).await, desk.report("jinji-24h", from).await);
    desk.fire(from + SignedDuration::from_mins(5)).await;
    let all = |_: &gridworker::incident::ticket::Place| true;
    let open = desk.tickets.alerts(&all, 10).await.expect("readable");
    assert_eq!(open.len(), 4, "a reminder and a deadline for each");
    assert!(open.iter().all(|a| a.deadline == from + SignedDuration::from_mins(5) && a.taken_at.is_none()));
    assert_eq!(desk.tickets.alerts(&|_| false, 10).await.expect("readable"), [], "what lies elsewhere does not exist");
    assert_eq!(desk.tickets.alert(open[0].id, &|_| false).await.expect("readable"), None);
    let took = from + SignedDuration::from_mins(6);
    desk.tickets.take(open[0].id, "worker", took).await.expect("taken");
    desk.tickets.take(open[0].id, "another", took + SignedDuration::from_mins(1)).await.expect("again");
    let taken = desk.tickets.alert(open[0].id, &all).await.expect("readable").expect("there");
    assert_eq!(taken.taken_at, Some(took), "the first one stays");
    assert_eq!(desk.tickets.alerts(&all, 10).await.expect("readable").len(), 3);
    desk.go(&two, Status::已受理, took).await;
    let left = desk.tickets.alerts(&all, 10).await.expect("readable");
    assert!(left.len() == 1 && left[0].ticket == one.number, "accepting answers the alerts: {left:?}");
}

#[test]
fn the_resident_is_told_the_deadline_that_holds_and_why() {
    let from = at("2026-11-23T09:00");
    let source = Source { channel: "web".to_owned(), conversation_id: Uuid::from_u128(7) };
    let mut draft = Draft::new(Uuid::from_u128(1), source, from);
    draft.apply("锦凤苑5栋楼道堆满杂物", &STREET, from);
    let mut ticket = draft.into_new_ticket(&STREET, from, Uuid::from_u128(2), &Destinations::default()).expect("complete").ticket;
    ticket.status = Status::处置中;
    let zone = STREET.calendar.zone();
    ticket.clock.extended = 1;
    ticket.clock.why = Some("等待配件".to_owned());
    let said = progress::standing(&ticket, &STREET.news, from, zone);
    assert!(said.contains("前办结") && said.ends_with("已经延期，原因：等待配件。"), "{said}");
    ticket.clock.paused_since = Some(from);
    let said = progress::standing(&ticket, &STREET.news, at("2027-11-23T09:00"), zone);
    assert!(
        said.contains("11月23日 09:00起暂停计时（等待配件）") && !said.contains("超过时限"),
        "nothing is overdue while it waits: {said}"
    );
    ticket.status = Status::已办结;
    assert!(!progress::standing(&ticket, &STREET.news, from, zone).contains("暂停"), "what is resolved waits for nobody");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::cases(300)))]

    /// Whatever the pauses, the time that counted in all is what the rule gave, and urgent clocks ask no calendar.
    #[test]
    fn pauses_lose_and_give_nothing(
        seconds in 1_735_700_000i64..1_830_000_000,
        clock in 0usize..8,
        waits in prop::collection::vec((1i64..40_000, 1i64..400_000), 0..4),
    ) {
        use gridworker::incident::ticket_clock::TicketClock;
        let calendar = &STREET.calendar;
        let rule = &STREET.clocks.rules()[clock % STREET.clocks.rules().len()];
        let from = Timestamp::from_second(seconds).expect("a time of the test itself");
        let mut running = TicketClock::start(ClockKind::办结, rule, 1, from, calendar);
        prop_assert_eq!(running.due, deadlines(rule, from, calendar).resolve_by, "rows and cards say the same");
        let (mut now, mut counted) = (from, SignedDuration::ZERO);
        for (runs, waits) in waits {
            let stop = now + SignedDuration::from_secs(runs);
            counted += rule.counting.between(now, stop, calendar);
            running.pause(stop, stop + SignedDuration::from_hours(1), "x".to_owned(), calendar);
            prop_assert_eq!(running.left, running.allowed - counted);
            now = stop + SignedDuration::from_secs(waits);
            running.go_on(now, calendar);
            prop_assert_eq!(rule.counting.between(now, running.due, calendar), running.left, "what was left is what is left");
        }
        prop_assert_eq!(counted + rule.counting.between(now, running.due, calendar), running.allowed);
        if rule.urgency > Urgency::一般 {
            prop_assert_eq!(running.due, now + running.left);
        } else if running.left.is_positive() {
            prop_assert!(calendar.may_end(running.due), "{} is outside working time", running.due);
        }
    }
}
