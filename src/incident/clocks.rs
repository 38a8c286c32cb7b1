//! Deadlines as data (clocks.csv): urgent clocks run continuously, the others count working time.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{
    calendar::WorkCalendar,
    table::{self, DataError},
    ticket::{Deadlines, Urgency},
};

/// Name of the file.
pub const FILE: &str = "clocks.csv";

/// What a clock counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// Every minute.
    Continuous,
    /// Minutes of working time.
    Working,
}

/// One rule for deadlines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockRule {
    /// Its id, as categories name it.
    pub id: String,
    /// The urgency it is made for.
    pub urgency: Urgency,
    /// Until somebody has accepted it, in minutes.
    pub accept_minutes: i64,
    /// Until it is resolved, in hours (8 to a working day when counting working time).
    pub resolve_hours: i64,
    /// What counts.
    pub counting: Counting,
    /// The rule in words, shown with the deadline.
    pub basis: String,
}

#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    urgency: String,
    accept_minutes: i64,
    resolve_hours: i64,
    counting: String,
    basis: String,
}

/// All rules of the street.
#[derive(Debug, Clone)]
pub struct Clocks {
    rules: Vec<ClockRule>,
    by_id: HashMap<String, usize>,
}

impl Clocks {
    /// Reads the table.
    ///
    /// # Errors
    /// An id twice, an unknown urgency or counting, times that are not positive, an urgent rule in working time,
    /// no rule for one of the three urgencies, no basis.
    pub fn from_csv(text: &str) -> Result<Self, DataError> {
        let mut rules: Vec<ClockRule> = Vec::new();
        let mut by_id = HashMap::new();
        for (line, row) in table::rows::<Row>(FILE, text)? {
            let bad = |message: String| DataError::row(FILE, line, message);
            let urgency = match row.urgency.as_str() {
                "一般" => Urgency::一般,
                "紧急" => Urgency::紧急,
                "特急" => Urgency::特急,
                other => return Err(bad(format!("紧急程度「{other}」无法识别"))),
            };
            let counting = Counting::from_word(&row.counting)
                .ok_or_else(|| bad(format!("计时方式「{}」应为 连续 或 工作时间", row.counting)))?;
            if urgency > Urgency::一般 && counting == Counting::Working {
                return Err(bad("紧急事项应连续计时".to_owned()));
            }
            let sane = (1..=100_000).contains(&row.accept_minutes) && (1..=10_000).contains(&row.resolve_hours);
            if !sane || row.accept_minutes > row.resolve_hours * 60 {
                return Err(bad("时限应为正数，且受理不晚于办结".to_owned()));
            }
            if row.basis.is_empty() {
                return Err(bad("没有写明依据".to_owned()));
            }
            if by_id.insert(row.id.clone(), rules.len()).is_some() {
                return Err(bad(format!("编号 {} 重复", row.id)));
            }
            rules.push(ClockRule {
                id: row.id,
                urgency,
                accept_minutes: row.accept_minutes,
                resolve_hours: row.resolve_hours,
                counting,
                basis: row.basis,
            });
        }
        for urgency in [Urgency::一般, Urgency::紧急, Urgency::特急] {
            if !rules.iter().any(|r| r.urgency == urgency) {
                return Err(DataError::file(FILE, format!("没有「{urgency:?}」的时限")));
            }
        }
        Ok(Self { rules, by_id })
    }

    /// The rule with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&ClockRule> {
        self.by_id.get(id).map(|i| &self.rules[*i])
    }

    /// All rules.
    #[must_use]
    pub fn rules(&self) -> &[ClockRule] {
        &self.rules
    }

    /// The category's own rule when it is made for this urgency (or a graver one), else the street's first rule for it.
    #[must_use]
    pub fn pick(&self, category_clock: &str, urgency: Urgency) -> &ClockRule {
        let own = self.get(category_clock).filter(|r| r.urgency >= urgency);
        own.or_else(|| self.rules.iter().find(|r| r.urgency == urgency)).unwrap_or(&self.rules[0])
    }
}

impl Counting {
    /// The word in the tables and the rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Continuous => "连续",
            Self::Working => "工作时间",
        }
    }

    /// The counting behind a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Continuous, Self::Working].into_iter().find(|c| c.word() == word)
    }

    /// The instant when `time` has been counted since `from`; negative goes back.
    #[must_use]
    pub fn after(self, from: Timestamp, time: SignedDuration, calendar: &WorkCalendar) -> Timestamp {
        match self {
            Self::Continuous => from.checked_add(time).unwrap_or(from),
            Self::Working => calendar.shift(from, time),
        }
    }

    /// The time that counts from `from` to `to`; negative when `to` is earlier.
    #[must_use]
    pub fn between(self, from: Timestamp, to: Timestamp, calendar: &WorkCalendar) -> SignedDuration {
        match self {
            Self::Continuous => to.duration_since(from),
            Self::Working => calendar.time_between(from, to),
        }
    }
}

/// Both deadlines of a rule for what came in at `from`. The basis says when a year of it is not announced yet.
#[must_use]
pub fn deadlines(rule: &ClockRule, from: Timestamp, calendar: &WorkCalendar) -> Deadlines {
    let after = |minutes: i64| rule.counting.after(from, SignedDuration::from_mins(minutes), calendar);
    let (accept_by, resolve_by) = (after(rule.accept_minutes), after(rule.resolve_hours * 60));
    let caveat = (rule.counting == Counting::Working).then(|| calendar.caveat(from, resolve_by)).flatten();
    let basis = caveat.map_or_else(|| rule.basis.clone(), |caveat| format!("{}（{caveat}）", rule.basis));
    Deadlines { accept_by, resolve_by, basis, rule: Some(rule.id.clone()), ..Deadlines::default() }
}
