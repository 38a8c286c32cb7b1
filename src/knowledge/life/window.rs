//! The days on which each published version answers: no two versions of one document on the same day.

use jiff::civil::Date;

use crate::knowledge::life::record::Retirement;

/// The first day of an answer and the first day without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First day.
    pub from: Date,
    /// First day without it; `None` = open.
    pub until: Option<Date>,
}

impl Window {
    /// No day at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.until.is_some_and(|until| until <= self.from)
    }

    /// Does it hold on `day`?
    #[must_use]
    pub fn holds(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }

    /// Is there a day on which both hold?
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let starts_before_end = |a: &Self, b: &Self| b.until.is_none_or(|until| a.from < until);
        !self.is_empty() && !other.is_empty() && starts_before_end(self, other) && starts_before_end(other, self)
    }
}

/// A published version as far as its window depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    /// Number of its publication among those of the document.
    pub order: u64,
    /// Its own first day.
    pub from: Date,
    /// Its own first day without.
    pub expires_on: Option<Date>,
}

/// The window of each version, in the order given.
///
/// A version ends when it says so, when a version published after it begins, or when the document was retired. One that is
/// published later and begins no later takes the whole place of the earlier one: it corrects it.
#[must_use]
pub fn windows(versions: &[Published], retired_on: Option<Date>) -> Vec<Window> {
    // From the last publication back: the earliest beginning of anything published later.
    let mut by_order: Vec<usize> = (0..versions.len()).collect();
    by_order.sort_by_key(|i| std::cmp::Reverse(versions[*i].order));
    let mut out = vec![Window { from: Date::MAX, until: None }; versions.len()];
    let mut later: Option<Date> = retired_on;
    for i in by_order {
        let version = versions[i];
        let until = match (version.expires_on, later) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        out[i] = Window { from: version.from, until };
        later = Some(later.map_or(version.from, |l| l.min(version.from)));
    }
    out
}

/// The versions that answer on some day, with the days: nothing of a document that should never have answered.
#[must_use]
pub fn answering(versions: &[(u32, Published)], retirement: Option<&Retirement>) -> Vec<(u32, Window)> {
    let retired_on = match retirement {
        None => None,
        Some(Retirement { ended_on: None, .. }) => return Vec::new(),
        Some(Retirement { ended_on, .. }) => *ended_on,
    };
    let given: Vec<Published> = versions.iter().map(|(_, p)| *p).collect();
    versions.iter().map(|(number, _)| *number).zip(windows(&given, retired_on)).filter(|(_, w)| !w.is_empty()).collect()
}
