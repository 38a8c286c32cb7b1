//! Working time and deadlines.

use gridworker::incident::{
    calendar::WorkCalendar,
    clocks::{Clocks, deadlines},
    ticket::Urgency,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::STREET;

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
    assert!(STREET.calendar.covers(2026) && !STREET.calendar.covers(2040));
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::cases(400)))]

    #[test]
    fn a_working_deadline_never_falls_outside_working_time(seconds in 1_735_700_000i64..1_830_000_000, minutes in 0i64..20_000) {
        let from = Timestamp::from_second(seconds).expect("a time of the test itself");
        let end = STREET.calendar.add_working(from, minutes);
        prop_assert!(STREET.calendar.is_working(end), "{from} + {minutes} min → {end}");
        prop_assert!(end >= from);
    }

    #[test]
    fn adding_in_two_steps_is_adding_at_once(seconds in 1_735_700_000i64..1_830_000_000, a in 0i64..6_000, b in 0i64..6_000) {
        let from = Timestamp::from_second(seconds).expect("a time of the test itself");
        let calendar = &STREET.calendar;
        let two = calendar.add_working(calendar.add_working(from, a), b);
        let one = calendar.add_working(from, a + b);
        // The end of a span and the start of the next are the same working instant when nothing is added to it.
        let same = two == one || (b == 0 && calendar.add_working(two, 1) == calendar.add_working(one, 1));
        prop_assert!(same, "{from}: {a}+{b} → {two}, at once {one}");
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
