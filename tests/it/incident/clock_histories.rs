//! Whatever happens to a ticket in whatever order: its clocks lose no minute, nothing is said while they stand, and the ticket shows
//! what the rows say. A model that only counts minutes goes along.

use gridworker::incident::{
    clock_store::{ClockError, ClockStore as _, ExtendTo},
    clocks::ClockRule,
    escalation::ClockKind,
    store::TicketStore as _,
    ticket::{Status, Ticket},
    ticket_clock::{ClockState, Effect, effect},
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::STREET;
use super::ticket_clocks::{Desk, dispatcher, extension, pause, worker};

#[derive(Debug, Clone)]
enum Act {
    Wait(i64),
    Move(usize),
    Pause(bool),
    Resume,
    Extend(i64, bool),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (1i64..3_000).prop_map(Act::Wait),
        5 => (0usize..Status::ALL.len()).prop_map(Act::Move),
        2 => any::<bool>().prop_map(Act::Pause),
        2 => Just(Act::Resume),
        2 => (1i64..30, any::<bool>()).prop_map(|(h, d)| Act::Extend(h, d)),
    ];
    prop::collection::vec(act, 1..28)
}

/// A clock that only counts.
#[derive(Debug, Clone)]
struct Counted {
    state: ClockState,
    left: i64,
    until: Option<Timestamp>,
}

struct Model<'r> {
    rule: &'r ClockRule,
    clocks: [Counted; 2],
    now: Timestamp,
}

impl Model<'_> {
    fn fresh(&self, kind: ClockKind) -> Counted {
        let left = if kind == ClockKind::受理 { self.rule.accept_minutes } else { self.rule.resolve_hours * 60 };
        Counted { state: ClockState::Running, left, until: None }
    }

    fn minutes(&self, from: Timestamp, to: Timestamp) -> i64 {
        self.rule.counting.between(from, to, &STREET.calendar).as_mins()
    }

    fn wait(&mut self, to: Timestamp) {
        for i in 0..2 {
            let mut from = self.now;
            if let Some(until) = self.clocks[i].until.filter(|u| *u <= to) {
                (self.clocks[i].state, self.clocks[i].until) = (ClockState::Running, None);
                from = until;
            }
            if self.clocks[i].state == ClockState::Running {
                self.clocks[i].left -= self.minutes(from, to);
            }
        }
        self.now = to;
    }

    fn moved(&mut self, to: Status) {
        for (i, kind) in ClockKind::ALL.into_iter().enumerate() {
            let state = self.clocks[i].state;
            let next = match (effect(to, kind), state) {
                (Effect::Anew, _) => {
                    self.clocks[i] = self.fresh(kind);
                    continue;
                }
                (Effect::End, _) => ClockState::Ended,
                (Effect::Stop, ClockState::Running | ClockState::Paused) => ClockState::Stopped,
                (Effect::Restart, ClockState::Stopped) => ClockState::Running,
                _ => continue,
            };
            (self.clocks[i].state, self.clocks[i].until) = (next, None);
        }
    }
}

