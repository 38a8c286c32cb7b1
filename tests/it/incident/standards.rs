//! Filing-and-closing standards: the table, which one a matter is taken under, and what the ticket says about it.

use std::path::Path;

use gridworker::incident::{
    draft::{By, Draft},
    rules::IncidentRules,
    standards::Standards,
    ticket::{Source, Ticket, Urgency},
};
use gridworker::knowledge::law_index::LawIndex;
use serde_json::json;
use uuid::Uuid;

use super::{STREET, all_hold, monday_at};

const HEADER: &str = "category_code,order,filing,words,clock,closing,supervisor,responsible,legal_basis,collection\n";

#[test]
fn a_wrong_row_is_refused_with_its_line() {
    let good = "010101,1,瓷砖脱落,掉|hurt=有,jinji-24h,已清除,住建部门,业主,《民法典》第一千二百五十三条|《物业管理条例》第五十五条,照片\n";
    assert!(Standards::from_csv(&format!("{HEADER}{good}")).is_ok());
    let wrong = [
        (good.replace("010101,1", "0101,2"), "6位数字"),
        (good.to_owned(), "重复"),
        (good.replace(",1,瓷砖脱落", ",2,"), "立案条件"),
        (good.replace(",1,", ",2,").replace("jinji-24h", ""), "时限"),
        (good.replace(",1,", ",2,").replace("已清除", ""), "结案条件"),
        (good.replace(",1,", ",2,").replace("住建部门", ""), "监管主体"),
        (good.replace(",1,", ",2,").replace("业主,", ","), "责任主体"),
        (good.replace(",1,", ",2,").replace("《民法典》第", "民法典"), "法律依据"),
        (good.replace(",1,", ",2,").replace("第五十五条", "第55条"), "法律依据"),
        (good.replace(",1,", ",2,").replace("第五十五条", "有关规定"), "法律依据"),
    ];
    let mut failures = Vec::new();
    for (row, word) in &wrong {
        let message = Standards::from_csv(&format!("{HEADER}{good}{row}")).err().map(|e| e.to_string()).unwrap_or_default();
        if !message.contains("standards.csv 第3行") || !message.contains(word) {
            failures.push(format!("  {row} → 「{message}」, wanted 「{word}」"));
        }
    }
    all_hold(&failures, wrong.len());
}

/// The shipped tables with one file changed.
fn changed(file: &str, change: impl Fn(&str) -> String) -> Result<IncidentRules, String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/street");
    IncidentRules::read(|name| {
        let text = std::fs::read_to_string(dir.join(name))?;
        Ok(if name == file { change(&text) } else { text })
    })
    .map_err(|e| e.to_string())
}

#[test]
fn tables_that_contradict_each_other_are_refused() {
    let without =
        |start: &'static str| move |t: &str| t.split_inclusive('\n').filter(|l| !l.starts_with(start)).collect::<String>();
    let more = |row: &'static str| move |t: &str| format!("{t}{row}\n");
    let standard = |code: &str, order: u32, words: &str, clock: &str| {
        format!("{code},{order},某条件,{words},{clock},已办,某部门,某责任人,,照片")
    };
    let (unknown, clock) = (standard("770101", 1, "", "yiban-5d"), standard("030101", 9, "词", "no-such-clock"));
    let (second, question) = (standard("030101", 9, "", "yiban-3d"), standard("010101", 9, "nope=有", "yiban-3d"));
    let option = standard("010101", 9, "hurt=也许", "yiban-3d");
    let add = |row: String| move |t: &str| format!("{t}{row}\n");
    let cases: Vec<(&str, Result<IncidentRules, String>, &str)> = vec![
        ("a standard of no category", changed("standards.csv", add(unknown)), "770101"),
        ("a standard with no clock", changed("standards.csv", add(clock)), "no-such-clock"),
        ("two defaults", changed("standards.csv", add(second)), "030101"),
        ("an answer to no question", changed("standards.csv", add(question)), "nope=有"),
        ("an answer that is no option", changed("standards.csv", add(option)), "hurt=也许"),
        ("a category without a standard", changed("standards.csv", without("030101,")), "030101"),
        (
            "a default with another clock than its category's",
            changed("standards.csv", |t| {
                t.replace(
                    "030101,1,生活垃圾满溢、堆积、清运不及时,,yiban-3d",
                    "030101,1,生活垃圾满溢、堆积、清运不及时,,yiban-7d",
                )
            }),
            "不一致",
        ),
        ("a question of no category", changed("questions.csv", more("77,1,a,问？,text,,,,")), "77"),
        ("a dispatch rule for no category", changed("dispatch.csv", |t| t.replace(",010101,", ",779901,")), "779901"),
        ("an emergency of no category", changed("emergencies.csv", |t| t.replace("010202", "770202")), "770202"),
        ("a category gone that others name", changed("taxonomy.csv", without("010202,")), "010202"),
        ("a code of Open311 twice", changed("taxonomy.csv", |t| t.replace("street-light", "pothole")), "pothole"),
        ("a confidentiality that is none", changed("taxonomy.csv", |t| t.replacen(",普通,", ",机密,", 1)), "机密"),
    ];
    let mut failures = Vec::new();
    let total = cases.len();
    for (what, result, word) in cases {
        match result {
            Ok(_) => failures.push(format!("  {what} is taken")),
            Err(message) if !message.contains(word) => failures.push(format!("  {what} → 「{message}」, wanted 「{word}」")),
            Err(_) => {}
        }
    }
    all_hold(&failures, total);
}

