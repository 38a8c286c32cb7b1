//! A span of whole days of the street.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span as Length, Timestamp};

/// The longest span, in days.
pub const MOST_DAYS: i32 = 400;

/// From the first day to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
}

impl Days {
    /// These days; `None` when the last comes before the first, or there are more than [`MOST_DAYS`].
    #[must_use]
    pub fn new(first: Date, last: Date) -> Option<Self> {
        let days = Self { first, last };
        (first <= last && days.count() <= MOST_DAYS).then_some(days)
    }

    /// How many.
    #[must_use]
    pub fn count(self) -> i32 {
        // Two dates of the calendar are never further apart than an i32 of days.
        (self.last - self.first).get_days() + 1
    }

    /// As many days, right before these.
    #[must_use]
    pub fn before(self) -> Self {
        let back = |date: Date, days: i32| date.saturating_sub(Length::new().days(days));
        Self { first: back(self.first, self.count()), last: back(self.first, 1) }
    }

    /// The instants: from midnight on which the first day begins, to the midnight on which the last one ends (not included).
    ///
    /// # Errors
    /// The days lie beyond the calendar.
    pub fn instants(self, zone: &TimeZone) -> Result<(Timestamp, Timestamp), jiff::Error> {
        let from = self.first.to_zoned(zone.clone())?.timestamp();
        let until = self.last.tomorrow()?.to_zoned(zone.clone())?.timestamp();
        Ok((from, until))
    }

    /// As people read it: `2026年5月11日至6月9日`; the year is said again when it is another one.
    #[must_use]
    pub fn in_words(self) -> String {
        let Self { first, last } = self;
        let day = |d: Date| format!("{}月{}日", d.month(), d.day());
        match (first, last) {
            _ if first == last => format!("{}年{}", first.year(), day(first)),
            _ if first.year() == last.year() => format!("{}年{}至{}", first.year(), day(first), day(last)),
            _ => format!("{}年{}至{}年{}", first.year(), day(first), last.year(), day(last)),
        }
    }

    /// Each of them.
    pub fn each(self) -> impl Iterator<Item = Date> + use<> {
        let Self { first, last } = self;
        std::iter::successors(Some(first), move |day| day.tomorrow().ok().filter(|next| *next <= last))
    }
}

/// The street's day on which something happened.
#[must_use]
pub fn day_of(at: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(at).date()
}
