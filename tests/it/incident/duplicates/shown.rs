//! What a draft is shown of the open tickets, and what never.

use gridworker::incident::draft::Draft;
use gridworker::incident::duplicates::open::{Candidate, MOST, OpenTickets};
use gridworker::incident::ticket::{Kind, Source, Status, Ticket};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::incident::{STREET, monday_at};

fn draft(said: &str, conversation: u128) -> Draft {
    let source = Source { channel: "web".to_owned(), conversation_id: Uuid::from_u128(conversation) };
    let mut draft = Draft::new(Uuid::from_u128(conversation), source, monday_at("15:00"));
    draft.apply(said, &STREET, monday_at("15:00"));
    draft
}

fn ticket(said: &str, number: u128) -> Ticket {
    let mut draft = draft(said, number);
    draft.reporter.phone = Some("13900001111".to_owned());
    let new =
        draft.into_joining_ticket(&STREET, monday_at("13:00"), Uuid::from_u128(number)).expect("place and matter are known");
    Ticket { number: format!("WG2026112300{number:04}"), ..new.ticket }
}

fn open(tickets: &[Ticket]) -> OpenTickets {
    let open = OpenTickets::new(&STREET.taxonomy);
    for ticket in tickets {
        open.put(ticket);
    }
    open
}

fn shown(open: &OpenTickets, draft: &Draft, tickets: &[Ticket]) -> Vec<Candidate> {
    let found = open.find(draft, &STREET, monday_at("15:00"), MOST);
    found.iter().filter_map(|f| f.shown(tickets.iter().find(|t| t.number == f.number)?)).collect()
}

const FACADE: &str = "铂金云鼎小区7栋外墙瓷砖掉下来了，我是1203的王某某，没有人受伤";

#[test]
fn a_candidate_says_all_that_helps_to_judge_and_nothing_of_who() {
    let mut first = ticket(FACADE, 1);
    first.status = Status::处置中;
    first.joined = 3;
    let tickets = [first, ticket("古渡春色小区3栋路灯不亮", 2)];
    let open = open(&tickets);
    assert_eq!(open.len(), 2);
    let candidates = shown(&open, &draft("云鼎小区7栋的墙砖又掉了，没有伤到人", 9), &tickets);
    let [only] = candidates.as_slice() else { panic!("one façade: {candidates:?}") };
    assert_eq!((only.number.as_str(), only.status, only.joined), ("WG20261123000001", Status::处置中, 3));
    assert_eq!((only.title.as_str(), only.place.as_str()), ("铂金云鼎小区7栋 外墙瓷砖脱落", "铂金云鼎小区7栋"));
    assert_eq!(only.age, "2小时前");
    assert_eq!(only.why[..2], ["同一栋楼".to_owned(), "都是“外墙瓷砖脱落”".to_owned()]);
    let all = serde_json::to_string(only).expect("JSON");
    for secret in ["1203", "王", "139", "受伤", "掉下来"] {
        assert!(!all.contains(secret), "「{secret}」 is the first reporter's: {all}");
    }
}

#[test]
fn the_name_of_a_place_does_not_make_two_matters_alike() {
    let tickets = [ticket("梧桐里2栋外墙瓷砖掉下来了", 1), ticket("梧桐里2栋楼道堆了旧沙发，走不过去", 2)];
    let candidates = shown(&open(&tickets), &draft("梧桐里2栋楼道里堆了好多旧沙发，走不过去", 9), &tickets);
    let titles: Vec<&str> = candidates.iter().map(|c| c.title.as_str()).collect();
    assert_eq!(titles, ["梧桐里2栋 楼道堆物"], "another matter of the same building is another matter: {candidates:?}");
}

#[test]
fn words_that_are_probed_for_are_not_answered() {
    let tickets = [ticket(FACADE, 1)];
    let open = open(&tickets);
    let probing = draft("铂金云鼎小区7栋外墙瓷砖掉了，1203王某某，13900001111", 9);
    for candidate in shown(&open, &probing, &tickets) {
        let why = candidate.why.join("");
        assert!(!["王", "1203", "139"].iter().any(|w| why.contains(w)), "only words of the street's own table: {why}");
    }
}

#[test]
fn nothing_is_shown_that_must_not_be() {
    let known = || ticket(FACADE, 1);
    let facade = || draft("铂金云鼎小区7栋外墙瓷砖掉了，没有人受伤", 9);
    assert_eq!(shown(&open(&[known()]), &facade(), &[known()]).len(), 1, "the others differ from this in one thing each");

    for status in [Status::已办结, Status::已回访, Status::合并, Status::撤销] {
        let closed = [Ticket { status, ..known() }];
        assert!(open(&closed).is_empty(), "{} cannot be joined", status.word());
        assert!(shown(&open(&[known()]), &facade(), &closed).is_empty(), "nor when it was closed a moment ago");
    }
    let secret = [Ticket { kind: Kind::举报, ..known() }];
    assert!(open(&secret).is_empty(), "that there is a tip-off is not told");
    assert!(
        shown(&open(&[known()]), &draft("铂金云鼎小区7栋外墙瓷砖掉了", 1), &[known()]).is_empty(),
        "the own ticket is progress"
    );
    assert!(shown(&open(&[known()]), &draft("外墙瓷砖掉了", 9), &[known()]).is_empty(), "no grid yet");
    let mut tip_off = facade();
    tip_off.kind = Some(Kind::举报);
    assert!(shown(&open(&[known()]), &tip_off, &[known()]).is_empty(), "a tip-off is not led to others");
    assert!(
        shown(&open(&[known()]), &draft("铂金云鼎小区7栋外墙瓷砖掉下来砸伤人了", 9), &[known()]).is_empty(),
        "danger comes first"
    );
    let late = open(&[known()]).find(&facade(), &STREET, monday_at("13:00") + SignedDuration::from_hours(721), MOST);
    assert!(late.is_empty(), "too long ago");
}

#[test]
fn the_most_likely_come_first_and_a_ticket_that_moved_is_forgotten() {
    let tickets: Vec<Ticket> = ["1栋", "7栋", "3栋", "7栋", "7栋", "7栋"]
        .iter()
        .zip(1..)
        .map(|(building, n)| ticket(&format!("铂金云鼎小区{building}外墙瓷砖掉下来了"), n))
        .collect();
    let open = open(&tickets);
    let asked = draft("铂金云鼎小区7栋外墙瓷砖掉下来了，没有人受伤", 9);
    let numbers = |open: &OpenTickets| -> Vec<String> { shown(open, &asked, &tickets).into_iter().map(|c| c.number).collect() };
    assert_eq!(
        numbers(&open),
        ["WG20261123000002", "WG20261123000004", "WG20261123000005"],
        "the same building, the first first"
    );
    open.put(&Ticket { status: Status::合并, ..tickets[1].clone() });
    open.put(&Ticket { status: Status::处置中, ..tickets[3].clone() });
    assert_eq!(open.len(), 5);
    assert_eq!(numbers(&open), ["WG20261123000004", "WG20261123000005", "WG20261123000006"]);
}
