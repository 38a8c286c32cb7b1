//! A category's own questions: the table, every kind of answer, and the answers that send a matter elsewhere.

use gridworker::incident::{
    draft::{Applied, By, Draft, DraftState},
    finish::NotReady,
    questions::{OwnQuestion, QuestionKind, Questions},
    taxonomy::Taxonomy,
    ticket::Source,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{STREET, all_hold, monday_at};

const HEADER: &str = "category_code,order,code,text,kind,required,options,stoppers,notice\n";

fn table(rows: &str) -> Result<Questions, String> {
    Questions::from_csv(&format!("{HEADER}{rows}")).map_err(|e| e.to_string())
}

fn question(row: &str) -> OwnQuestion {
    let table = table(row).unwrap_or_else(|e| panic!("the row of the test itself is good: {e}"));
    table.of("010101").pop().expect("the row is of this category")
}

#[test]
fn a_wrong_row_is_refused_with_its_line() {
    let good = "010101,1,where,车停在哪里？,list,true,小区里=院坝/楼下|公共道路>x,,\n".replace(">x", "|不清楚");
    assert!(table(&good).is_ok());
    let wrong = [
        ("01010,1,a,问？,text,,,,", "2、4或6位"),
        ("01x1,1,a,问？,text,,,,", "2、4或6位"),
        ("010101,1,Where,问？,text,,,,", "问题编号"),
        ("010101,1,,问？,text,,,,", "问题编号"),
        ("010101,1,a,,text,,,,", "没有写问题"),
        ("010101,1,a,问？,choice,,,,", "题型"),
        ("010101,1,a,问？,text,也许,,,", "required"),
        ("010101,1,a,问？,list,,,,", "两个选项"),
        ("010101,1,a,问？,multi,,只有一个,,", "两个选项"),
        ("010101,1,a,问？,list,,甲||乙,,", "没有文字"),
        ("010101,1,a,问？,list,,甲|=乙,,", "没有文字"),
        ("010101,1,a,问？,list,,甲|乙=甲,,", "重复"),
        ("010101,1,a,问？,list,true,甲|乙,,", "不清楚"),
        ("010101,1,a,问？,multi,,甲、丙|乙,,", "顿号"),
        ("010101,1,a,问？,date,,今天|昨天,,", "没有选项"),
        ("010101,1,a,问？,number,,一|二,,", "没有选项"),
        ("010101,1,a,问？,list,,甲|乙,甲>去那边,", "选项>说明>电话>单位"),
        ("010101,1,a,问？,list,,甲|乙,丙>去那边>110>公安,", "不是选项"),
        ("010101,1,a,问？,list,,甲|乙,甲>去>110>公安|甲>去>110>公安,", "写了两次"),
        ("010101,1,a,问？,list,,甲|乙,甲>>110>公安,", "没有说明"),
        ("010101,1,a,问？,list,,甲|乙,甲>去那边>>,", "没有电话，也没有单位"),
        ("010101,1,a,问？,list,,甲|乙,甲>去那边>一一零>公安,", "不是数字"),
        ("010101,1,a,问？,text,,甲|乙,甲>去那边>110>公安,", "选择题"),
    ];
    let mut failures = Vec::new();
    for (row, word) in wrong {
        let message = table(&format!("{good}{row}\n")).err().unwrap_or_default();
        if !message.contains("questions.csv 第3行") || !message.contains(word) {
            failures.push(format!("  {row} → 「{message}」, wanted 「{word}」"));
        }
    }
    all_hold(&failures, wrong.len());
}

const CATEGORIES: &str = "code,level1,level2,name,group,kind,words,examples,section,post,first_receiver,community_duty,urgency,clock\n\
    010101,房屋,安全,瓷砖,安全与消防,求助,瓷砖,瓷砖掉了,平安法治,应急岗,街道,false,一般,yiban-5d\n\
    010102,房屋,安全,危房,安全与消防,求助,危房,房子裂了,平安法治,应急岗,街道,false,一般,yiban-5d\n";

#[test]
fn a_row_may_belong_to_a_branch_and_must_belong_to_something() {
    let with = |rows: &str| {
        let taxonomy = Taxonomy::from_csv(CATEGORIES).expect("the categories of the test itself are good");
        taxonomy.with_questions(&table(rows).expect("the rows are good by themselves")).map_err(|e| e.to_string())
    };
    let both = with("0101,2,b,都问？,text,,,,\n010101,1,a,先问？,text,,,,\n").expect("a branch may have questions");
    let texts = |code: &str| both.get(code).expect("is there").questions.iter().map(|q| q.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts("010101"), ["先问？", "都问？"], "in the order of asking");
    assert_eq!(texts("010102"), ["都问？"]);
    for (rows, word) in [
        ("0299,1,a,问？,text,,,,\n", "0299"),
        ("0101,1,a,问？,text,,,,\n010101,2,a,别的？,text,,,,\n", "重复"),
        ("0101,1,a,问？,text,,,,\n010101,2,b,问？,text,,,,\n", "重复"),
    ] {
        let message = with(rows).err().unwrap_or_default();
        assert!(message.contains(word) && message.contains("questions.csv"), "{rows} → {message}");
    }
}

#[test]
fn questions_in_a_cell_of_the_old_table_are_not_lost_in_silence() {
    let old = CATEGORIES.replacen("clock\n", "clock,questions\n", 1).replace("yiban-5d\n", "yiban-5d,有人受伤吗？*\n");
    let message = Taxonomy::from_csv(&old).expect_err("the column has moved").to_string();
    assert!(message.contains("questions.csv"), "{message}");
}

/// Row of the question, words, what is kept (`None`: asked again).
type Reading<'a> = (&'a str, &'a [(&'a str, Option<&'a str>)]);

const LIST: &str = "010101,1,a,车停在哪里？,list,true,小区里=院坝/楼下|公共道路=马路边/大街上|消防通道|不清楚,,";
const HURT: &str = "010101,1,a,有没有人受伤？,text,true,没有|有|不清楚,,";
const MULTI: &str = "010101,1,a,哪些没人管了？,multi,true,水电=停水/停电|电梯|垃圾=垃圾清运|都还正常=都正常|不清楚,,";
const DATE: &str = "010101,1,a,哪一天的事？,date,true,,,";
const NUMBER: &str = "010101,1,a,有几天没清扫了？,number,true,,,";

const READINGS: &[Reading<'_>] = &[
    (
        LIST,
        &[
            ("小区里", Some("小区里")),
            ("马路边", Some("公共道路")),
            ("就停在楼下", Some("小区里")),
            ("停在大街上的", Some("公共道路")),
            ("第二个", Some("公共道路")),
            ("3", Some("消防通道")),
            ("选第三项", Some("消防通道")),
            ("消防", Some("消防通道")),
            ("我也不晓得", Some("不清楚")),
            ("第九个", None),
            ("一辆白色的车", None),
            ("不是小区里", None),
            ("楼下和马路边", None),
            ("", None),
        ],
    ),
    (
        HURT,
        &[
            ("没有", Some("没有")),
            ("没有，就是砸到了花坛", Some("没有，就是砸到了花坛")),
            ("第二个", Some("有")),
            ("2", Some("2")),
            ("", None),
        ],
    ),
    (
        MULTI,
        &[
            ("水电", Some("水电")),
            ("停水了", Some("水电")),
            ("电梯和垃圾", Some("电梯、垃圾")),
            ("垃圾、电梯", Some("电梯、垃圾")),
            ("1和3", Some("水电、垃圾")),
            ("第一个、第二个", Some("水电、电梯")),
            ("全部都没人管", Some("水电、电梯、垃圾")),
            ("都正常", Some("都还正常")),
            ("不清楚", Some("不清楚")),
            ("保安", None),
            ("", None),
        ],
    ),
    (
        DATE,
        &[
            ("昨天", Some("2026-11-22")),
            ("上周五", Some("2026-11-20")),
            ("3月1号", Some("2026-03-01")),
            ("2026-11-20", Some("2026-11-20")),
            ("2026-11-20T23:30:00+08:00", Some("2026-11-20")),
            ("2026-11-20T09:30", Some("2026-11-20")),
            ("三天前", Some("2026-11-20")),
            ("记不得了", Some("不清楚")),
            ("2026-11-24", None),
            ("经常", None),
            ("", None),
        ],
    ),
    (
        NUMBER,
        &[
            ("3", Some("3")),
            ("三天", Some("3")),
            ("大概二十多天", Some("20")),
            ("一天都没有", Some("0")),
            ("没有", Some("0")),
            ("不清楚", Some("不清楚")),
            ("好久了", None),
            ("", None),
        ],
    ),
];

#[test]
fn every_kind_reads_the_answers_that_people_give() {
    let mut failures = Vec::new();
    let mut total = 0;
    for (row, answers) in READINGS {
        let question = question(row);
        for (words, wanted) in *answers {
            total += 1;
            let read = question.read(words, monday_at("15:00"), STREET.calendar.zone());
            if read.as_ref().ok().map(String::as_str) != *wanted {
                failures.push(format!("  {:?} 「{words}」 → {read:?}, wanted {wanted:?}", question.kind));
            }
            if let Err(why) = read
                && !why.contains(&question.text)
            {
                failures.push(format!("  a refusal names its question: {why}"));
            }
        }
    }
    all_hold(&failures, total);
}

#[test]
fn the_card_may_send_numbers_and_lists_where_they_fit() {
    let (now, zone) = (monday_at("15:00"), STREET.calendar.zone());
    let read = |row: &str, value: Value| question(row).read_value(&value, now, zone).ok();
    assert_eq!(read(NUMBER, json!(7)).as_deref(), Some("7"));
    assert_eq!(read(MULTI, json!(["垃圾", "停电"])).as_deref(), Some("水电、垃圾"));
    assert_eq!(read(LIST, json!("公共道路")).as_deref(), Some("公共道路"));
    for (row, value) in [
        (NUMBER, json!(-1)),
        (NUMBER, json!(1.5)),
        (NUMBER, json!(99_000_000)),
        (MULTI, json!(["保安"])),
        (MULTI, json!([])),
        (MULTI, json!(["垃圾", 3])),
        (LIST, json!(["小区里"])),
        (LIST, json!(2)),
        (DATE, json!(20_261_120)),
        (HURT, json!(true)),
        (HURT, json!({ "a": 1 })),
        (HURT, json!("长".repeat(501))),
    ] {
        assert_eq!(read(row, value.clone()), None, "{value} is no answer to {row}");
    }
}

fn draft_of(code: &str) -> Draft {
    let source = Source { channel: "web".to_owned(), conversation_id: Uuid::from_u128(7) };
    let mut d = Draft::new(Uuid::from_u128(1), source, monday_at("15:00"));
    let patch = json!({ "category": code, "place": "锦凤苑5栋" });
    d.patch(&patch, By::Resident, &STREET, monday_at("15:00")).expect("category and place are known");
    d.description = Some("这里有事要报".to_owned());
    d
}

fn answer(d: &mut Draft, question: &str, words: &str) -> Applied {
    d.asked = Some(format!("answers.{question}"));
    d.apply(words, &STREET, monday_at("15:00"))
}

#[test]
fn every_answer_that_the_card_offers_is_taken_by_words_by_number_and_by_the_card() {
    let mut offered = 0;
    for leaf in STREET.taxonomy.leaves().iter().filter(|l| l.stopper.is_empty()) {
        for question in &leaf.questions {
            let key = format!("answers.{}", question.text);
            for (i, option) in question.offers().iter().enumerate() {
                offered += 1;
                let at = format!("{} {} 「{option}」", leaf.code, question.text);
                let mut by_card = draft_of(&leaf.code);
                let patch = json!({ "answers": { question.text.as_str(): option } });
                by_card.patch(&patch, By::Resident, &STREET, monday_at("15:00")).unwrap_or_else(|e| panic!("{at}: {e:?}"));
                assert_eq!(by_card.answers.get(&question.text), Some(option), "{at} by the card");
                assert!(!by_card.missing(&STREET).contains(&key), "{at} is no longer missing");
                let mut by_words = draft_of(&leaf.code);
                answer(&mut by_words, &question.text, option);
                assert_eq!(by_words.answers.get(&question.text), Some(option), "{at} by words");
                if question.kind == QuestionKind::Multi || question.kind == QuestionKind::List {
                    let mut by_number = draft_of(&leaf.code);
                    answer(&mut by_number, &question.text, &format!("第{}个", i + 1));
                    assert_eq!(by_number.answers.get(&question.text), Some(option), "{at} by its number");
                }
                let stops = question.stop_of(option).is_some();
                assert_eq!(by_card.state == DraftState::Stopped, stops, "{at}: an answer that stops does so by the card");
                assert_eq!(by_words.state == DraftState::Stopped, stops && by_words.emergency.is_none(), "{at} and by words");
            }
        }
    }
    assert!(offered > 150, "only {offered} answers are offered");
}

#[test]
fn the_card_shows_kinds_options_and_the_notice_and_keeps_its_shape() {
    let d = draft_of("050108");
    let card = d.card(&STREET);
    let first = &card["questions"][0];
    assert_eq!(first["text"], "是哪一种服务？");
    assert_eq!(first["required"], true);
    assert_eq!(first["kind"], "list");
    assert!(first["options"].as_array().is_some_and(|o| o.iter().any(|v| v == "出租车")), "{first}");
    assert_eq!(card["questions"][1]["kind"], "date");
    assert_eq!(card["question"]["kind"], "list");
    assert!(card["question"]["text"].as_str().is_some_and(|t| t.contains("1、公交")), "{}", card["question"]);
    let card = draft_of("010101").card(&STREET);
    assert!(card["notice"].as_str().is_some_and(|n| !n.is_empty()), "{card}");
    assert_eq!(card["photo_wanted"], true);
    assert_eq!(card["confidential"], false);
    assert_eq!(card["standard"]["id"], "010101-3", "nothing was told yet: {}", card["standard"]);
}

#[test]
fn a_stopper_answer_ends_the_draft_by_words_and_by_the_card() {
    let mut d = draft_of("040304");
    let applied = answer(&mut d, "钱转出去了没有？", "已经转了三万过去");
    assert_eq!(d.answers.get("钱转出去了没有？").map(String::as_str), Some("转出去了"));
    let words = applied.stopper.expect("the money is gone: only the police can stop it");
    assert!(words.contains("110"), "{words}");
    assert_eq!(d.state, DraftState::Stopped);
    let refused = d.into_new_ticket(&STREET, monday_at("15:00"), Uuid::nil(), &super::destinations());
    assert_eq!(refused, Err(NotReady::Closed));

    let mut d = draft_of("050108");
    d.patch(&json!({"answers": {"是哪一种服务？": "轨道交通"}}), By::Resident, &STREET, monday_at("15:00")).expect("an option");
    assert_eq!(d.state, DraftState::Stopped);
    let card = d.card(&STREET);
    assert_eq!(card["complete"], false, "it cannot be confirmed: {card}");
    assert_eq!(card["stopped"]["tel"], "12345");
    assert_eq!(card["stopped"]["body"], "轨道交通运营企业");
    assert!(card.get("asking").is_none(), "nothing more is asked: {card}");

    let mut d = draft_of("040304");
    let applied = answer(&mut d, "钱转出去了没有？", "还没转");
    assert_eq!((applied.stopper, d.state), (None, DraftState::Open), "the other answer goes on");
}

#[test]
fn an_emergency_is_never_turned_away_by_an_answer() {
    let mut d = draft_of("040306");
    answer(&mut d, "现在还在打吗？", "还在打");
    assert_eq!(d.state, DraftState::Stopped, "a fight that goes on is the police's");
    let emergency = STREET.emergencies.detect("有人流了好多血").expect("it is one");
    d.take_emergency(emergency, &STREET);
    assert_eq!(d.state, DraftState::Open, "somebody is hurt: the draft is open again");
    assert!(d.stop(&STREET).is_none());
}

#[test]
fn what_was_told_unasked_is_filled_in_and_never_sends_away() {
    let source = Source { channel: "web".to_owned(), conversation_id: Uuid::from_u128(7) };
    let mut d = Draft::new(Uuid::from_u128(1), source.clone(), monday_at("15:00"));
    d.apply("铂金云鼎1栋掉瓷砖了，下面是出入口", &STREET, monday_at("15:00"));
    assert_eq!(d.answers.get("下面是出入口、通道还是车位？").map(String::as_str), Some("出入口"), "{d:?}");
    let mut d = Draft::new(Uuid::from_u128(1), source, monday_at("15:00"));
    d.apply("锦凤苑5栋有骗子打电话，我妈的钱已经打过去了", &STREET, monday_at("15:00"));
    assert_eq!(d.state, DraftState::Open, "the question decides, not a word in passing: {d:?}");
}

#[test]
fn words_that_are_no_choice_are_kept_and_asked_about_again() {
    let mut d = draft_of("050108");
    let applied = answer(&mut d, "是哪一种服务？", "蓝色的那种");
    assert!(!d.answers.contains_key("是哪一种服务？"), "{:?}", d.answers);
    assert!(d.missing(&STREET).contains(&"answers.是哪一种服务？".to_owned()));
    let kept = d.description.as_deref().is_some_and(|t| t.contains("蓝色"));
    let asked = applied.wanted.as_deref().is_some_and(|w| w.contains("出租车"));
    assert!(kept || asked, "nothing said is dropped in silence: {applied:?} {:?}", d.description);
    answer(&mut d, "是哪一种服务？", "第二个");
    assert_eq!(d.answers.get("是哪一种服务？").map(String::as_str), Some("出租车"));
}

#[test]
fn the_day_of_an_answer_is_not_when_the_matter_happened() {
    let mut d = draft_of("080101");
    answer(&mut d, "最近一次看到老人是什么时候？", "前天");
    assert_eq!(d.answers.get("最近一次看到老人是什么时候？").map(String::as_str), Some("2026-11-21"));
    assert_eq!(d.occurred_at, None);
}

#[test]
fn a_photo_is_asked_for_once_and_never_waited_for() {
    let mut d = draft_of("030101");
    assert!(d.is_complete(&STREET), "{:?}", d.missing(&STREET));
    assert!(d.ask_for_photo(&STREET), "a heap of rubbish can be photographed");
    assert!(!d.ask_for_photo(&STREET), "once");
    let mut with = draft_of("030101");
    with.attachments.push(Uuid::from_u128(5));
    assert!(!with.ask_for_photo(&STREET), "there is one");
    assert!(!draft_of("080202").ask_for_photo(&STREET), "not of somebody's poverty");
    let mut burning = draft_of("030101");
    burning.take_emergency(STREET.emergencies.detect("着火了").expect("a fire is one"), &STREET);
    assert!(!burning.ask_for_photo(&STREET), "nobody takes pictures of a fire for us");
}

mod any_answer {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(crate::support::cases(300)))]

        /// What is kept is what the card would take: reading it again gives the same.
        #[test]
        fn what_is_kept_reads_back_as_itself(row in 0usize..5, words in "[\\p{Han}0-9第个和、，没有都清楚昨天水电梯马路边月号-]{0,14}") {
            let question = question(READINGS[row].0);
            let (now, zone) = (monday_at("15:00"), STREET.calendar.zone());
            if let Ok(kept) = question.read(&words, now, zone) {
                prop_assert_eq!(question.read(&kept, now, zone), Ok(kept.clone()));
                prop_assert_eq!(question.read_value(&json!(kept), now, zone), Ok(kept.clone()));
                if question.kind.is_choice() {
                    prop_assert!(!question.options_in(&kept).is_empty(), "{}", kept);
                }
            }
        }
    }
}
