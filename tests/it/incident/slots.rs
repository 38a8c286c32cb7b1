//! What one message tells and what it corrects.

use gridworker::incident::{
    confirm::ConfirmWord,
    reading::{as_said, plain},
    slots::{Reading, Slots, extract},
    ticket::{Kind, Place},
    when,
};

use super::{DAY, STREET, all_hold, monday_at};

fn read(text: &str, asked: Option<&str>, place: Option<&Place>, in_draft: bool) -> Slots {
    let leaf = STREET.taxonomy.get("010101");
    let reading = Reading {
        now: monday_at("15:00"),
        zone: STREET.calendar.zone(),
        places: STREET.places.on(DAY),
        place,
        leaf,
        asked,
        in_draft,
        is_matter: STREET.taxonomy.knows(text),
    };
    extract(text, &reading)
}

/// Whether the words say when, and nothing else.
const ONLY_WHEN: &[(&str, bool)] = &[
    ("昨天开始的", true),
    ("晚上七八点", true),
    ("几乎每天", true),
    ("大概11点到2点", true),
    ("每天早上六点到八点", true),
    ("有半年了", true),
    ("好几天了", true),
    ("从上个月到现在一直都有", true),
    ("周末", true),
    ("一点点", false),
    ("3栋", false),
    ("到处都是", false),
    ("昨天开始漏水", false),
    ("七点半公交站", false),
    ("就在那里", false),
    ("有", false),
    ("", false),
];

#[test]
fn words_that_say_only_when() {
    let wrong: Vec<String> = ONLY_WHEN
        .iter()
        .filter(|(words, expected)| when::says_only_when(words) != *expected)
        .map(|(words, expected)| format!("「{words}」 should be {expected}"))
        .collect();
    all_hold(&wrong, ONLY_WHEN.len());
}

/// Words and the local time they mean, said on Monday 2026-11-23 at 15:00.
const TIMES: &[(&str, &str)] = &[
    ("刚才掉了一块瓷砖", "2026-11-23T15:00"),
    ("今天早上发现的", "2026-11-23T08:00"),
    ("今早七点半", "2026-11-23T07:30"),
    ("昨天晚上十点吵得很", "2026-11-22T22:00"),
    ("昨晚九点一刻", "2026-11-22T21:15"),
    ("昨天下午3点20分", "2026-11-22T15:20"),
    ("前天中午", "2026-11-21T12:00"),
    ("大前天", "2026-11-20T12:00"),
    ("上周发现的", "2026-11-16T12:00"),
    ("上周五晚上", "2026-11-20T20:00"),
    ("周六上午", "2026-11-21T10:00"),
    ("星期天下午两点", "2026-11-22T14:00"),
    ("3月1号", "2026-03-01T12:00"),
    ("十一月二十号早上", "2026-11-20T08:00"),
    ("12月3日", "2025-12-03T12:00"),
    ("2026年5月1日 14:30", "2026-05-01T14:30"),
    ("2026-11-20 09:05", "2026-11-20T09:05"),
    ("半小时前", "2026-11-23T14:30"),
    ("两个小时前", "2026-11-23T13:00"),
    ("十分钟前", "2026-11-23T14:50"),
    ("三天前", "2026-11-20T15:00"),
    ("一个半小时前", "2026-11-23T13:30"),
    ("凌晨两点", "2026-11-23T02:00"),
    ("晚上十点有人打钻", "2026-11-22T22:00"),
    ("昨晚十二点", "2026-11-23T00:00"),
];

#[test]
fn times_are_read_relative_to_the_given_now() {
    let mut failures = Vec::new();
    for (text, want) in TIMES {
        let found = when::occurred(text, monday_at("15:00"), STREET.calendar.zone());
        let local =
            found.as_ref().map(|(at, _)| at.to_zoned(STREET.calendar.zone().clone()).strftime("%Y-%m-%dT%H:%M").to_string());
        if local.as_deref() != Some(*want) {
            failures.push(format!("  {text} → {local:?} {found:?}, wanted {want}"));
        }
    }
    all_hold(&failures, TIMES.len());
}

#[test]
fn habits_and_ends_are_no_moment() {
    for text in ["每天晚上十点都在吵", "广场舞天天跳到十点", "经常半夜打麻将", "路灯不亮", "一到晚上就黑"]
    {
        assert_eq!(when::occurred(text, monday_at("15:00"), STREET.calendar.zone()), None, "「{text}」");
    }
}

