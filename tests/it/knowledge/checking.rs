//! Near copies, contradictions, two versions of one law: findings with both passages side by side.

use gridworker::knowledge::area::Areas;
use gridworker::knowledge::document::ParsedDocument;
use gridworker::knowledge::findings::guard::Guard;
use gridworker::knowledge::findings::{Checker, Finding, FindingKind, Severity, figures, title_key};
use gridworker::knowledge::life::diff;
use gridworker::knowledge::life::service::LifeError;
use jiff::Timestamp;
use proptest::prelude::*;

use super::life::{House, actor, houses, text};
use super::{guide, parse};

const LONG: &str = "**结论**：家里人均收入低于当地标准的家庭可以申请最低生活保障，由街道办事处受理，区民政局确认。\n\n\
    ## 怎么申请\n向户籍所在地的街道办事处提出书面申请，提交户口簿、收入和财产材料，街道办事处在30日内完成调查核实并公示。\n\n\
    ## 多久复核\n低保家庭的人口、收入和财产状况每年复核一次，发生变化的要在10日内告诉街道办事处。";

fn document(id: &str, title: &str, extra: &str, body: &str) -> ParsedDocument {
    parse("x.md", &guide(id, title, &["怎么办"], extra, body))
}

fn checker(known: &[ParsedDocument]) -> Checker {
    let areas = Areas::new(["全国", "重庆市", "大渡口区", "春晖路街道"].map(str::to_owned).into());
    Checker::new(areas, known.iter().map(|d| d.as_version(1)).collect())
}

fn kinds(found: &[Finding]) -> Vec<FindingKind> {
    found.iter().map(|f| f.kind).collect()
}

#[test]
fn a_copy_under_another_name_blocks() {
    let known = checker(&[document("dibao", "低保怎么申请", "", LONG)]);
    let copy = document("dibao-2", "最低生活保障申请指南", "", &LONG.replace("10日", "10个工作日"));
    let found = known.check(&copy);
    assert_eq!(kinds(&found), [FindingKind::SameDocument], "{found:#?}");
    assert_eq!(found[0].severity, Severity::Blocking);
    assert_eq!((found[0].ours.document.as_str(), found[0].theirs.document.as_str()), ("dibao-2", "dibao"));
    // A new version of the same document is no duplicate of it.
    assert!(known.check(&document("dibao", "低保怎么申请", "", LONG)).is_empty());
    // Nor is a copy for other readers, elsewhere, or for after it has ended.
    let gridworkers = document("p", "低保怎么申请", "", LONG);
    let mut for_others = gridworkers.clone();
    for_others.meta.audience = gridworker::knowledge::document::Audience::Gridworker;
    assert!(known.check(&for_others).is_empty());
    let ended = checker(&[document("dibao", "低保怎么申请", "expires_on = 2026-03-01\n", LONG)]);
    let mut later = copy.clone();
    later.meta.effective_from = jiff::civil::date(2026, 3, 1);
    assert!(ended.check(&later).is_empty(), "{:#?}", ended.check(&later));
    later.meta.effective_from = jiff::civil::date(2026, 2, 28);
    assert_eq!(kinds(&ended.check(&later)), [FindingKind::SameDocument], "one day of both");
    let mut elsewhere = document("cd", "低保怎么申请", "", LONG);
    elsewhere.meta.area = "成都市".to_owned();
    let mut here = document("cq", "低保怎么申请", "", LONG);
    here.meta.area = "重庆市".to_owned();
    assert!(checker(&[elsewhere.clone()]).check(&here).is_empty(), "areas that never meet");
    assert_eq!(kinds(&known.check(&here)), [FindingKind::SameDocument], "the city lies in the country");
}

