//! Working time and deadlines.

use gridworker::incident::{
    calendar::{Coverage, WorkCalendar},
    clocks::{Clocks, deadlines},
    ticket::Urgency,
};
use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday, date};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{STREET, all_hold};

fn at(text: &str) -> Timestamp {
    format!("{text}:00+08:00").parse().expect("a time of the test itself")
}

fn after(from: &str, minutes: i64) -> String {
    let end = STREET.calendar.add_working(at(from), minutes);
    end.to_zoned(STREET.calendar.zone().clone()).strftime("%Y-%m-%dT%H:%M").to_string()
}

#[test]
fn holidays_and_days_worked_instead_are_known() {
    let works = |d: &str| STREET.calendar.is_working_day(d.parse().expect("a date of the test itself"));
    assert!(!works("2026-10-01"), "国庆");
    assert!(!works("2026-02-17"), "春节");
    assert!(works("2026-02-14"), "a Saturday worked instead (调休)");
    assert!(works("2026-10-10"), "a Saturday worked instead (调休)");
    assert!(!works("2026-11-21"), "an ordinary Saturday");
    assert!(works("2026-11-23"), "an ordinary Monday");
}

/// 国务院办公厅 on 2025 and 2026, as the notices say it: days off from, to; days worked instead.
const OFF: &[(Date, Date)] = &[
    (date(2025, 1, 1), date(2025, 1, 1)),
    (date(2025, 1, 28), date(2025, 2, 4)),
    (date(2025, 4, 4), date(2025, 4, 6)),
    (date(2025, 5, 1), date(2025, 5, 5)),
    (date(2025, 5, 31), date(2025, 6, 2)),
    (date(2025, 10, 1), date(2025, 10, 8)),
    (date(2026, 1, 1), date(2026, 1, 3)),
    (date(2026, 2, 15), date(2026, 2, 23)),
    (date(2026, 4, 4), date(2026, 4, 6)),
    (date(2026, 5, 1), date(2026, 5, 5)),
    (date(2026, 6, 19), date(2026, 6, 21)),
    (date(2026, 9, 25), date(2026, 9, 27)),
    (date(2026, 10, 1), date(2026, 10, 7)),
];
const WORKED: &[Date] = &[
    date(2025, 1, 26),
    date(2025, 2, 8),
    date(2025, 4, 27),
    date(2025, 9, 28),
    date(2025, 10, 11),
    date(2026, 1, 4),
    date(2026, 2, 14),
    date(2026, 2, 28),
    date(2026, 5, 9),
    date(2026, 9, 20),
    date(2026, 10, 10),
];

#[test]
fn every_day_of_two_years_is_as_the_notices_say() {
    let mut wrong = Vec::new();
    let mut working = [0, 0];
    let mut day = date(2025, 1, 1);
    while day <= date(2026, 12, 31) {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let off = OFF.iter().any(|(from, to)| *from <= day && day <= *to);
        let expected = WORKED.contains(&day) || !(weekend || off);
        let works = STREET.calendar.is_working_day(day);
        if works != expected {
            wrong.push(format!("{day} ({:?}): {works}, the notice says {expected}", day.weekday()));
        }
        working[usize::from(day.year() == 2026)] += i32::from(works);
        // Time runs in the same hours on every working day, and on no other.
        for (time, within) in
            [("07:59", false), ("08:00", true), ("11:59", true), ("12:00", false), ("14:00", true), ("18:00", false)]
        {
            let runs = STREET.calendar.is_working(at(&format!("{day}T{time}")));
            if runs != (expected && within) {
                wrong.push(format!("{day} {time}: time runs = {runs}"));
            }
        }
        day = day.tomorrow().expect("not the end of time");
    }
    all_hold(&wrong, 730);
    assert_eq!(working, [248, 248], "365 days less 104 of weekends less the 13 holidays of the law");
}

#[test]
fn what_is_not_announced_yet_is_said() {
    let coverage = |year| STREET.calendar.coverage(year);
    assert_eq!([coverage(2025), coverage(2026)], [Coverage::Announced; 2]);
    assert_eq!(coverage(2027), Coverage::Statutory, "only the law is known of 2027");
    assert_eq!(coverage(2040), Coverage::Weekends);
    let basis = |from: &str, clock: &str| deadlines(STREET.clocks.pick(clock, Urgency::一般), at(from), &STREET.calendar).basis;
    assert!(!basis("2026-11-23T09:00", "yiban-5d").contains("公布后更新"), "all of it lies in 2026");
    let over = basis("2026-12-28T09:00", "yiban-5d");
    assert!(over.ends_with("（2027年按周末和法定节日计算，节假日安排公布后更新）"), "{over}");
    let far = basis("2031-03-03T09:00", "yiban-5d");
    assert!(far.ends_with("（2031年按周末计算，节假日安排公布后更新）"), "{far}");
    let urgent = deadlines(STREET.clocks.pick("", Urgency::紧急), at("2031-03-03T09:00"), &STREET.calendar);
    assert!(!urgent.basis.contains("公布"), "urgent clocks do not ask the calendar: {}", urgent.basis);
}