async fn live(clock: usize, acts: &[Act]) -> Result<(), TestCaseError> {
    let desk = Desk::new().await;
    let rule = &STREET.clocks.rules()[clock];
    // A Thursday before 国庆, at the opening.
    let now: Timestamp = "2026-09-24T00:00:00Z".parse().expect("a time of the test itself");
    let ticket = desk.report(&rule.id, now).await;
    let mut model = Model { rule, clocks: [0, 1].map(|_| Counted { state: ClockState::Ended, left: 0, until: None }), now };
    model.clocks = ClockKind::ALL.map(|kind| model.fresh(kind));
    let mut said = 0;
    for act in acts {
        step(&desk, &ticket, &mut model, act).await?;
        let states = model.clocks.clone().map(|c| c.state);
        desk.tickets.end_pauses(model.now).await.expect("readable");
        for fired in desk.tickets.fire(model.now, 100).await.expect("fired") {
            let state = states[usize::from(fired.clock == ClockKind::办结)];
            prop_assert_eq!(state, ClockState::Running, "{:?} fired at {} after {:?}", fired, model.now, act);
            prop_assert!(fired.due <= model.now, "{:?} fired too early, at {}", fired, model.now);
            said += 1;
        }
        let story = desk.story(&ticket, model.now).await;
        prop_assert_eq!(story.notices.len(), said, "each step is one line");
        let known = desk.tickets.get(&ticket.number).await.expect("readable").expect("the ticket is there");
        for (kind, counted) in ClockKind::ALL.into_iter().zip(&model.clocks) {
            let row = story.clocks.iter().rev().find(|c| c.clock == kind).expect("both clocks have rows");
            prop_assert_eq!(
                (row.state, row.left_minutes),
                (counted.state, counted.left),
                "{:?} at {} after {:?}",
                kind,
                model.now,
                act
            );
            let shown = if kind == ClockKind::受理 { known.clock.accept_by } else { known.clock.resolve_by };
            prop_assert_eq!(shown, row.due, "the ticket shows the deadline that holds, after {:?}", act);
            if row.state == ClockState::Running {
                let left = rule.counting.between(model.now, row.due, &STREET.calendar).as_mins();
                prop_assert_eq!(
                    left,
                    counted.left,
                    "the deadline of {:?} is what is left from {}, after {:?}",
                    kind,
                    model.now,
                    act
                );
            }
        }
        prop_assert_eq!(known.clock.paused_since.is_some(), model.clocks[1].state == ClockState::Paused, "after {:?}", act);
    }
    Ok(())
}

/// Does one act to both, or neither.
async fn step(desk: &Desk, ticket: &Ticket, model: &mut Model<'_>, act: &Act) -> Result<(), TestCaseError> {
    let (number, now) = (&ticket.number, model.now);
    match act {
        Act::Wait(minutes) => model.wait(now + SignedDuration::from_mins(*minutes)),
        Act::Move(to) => {
            let known = desk.tickets.get(number).await.expect("readable").expect("the ticket is there");
            let to = Status::ALL[*to];
            if known.status.may_become(to) {
                desk.go(ticket, to, now).await;
                model.moved(to);
            }
        }
        Act::Pause(resident) => {
            let wish = pause(if *resident { "resident" } else { "weather" }, None, now);
            let may = model.clocks[0].state == ClockState::Ended && model.clocks[1].state == ClockState::Running;
            match desk.tickets.pause(number, &wish).await {
                Ok(_) if may => {
                    let until = now + SignedDuration::from_hours(24 * wish.reason.max_days);
                    (model.clocks[1].state, model.clocks[1].until) = (ClockState::Paused, Some(until));
                }
                Ok(_) => prop_assert_eq!(model.clocks[1].state, ClockState::Paused, "only a second tap is taken"),
                Err(error) => prop_assert!(!may, "a pause that may be was refused: {error}"),
            }
        }
        Act::Resume => {
            let goes = matches!(model.clocks[1].state, ClockState::Running | ClockState::Paused);
            match desk.tickets.resume(number, &worker(), now).await {
                Ok(_) if goes => (model.clocks[1].state, model.clocks[1].until) = (ClockState::Running, None),
                other => prop_assert!(!goes && matches!(other, Err(ClockError::NotRunning(_))), "resume: {other:?}"),
            }
        }
        Act::Extend(hours, by_dispatcher) => {
            let by = if *by_dispatcher { dispatcher() } else { worker() };
            let seen = desk.clock(ticket).await.resolve_by;
            if desk.tickets.extend(number, &extension(by, ExtendTo::Hours(*hours), seen, now)).await.is_ok() {
                prop_assert_eq!(model.clocks[1].state, ClockState::Running, "only a running clock is put off");
                prop_assert!(*hours <= model.rule.resolve_hours, "by no more than the rule gave");
                model.clocks[1].left = model.clocks[1].left.max(0) + hours * 60;
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::cases(24)))]

    #[test]
    fn no_history_loses_a_minute_or_says_a_thing_twice(clock in 0usize..8, acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(live(clock, &acts))?;
    }
}