#[test]
fn the_same_number_or_title_in_another_year_is_the_same_document() {
    let law = |id: &str, title: &str, number: &str, body: &str| {
        let mut law = document(id, title, "", body);
        law.meta.doc_no = (!number.is_empty()).then(|| number.to_owned());
        law
    };
    let known = checker(&[
        law(
            "a",
            "物业管理条例（2018年修正）",
            "",
            "## 第一条\n为了规范物业管理活动，维护业主和物业服务企业的合法权益，制定本条例。",
        ),
        law("b", "关于规范停车收费的通知", "渝发〔2024〕5号", "停车收费按规定执行。"),
    ]);
    let newer = law("c", "物业管理条例(2025修订)", "", "## 第一条\n全新的一段文字，与从前毫无相同之处。");
    assert_eq!(kinds(&known.check(&newer)), [FindingKind::SameDocument]);
    let numbered = law("d", "停车收费办法", "渝发〔2024〕5 号", "别的文字。");
    assert_eq!(kinds(&known.check(&numbered)), [FindingKind::SameDocument]);
    assert!(known.check(&law("e", "停车收费办法", "渝发〔2024〕6号", "别的文字。")).is_empty());
    for (a, b) in [("中华人民共和国消防法", "消防法（2021年修正）"), ("停车收费办法2024版", "停车收费办法 2023年")]
    {
        assert_eq!(title_key(a), title_key(b));
    }
    for (a, b) in [
        ("消防法", "消防条例"),
        ("关于适用《保险法》若干问题的解释（一）", "关于适用《保险法》若干问题的解释（二）"),
        ("宪法修正案（1988年）", "宪法修正案（2004年）"),
    ] {
        assert_ne!(title_key(a), title_key(b));
    }
}

#[test]
fn another_figure_for_the_same_thing_is_a_contradiction() {
    let known = checker(&[document("dibao", "低保怎么申请", "", "**结论**：街道办事处自受理申请之日起30日内完成调查核实。")]);
    let with = |days: &str| {
        document("xin", "低保申请要多久", "", &format!("**结论**：街道办事处自受理申请之日起{days}内完成调查核实并公示。"))
    };
    let found = known.check(&with("20个工作日"));
    assert!(found.iter().all(|f| f.kind != FindingKind::Contradiction), "another unit is no other figure: {found:#?}");
    let found = known.check(&with("20日"));
    let one = found.iter().find(|f| f.kind == FindingKind::Contradiction).expect("found");
    assert_eq!(one.severity, Severity::Acknowledge);
    assert!(one.ours.text.contains("20日") && one.theirs.text.contains("30日"), "{one:#?}");
    for same in ["30日", "三十日", "30天"] {
        let found = known.check(&with(same));
        assert!(found.iter().all(|f| f.kind != FindingKind::Contradiction), "{same}: {found:#?}");
    }
    let other_matter = document("che", "占道停车怎么罚", "", "**结论**：街道办事处自受理申请之日起20日内完成调查核实。");
    assert!(known.check(&other_matter).iter().all(|f| f.kind != FindingKind::Contradiction), "another matter");
}

#[test]
fn two_versions_of_one_law_are_named() {
    let sourced = |id: &str, version: &str| {
        let file = guide(id, &format!("{id}怎么办"), &["问"], "", "**结论**：按《消防法》第二十八条办。").replace(
            "sources = []",
            &format!("sources = [{{ law = \"消防法\", article = \"第二十八条\", version = \"{version}\" }}]"),
        );
        parse("x.md", &file)
    };
    let known = checker(&[sourced("占用通道", "2019-04-23")]);
    let found = known.check(&sourced("堆放杂物", "2021-04-29"));
    assert!(kinds(&found).contains(&FindingKind::OtherLawVersion), "{found:#?}");
    assert!(known.check(&sourced("堆放杂物", "2019-04-23")).is_empty());
}

#[test]
fn a_passage_taken_over_is_shown_beside_its_original() {
    let known = checker(&[document("dibao", "低保怎么申请", "", LONG)]);
    let other = format!(
        "**结论**：特困人员由区民政局供养，本人向街道办事处提出，街道调查后报区民政局审批，审批通过的按月发给供养金。\n\n\
         ## 供养内容\n包括基本生活条件、照料护理、疾病治疗和办理丧葬事宜等，住房困难的安排住房救助，在校的给教育救助。\n\n\
         ## 谁来核实\n{}",
        "向户籍所在地的街道办事处提出书面申请，提交户口簿、收入和财产材料，街道办事处在30日内完成调查核实并公示。"
    );
    let found = known.check(&document("tekun", "特困供养怎么办", "", &other));
    let near: Vec<_> = found.iter().filter(|f| f.kind == FindingKind::NearDuplicate).collect();
    assert_eq!(near.len(), 1, "{found:#?}");
    assert_eq!((near[0].ours.clause.as_str(), near[0].theirs.clause.as_str()), ("谁来核实", "怎么申请"));
}

