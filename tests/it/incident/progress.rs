//! A ticket's moves in words, and the same matter said twice.

use gridworker::incident::{
    draft::Draft,
    progress::{news, repeated_matter, sentence, standing},
    ticket::{Place, Source, Status, Ticket, TicketEvent},
};
use uuid::Uuid;

use super::{DAY, STREET, destinations, monday_at};

fn ticket() -> Ticket {
    let source = Source { channel: "web".to_owned(), conversation_id: Uuid::from_u128(7) };
    let mut d = Draft::new(Uuid::from_u128(1), source, monday_at("15:00"));
    d.apply("锦凤苑5栋楼道堆满杂物", &STREET, monday_at("15:00"));
    let mut t = d.into_new_ticket(&STREET, monday_at("15:00"), Uuid::from_u128(2), &destinations()).expect("complete").ticket;
    t.number = "WG20261123000001".to_owned();
    t
}

fn at(text: &str) -> Place {
    STREET.places.on(DAY).find(text).place
}

#[test]
fn every_state_has_one_plain_sentence() {
    for status in Status::ALL {
        let text = sentence(status);
        assert!(text.ends_with('。') && text.chars().count() <= 40, "{text}");
    }
}

#[test]
fn news_names_the_number_the_post_and_the_note() {
    let t = ticket();
    let event = TicketEvent {
        at: monday_at("15:05"),
        from: Some(Status::已受理),
        to: Status::处置中,
        by: "城市更新岗".to_owned(),
        note: Some("已到现场".to_owned()),
    };
    let text = news(&t, &event);
    for part in ["WG20261123000001", "正在处理", "城市更新岗", "已到现场。"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let own = news(&t, &TicketEvent { by: "系统".to_owned(), note: None, ..event });
    assert!(!own.contains("系统"), "{own}");
}

#[test]
fn standing_tells_the_next_deadline_and_admits_a_missed_one() {
    let mut t = ticket();
    let zone = STREET.calendar.zone();
    assert!(standing(&t, monday_at("15:30"), zone).contains("前受理"), "{}", standing(&t, monday_at("15:30"), zone));
    t.status = Status::处置中;
    assert!(standing(&t, monday_at("15:30"), zone).contains("前办结"));
    t.clock.resolve_by = monday_at("15:10");
    assert!(standing(&t, monday_at("15:30"), zone).contains("超过时限"));
    t.status = Status::已办结;
    assert!(!standing(&t, monday_at("15:30"), zone).contains("时限"));
}

#[test]
fn the_same_matter_is_the_first_ticket_and_another_place_is_not() {
    let t = ticket();
    let code = t.category.code.clone();
    let open = vec![t.clone()];
    let same = |place: &Place| repeated_matter(&code, place, &open).map(|t| t.number.as_str());
    assert_eq!(same(&at("锦凤苑5栋")), Some("WG20261123000001"));
    assert_eq!(same(&Place::default()), Some("WG20261123000001"), "nothing new about the place");
    assert_eq!(same(&at("锦凤苑6栋")), None, "another building is another matter");
    assert_eq!(same(&at("铂金云鼎5栋")), None, "another estate is another matter");
    assert_eq!(repeated_matter("020103", &at("锦凤苑5栋"), &open), None, "another category is another matter");
    let mut closed = t;
    closed.status = Status::已回访;
    assert_eq!(repeated_matter(&code, &at("锦凤苑5栋"), &[closed]), None, "a closed one may be reported anew");
}