/// From, minutes of working time, the deadline, what it shows.
const DEADLINES: &[(&str, i64, &str, &str)] = &[
    ("2025-01-25T09:00", 480, "2025-01-26T18:00", "the Sunday before 春节 is worked, the Saturday is not"),
    ("2025-01-26T08:00", 480, "2025-01-26T18:00", "a Sunday worked instead is a whole day"),
    ("2025-01-26T16:00", 240, "2025-01-27T10:00", "on into Monday"),
    ("2025-01-27T17:00", 60, "2025-01-27T18:00", "the last hour before 春节"),
    ("2025-01-27T17:00", 61, "2025-02-05T08:01", "one minute more waits eight days"),
    ("2025-01-27T17:30", 240, "2025-02-05T11:30", "over eight days off"),
    ("2025-01-28T10:00", 480, "2025-02-05T18:00", "from 除夕"),
    ("2025-01-31T23:59", 1, "2025-02-05T08:01", "the first minute after 春节"),
    ("2025-02-04T12:00", 480, "2025-02-05T18:00", "from the last day off"),
    ("2025-02-05T08:00", 2400, "2025-02-10T18:00", "five working days, the fourth of them a Saturday worked instead"),
    ("2025-02-07T16:00", 240, "2025-02-08T10:00", "Friday into a Saturday worked instead"),
    ("2025-02-08T17:00", 120, "2025-02-10T09:00", "that Saturday into Monday"),
    ("2025-02-09T09:00", 60, "2025-02-10T09:00", "the Sunday after it is off"),
    ("2025-04-03T17:00", 120, "2025-04-07T09:00", "over 清明"),
    ("2025-04-04T09:00", 2400, "2025-04-11T18:00", "five days from 清明"),
    ("2025-04-25T17:00", 120, "2025-04-27T09:00", "Friday; the Saturday is off, the Sunday worked"),
    ("2025-04-26T09:00", 60, "2025-04-27T09:00", "that Saturday"),
    ("2025-04-27T17:00", 60, "2025-04-27T18:00", "the Sunday's last hour"),
    ("2025-04-30T16:00", 240, "2025-05-06T10:00", "over 劳动节"),
    ("2025-05-05T20:00", 480, "2025-05-06T18:00", "the first day after it"),
    ("2025-05-30T17:00", 120, "2025-06-03T09:00", "over 端午"),
    ("2025-06-02T08:00", 240, "2025-06-03T12:00", "端午 itself"),
    ("2025-09-26T17:00", 120, "2025-09-28T09:00", "Friday; the Sunday before 国庆 is worked"),
    ("2025-09-27T10:00", 480, "2025-09-28T18:00", "the Saturday is not"),
    ("2025-09-28T13:00", 240, "2025-09-28T18:00", "a Sunday's afternoon"),
    ("2025-09-30T17:00", 60, "2025-09-30T18:00", "the last hour before 国庆"),
    ("2025-09-30T17:00", 61, "2025-10-09T08:01", "one minute more waits eight days"),
    ("2025-09-30T12:00", 480, "2025-10-09T12:00", "half a day before, half a day after 国庆"),
    ("2025-10-06T09:00", 240, "2025-10-09T12:00", "中秋 within 国庆"),
    ("2025-10-08T18:00", 1, "2025-10-09T08:01", "the first minute after"),
    ("2025-10-09T08:00", 1440, "2025-10-11T18:00", "three days, the third a Saturday worked instead"),
    ("2025-10-10T17:00", 120, "2025-10-11T09:00", "Friday into that Saturday"),
    ("2025-10-11T17:59", 2, "2025-10-13T08:01", "its last minute, and Monday's first"),
    ("2025-10-12T12:00", 480, "2025-10-13T18:00", "the Sunday is off"),
    ("2025-12-31T17:00", 120, "2026-01-04T09:00", "over 元旦, into a Sunday worked instead"),
    ("2025-12-31T17:00", 480, "2026-01-04T17:00", "that Sunday and on"),
    ("2026-01-01T00:00", 480, "2026-01-04T18:00", "from midnight of the year"),
    ("2026-01-02T09:00", 60, "2026-01-04T09:00", "元旦's second day"),
    ("2026-01-03T09:00", 960, "2026-01-05T18:00", "two days, the first a Sunday worked instead"),
    ("2026-01-04T14:00", 480, "2026-01-05T12:00", "from that Sunday's afternoon"),
    ("2026-02-13T17:00", 120, "2026-02-14T09:00", "Friday into a Saturday worked instead"),
    ("2026-02-14T16:00", 120, "2026-02-14T18:00", "the last two hours before 春节"),
    ("2026-02-14T16:00", 121, "2026-02-24T08:01", "one minute more waits nine days"),
    ("2026-02-14T18:00", 480, "2026-02-24T18:00", "closing time before 春节"),
    ("2026-02-16T20:00", 60, "2026-02-24T09:00", "除夕"),
    ("2026-02-23T08:00", 240, "2026-02-24T12:00", "the last day off"),
    ("2026-02-24T08:00", 2400, "2026-02-28T18:00", "five days, the fifth a Saturday worked instead"),
    ("2026-02-27T17:00", 120, "2026-02-28T09:00", "Friday into that Saturday"),
    ("2026-02-28T17:00", 120, "2026-03-02T09:00", "that Saturday into Monday"),
    ("2026-04-03T17:00", 120, "2026-04-07T09:00", "over 清明"),
    ("2026-04-30T17:00", 120, "2026-05-06T09:00", "over 劳动节"),
    ("2026-05-08T17:00", 120, "2026-05-09T09:00", "Friday into a Saturday worked instead"),
    ("2026-05-09T14:00", 240, "2026-05-09T18:00", "its afternoon"),
    ("2026-05-10T14:00", 240, "2026-05-11T12:00", "the Sunday is off"),
    ("2026-06-18T17:00", 120, "2026-06-22T09:00", "over 端午"),
    ("2026-09-19T09:00", 60, "2026-09-20T09:00", "a Saturday off before a Sunday worked"),
    ("2026-09-20T08:00", 480, "2026-09-20T18:00", "that Sunday"),
    ("2026-09-24T17:00", 120, "2026-09-28T09:00", "over 中秋"),
    ("2026-09-24T12:30", 3360, "2026-10-12T12:00", "seven days from before 中秋, over 国庆"),
    ("2026-09-28T08:00", 1440, "2026-09-30T18:00", "the three days between 中秋 and 国庆"),
    ("2026-09-30T17:00", 61, "2026-10-08T08:01", "over 国庆"),
    ("2026-10-05T03:00", 480, "2026-10-08T18:00", "from within 国庆"),
    ("2026-10-08T08:00", 1440, "2026-10-10T18:00", "three days, the third a Saturday worked instead"),
    ("2026-10-09T17:30", 60, "2026-10-10T08:30", "Friday into that Saturday"),
    ("2026-10-10T17:30", 60, "2026-10-12T08:30", "that Saturday into Monday"),
    ("2026-10-11T17:30", 60, "2026-10-12T09:00", "the Sunday is off"),
];