#[test]
fn of_two_copies_in_one_import_the_second_stays_out() {
    let mut guard = Guard::new(checker(&[document("dibao", "低保怎么申请", "", LONG)]));
    let why = guard.admit(&document("copy", "最低生活保障指南", "", LONG)).expect_err("a copy of what is published");
    assert!(why.contains("《低保怎么申请》"), "{why}");
    // The document itself changes; the copy of what it was is no copy any more.
    guard.admit(&document("dibao", "低保怎么申请", "", "**结论**：全部改写，一个字也不剩。")).expect("a new version");
    guard.admit(&document("copy", "最低生活保障指南", "", LONG)).expect("nothing like it is published now");
    assert!(guard.admit(&document("third", "低保指南", "", LONG)).is_err(), "a copy of what came in just now");
}

#[test]
fn figures_are_read_by_value_and_unit() {
    let read = |text: &str| -> Vec<String> {
        let all = figures::stated(text).into_iter().flat_map(|s| s.figures);
        all.map(|f| format!("{}{}", f.value, f.unit)).collect()
    };
    assert_eq!(read("每月1.2万元，三十日内，满60周岁，百分之三十，30%。"), ["12000元", "30日", "60岁", "30%", "30%"]);
    assert_eq!(read("第十二条规定，拨打12345，找A3栋。"), Vec::<String>::new());
    assert_eq!(read("一般由社区统一办理。"), Vec::<String>::new());
}

/// Nothing of what is shipped would be refused when it is handed in anew.
#[test]
fn the_shipped_guides_are_no_copies_of_each_other() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
    let files = gridworker::knowledge::import::collect(&[root.join("policies"), root.join("procedures")]);
    let documents: Vec<ParsedDocument> =
        files.iter().map(|f| parse(&f.display().to_string(), &std::fs::read_to_string(f).expect("a file"))).collect();
    assert!(documents.len() > 100);
    let known = checker(&documents);
    let blocking: Vec<String> = documents
        .iter()
        .flat_map(|d| known.check(d))
        .filter(|f| f.severity == Severity::Blocking)
        .map(|f| format!("{} / {}: {}", f.ours.document, f.theirs.document, f.message))
        .collect();
    assert!(blocking.is_empty(), "{}", blocking.join("\n"));
}

#[tokio::test]
async fn nothing_is_published_while_a_finding_is_open() {
    let (houses, _keep) = houses().await;
    for House { name, knowledge, life, .. } in houses {
        let put = |d: ParsedDocument| {
            let store = knowledge.store().clone();
            async move { store.put(&d, Timestamp::UNIX_EPOCH).await.expect("put") }
        };
        put(document("dibao", "低保怎么申请", "", LONG)).await;
        put(document("tekun", "特困供养多久答复", "", "**结论**：街道办事处自受理特困申请之日起45日内答复本人。")).await;
        knowledge.refresh().await.expect("refresh");
        let (author, other) = (actor("curator"), actor("reviewer"));
        let hand_in = async |document: ParsedDocument| {
            let id = document.meta.id.clone();
            life.create(document, &author, "").await.expect("create");
            life.submit(&id, 1, &author, "").await.expect("submit").1
        };
        // The same document under another id: never.
        let found = hand_in(document("dibao-2", "最低生活保障申请", "", LONG)).await;
        assert_eq!(found.iter().map(|f| f.finding.severity).collect::<Vec<_>>(), [Severity::Blocking], "{name}");
        let refused = life.acknowledge("dibao-2", &found[0].finding.id, &author, "就要两份").await;
        assert!(matches!(refused, Err(LifeError::Refused(_))), "{name}: {refused:?}");
        assert!(matches!(life.approve("dibao-2", 1, &other, "").await, Err(LifeError::Findings(_))), "{name}");
        // Another figure: once somebody stands by it.
        let other_figure = "**结论**：街道办事处自受理特困申请之日起30日内答复本人。";
        let found = hand_in(document("tekun-2", "特困供养答复期限", "", other_figure)).await;
        let contradiction = found.iter().find(|f| f.finding.kind == FindingKind::Contradiction);
        let contradiction = contradiction.unwrap_or_else(|| panic!("{name}: {found:#?}"));
        assert!(matches!(life.approve("tekun-2", 1, &other, "").await, Err(LifeError::Findings(_))), "{name}");
        assert!(life.acknowledge("tekun-2", &contradiction.finding.id, &author, " ").await.is_err(), "{name}: why?");
        for finding in &found {
            life.acknowledge("tekun-2", &finding.finding.id, &author, "新办法改为30日").await.expect("acknowledge");
        }
        life.approve("tekun-2", 1, &other, "").await.expect("now it may");
        let kept = life.file("tekun-2").await.expect("file").acknowledged;
        assert!(kept.iter().any(|a| a.note == "新办法改为30日" && a.by.id == "curator"), "{name}: {kept:?}");
        // When the first ends, the copy may follow it.
        let gone = gridworker::knowledge::life::record::Retirement {
            reason: "改名重发".to_owned(),
            successor: None,
            ended_on: Some(life.today()),
        };
        life.retire("dibao", &gone, &other).await.expect("retire");
        let back = life.give_back("dibao-2", &other, "施行日期改为今天").await.expect("give back").after.draft.expect("draft");
        let mut content = back.content;
        content.meta.effective_from = life.today();
        let content = ParsedDocument::written(content.meta, &content.body);
        life.edit("dibao-2", back.revision, content, None, &author, "").await.expect("edit");
        let (_, found) = life.submit("dibao-2", back.revision + 1, &author, "").await.expect("submit");
        assert!(found.iter().all(|f| f.finding.severity != Severity::Blocking), "{name}: {found:?}");
    }
}