#[test]
fn one_breath_tells_everything() {
    let slots = read(
        "你好，我叫陈建国，电话13812345678，昨天晚上铂金云鼎1栋2单元501室楼下掉瓷砖了，没有人受伤，影响我们20多户，匿名，帮我反映一下",
        None,
        None,
        false,
    );
    assert_eq!(slots.phone.as_deref(), Some("13812345678"));
    assert_eq!(slots.name.as_deref(), Some("陈建国"));
    assert_eq!(slots.people_affected, Some(20));
    assert_eq!(slots.anonymous, Some(true));
    assert_eq!(slots.answers, vec![("有没有人受伤？".to_owned(), "没有人受伤".to_owned())]);
    let place = slots.place.expect("a place was told").place;
    assert_eq!(place.grid_code.as_deref(), Some("CH-JF-07"));
    assert_eq!(place.room.as_deref(), Some("501"));
    let description = slots.description.expect("something happened");
    for personal in ["13812345678", "陈建国", "501"] {
        assert!(!description.contains(personal), "{personal} has its own field and is not in: {description}");
    }
    assert!(description.contains("掉瓷砖"), "{description}");
}

type Check = fn(&Slots) -> bool;

const MESSAGES: &[(&str, Check)] = &[
    ("我的电话是139 1234 5678", |s| s.phone.as_deref() == Some("13912345678") && s.description.is_none()),
    ("联系电话：023-68901234", |s| s.phone.as_deref() == Some("02368901234")),
    ("+86 13712345678", |s| s.phone.as_deref() == Some("13712345678")),
    ("骗子打来的13712345678", |s| s.phone.is_none()),
    ("订单号1371234567890123", |s| s.phone.is_none()),
    ("我姓王", |s| s.name.as_deref() == Some("王")),
    ("我是李女士", |s| s.name.as_deref() == Some("李女士")),
    ("联系人：张伟，电话13812345678", |s| s.name.as_deref() == Some("张伟") && s.phone.is_some()),
    ("我是业主", |s| s.name.is_none()),
    ("我叫物业来修没人来", |s| s.name.is_none() && s.description.is_some()),
    ("我是来投诉的", |s| s.name.is_none()),
    ("大概有三十户受影响", |s| s.people_affected == Some(30)),
    ("影响了一百多人", |s| s.people_affected == Some(100)),
    ("我要投诉，楼上太吵了", |s| s.kind == Some(Kind::投诉) && s.description.as_deref() == Some("楼上太吵了")),
    ("我要举报有人楼道堆物", |s| s.kind == Some(Kind::举报)),
    ("建议在路口装个减速带", |s| s.kind == Some(Kind::建议)),
    ("投诉过好多次没人管", |s| s.kind.is_none()),
    ("不要透露我的信息", |s| s.anonymous == Some(true)),
    ("不用匿名", |s| s.anonymous == Some(false)),
    ("你好", |s| s.is_empty()),
    ("我要上报", |s| s.description.is_none()),
    ("铂金云鼎3栋", |s| s.place.is_some() && s.description.is_none()),
    ("就在大润发后门", |s| s.place.is_some() && s.description.is_none()),
    ("铂金云鼎3栋路灯坏了，谢谢", |s| s.description.as_deref().is_some_and(|d| d.ends_with("路灯坏了"))),
];

#[test]
fn single_messages_are_read() {
    let mut failures = Vec::new();
    for (text, check) in MESSAGES {
        let slots = read(text, None, None, false);
        if !check(&slots) {
            failures.push(format!("  {text} → {slots:?}"));
        }
    }
    all_hold(&failures, MESSAGES.len());
}

const CORRECTIONS: &[(&str, Check)] = &[
    ("不是7栋是9栋", |s| building(s) == Some("9栋") && grid(s) == Some("CH-BH-04")),
    ("不是7栋，是3栋", |s| building(s) == Some("3栋") && grid(s) == Some("CH-BH-03")),
    ("说错了，是8栋", |s| building(s) == Some("8栋")),
    ("应该是12栋2单元", |s| building(s) == Some("12栋") && unit(s) == Some("2单元")),
    ("改成昨天", |s| s.occurred_at.is_some() && s.description.is_none()),
    ("时间改成前天晚上八点", |s| s.occurred_at == "2026-11-21T20:00:00+08:00".parse().ok()),
    ("电话错了，是13812345678", |s| s.phone.as_deref() == Some("13812345678") && s.description.is_none()),
    ("电话应该是13987654321", |s| s.phone.as_deref() == Some("13987654321")),
    ("地点应该是铂金云鼎2栋", |s| grid(s) == Some("CH-JF-07") && building(s) == Some("2栋")),
    ("地址错了，应该是大润发后门", |s| grid(s) == Some("CH-JY-02")),
    ("不是在古渡春色，是在铂金云鼎1栋", |s| grid(s) == Some("CH-JF-07")),
    ("不是漏水是渗水", |s| s.replace == Some(("漏水".to_owned(), "渗水".to_owned()))),
    ("人数改成15户", |s| s.people_affected == Some(15)),
    ("名字改成王芳", |s| s.name.as_deref() == Some("王芳")),
    ("不对，是2单元", |s| unit(s) == Some("2单元") && building(s) == Some("7栋")),
    ("不是今天，是昨天", |s| s.occurred_at.is_some_and(|t| t < monday_at("00:00"))),
];