#[test]
fn deadlines_around_holidays_and_days_worked_instead() {
    let mut wrong = Vec::new();
    for (from, minutes, expected, why) in DEADLINES {
        let end = after(from, *minutes);
        if end != *expected {
            wrong.push(format!("{from} + {minutes} min → {end}, not {expected}: {why}"));
        }
        let between = STREET.calendar.working_between(at(from), at(expected));
        if between != *minutes {
            wrong.push(format!("{from} … {expected} is {between} min, not {minutes}: {why}"));
        }
    }
    all_hold(&wrong, DEADLINES.len());
    let different: BTreeSet<&str> = DEADLINES.iter().map(|row| row.0).collect();
    assert!(different.len() >= 60, "only {} different beginnings", different.len());
}

#[test]
fn the_end_of_a_span_is_a_deadline_but_no_time() {
    let calendar = &STREET.calendar;
    for (time, runs, may_end) in [
        ("07:59", false, false),
        ("08:00", true, false),
        ("08:01", true, true),
        ("12:00", false, true),
        ("12:01", false, false),
        ("13:59", false, false),
        ("14:00", true, false),
        ("18:00", false, true),
        ("23:00", false, false),
    ] {
        let at = at(&format!("2026-11-23T{time}"));
        assert_eq!((calendar.is_working(at), calendar.may_end(at)), (runs, may_end), "{time}");
    }
    assert_eq!(after("2026-11-23T09:00", -60), "2026-11-23T08:00", "back to the opening");
    assert_eq!(after("2026-11-23T09:00", -120), "2026-11-20T17:00", "back over the week-end");
    assert_eq!(after("2026-11-21T15:00", -60), "2026-11-20T17:00", "back from a Saturday");
    assert_eq!(calendar.working_between(at("2026-11-23T12:00"), at("2026-11-23T14:00")), 0, "over lunch nothing passes");
    assert_eq!(calendar.working_between(at("2026-11-23T15:00"), at("2026-11-23T11:00")), -120, "backwards counts down");
}

