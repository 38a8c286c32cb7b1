//! A ticket's moves in words, and the same matter said twice.

use gridworker::incident::{
    draft::Draft,
    news_texts::NewsTexts,
    progress::{repeated_matter, standing},
    ticket::{Place, Source, Status, Ticket, TicketEvent},
};
use uuid::Uuid;

use super::{DAY, STREET, destinations, monday_at};

fn ticket() -> Ticket {
    let source = Source { channel: "web".to_owned(), conversation_id: Uuid::from_u128(7) };
    let mut d = Draft::new(Uuid::from_u128(1), source, monday_at("15:00"));
    d.apply("锦凤苑5栋楼道堆满杂物", &STREET, monday_at("15:00"));
    let mut t = d.into_new_ticket(&STREET, monday_at("15:00"), Uuid::from_u128(2), &destinations()).expect("complete").ticket;
    "WG20261123000001".clone_into(&mut t.number);
    t
}

fn at(text: &str) -> Place {
    STREET.places.on(DAY).find(text).place
}

#[test]
fn every_state_has_one_plain_sentence() {
    for status in Status::ALL {
        let text = STREET.news.sentence(status);
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
    let text = STREET.news.news(&t, &event);
    for part in ["WG20261123000001", "正在处理", "城市更新岗", "已到现场。"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let own = STREET.news.news(&t, &TicketEvent { by: "系统".to_owned(), note: None, ..event });
    assert!(!own.contains("系统"), "{own}");
}

#[test]
fn standing_tells_the_next_deadline_and_admits_a_missed_one() {
    let mut t = ticket();
    let zone = STREET.calendar.zone();
    assert!(
        standing(&t, &STREET.news, monday_at("15:30"), zone).contains("前受理"),
        "{}",
        standing(&t, &STREET.news, monday_at("15:30"), zone)
    );
    t.status = Status::处置中;
    assert!(standing(&t, &STREET.news, monday_at("15:30"), zone).contains("前办结"));
    t.clock.resolve_by = monday_at("15:10");
    assert!(standing(&t, &STREET.news, monday_at("15:30"), zone).contains("超过时限"));
    t.status = Status::已办结;
    assert!(!standing(&t, &STREET.news, monday_at("15:30"), zone).contains("时限"));
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

/// The shipped table with one cell changed.
fn with(from: &str, to: &str) -> Result<NewsTexts, String> {
    let shipped = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/knowledge/street/news.csv")).expect("news.csv");
    assert!(shipped.contains(from), "{from} is not in news.csv");
    NewsTexts::from_csv(&shipped.replacen(from, to, 1)).map_err(|e| e.to_string())
}

#[test]
fn the_street_says_it_in_its_own_words() {
    let t = ticket();
    let event =
        TicketEvent {
            at: monday_at("15:05"), from: Some(Status::已提交), to: Status::已受理, by: "系统".to_owned(), note: None
        };
    let row = "已受理,街道已经受理您反映的事。,工单{工单号}（{事项}）：{状态}[承办：{承办}。][说明：{说明}]";
    let texts = with(row, "已受理,收到啦。,【凤天街道】{状态}（{工单号}）[由{承办}办，{说明}]").expect("a good table");
    assert_eq!(texts.news(&t, &event), "【凤天街道】收到啦。（WG20261123000001）");
    let by_post = TicketEvent { by: "平安法治岗".to_owned(), ..event };
    assert_eq!(texts.news(&t, &by_post), "【凤天街道】收到啦。（WG20261123000001）", "a bracket needs all that it names");
    let noted = TicketEvent { note: Some("明天上门".to_owned()), ..by_post };
    assert_eq!(texts.news(&t, &noted), "【凤天街道】收到啦。（WG20261123000001）由平安法治岗办，明天上门。");
}

#[test]
fn who_joined_hears_nothing_of_the_first_reporter() {
    let t = ticket();
    let event = |note: &str| TicketEvent {
        at: monday_at("15:05"),
        from: Some(Status::处置中),
        to: Status::已办结,
        by: "城市更新岗".to_owned(),
        note: Some(note.to_owned()),
    };
    let told = STREET.news.joined_news(&t, "WG20261120000009", &event("已清运"));
    assert!(told.contains("并入WG20261120000009") && told.contains("说明：已清运。") && !told.contains("没解决就回复"), "{told}");
    let told = STREET.news.joined_news(&t, "WG20261120000009", &event("已联系王女士确认"));
    assert!(!told.contains("说明"), "{told}");
}

#[test]
fn a_text_that_cannot_be_said_is_refused_with_its_line() {
    for (from, to, expected) in [
        ("已受理,街道", "已收下,街道", "第4行：没有“已收下”这个状态"),
        ("已送达平台,您", "已提交,您", "第3行：状态“已提交”重复"),
        ("街道已经受理您反映的事。,工单{工单号}", "街道已经受理您反映的事。,工单", "第4行：news：没有写明“{工单号}”"),
        ("街道已经受理您反映的事。", "", "第4行：sentence 应是一句"),
        ("{事项}", "{手机号}", "第2行：news：“{手机号}”不能用在这里，可以用：工单号、事项、状态"),
        ("{主工单}", "{事项}", "第2行：joined：“{事项}”不能用在这里"),
        ("{事项}", "{事项", "第2行：news："),
        ("[承办：{承办}。]", "[承办：{承办}。", "第2行：news："),
        ("[承办：{承办}。]", "承办：{承办}。]", "第2行：news：“]”没有对应的开头"),
    ] {
        let error = with(from, to).expect_err(to);
        assert!(error.contains(expected), "{to}: {error}");
    }
    let cut = |text: &str| text.lines().filter(|l| !l.starts_with("撤销")).collect::<Vec<_>>().join("\n");
    let shipped = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/knowledge/street/news.csv")).expect("news.csv");
    let error = NewsTexts::from_csv(&cut(&shipped)).expect_err("a state is missing").to_string();
    assert!(error.contains("缺少状态“撤销”"), "{error}");
}
