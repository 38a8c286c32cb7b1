//! The draft from the first word to the ticket.

use gridworker::incident::{
    draft::{Applied, By, Draft, DraftState},
    finish::NotReady,
    store::{number_day, ticket_number},
    ticket::{Kind, Source, Status, Urgency},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{STREET, destinations, monday_at};

fn draft() -> Draft {
    let source = Source { channel: "web".to_owned(), conversation_id: Uuid::from_u128(7) };
    Draft::new(Uuid::from_u128(1), source, monday_at("15:00"))
}

/// Says a line to the draft as a turn does: the question that was asked is remembered.
fn say(draft: &mut Draft, text: &str) -> Applied {
    let applied = draft.apply(text, &STREET, monday_at("15:00"));
    draft.asked = draft.next_question(&STREET).map(|q| q.field);
    applied
}

fn ticket(draft: &Draft) -> gridworker::incident::ticket::Ticket {
    draft
        .into_new_ticket(&STREET, monday_at("15:10"), Uuid::from_u128(9), &destinations())
        .unwrap_or_else(|e| panic!("the draft is complete: {e}; {draft:?}"))
        .ticket
}

#[test]
fn the_story_of_the_fallen_tile() {
    let mut d = draft();
    say(&mut d, "铂金云鼎1栋出入平台掉瓷砖了");
    assert_eq!(d.category.as_deref(), Some("010101"), "{d:?}");
    assert_eq!(d.missing(&STREET), vec!["answers.有没有人受伤？"]);
    let question = d.next_question(&STREET).expect("the injury is asked about");
    assert!(!question.options.is_empty(), "it can be answered with a tap: {question:?}");
    say(&mut d, "没有");
    assert!(d.is_complete(&STREET), "{:?}", d.missing(&STREET));
    assert_eq!(d.urgency, Urgency::紧急, "{}", d.urgency_reason);
    let t = ticket(&d);
    assert_eq!(t.place.grid.as_deref(), Some("第七网格"));
    assert_eq!(t.place.community.as_deref(), Some("锦凤社区"));
    assert_eq!(t.route.post, "城市更新岗", "{:?}", t.route);
    assert_eq!(t.clock.accept_by, monday_at("15:15"), "accepted within five minutes");
    assert_eq!(t.answers["有没有人受伤？"], "没有");
    assert_eq!(t.status, Status::已提交);
    assert_eq!(t.original_words, "铂金云鼎1栋出入平台掉瓷砖了\n没有");
    assert!(t.number.is_empty() && t.title.chars().count() <= 30, "{}", t.title);
}

#[test]
fn the_story_of_the_cracked_wall() {
    let mut d = draft();
    say(&mut d, "古渡春色小区7栋车行交会处的挡土墙裂了很大一条缝，感觉要垮");
    assert_eq!(d.category.as_deref(), Some("010103"));
    say(&mut d, "有车过，旁边就是出口");
    assert!(d.is_complete(&STREET), "{:?}", d.missing(&STREET));
    let t = ticket(&d);
    assert_eq!(t.urgency, Urgency::紧急);
    assert_eq!(t.route.post, "应急岗", "{:?}", t.route);
    assert!(!t.route.first_receiver.contains("社区"), "no community's duty: {:?}", t.route);
    assert_eq!(t.place.building.as_deref(), Some("7栋"));
    assert!(t.clock.basis.contains("5分钟"), "{}", t.clock.basis);
}

#[test]
fn one_breath_from_a_gridworker_needs_only_the_estate() {
    let mut d = draft();
    say(&mut d, "3栋2单元有人飞线充电");
    assert_eq!(d.missing(&STREET), vec!["place"], "the building alone has no grid: {d:?}");
    assert!(d.next_question(&STREET).expect("the place is asked").text.contains("3栋"));
    say(&mut d, "锦凤苑");
    assert!(d.is_complete(&STREET), "{:?}", d.place);
    assert_eq!(d.place.grid_code.as_deref(), Some("CH-JF-01"));
    assert_eq!(d.place.unit.as_deref(), Some("2单元"));
    assert_eq!(ticket(&d).title, "锦凤苑3栋 飞线充电");
}

#[test]
fn an_unclear_place_is_asked_with_choices_and_never_guessed() {
    let mut d = draft();
    say(&mut d, "菜市场门口的路灯坏了好多天了");
    assert_eq!(d.missing(&STREET), vec!["place"]);
    let question = d.next_question(&STREET).expect("asked");
    assert!(question.options.len() >= 3, "{question:?}");
    assert_eq!(d.place.grid_code, None);
    let mut by_number = d.clone();
    say(&mut by_number, "第二个");
    assert_eq!(by_number.place.grid_code.as_deref(), Some(d.place_candidates[1].grid_code.as_str()));
    let mut by_label = d.clone();
    say(&mut by_label, &question.options[2]);
    assert_eq!(by_label.place.grid_code.as_deref(), Some(d.place_candidates[2].grid_code.as_str()));
    say(&mut d, "柏华社区");
    assert_eq!(d.place.grid_code.as_deref(), Some("CH-BH-07"), "{:?}", d.place);
    assert!(d.place.text.contains("菜市场"), "the own words stay: {}", d.place.text);
    assert!(d.is_complete(&STREET));
}

#[test]
fn a_building_that_the_estate_does_not_have_is_asked_again() {
    let mut d = draft();
    say(&mut d, "铂金云鼎30栋楼道堆满杂物");
    let question = d.next_question(&STREET).expect("asked");
    assert!(question.text.contains("30栋"), "{}", question.text);
    say(&mut d, "不是30栋是3栋");
    assert_eq!(d.place.building.as_deref(), Some("3栋"));
    assert_eq!(d.place.grid_code.as_deref(), Some("CH-JF-07"));
}

#[test]
fn corrections_change_one_slot_and_nothing_else() {
    let mut d = draft();
    say(&mut d, "古渡春色7栋楼道灯昨天坏了，我的电话13812345678");
    let before = d.clone();
    let applied = say(&mut d, "不是7栋是3栋");
    assert!(applied.correction);
    assert_eq!(applied.changed, vec!["place"], "{applied:?}");
    assert_eq!(d.place.grid_code.as_deref(), Some("CH-BH-03"));
    assert_eq!((&d.description, &d.occurred_at, &d.category), (&before.description, &before.occurred_at, &before.category));
    assert_eq!(say(&mut d, "电话错了，是13987654321").changed, vec!["reporter.phone"]);
    assert_eq!(say(&mut d, "时间改成前天").changed, vec!["occurred_at"]);
    assert_eq!(say(&mut d, "地点应该是铂金云鼎2栋").changed, vec!["place"]);
    assert_eq!(d.place.estate.as_deref(), Some("铂金云鼎小区"));
    assert_eq!(d.reporter.phone.as_deref(), Some("13987654321"));
}

#[test]
fn a_short_report_says_with_its_place_what_is_wrong() {
    for (told, category) in [
        ("铂金云鼎1栋电梯坏了", Some("电梯故障停运")),
        ("银杏苑3栋电梯停了", Some("电梯故障停运")),
        ("铂金云鼎1栋外墙掉了", None),
        ("银杏苑大门坏了", None),
        ("锦凤苑5栋楼道堵了", None),
        ("银杏苑围墙垮了", None),
        ("金科天元道3栋电梯坏了", Some("电梯故障停运")),
    ] {
        let mut d = draft();
        say(&mut d, told);
        assert_eq!(d.description.as_deref(), Some(told), "{:?}", d.place);
        if let Some(name) = category {
            assert_eq!(d.leaf(&STREET).map(|l| l.name.as_str()), Some(name), "{told}");
        }
    }
    for only_a_place in ["银杏苑3栋电梯", "铂金云鼎1栋门口", "锦凤苑5栋楼下旁边"] {
        let mut d = draft();
        say(&mut d, only_a_place);
        assert_eq!(d.description, None, "{only_a_place}");
    }
}

#[test]
fn the_bare_wish_starts_empty_and_asks_what_happened() {
    let mut d = draft();
    say(&mut d, "我要上报");
    assert_eq!(d.missing(&STREET), vec!["description", "place"]);
    assert!(d.original_words.is_empty());
    say(&mut d, "垃圾堆了三天没人清");
    assert_eq!(d.missing(&STREET), vec!["place"]);
    say(&mut d, "幸福家园3栋楼下");
    assert!(d.is_complete(&STREET), "{:?}", d.missing(&STREET));
    assert_eq!(d.category.as_deref(), Some("030101"));
}

#[test]
fn outside_the_street_is_told_and_has_no_grid() {
    let mut d = draft();
    let applied = say(&mut d, "九宫庙那边的路灯坏了");
    assert!(applied.outside.as_deref().is_some_and(|b| b.contains("12345")), "{applied:?}");
    assert_eq!(d.place.grid_code, None);
}

#[test]
fn a_place_that_no_directory_has_is_vouched_for_and_never_given_a_grid() {
    let mut d = draft();
    say(&mut d, "金科天元道3栋楼下垃圾堆了好几天没人清运");
    assert_eq!(d.place.text, "金科天元道3栋楼下", "the name before the number is kept");
    let q = d.next_question(&STREET).expect("the place is asked about");
    assert!(q.text.starts_with("“金科天元道3栋楼下”我没找到"), "{q:?}");
    assert!(q.options.contains(&"锦凤社区".to_owned()) && q.options.contains(&"说不清".to_owned()), "{q:?}");
    say(&mut d, "锦凤社区");
    assert_eq!(d.missing(&STREET), Vec::<String>::new(), "{:?}", d.place);
    let t = ticket(&d);
    assert_eq!((t.place.community.as_deref(), &t.place.grid, &t.place.grid_code), (Some("锦凤社区"), &None, &None));
    assert!(t.route.first_receiver.contains("指挥中心"), "the centre finds the grid: {:?}", t.route);
    assert!(t.route.reason.contains("没有对上网格"), "{:?}", t.route);
    // Told better later on, it has its grid and no voucher.
    say(&mut d, "不对，是铂金云鼎1栋");
    assert!(d.place.grid_code.is_some() && !d.place_vouched, "{:?}", d.place);
}

#[test]
fn an_unknown_name_told_in_two_messages_is_not_asked_for_again_and_again() {
    for (told, text, answer) in [
        ("金科天元道3栋", "金科天元道3栋", "说不清"),
        ("就是金科天元道3栋嘛", "金科天元道3栋", "我也说不清楚"),
        ("我住金科天元道3栋2单元501", "金科天元道3栋2单元", "锦凤"),
    ] {
        let mut d = draft();
        say(&mut d, "我家水管爆了，水到处都是");
        say(&mut d, told);
        assert_eq!(d.place.text, text, "{told}");
        say(&mut d, answer);
        assert!(d.missing(&STREET).is_empty(), "{told} {answer}: {:?}", d.place);
        assert!(d.place.grid_code.is_none());
    }
}

#[test]
fn whoever_says_that_it_is_elsewhere_hears_who_is_competent() {
    for answer in ["不在春晖路街道", "不在你们街道"] {
        let mut d = draft();
        say(&mut d, "金科天元道3栋电梯坏了");
        assert_eq!(d.asked.as_deref(), Some("place"), "{d:?}");
        let applied = say(&mut d, answer);
        assert!(applied.outside.as_deref().is_some_and(|w| w.contains("12345")), "{answer}: {applied:?}");
    }
}

#[test]
fn numbers_and_what_every_estate_has_are_no_name_to_vouch_for() {
    for told in ["3栋2单元楼道里", "小区3栋楼下", "我们小区3栋门口", "昨天3栋的电梯", "听说隔壁3栋"]
    {
        let mut d = draft();
        say(&mut d, &format!("{told}有人飞线充电"));
        let q = d.next_question(&STREET).expect("the place is asked about");
        assert_eq!((q.field.as_str(), q.options.len()), ("place", 0), "{told}: {q:?}");
        say(&mut d, "说不清");
        assert!(d.missing(&STREET).contains(&"place".to_owned()), "{told}: nothing is vouched for without a name");
    }
}

#[test]
fn a_stopper_ends_the_draft_with_the_right_channel() {
    let mut d = draft();
    let applied = say(&mut d, "老板拖欠工资三个月不发");
    assert!(applied.stopper.as_deref().is_some_and(|s| s.contains("12333")), "{applied:?} {:?}", d.category);
    assert_eq!(d.state, DraftState::Stopped);
    let refused = d.into_new_ticket(&STREET, monday_at("15:00"), Uuid::nil(), &destinations());
    assert_eq!(refused, Err(NotReady::Closed));
}

#[test]
fn an_emergency_opens_an_urgent_draft_that_no_stopper_ends() {
    let mut d = draft();
    say(&mut d, "铂金云鼎3栋着火了");
    assert!(d.emergency.is_some());
    assert_eq!(d.urgency, Urgency::特急, "{}", d.urgency_reason);
    assert_eq!(d.state, DraftState::Open);
    assert!(d.place.grid_code.is_some());
}

#[test]
fn an_incomplete_draft_is_refused_with_what_is_missing() {
    let mut d = draft();
    say(&mut d, "路灯坏了");
    let refused = d.into_new_ticket(&STREET, monday_at("15:00"), Uuid::nil(), &destinations());
    assert_eq!(refused, Err(NotReady::Missing(vec!["place".to_owned()])));
}

#[test]
fn phone_blocks_only_where_the_category_needs_it() {
    for leaf in STREET.taxonomy.leaves() {
        let mut d = draft();
        d.category = Some(leaf.code.clone());
        let missing = d.missing(&STREET);
        assert_eq!(missing.contains(&"reporter.phone".to_owned()), leaf.required_phone, "{}", leaf.name);
        assert!(!missing.iter().any(|m| m.contains("attachment")), "a photo never blocks: {missing:?}");
    }
}

#[test]
fn the_card_has_the_contracts_shape() {
    let mut d = draft();
    say(&mut d, "古渡春色7栋楼下垃圾成堆");
    let card = d.card(&STREET);
    assert_eq!(card["kind"], "draft");
    assert_eq!(card["complete"], true);
    assert_eq!(card["missing"], json!([]));
    assert!(card.get("asking").is_none(), "nothing is asked: {card}");
    assert_eq!(card["draft"]["place"]["grid_code"], "CH-BH-04");
    assert_eq!(card["draft"]["kind"], "投诉");
    assert_eq!(card["draft"]["urgency"], "一般");
    d.place.grid_code = None;
    let card = d.card(&STREET);
    assert_eq!(card["asking"], "place");
    assert_eq!(card["complete"], false);
}

#[test]
fn a_patch_sets_fields_and_is_all_or_nothing() {
    let mut d = draft();
    say(&mut d, "锦凤苑5栋楼道堆了杂物");
    let now = monday_at("15:00");
    let good = json!({
        "place": {"text": "锦凤苑14栋2单元"},
        "category": {"code": "040101"},
        "reporter": {"phone": "138 1234 5678", "name": "王芳", "anonymous": false},
        "people_affected": 12,
        "occurred_at": "2026-11-22T20:00:00+08:00",
        "kind": "举报",
        "attachments": ["00000000-0000-0000-0000-000000000005"],
    });
    d.patch(&good, By::Resident, &STREET, now).expect("a good patch is taken");
    assert_eq!(d.place.grid_code.as_deref(), Some("CH-JF-02"));
    assert_eq!(d.reporter.phone.as_deref(), Some("13812345678"));
    assert_eq!(d.kind, Some(Kind::举报));
    assert_eq!(d.attachments.len(), 1);
    let before = d.clone();
    let bad = json!({
        "description": "",
        "people_affected": -1,
        "occurred_at": "2027-01-01T00:00:00Z",
        "category": "999999",
        "kind": "喊话",
        "reporter": {"phone": "12"},
        "place": {"text": "九宫庙街道"},
        "number": "WG1",
        "attachments": ["x"],
    });
    let errors = d.patch(&bad, By::Resident, &STREET, now).expect_err("a bad patch is refused");
    assert_eq!(
        errors.keys().map(String::as_str).collect::<Vec<_>>(),
        ["attachments", "category", "description", "kind", "number", "occurred_at", "people_affected", "place", "reporter.phone"],
        "{errors:?}"
    );
    assert_eq!(d, before, "a refused patch changes nothing");
    assert!(d.patch(&Value::Null, By::Resident, &STREET, now).is_err());
}

#[test]
fn a_model_completes_and_never_overrides_the_resident() {
    let now = monday_at("15:00");
    let mut d = draft();
    say(&mut d, "锦凤苑5栋有问题");
    d.patch(&json!({"category": "040103"}), By::Resident, &STREET, now).expect("the resident chooses");
    let proposal = json!({"category": "030101", "people_affected": 3, "description": "楼道堆放杂物", "grid_code": "made-up"});
    let _ = d.patch(&proposal, By::Model, &STREET, now);
    assert_eq!(d.category.as_deref(), Some("040103"), "the resident's choice stands");
    assert_eq!(d.people_affected, Some(3));
    assert_eq!(d.description.as_deref(), Some("楼道堆放杂物"));
    assert!(d.assisted_by_ai);
    assert_eq!(d.place.grid_code.as_deref(), Some("CH-JF-01"));
}

#[test]
fn an_anonymous_ticket_carries_no_name_and_the_room_stays_in_its_field() {
    let mut d = draft();
    say(&mut d, "我叫王芳，匿名举报锦凤苑5栋501室把楼道堆满了杂物");
    let t = ticket(&d);
    assert!(t.reporter.anonymous);
    assert_eq!(t.reporter.name, None);
    assert_eq!(t.place.room.as_deref(), Some("501"));
    assert!(!t.title.contains("501") && !t.place.text.contains("501"), "{} / {}", t.title, t.place.text);
}

#[test]
fn a_draft_survives_being_stored() {
    let mut d = draft();
    say(&mut d, "菜市场门口的路灯坏了");
    let back: Draft = serde_json::from_str(&serde_json::to_string(&d).expect("serialises")).expect("comes back");
    assert_eq!(back, d);
}

#[test]
fn a_question_in_between_does_not_change_the_place() {
    let mut d = draft();
    say(&mut d, "锦凤苑5栋楼道堆了杂物");
    let before = d.place.clone();
    say(&mut d, "旁边加油站那边也有人说");
    assert_eq!(d.place, before, "a vague word does not make a clear place unclear");
}

#[test]
fn numbers_are_of_the_streets_own_day() {
    let late = "2026-11-23T16:30:00Z".parse().expect("a time of the test itself");
    let day = number_day(late, STREET.calendar.zone());
    assert_eq!(day, "20261124", "half past midnight in Asia/Shanghai");
    assert_eq!(ticket_number(&day, 7), "WG20261124000007");
}

mod any_words {
    use proptest::prelude::*;

    use super::*;

    const LINES: [&str; 16] = [
        "我要上报",
        "路灯坏了",
        "铂金云鼎3栋",
        "不是3栋是4栋",
        "菜市场",
        "第二个",
        "没有",
        "13812345678",
        "昨天晚上",
        "着火了",
        "电话错了，是13987654321",
        "匿名",
        "古渡春色",
        "7栋",
        "外墙瓷砖掉下来了",
        "不知道",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(crate::support::cases(150)))]
        #[test]
        fn complete_means_a_ticket_and_incomplete_means_a_question(order in proptest::collection::vec(0usize..LINES.len(), 1..9)) {
            let mut d = draft();
            for i in order {
                say(&mut d, LINES[i]);
            }
            let made = d.into_new_ticket(&STREET, monday_at("15:10"), Uuid::from_u128(9), &destinations());
            if d.is_complete(&STREET) {
                let t = made.map_err(|e| TestCaseError::fail(e.to_string()))?.ticket;
                prop_assert!(t.title.chars().count() <= 30 && !t.title.is_empty());
                prop_assert!(t.place.grid_code.is_some() || d.place_vouched && !t.place.text.is_empty());
                prop_assert!(t.clock.accept_by <= t.clock.resolve_by && t.clock.accept_by >= t.created_at);
                prop_assert!(!t.route.reason.is_empty() && !t.route.post.is_empty());
                prop_assert!(d.next_question(&STREET).is_none());
            } else {
                prop_assert!(made.is_err());
                prop_assert!(d.next_question(&STREET).is_some());
            }
        }
    }
}