#[test]
fn working_time_passes_only_while_people_work() {
    assert_eq!(after("2026-11-23T09:00", 60), "2026-11-23T10:00");
    assert_eq!(after("2026-11-23T11:30", 60), "2026-11-23T14:30", "over lunch");
    assert_eq!(after("2026-11-23T17:30", 60), "2026-11-24T08:30", "over night");
    assert_eq!(after("2026-11-20T17:00", 120), "2026-11-23T09:00", "over the week-end");
    assert_eq!(after("2026-11-22T03:00", 480), "2026-11-23T18:00", "a whole day from Sunday night");
    assert_eq!(after("2026-09-30T17:00", 120), "2026-10-08T09:00", "over 国庆");
    assert_eq!(after("2026-02-13T17:00", 120), "2026-02-14T09:00", "a Saturday worked instead counts");
    assert_eq!(after("2026-11-23T12:30", 0), "2026-11-23T14:00", "nothing to wait for but the next opening");
}

#[test]
fn urgent_deadlines_run_through_the_night_and_ordinary_ones_do_not() {
    let from = at("2026-11-20T23:50");
    let urgent = deadlines(STREET.clocks.pick("", Urgency::紧急), from, &STREET.calendar);
    assert_eq!(urgent.accept_by, from + SignedDuration::from_mins(5));
    assert_eq!(urgent.resolve_by, from + SignedDuration::from_hours(24));
    assert!(urgent.basis.contains("5分钟") && urgent.basis.contains("连续"), "{}", urgent.basis);
    let ordinary = deadlines(STREET.clocks.pick("yiban-3d", Urgency::一般), from, &STREET.calendar);
    assert_eq!(ordinary.accept_by, at("2026-11-23T18:00"));
    assert_eq!(ordinary.resolve_by, at("2026-11-25T18:00"));
}

#[test]
fn an_urgent_matter_never_gets_an_ordinary_clock() {
    for leaf in STREET.taxonomy.leaves() {
        for urgency in [Urgency::一般, Urgency::紧急, Urgency::特急] {
            let rule = STREET.clocks.pick(&leaf.clock, urgency);
            assert!(rule.urgency >= urgency, "{}: {urgency:?} got {}", leaf.name, rule.id);
        }
    }
}

#[test]
fn wrong_tables_name_file_and_line() {
    let hours = vec![("08:00".to_owned(), "12:00".to_owned())];
    let bad_day = WorkCalendar::from_csv("date,kind,name,note\n2026-13-01,holiday,x,\n", &hours, "Asia/Shanghai");
    assert!(bad_day.expect_err("no 13th month").to_string().contains("calendar.csv 第2行"));
    let zone = WorkCalendar::from_csv("date,kind,name,note\n", &hours, "Asia/Nowhere");
    assert!(zone.expect_err("no such zone").to_string().contains("时区"));
    let overlap = vec![("08:00".to_owned(), "14:00".to_owned()), ("12:00".to_owned(), "18:00".to_owned())];
    assert!(WorkCalendar::from_csv("date,kind,name,note\n", &overlap, "Asia/Shanghai").is_err());
    let head = "id,urgency,accept_minutes,resolve_hours,counting,basis,note\n";
    let clock = Clocks::from_csv(&format!("{head}a,紧急,5,24,工作时间,x,\n"));
    assert!(clock.expect_err("urgent clocks run continuously").to_string().contains("clocks.csv 第2行"));
}

