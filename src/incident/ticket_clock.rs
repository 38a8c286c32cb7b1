//! One clock of one ticket: what is left of it, until when, and what stops it. Pure: rows and time come from outside.
//!
//! A clock knows one instant (`since`) and what was left then (`left`). Its deadline is always `left` counted on from `since`, so
//! a calendar that changes later, a pause and a restart never lose a minute.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    calendar::WorkCalendar,
    clocks::{ClockRule, Counting},
    escalation::{ClockKind, Receiver, Step},
    progress::spoken_time,
    rules::IncidentRules,
    ticket::{Deadlines, Status, Ticket},
};

/// Whether a clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// Towards its deadline, or past it.
    Running,
    /// By somebody, with a reason (挂起).
    Paused,
    /// Because the ticket went where it makes no sense (退回待审, 合并, 撤销).
    Stopped,
    /// What it waited for has happened.
    Ended,
}

impl ClockState {
    const ALL: [Self; 4] = [Self::Running, Self::Paused, Self::Stopped, Self::Ended];

    /// The word in the rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Ended => "ended",
        }
    }

    /// The state behind a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }
}

/// One clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketClock {
    /// Which of the two.
    pub kind: ClockKind,
    /// 1, and one more each time the ticket is done again (重新办理).
    pub round: u32,
    /// 1, and one more each time its steps are planned anew.
    pub plan: u32,
    /// Id of its rule.
    pub rule: String,
    /// The rule in words.
    pub basis: String,
    /// What counts.
    pub counting: Counting,
    /// Whether it runs.
    pub state: ClockState,
    /// When this round began.
    pub started_at: Timestamp,
    /// The instant that `left` is about.
    pub since: Timestamp,
    /// What is left at `since`; negative when the deadline has passed.
    pub left: SignedDuration,
    /// What the rule gives.
    pub allowed: SignedDuration,
    /// The deadline; while it does not run, the one from before.
    pub due: Timestamp,
    /// While paused: when it goes on by itself.
    pub paused_until: Option<Timestamp>,
    /// While paused: why, in words for the resident.
    pub paused_why: Option<String>,
    /// How often it was extended in this round.
    pub extended: u32,
    /// Why it was extended the last time, in words for the resident.
    pub extended_why: Option<String>,
}

impl TicketClock {
    /// Starts at `at` with all that the rule gives.
    #[must_use]
    pub fn start(kind: ClockKind, rule: &ClockRule, round: u32, at: Timestamp, calendar: &WorkCalendar) -> Self {
        let minutes = match kind {
            ClockKind::受理 => rule.accept_minutes,
            ClockKind::办结 => rule.resolve_hours * 60,
        };
        let allowed = SignedDuration::from_mins(minutes);
        Self::with(kind, (rule.id.clone(), rule.basis.clone(), rule.counting), round, at, allowed, calendar)
    }

    /// Starts with a rule's id, words and counting, and any time.
    #[must_use]
    pub fn with(
        kind: ClockKind,
        (rule, basis, counting): (String, String, Counting),
        round: u32,
        at: Timestamp,
        allowed: SignedDuration,
        calendar: &WorkCalendar,
    ) -> Self {
        Self {
            kind,
            round,
            plan: 1,
            rule,
            basis,
            counting,
            state: ClockState::Running,
            started_at: at,
            since: at,
            left: allowed,
            allowed,
            due: counting.after(at, allowed, calendar),
            paused_until: None,
            paused_why: None,
            extended: 0,
            extended_why: None,
        }
    }

    /// Ends, stops or pauses at `at`: what was used until then is taken off. Nothing is used while it does not run.
    pub fn halt(&mut self, state: ClockState, at: Timestamp, calendar: &WorkCalendar) {
        if self.state == ClockState::Running {
            // A platform whose clock is behind gives no time back.
            let at = at.max(self.since);
            self.left -= self.counting.between(self.since, at, calendar);
            self.since = at;
        }
        self.state = state;
        (self.paused_until, self.paused_why) = (None, None);
    }

    /// Pauses a running clock at `at`, until `until` at most.
    pub fn pause(&mut self, at: Timestamp, until: Timestamp, why: String, calendar: &WorkCalendar) {
        self.halt(ClockState::Paused, at, calendar);
        (self.paused_until, self.paused_why) = (Some(until), Some(why));
    }

    /// Goes on at `at` with exactly what was left.
    pub fn go_on(&mut self, at: Timestamp, calendar: &WorkCalendar) {
        self.state = ClockState::Running;
        self.since = at.max(self.since);
        (self.paused_until, self.paused_why) = (None, None);
        self.due = self.counting.after(self.since, self.left, calendar);
    }

