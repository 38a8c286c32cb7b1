//! Stars: by the street's thresholds, never without data.

use gridworker::incident::stars::{FILE, Stars};
use gridworker::insight::facts::{Facts, TicketFact};
use gridworker::insight::stars::{Judged, Level, judge};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use super::counting::{at, facts, ticket};
use crate::support::app::root;
use crate::support::cases;

fn shipped() -> Stars {
    let text = std::fs::read_to_string(root().join("knowledge/street").join(FILE)).expect("the shipped file");
    Stars::from_csv(&text).expect("the shipped file makes sense")
}

fn who(level: Level, key: &str) -> Judged {
    Judged { level, key: key.to_owned(), title: key.to_owned(), community: String::new() }
}

fn one() -> TicketFact {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut ticket = ticket().new_tree(&mut runner).expect("a ticket").current();
    ticket.status = gridworker::incident::ticket::Status::已回访;
    "CH-JF-01".clone_into(&mut ticket.grid_code);
    ticket.accepted_at = Some(ticket.at);
    ticket.accept_by = ticket.at;
    ticket.resolved_at = Some(ticket.at);
    ticket.resolve_by = ticket.at;
    ticket.rating = Some((true, 4));
    ticket
}

#[test]
fn five_stars_over_enough_cases_and_none_over_too_few() {
    let now = at("2026-09-01T00:00:00Z");
    let grid = |tickets: usize| {
        let facts = Facts { tickets: vec![one(); tickets], ..Facts::default() };
        judge(vec![who(Level::Grid, "CH-JF-01")], &facts, &shipped(), now).remove(0)
    };
    assert_eq!((grid(5).lit, grid(5).score), (5, Some(100.0)), "{:?}", grid(5));
    let few = grid(4);
    assert_eq!(few.lit, 2, "three ratings are enough, four tickets are not: {few:?}");
    assert!(few.stars.iter().filter(|s| !s.judged).all(|s| s.why.contains("少于5件") && !s.lit), "{few:?}");
    let none = grid(0);
    assert_eq!((none.lit, none.score, none.tickets), (0, None, 0), "no data is no star and no score");
    assert!(none.stars.iter().all(|s| s.why.contains("不评")), "{none:?}");
}

#[test]
fn the_threshold_itself_is_reached() {
    let mut late = one();
    late.accepted_at = Some(at("2027-01-01T00:00:00Z"));
    let mut tickets = vec![one(); 19];
    tickets.push(late.clone());
    let now = at("2027-09-01T00:00:00Z");
    let first = |tickets: Vec<TicketFact>| {
        let facts = Facts { tickets, ..Facts::default() };
        judge(vec![who(Level::Street, "")], &facts, &shipped(), now).remove(0).stars.remove(0)
    };
    let star = first(tickets.clone());
    assert!(star.lit && star.why.contains("19/20") && star.why.contains("95.0%"), "{star:?}");
    tickets.push(late);
    assert!(!first(tickets).lit, "19 of 21 are not enough");
}

#[test]
fn a_wrong_table_is_refused_with_its_line() {
    let head = "measure,title,weight,threshold,at_least,note\n";
    for (row, word) in [
        ("love,心意星,1,90,5,", "love"),
        ("resolved,完成星,1,0,5,", "threshold"),
        ("resolved,完成星,1,101,5,", "threshold"),
        ("resolved,完成星,1,90,0,", "at_least"),
        ("resolved,完成星,0,90,5,", "weight"),
        ("resolved,,1,90,5,", "title"),
        ("resolved,完成星,1,90,5,\nresolved,完成星,1,90,5,", "两次"),
    ] {
        let error = Stars::from_csv(&format!("{head}{row}\n")).expect_err(row).to_string();
        assert!(error.contains(word), "{row}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64)))]

    /// Communities and grids are parts of the street; what is lit has data.
    #[test]
    fn no_star_without_data(facts in facts()) {
        let levels = vec![who(Level::Street, ""), who(Level::Community, "锦凤社区"), who(Level::Grid, "CH-JF-02"), who(Level::Grid, "nowhere")];
        let lines = judge(levels, &facts, &shipped(), at("2026-06-20T00:00:00Z"));
        for line in &lines {
            for star in &line.stars {
                prop_assert!(!star.lit || star.count.whole.unwrap_or(0) >= 3, "{:?}", star);
            }
            prop_assert_eq!(line.lit, line.stars.iter().filter(|s| s.lit).count());
            prop_assert!(line.tickets <= lines[0].tickets);
            prop_assert!(line.score.is_none_or(|s| (0.0..=100.0).contains(&s)));
        }
        prop_assert_eq!((lines[3].lit, lines[3].score), (0, None));
    }
}