fn place(s: &Slots) -> Option<&Place> {
    s.place.as_ref().map(|p| &p.place)
}
fn building(s: &Slots) -> Option<&str> {
    place(s)?.building.as_deref()
}
fn unit(s: &Slots) -> Option<&str> {
    place(s)?.unit.as_deref()
}
fn grid(s: &Slots) -> Option<&str> {
    place(s)?.grid_code.as_deref()
}

#[test]
fn corrections_change_their_slot_only() {
    let known = STREET.places.on(DAY).find("古渡春色7栋").place;
    let mut failures = Vec::new();
    for (text, check) in CORRECTIONS {
        let slots = read(text, None, Some(&known), true);
        if !slots.correction || !check(&slots) || slots.description.is_some() {
            failures.push(format!("  {text} → {slots:?}"));
        }
    }
    all_hold(&failures, CORRECTIONS.len());
}

#[test]
fn new_information_in_a_draft_is_no_correction() {
    let known = STREET.places.on(DAY).find("古渡春色7栋").place;
    for text in ["这不是第一次了", "墙上的裂缝越来越大了", "昨天又掉了两块"] {
        let slots = read(text, None, Some(&known), true);
        assert!(!slots.correction, "「{text}」: {slots:?}");
    }
}

#[test]
fn an_answer_goes_to_the_question_that_was_asked() {
    let slots = read("没有，就是砸到了花坛", Some("answers.有没有人受伤？"), None, true);
    assert_eq!(slots.answers, vec![("有没有人受伤？".to_owned(), "没有，就是砸到了花坛".to_owned())]);
    assert_eq!(slots.description, None, "an answer is no second description");
}

#[test]
fn confirm_and_cancel_are_whole_messages() {
    for text in
        ["是的", "确认", "提交", "对", "没错", "可以", "好的提交吧", "是的。", "没错，提交吧", "OK", "确认！", "好的，谢谢"]
    {
        assert_eq!(ConfirmWord::read(text), Some(ConfirmWord::Yes), "「{text}」");
    }
    for text in ["算了", "不报了", "取消", "算了，不报了", "不用了谢谢", "先不报了"] {
        assert_eq!(ConfirmWord::read(text), Some(ConfirmWord::Cancel), "「{text}」");
    }
    for text in ["可以吗？", "是的，但是在9栋", "确认一下是不是7栋", "取消停车位", "不对", "", "你好"]
    {
        assert_eq!(ConfirmWord::read(text), None, "「{text}」");
    }
}

#[test]
fn a_part_of_the_day_alone_is_no_time() {
    for said in ["门口路灯不亮，晚上黑得很", "早上太吵了睡不着", "夜里有人大声唱歌"] {
        assert_eq!(when::occurred(said, monday_at("15:00"), STREET.calendar.zone()), None, "{said}");
    }
}

#[test]
fn what_is_told_is_shown_as_it_was_said() {
    for (said, want) in [
        ("铂金云鼎A座1楼的WiFi坏了，三天都没人管！", "铂金云鼎A座1楼的WiFi坏了，三天都没人管"),
        ("楼道里有人飞线充电,电线拖到二楼(就是九栋)", "楼道里有人飞线充电，电线拖到二楼（就是九栋）"),
        ("每天22:30以后还在施工：吵得睡不着", "每天22:30以后还在施工：吵得睡不着"),
    ] {
        assert_eq!(read(said, None, None, false).description.as_deref(), Some(want), "{said}");
    }
}

mod any_text {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(crate::support::cases(300)))]
        #[test]
        fn reading_never_panics_and_no_time_is_later_than_now(text in "[\\p{Han}0-9点半月日号前昨天晚上早周一二三四五六七八九十不是改成电话:：,，。 -]{0,60}", in_draft: bool) {
            let slots = read(&text, None, None, in_draft);
            if let Some(at) = slots.occurred_at {
                prop_assert!(at <= monday_at("15:00"));
            }
        }

        #[test]
        fn what_is_shown_reads_the_same(said in "[\\p{Han}a-zA-Z0-9，。；：！？（）,;:!?() ]{0,60}", cut in 0usize..60) {
            let part: String = plain(&said).chars().skip(cut).collect();
            prop_assert_eq!(plain(&as_said(&part, &said)), plain(&part));
        }

        #[test]
        fn a_mobile_number_is_read_in_every_spacing(n in 13_000_000_000u64..19_999_999_999, gap in "[ -]?") {
            let digits = n.to_string();
            let text = format!("我的电话{}{gap}{}{gap}{}", &digits[..3], &digits[3..7], &digits[7..]);
            prop_assert_eq!(read(&text, None, None, false).phone, Some(digits));
        }
    }
}