    /// Moves the deadline of a running clock.
    pub fn extend_to(&mut self, due: Timestamp, why: String, calendar: &WorkCalendar) {
        self.left = self.counting.between(self.since, due, calendar);
        self.due = due;
        self.extended_why = Some(why);
        self.extended += 1;
        self.plan += 1;
    }

    /// The deadline by a calendar that has changed. A deadline that was promised as an extension stays.
    #[must_use]
    pub fn due_by(&self, calendar: &WorkCalendar) -> Timestamp {
        if self.extended > 0 { self.due } else { self.counting.after(self.since, self.left, calendar) }
    }
}

/// What a move of the ticket does to its clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Leave,
    /// What it waited for has happened.
    End,
    /// It makes no sense now.
    Stop,
    /// It goes on with what was left, when it had stopped.
    Restart,
    /// A new round with the same rule.
    Anew,
}

/// What a move to `to` does to the clock `kind`.
///
/// A post that returns a ticket (退回待审) gains no time by it: only the wait for acceptance makes no sense meanwhile.
#[must_use]
pub const fn effect(to: Status, kind: ClockKind) -> Effect {
    match (to, kind) {
        (Status::已提交 | Status::已送达平台, _)
        | (Status::已受理 | Status::已交办 | Status::处置中 | Status::延期, ClockKind::办结) => Effect::Restart,
        (Status::已受理 | Status::已交办 | Status::处置中 | Status::延期, ClockKind::受理)
        | (Status::已办结 | Status::已回访, _) => Effect::End,
        (Status::重新办理, _) => Effect::Anew,
        (Status::退回待审, ClockKind::受理) | (Status::合并 | Status::撤销, _) => Effect::Stop,
        (Status::退回待审, ClockKind::办结) => Effect::Leave,
    }
}

/// Who is told when, of one plan of a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedAlarm {
    /// How hard.
    pub step: Step,
    /// Who.
    pub to: Receiver,
    /// Under which title.
    pub title: String,
    /// What they are told.
    pub words: String,
    /// Minutes from the deadline.
    pub offset_minutes: i64,
    /// How these are counted.
    pub counting: Counting,
    /// When.
    pub due: Timestamp,
}

/// When a step with this offset is due, before or after `deadline`.
#[must_use]
pub fn step_due(deadline: Timestamp, offset_minutes: i64, counting: Counting, calendar: &WorkCalendar) -> Timestamp {
    if offset_minutes == 0 {
        return deadline;
    }
    counting.after(deadline, SignedDuration::from_mins(offset_minutes), calendar)
}

/// The steps of a clock from `from` on, in the order in which they come. What would have to be said before that is left out:
/// nobody is warned of a deadline that was not there yet.
#[must_use]
pub fn alarms(clock: &TicketClock, ticket: &Ticket, rules: &IncidentRules, from: Timestamp) -> Vec<PlannedAlarm> {
    let rule = rules.clocks.get(&clock.rule).unwrap_or_else(|| rules.clocks.pick(&clock.rule, ticket.urgency));
    let mut planned: Vec<PlannedAlarm> = rules
        .escalation
        .steps(rule, clock.kind)
        .into_iter()
        .map(|s| PlannedAlarm {
            step: s.step,
            to: s.to,
            title: rules.posts.title(&ticket.route, s.to),
            words: s.words.clone(),
            offset_minutes: s.offset_minutes,
            counting: s.counting,
            due: step_due(clock.due, s.offset_minutes, s.counting, &rules.calendar),
        })
        .filter(|a| a.offset_minutes >= 0 || a.due > from)
        .collect();
    planned.sort_by_key(|a| (a.due, a.offset_minutes));
    planned
}

/// The deadlines that the ticket shows.
#[must_use]
pub fn shown(accept: &TicketClock, resolve: &TicketClock, calendar: &WorkCalendar) -> Deadlines {
    let zone: &TimeZone = calendar.zone();
    let caveat = (resolve.counting == Counting::Working).then(|| calendar.caveat(resolve.since, resolve.due)).flatten();
    let mut basis = caveat.map_or_else(|| resolve.basis.clone(), |caveat| format!("{}（{caveat}）", resolve.basis));
    let paused = resolve.state == ClockState::Paused;
    let why = if paused { &resolve.paused_why } else { &resolve.extended_why }.clone();
    if let (true, Some(why)) = (paused, &why) {
        basis.push_str(&format!("；{}起暂停计时，事由：{why}", spoken_time(resolve.since, zone)));
    } else if let Some(why) = &why {
        basis.push_str(&format!("；延期至{}，事由：{why}", spoken_time(resolve.due, zone)));
    }
    Deadlines {
        accept_by: accept.due,
        resolve_by: resolve.due,
        basis,
        rule: Some(resolve.rule.clone()),
        paused_since: paused.then_some(resolve.since),
        why,
        extended: resolve.extended,
    }
}