/// Calendars in zones that move their clocks in every way there is: summer time, half an hour for good (Pyongyang 2018), a whole day left
/// out (Samoa 2011); by day and across midnight. With each the seconds around the change.
static ZONES: LazyLock<Vec<(WorkCalendar, i64)>> = LazyLock::new(|| {
    let by_day = [("08:00", "12:00"), ("14:00", "18:00")];
    let by_night = [("00:30", "02:30"), ("22:00", "23:30")];
    let changes = [
        ("Asia/Shanghai", "2026-12-31T16:00:00Z"),
        ("Asia/Pyongyang", "2018-05-04T15:00:00Z"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25T01:00:00Z"),
        ("America/St_Johns", "2026-11-01T04:30:00Z"),
    ];
    let mut all = Vec::new();
    for hours in [by_day, by_night] {
        let hours: Vec<(String, String)> = hours.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        for (zone, change) in changes {
            // Samoa's lost Friday and the Saturdays around the other changes are worked.
            let rows = "date,kind,name,note\n2026-03-28,workday,x,\n2026-03-29,workday,x,\n2026-10-25,workday,x,\n2026-11-01,workday,x,\n2011-12-31,workday,x,\n";
            let calendar = WorkCalendar::from_csv(rows, &hours, zone).expect("a calendar of the test itself");
            let change: Timestamp = change.parse().expect("a time of the test itself");
            all.push((calendar, change.as_second()));
        }
    }
    all
});

/// The laws of working time for one beginning and two lengths.
fn lawful(calendar: &WorkCalendar, from: Timestamp, a: i64, b: i64) -> Result<(), TestCaseError> {
    let end = calendar.add_working(from, a);
    prop_assert!(end >= from, "{from} + {a} → {end} goes back");
    prop_assert!(a == 0 || calendar.may_end(end), "{from} + {a} → {end} is outside working time");
    let (two, one) = (calendar.add_working(end, b), calendar.add_working(from, a + b));
    prop_assert_eq!(two, one, "{} + {} + {} in two steps and at once", from, a, b);
    prop_assert_eq!(calendar.working_between(from, end), a, "{} … {} undoes the adding", from, end);
    prop_assert_eq!(calendar.working_between(end, from), -a, "and backwards");
    let back = calendar.add_working(end, -a);
    prop_assert_eq!(calendar.working_between(back, end), a, "{} back from {} is {}", a, end, back);
    prop_assert!(back >= from || calendar.working_between(back, from) == 0, "nothing was worked between {} and {}", back, from);
    if a > 0 {
        prop_assert_eq!(calendar.add_working(back, a), end, "and forth again");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::cases(400)))]

    #[test]
    fn working_time_is_lawful(seconds in 1_735_700_000i64..1_830_000_000, a in 0i64..20_000, b in 0i64..6_000) {
        lawful(&STREET.calendar, Timestamp::from_second(seconds).expect("a time of the test itself"), a, b)?;
    }

    #[test]
    fn it_is_where_zones_change_and_years_end(which in 0usize..12, around in -400_000i64..400_000, a in 0i64..3_000, b in 0i64..3_000) {
        let (calendar, change) = &ZONES[which];
        lawful(calendar, Timestamp::from_second(change + around).expect("a time of the test itself"), a, b)?;
    }

    #[test]
    fn time_between_is_a_sum_of_its_parts(which in 0usize..12, points in prop::collection::vec(-900_000i64..900_000, 3)) {
        let (calendar, change) = &ZONES[which];
        let mut points: Vec<Timestamp> = points.iter().map(|p| Timestamp::from_second(change + p).expect("a time of the test itself")).collect();
        points.sort_unstable();
        let (first, second) = (calendar.time_between(points[0], points[1]), calendar.time_between(points[1], points[2]));
        prop_assert_eq!(first + second, calendar.time_between(points[0], points[2]));
        prop_assert!(first <= points[1].duration_since(points[0]), "working time is never longer than time");
    }

    #[test]
    fn more_minutes_are_never_earlier(seconds in 1_735_700_000i64..1_830_000_000, a in 0i64..6_000, b in 0i64..600) {
        let from = Timestamp::from_second(seconds).expect("a time of the test itself");
        prop_assert!(STREET.calendar.add_working(from, a) <= STREET.calendar.add_working(from, a + b));
    }

    #[test]
    fn urgent_deadlines_ignore_the_calendar(seconds in 1_735_700_000i64..1_830_000_000) {
        let from = Timestamp::from_second(seconds).expect("a time of the test itself");
        for rule in STREET.clocks.rules().iter().filter(|r| r.urgency > Urgency::一般) {
            let d = deadlines(rule, from, &STREET.calendar);
            prop_assert_eq!(d.accept_by, from + SignedDuration::from_mins(rule.accept_minutes));
            prop_assert_eq!(d.resolve_by, from + SignedDuration::from_hours(rule.resolve_hours));
        }
    }
}
