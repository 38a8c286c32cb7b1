//! Working time: the street's hours, the official holidays and the working days that stand in for them (调休).
//!
//! Time runs from the start of a span up to its end, the end itself excluded: at 12:00 sharp nothing runs any more, but 12:00 is
//! a deadline that can be kept. Going forwards ends at the end of a span, going backwards at the start of one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use serde::Deserialize;

use super::table::{self, DataError};

/// Name of the file.
pub const FILE: &str = "calendar.csv";

#[derive(Debug, Deserialize)]
struct Row {
    date: String,
    kind: String,
}

/// How much is known about a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coverage {
    /// The State Council's notice is in the table: holidays and days worked instead.
    Announced,
    /// Only the holidays of the law; what is moved around them is not announced yet.
    Statutory,
    /// Only weekends.
    Weekends,
}

/// Which time counts.
#[derive(Debug, Clone)]
pub struct WorkCalendar {
    /// True: works although it may be a weekend; false: a holiday.
    days: BTreeMap<Date, bool>,
    /// Years whose rows come from the law alone.
    statutory: BTreeSet<i16>,
    hours: Vec<(Time, Time)>,
    zone: TimeZone,
}

impl WorkCalendar {
    /// Reads calendar.csv. `hours` are pairs like `("08:00", "12:00")` in rising order, `zone` an IANA name.
    ///
    /// # Errors
    /// A date or kind that cannot be read, a date twice, an unknown zone, hours that do not rise.
    pub fn from_csv(text: &str, hours: &[(String, String)], zone: &str) -> Result<Self, DataError> {
        let zone = TimeZone::get(zone).map_err(|_| DataError::file("street.toml", format!("时区「{zone}」不存在")))?;
        let mut spans = Vec::new();
        for (from, to) in hours {
            let read =
                |t: &str| t.parse::<Time>().map_err(|_| DataError::file("street.toml", format!("工作时间「{t}」无法识别")));
            spans.push((read(from)?, read(to)?));
        }
        let rising = spans.iter().all(|(a, b)| a < b) && spans.windows(2).all(|w| w[0].1 < w[1].0);
        if spans.is_empty() || !rising {
            return Err(DataError::file("street.toml", "工作时间应由早到晚排列，且互不重叠"));
        }
        let mut days = BTreeMap::new();
        let mut statutory = BTreeSet::new();
        for (line, row) in table::rows::<Row>(FILE, text)? {
            let date: Date = row.date.parse().map_err(|_| DataError::row(FILE, line, format!("日期「{}」无法识别", row.date)))?;
            let works = match row.kind.as_str() {
                "holiday" => false,
                "workday" => true,
                "statutory" => {
                    statutory.insert(date.year());
                    false
                }
                other => return Err(DataError::row(FILE, line, format!("类型「{other}」应为 holiday、workday 或 statutory"))),
            };
            if days.insert(date, works).is_some() {
                return Err(DataError::row(FILE, line, format!("日期 {date} 重复")));
            }
        }
        Ok(Self { days, statutory, hours: spans, zone })
    }

