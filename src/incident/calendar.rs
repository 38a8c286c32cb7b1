//! Working time: the street's hours, the official holidays and the working days that stand in for them (调休).

use std::collections::BTreeMap;

use jiff::{
    Timestamp,
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

/// Which time counts.
#[derive(Debug, Clone)]
pub struct WorkCalendar {
    /// True: works although it may be a weekend; false: a holiday.
    days: BTreeMap<Date, bool>,
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
        for (line, row) in table::rows::<Row>(FILE, text)? {
            let date: Date = row.date.parse().map_err(|_| DataError::row(FILE, line, format!("日期「{}」无法识别", row.date)))?;
            let works = match row.kind.as_str() {
                "holiday" => false,
                "workday" => true,
                other => return Err(DataError::row(FILE, line, format!("类型「{other}」应为 holiday 或 workday"))),
            };
            if days.insert(date, works).is_some() {
                return Err(DataError::row(FILE, line, format!("日期 {date} 重复")));
            }
        }
        Ok(Self { days, hours: spans, zone })
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

    /// Whether `at` lies in working time; the end of a span still does.
    #[must_use]
    pub fn is_working(&self, at: Timestamp) -> bool {
        let local = at.to_zoned(self.zone.clone());
        let time = local.time();
        self.is_working_day(local.date()) && self.hours.iter().any(|(from, to)| *from <= time && time <= *to)
    }

    /// True when the calendar says something about this year; otherwise only weekends are known.
    #[must_use]
    pub fn covers(&self, year: i16) -> bool {
        self.days.keys().any(|d| d.year() == year)
    }

    /// The instant when `minutes` of working time have passed since `from`. Outside working time nothing passes.
    ///
    /// Adding in two steps gives the same as adding at once. If the calendar ends (year 9999), `from` is returned.
    #[must_use]
    pub fn add_working(&self, from: Timestamp, minutes: i64) -> Timestamp {
        self.walk(from, minutes).unwrap_or(from)
    }

    fn walk(&self, from: Timestamp, minutes: i64) -> Option<Timestamp> {
        let local = from.to_zoned(self.zone.clone());
        let mut date = local.date();
        let mut left = minutes.max(0).checked_mul(60_000_000_000)?;
        let mut first = true;
        loop {
            if self.is_working_day(date) {
                for (start, end) in &self.hours {
                    let start = self.zone.to_timestamp(date.to_datetime(*start)).ok()?;
                    let end = self.zone.to_timestamp(date.to_datetime(*end)).ok()?;
                    let begin = if first { start.max(from) } else { start };
                    if begin > end {
                        continue;
                    }
                    let room = i64::try_from(end.duration_since(begin).as_nanos()).ok()?;
                    if left <= room {
                        return begin.checked_add(jiff::SignedDuration::from_nanos(left)).ok();
                    }
                    left -= room;
                }
            }
            first = false;
            date = date.tomorrow().ok()?;
        }
    }
}