#[test]
fn every_category_has_a_standard_that_says_who_when_and_when_not_any_more() {
    for leaf in STREET.taxonomy.leaves() {
        let own = STREET.standards.of(&leaf.code);
        assert!(!own.is_empty(), "{}", leaf.name);
        assert_eq!(own.iter().filter(|s| s.is_default()).count(), 1, "{}", leaf.name);
        for standard in own {
            assert!(STREET.clocks.get(&standard.clock).is_some(), "{}", standard.id);
            assert!(standard.filing.chars().count() <= 40, "{} is read out with the receipt: {}", standard.id, standard.filing);
        }
    }
    assert!(STREET.taxonomy.leaves().len() >= 160, "{}", STREET.taxonomy.leaves().len());
}

#[test]
fn every_cited_article_exists_in_the_index_of_laws() {
    let csv = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/law-index.csv")).expect("it is shipped");
    let laws = LawIndex::parse(&csv).expect("it is a table");
    let citations = STREET.citations();
    let missing: Vec<_> = citations.iter().filter(|(_, law, article)| !laws.holds(law, article)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(citations.len() > 200, "{} citations", citations.len());
    assert!(!laws.holds("民法典", "第九千条") && !laws.holds("没有这部法", "第一条"), "the check can fail");
}

fn draft() -> Draft {
    let source = Source { channel: "web".to_owned(), conversation_id: Uuid::from_u128(7) };
    Draft::new(Uuid::from_u128(1), source, monday_at("15:00"))
}

fn ticket(d: &Draft) -> Ticket {
    let made = d.into_new_ticket(&STREET, monday_at("15:10"), Uuid::from_u128(9), &super::destinations());
    made.unwrap_or_else(|e| panic!("the draft is complete: {e}; {d:?}")).ticket
}

/// Category, what was told, answers (question and words), the standard and the clock.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str, Urgency, &'static str);

const PICKED: &[Case] = &[
    ("010101", "外墙瓷砖掉下来好大一块", &[("有没有人受伤？", "没有")], "010101-1", Urgency::紧急, "24小时内办结"),
    ("010101", "外墙瓷砖鼓包了，还没有掉", &[("有没有人受伤？", "没有")], "010101-2", Urgency::一般, "7个工作日内办结"),
    ("010101", "外墙瓷砖有裂缝", &[("有没有人受伤？", "没有")], "010101-2", Urgency::一般, "7个工作日内办结"),
    ("010101", "外墙瓷砖看起有点问题", &[("有没有人受伤？", "不清楚")], "010101-3", Urgency::紧急, "24小时内办结"),
    ("020101", "井盖松了，车一压就响", &[("有没有人或车掉进去、受伤？", "没有")], "020101-2", Urgency::一般, "3个工作日内办结"),
    ("020101", "井盖不见了", &[("有没有人或车掉进去、受伤？", "没有")], "020101-1", Urgency::紧急, "24小时内办结"),
    ("010303", "楼顶有人搭棚子", &[("现在是正在建还是已经建好了？", "已经建好")], "010303-2", Urgency::一般, "15个工作日内办结"),
    ("010303", "楼顶有人搭棚子", &[("现在是正在建还是已经建好了？", "正在建")], "010303-1", Urgency::紧急, "48小时内"),
    ("040104", "有人拉线给电瓶车充电", &[("现在还在充吗？", "没有充了")], "040104-1", Urgency::一般, "3个工作日内办结"),
    ("040104", "有人拉线给电瓶车充电", &[("现在还在充吗？", "还在充")], "040104-2", Urgency::紧急, "24小时内办结"),
    ("030402", "有人烧树叶，已经灭了", &[], "030402-1", Urgency::一般, "3个工作日内办结"),
    ("080101", "对门婆婆一个人住，敲门没人应", &[], "080101-1", Urgency::紧急, "24小时内办结"),
    ("030101", "垃圾堆起没人清", &[], "030101-1", Urgency::一般, "3个工作日内办结"),
];

#[test]
fn the_standard_is_picked_by_what_was_told_and_names_itself_with_the_deadline() {
    let mut failures = Vec::new();
    for (code, told, answers, id, urgency, basis) in PICKED {
        let mut d = draft();
        let patch = json!({ "category": code, "place": "锦凤苑5栋", "description": told });
        d.patch(&patch, By::Resident, &STREET, monday_at("15:00")).expect("a good patch");
        for (question, words) in *answers {
            let patch = json!({ "answers": { *question: words } });
            d.patch(&patch, By::Resident, &STREET, monday_at("15:00")).unwrap_or_else(|e| panic!("{question}: {e:?}"));
        }
        let t = ticket(&d);
        let standard = t.standard.as_ref().expect("a ticket has a standard");
        let named = t.clock.basis.contains(id) && t.clock.basis.contains(&standard.filing);
        if standard.id != *id || t.urgency != *urgency || !t.clock.basis.contains(basis) || !named {
            failures.push(format!(
                "  {told} {answers:?} → {} {:?} 「{}」, {}",
                standard.id, t.urgency, t.clock.basis, t.urgency_reason
            ));
        }
    }
    all_hold(&failures, PICKED.len());
}

#[test]
fn a_graver_urgency_keeps_its_own_clock() {
    let mut d = draft();
    let patch = json!({ "category": "010101", "place": "锦凤苑5栋", "description": "外墙瓷砖鼓包，下面就是学校门口" });
    d.patch(&patch, By::Resident, &STREET, monday_at("15:00")).expect("a good patch");
    d.patch(&json!({"answers": {"有没有人受伤？": "没有"}}), By::Resident, &STREET, monday_at("15:00")).expect("an answer");
    let t = ticket(&d);
    assert_eq!(t.standard.as_ref().map(|s| s.id.as_str()), Some("010101-2"), "what was told is a bulge");
    assert_eq!(t.urgency, Urgency::紧急, "a school is under it: {}", t.urgency_reason);
    assert!(t.clock.basis.contains("24小时内办结"), "{}", t.clock.basis);
}

#[test]
fn a_confidential_matter_is_marked_and_an_old_ticket_has_no_standard() {
    let mut d = draft();
    let patch =
        json!({ "category": "040309", "place": "锦凤苑5栋", "description": "有家店不正规", "reporter": {"name": "王芳"} });
    d.patch(&patch, By::Resident, &STREET, monday_at("15:00")).expect("a good patch");
    let t = ticket(&d);
    assert!(t.confidential);
    let mut old = serde_json::to_value(&t).expect("serialises");
    let fields = old.as_object_mut().expect("an object");
    fields.remove("standard");
    fields.remove("confidential");
    let back: Ticket = serde_json::from_value(old).expect("a ticket from before there were standards");
    assert_eq!((back.standard, back.confidential), (None, false));
    assert_eq!(back.schema_version, t.schema_version);
}