#[test]
fn what_changed_is_shown_by_fields_lines_and_words() {
    let old = text("dibao", "2026-01-01", "", "**结论**：每月领588元。\n\n## 怎么申请\n带身份证。\n带户口簿。\n找社区。");
    let new =
        text("dibao", "2026-07-01", "", "**结论**：每月领620元。\n\n## 怎么申请\n带身份证。\n找社区。\n\n## 找谁\n民政岗。");
    let shown = diff::between(&old, &new);
    let mut out = String::new();
    for field in &shown.fields {
        out.push_str(&format!("{}: {} → {}\n", field.field, field.old, field.new));
    }
    for line in &shown.lines {
        let number = |n: Option<usize>| n.map_or_else(|| "  ".to_owned(), |n| format!("{n:2}"));
        let spans: String = line
            .spans
            .iter()
            .map(|s| match s.mark {
                diff::Mark::Same => s.text.clone(),
                diff::Mark::Gone => format!("[-{}-]", s.text),
                diff::Mark::New => format!("{{+{}+}}", s.text),
            })
            .collect();
        out.push_str(&format!("{} {} {spans}\n", number(line.old), number(line.new)));
    }
    insta::assert_snapshot!(out);
    assert_eq!(diff::between(&old, &old), diff::Difference::default());
}

proptest! {
    /// Both texts can be put together again from what is shown, when nothing is left out.
    #[test]
    fn a_difference_loses_no_line(old in prop::collection::vec("[一二三四五]{0,6}", 0..5), new in prop::collection::vec("[一二三四五]{0,6}", 0..5)) {
        let of = |lines: &[String]| text("a", "2026-01-01", "", &format!("开头\n{}", lines.join("\n")));
        let (a, b) = (of(&old), of(&new));
        let shown = diff::between(&a, &b);
        if a.body != b.body && a.body.lines().ne(b.body.lines()) {
            for (number, line) in a.body.lines().enumerate() {
                if let Some(told) = shown.lines.iter().find(|l| l.old == Some(number + 1)) {
                    prop_assert_eq!(told.spans.iter().map(|s| s.text.as_str()).collect::<String>(), line);
                }
            }
            let added: Vec<usize> = shown.lines.iter().filter_map(|l| l.new).collect();
            let mut sorted = added.clone();
            sorted.sort_unstable();
            prop_assert_eq!(added, sorted);
        }
    }

    #[test]
    fn any_text_is_checked_without_panic(body in "\\PC{1,200}") {
        prop_assume!(!body.trim().is_empty());
        let known = checker(&[document("dibao", "低保怎么申请", "", LONG)]);
        let mut other = document("x", "另一件事", "", "正文");
        other.body = body;
        let _ = known.check(&other);
    }
}
