//! Any rows at all: the parts of a figure add up to it, and its list is as long as its number.

use gridworker::incident::ticket::Status;
use gridworker::insight::facts::{ConversationFact, DeliveryFact, Facts, Narrowed, TicketFact, TurnFact};
use gridworker::insight::figures::{Count, FIGURES, Figure, Row, Side, times};
use gridworker::insight::parts::{By, divided, part_of};
use gridworker::insight::span::{Days, day_of};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use crate::support::cases;

pub fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").expect("the street's zone")
}

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn moment(minutes: i64) -> Timestamp {
    Timestamp::from_second(at("2026-06-01T00:00:00+08:00").as_second() + minutes * 60).expect("a time")
}

/// Forty days around the month.
fn minutes() -> impl Strategy<Value = i64> {
    -5 * 1440..35 * 1440i64
}

fn word(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(of).prop_map(str::to_owned)
}

prop_compose! {
    fn conversation()(id in 0..500i64, m in minutes(), channel in word(&["web", "wechat"]), audience in word(&["resident", "gridworker"]),
        turns in 0..5u32, questions in 0..3u32, answered in 0..3u32, human in 0..2u32, tickets in 0..2u32) -> ConversationFact {
        ConversationFact { id, at: moment(m), channel, audience, turns, questions, answered: answered.min(questions), human, tickets }
    }
}

prop_compose! {
    fn turn()(id in 0..500i64, conversation in 0..9i64, m in minutes(), took_ms in 0..90_000u64, channel in word(&["web", "wechat"]),
        route in word(&["ask", "report", "human", "smalltalk"]), finish in word(&["complete", "refused", "cut"]), generated: bool,
        documents in vec(word(&["a", "b", "c"]), 0..3), thumb in proptest::option::of(word(&["up", "down"]))) -> TurnFact {
        TurnFact { id, conversation, turn_id: None, at: moment(m), took_ms, channel, audience: "resident".to_owned(), route, finish,
            generated, documents: documents.into_iter().map(|d| (d.clone(), d)).collect(), thumb, question: None }
    }
}

prop_compose! {
    pub fn ticket()(n in 0..1000u32, m in minutes(), status in proptest::sample::select(Status::ALL.to_vec()),
        community in word(&["", "锦凤社区", "凤祥社区"]), grid in word(&["", "CH-JF-01", "CH-JF-02"]), estate in word(&["", "铂金云鼎"]),
        category in word(&["010101", "020202"]), confidential: bool, accepted in proptest::option::of(0..3000i64),
        resolved in proptest::option::of(0..9000i64), (due, paused) in (0..9000i64, any::<bool>()), reopened in 0..2u32, returned in 0..2u32,
        rating in proptest::option::of((any::<bool>(), 1..=5u8))) -> TicketFact {
        TicketFact {
            number: format!("WG{n:014}"), at: moment(m), channel: "web".to_owned(), audience: None, status, kind: "投诉".to_owned(),
            urgency: "一般".to_owned(), category, path: vec!["房屋".to_owned(), "瓷砖".to_owned()], section: String::new(), post: String::new(),
            community, grid_code: grid.clone(), grid, estate, confidential, joined: 1, accept_by: moment(m + due / 10),
            resolve_by: moment(m + due), paused, accepted_at: accepted.map(|a| moment(m + a)), resolved_at: resolved.map(|r| moment(m + r)),
            reopened, returned, rating,
        }
    }
}

prop_compose! {
    fn delivery()(id in 0..500i64, m in minutes(), state in word(&["pending", "dead", "delivered"]),
        destination in word(&["platform", "second"])) -> DeliveryFact {
        DeliveryFact { id, at: moment(m), number: "WG1".to_owned(), destination, kind: "incident".to_owned(), state, attempts: 1,
            community: String::new(), grid_code: String::new(), channel: "web".to_owned() }
    }
}