    /// The street's time zone.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Whether anybody works on this day.
    #[must_use]
    pub fn is_working_day(&self, date: Date) -> bool {
        self.days.get(&date).copied().unwrap_or_else(|| !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday))
    }

    /// Whether time runs at `at`: within a span, its end excluded.
    #[must_use]
    pub fn is_working(&self, at: Timestamp) -> bool {
        self.spans_around(at).any(|(start, end)| start <= at && at < end)
    }

    /// Whether a deadline may fall on `at`: within a span, its end included, its start only when a span before ends there.
    /// Zero minutes from outside working time are the one exception: they end at the next opening.
    #[must_use]
    pub fn may_end(&self, at: Timestamp) -> bool {
        self.spans_around(at).any(|(start, end)| start < at && at <= end)
    }

    /// How much the table knows about a year.
    #[must_use]
    pub fn coverage(&self, year: i16) -> Coverage {
        if self.statutory.contains(&year) {
            Coverage::Statutory
        } else if self.days.keys().any(|d| d.year() == year) {
            Coverage::Announced
        } else {
            Coverage::Weekends
        }
    }

    /// True when the year's holidays and the days worked instead are known.
    #[must_use]
    pub fn covers(&self, year: i16) -> bool {
        self.coverage(year) == Coverage::Announced
    }

    /// What must be said with a deadline counted from `from` to `to`, when a year of it is not announced yet.
    #[must_use]
    pub fn caveat(&self, from: Timestamp, to: Timestamp) -> Option<String> {
        let year = |at: Timestamp| at.to_zoned(self.zone.clone()).year();
        let unknown = (year(from)..=year(to)).find(|y| !self.covers(*y))?;
        let by = if self.coverage(unknown) == Coverage::Statutory { "按周末和法定节日计算" } else { "按周末计算" };
        Some(format!("{unknown}年{by}，节假日安排公布后更新"))
    }

    /// The end of the last span of a day, whether or not anybody works on it. `None` at the end of all calendars.
    #[must_use]
    pub fn closing(&self, date: Date) -> Option<Timestamp> {
        let (_, end) = self.hours.last()?;
        self.zone.to_timestamp(date.to_datetime(*end)).ok()
    }

    /// The instant when `minutes` of working time have passed since `from`; negative ones go back. Outside working time
    /// nothing passes.
    ///
    /// Adding in two steps gives the same as adding at once, and [`Self::working_between`] undoes it.
    /// If the calendar ends (year 9999), `from` is returned.
    #[must_use]
    pub fn add_working(&self, from: Timestamp, minutes: i64) -> Timestamp {
        self.shift(from, SignedDuration::from_secs(minutes.saturating_mul(60)))
    }

    /// As [`Self::add_working`], to the nanosecond.
    #[must_use]
    pub fn shift(&self, from: Timestamp, by: SignedDuration) -> Timestamp {
        let moved = if by.is_negative() { self.back(from, by.abs()) } else { self.ahead(from, by) };
        moved.unwrap_or(from)
    }

    /// Whole minutes of working time from `from` to `to`; negative when `to` is earlier.
    #[must_use]
    pub fn working_between(&self, from: Timestamp, to: Timestamp) -> i64 {
        self.time_between(from, to).as_mins()
    }

    /// As [`Self::working_between`], to the nanosecond.
    #[must_use]
    pub fn time_between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        if to < from {
            return -self.time_between(to, from);
        }
        let mut sum = SignedDuration::ZERO;
        let mut date = from.to_zoned(self.zone.clone()).date();
        let last = to.to_zoned(self.zone.clone()).date();
        while date <= last {
            for (start, end) in self.spans_of(date) {
                let (start, end) = (start.max(from), end.min(to));
                if start < end {
                    sum += end.duration_since(start);
                }
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        sum
    }

    fn ahead(&self, from: Timestamp, by: SignedDuration) -> Option<Timestamp> {
        let mut date = from.to_zoned(self.zone.clone()).date();
        let mut left = by;
        loop {
            for (start, end) in self.spans_of(date) {
                let begin = start.max(from);
                if begin > end {
                    continue;
                }
                let room = end.duration_since(begin);
                if left <= room {
                    return begin.checked_add(left).ok();
                }
                left -= room;
            }
            date = date.tomorrow().ok()?;
        }
    }

    fn back(&self, from: Timestamp, by: SignedDuration) -> Option<Timestamp> {
        let mut date = from.to_zoned(self.zone.clone()).date();
        let mut left = by;
        loop {
            for (start, end) in self.spans_of(date).rev() {
                let finish = end.min(from);
                if finish < start {
                    continue;
                }
                let room = finish.duration_since(start);
                if left <= room {
                    return finish.checked_sub(left).ok();
                }
                left -= room;
            }
            date = date.yesterday().ok()?;
        }
    }

    /// The spans of a day, early first; none on a day without work, and on one that the zone left out.
    fn spans_of(&self, date: Date) -> impl DoubleEndedIterator<Item = (Timestamp, Timestamp)> + '_ {
        let hours: &[(Time, Time)] = if self.is_working_day(date) { &self.hours } else { &[] };
        hours.iter().filter_map(move |(start, end)| {
            let start = self.zone.to_timestamp(date.to_datetime(*start)).ok()?;
            let end = self.zone.to_timestamp(date.to_datetime(*end)).ok()?;
            // A zone may skip a whole day (Samoa, 30 December 2011): its hours would be those of the next one.
            (start.to_zoned(self.zone.clone()).date() == date && start < end).then_some((start, end))
        })
    }

    fn spans_around(&self, at: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        self.spans_of(at.to_zoned(self.zone.clone()).date())
    }
}