prop_compose! {
    pub fn facts()(conversations in vec(conversation(), 0..20), turns in vec(turn(), 0..30), tickets in vec(ticket(), 0..30),
        deliveries in vec(delivery(), 0..20)) -> Facts {
        Facts { conversations, turns, tickets, deliveries }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64)))]

    /// Whatever the rows are divided by, every figure is the sum of its parts.
    #[test]
    fn parts_add_up(facts in facts(), now in minutes()) {
        let (now, zone) = (moment(now), zone());
        for figure in FIGURES {
            let whole = figure.of_all(&facts, now);
            for by in By::ALL.into_iter().filter(|by| by.divides(figure.of())) {
                let parts = divided(&facts.rows(figure.of()), by, &zone);
                let sum = parts.values().map(|(_, rows)| figure.count(rows, now)).fold(Count { part: 0, whole: whole.whole.map(|_| 0) }, |a, b| {
                    Count { part: a.part + b.part, whole: a.whole.zip(b.whole).map(|(a, b)| a + b) }
                });
                prop_assert_eq!(sum, whole, "{} by {}", figure.key, by.word());
            }
        }
    }

    /// The list behind a number has that many rows; what is counted and the rest are the whole.
    #[test]
    fn lists_are_as_long_as_their_numbers(facts in facts(), now in minutes()) {
        let now = moment(now);
        for figure in FIGURES {
            let rows = facts.rows(figure.of());
            let listed = |side| rows.iter().filter(|r| figure.takes(r, side, now)).count();
            let count = figure.of_all(&facts, now);
            prop_assert_eq!(listed(Side::Part), count.part);
            if let Some(whole) = count.whole {
                prop_assert_eq!(listed(Side::Whole), whole);
                prop_assert_eq!(listed(Side::Rest), whole - count.part, "{}", figure.key);
            } else {
                prop_assert_eq!((listed(Side::Whole), listed(Side::Rest)), (count.part, 0));
            }
        }
    }

    /// Answered, unanswered and cut are all questions; thumbs up and down are all thumbs.
    #[test]
    fn kinds_of_ends_cover_everything(facts in facts(), now in minutes()) {
        let now = moment(now);
        let part = |key: &str| Figure::named(key).expect("a figure").of_all(&facts, now).part;
        prop_assert_eq!(part("answered") + part("unanswered") + part("cut"), part("questions"));
        let thumbs = Figure::named("thumbs_up").expect("a figure").of_all(&facts, now).whole;
        prop_assert_eq!(Some(part("thumbs_up") + part("thumbs_down")), thumbs);
    }

    /// Two spans side by side hold every instant exactly once, and each row falls on a day of its span.
    #[test]
    fn days_end_at_the_streets_midnight(days in 1..60i32, offset in 0..300i32, minute in minutes()) {
        let first = date(2026, 1, 1).checked_add(jiff::Span::new().days(offset)).expect("a day");
        let last = first.checked_add(jiff::Span::new().days(days - 1)).expect("a day");
        let (span, zone) = (Days::new(first, last).expect("a span"), zone());
        let (from, until) = span.instants(&zone).expect("instants");
        let (_, before) = span.before().instants(&zone).expect("instants");
        prop_assert_eq!(before, from, "the span before ends where this one begins");
        prop_assert_eq!((span.count(), span.before().count(), span.each().count()), (days, days, days as usize));
        let moment = moment(minute);
        let within = from <= moment && moment < until;
        let day: Date = day_of(moment, &zone);
        prop_assert_eq!(within, first <= day && day <= last, "{} is on {}", moment, day);
    }
}

#[test]
fn a_minute_before_midnight_is_yesterday() {
    let zone = zone();
    assert_eq!(day_of(at("2026-06-09T15:59:59.999Z"), &zone), date(2026, 6, 9), "in Shanghai the day is not over");
    assert_eq!(day_of(at("2026-06-09T16:00:00Z"), &zone), date(2026, 6, 10), "in Shanghai the next one has begun");
    let (from, until) = Days::new(date(2026, 6, 9), date(2026, 6, 9)).expect("a day").instants(&zone).expect("instants");
    assert_eq!((from, until), (at("2026-06-08T16:00:00Z"), at("2026-06-09T16:00:00Z")));
    let words = |first, last| Days::new(first, last).expect("a span").in_words();
    assert_eq!(words(date(2026, 6, 9), date(2026, 6, 9)), "2026年6月9日");
    assert_eq!(words(date(2026, 5, 11), date(2026, 6, 9)), "2026年5月11日至6月9日");
    assert_eq!(words(date(2025, 12, 31), date(2026, 1, 1)), "2025年12月31日至2026年1月1日");
    assert!(Days::new(date(2026, 6, 10), date(2026, 6, 9)).is_none(), "no span ends before it begins");
    assert!(Days::new(date(2024, 1, 1), date(2026, 1, 1)).is_none(), "nor is it endless");
}

#[test]
fn of_nothing_there_is_no_rate() {
    let (facts, now) = (Facts::default(), at("2026-06-09T02:00:00Z"));
    for figure in FIGURES {
        let count = figure.of_all(&facts, now);
        assert_eq!((count.part, count.whole.unwrap_or(0), count.percent()), (0, 0, None), "{}", figure.key);
    }
    assert!(times(&facts).iter().all(|t| t.cases == 0 && t.median_ms.is_none()));
}

#[test]
fn every_figure_has_a_key_of_its_own_and_says_what_it_counts() {
    let mut keys: Vec<_> = FIGURES.iter().map(|f| f.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), FIGURES.len());
    assert!(FIGURES.iter().all(|f| f.definition.chars().count() > 8 && !f.title.is_empty()));
}

#[test]
fn narrowed_to_a_place_conversations_are_left_out_and_others_see_only_theirs() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let facts = vec(ticket(), 40).new_tree(&mut runner).expect("tickets").current();
    let turns = vec(turn(), 5).new_tree(&mut runner).expect("turns").current();
    let facts = Facts { tickets: facts, turns, ..Facts::default() };
    let all = facts.tickets.len();
    let place = Narrowed { community: Some("锦凤社区".to_owned()), ..Narrowed::default() };
    let there = facts.clone().narrowed(&place, |_, _| true);
    assert!(there.turns.is_empty() && !there.tickets.is_empty() && there.tickets.len() < all);
    let own = facts.clone().narrowed(&Narrowed::default(), |community, _| community == "凤祥社区");
    assert!(own.tickets.iter().all(|t| t.community == "凤祥社区") && own.turns.len() == 5);
    // Where a confidential matter is would say who told it.
    for ticket in facts.tickets.iter().filter(|t| t.confidential) {
        assert_eq!(part_of(&Row::Ticket(ticket), By::Spot, &zone()).key, "");
    }
}
