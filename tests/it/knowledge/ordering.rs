//! The order of passages that stand for themselves, learnt from questions: what residents call a thing is learnt, and nothing else moves.

use gridworker::knowledge::document::Audience;
use gridworker::knowledge::rank::features::{FIRST, NAMES};
use gridworker::knowledge::reorder::{Lesson, Level, Model};
use jiff::Timestamp;
use jiff::civil::date;

use super::{ask, knowledge, parse};

/// A thing as the office writes it, and as people say it.
const THINGS: [(&str, &str); 20] = [
    ("机动车停放", "停车"),
    ("生活垃圾投放", "丢垃圾"),
    ("建筑外立面", "外墙"),
    ("排水管网", "下水道"),
    ("供水设施", "水管"),
    ("照明器具", "路灯"),
    ("升降设备", "电梯"),
    ("绿化植被", "树子"),
    ("消防器材", "灭火器"),
    ("犬类饲养", "养狗"),
    ("噪声源", "吵人"),
    ("餐饮油烟", "油烟子"),
    ("非机动车库", "车棚"),
    ("公共座椅", "板凳"),
    ("信报箱体", "信箱"),
    ("视频监视装置", "摄像头"),
    ("门禁系统", "门卡"),
    ("化粪设施", "粪池"),
    ("围挡构筑物", "围墙"),
    ("晾晒支架", "晾衣杆"),
];
const DEEDS: [&str; 20] = [
    "登记", "变更", "注销", "查询", "补办", "延期", "退费", "投诉", "检测", "验收", "迁移", "租赁", "培训", "年审", "公示",
    "拍卖", "捐赠", "巡检", "备案", "维修",
];

/// Lines of every matter, and the question that people ask about each.
fn matters() -> (Vec<String>, Vec<(String, String)>) {
    let (mut lines, mut asked) = (Vec::new(), Vec::new());
    for (official, said) in THINGS {
        for (n, deed) in DEEDS.iter().enumerate() {
            let heading = format!("{official}{deed}");
            lines.push(format!("{heading}：办理{official}的{deed}，携带身份证明到第{n}号窗口提出，工作人员当场核对后受理。"));
            asked.push((heading, format!("{said}怎么{deed}")));
        }
    }
    (lines, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::float_cmp, reason = "the very same value")]
async fn what_people_call_a_thing_is_learnt_from_their_questions() {
    let (lines, asked) = matters();
    let text = lines.join("\n");
    let lesson = |(heading, question): (String, String)| Lesson { question, document: "lines".to_owned(), clause: Some(heading) };
    let lessons: Vec<Lesson> = asked.into_iter().map(lesson).collect();
    let knowledge = knowledge();
    knowledge.store().put(&parse("lines.txt", &text), Timestamp::UNIX_EPOCH).await.expect("put");
    knowledge.start().await.expect("start");
    let question = ask("丢垃圾怎么退费");
    let before = knowledge.search(&question).await.expect("search");

    let model = knowledge.learn_order(&lessons).expect("four hundred questions teach something");
    let verdict = model.verdict;
    let again = knowledge.learn_order(&lessons).expect("again");
    assert!(model.to_bytes() == again.to_bytes(), "the same questions teach the same, bit by bit");
    assert_eq!(verdict.lessons, lessons.len());
    assert!(verdict.level != Level::Off, "held-out questions gain: {verdict:?}");
    assert!(verdict.tables.max(verdict.full) > verdict.sparse, "{verdict:?}");

    let after = knowledge.search(&question).await.expect("search");
    assert_eq!(after.top_score, before.top_score, "the gate means the same with and without");
    assert_eq!(after.decision, before.decision);
    let scores = |outcome: &gridworker::knowledge::search::Outcome| outcome.hits.iter().map(|h| h.score).collect::<Vec<_>>();
    assert_eq!(scores(&after), scores(&before), "the list of probabilities stays as it is");
    let first = after.hits.first().map(|h| h.passage.heading.as_str());
    assert_eq!(first, Some("生活垃圾投放退费"), "{verdict:?}; before: {:?}", before.hits.first().map(|h| &h.passage.heading));

    // What was kept is what was learnt, and nothing is made of bytes that are cut.
    let kept = Model::from_bytes(&model.to_bytes()).expect("what was written can be read");
    assert!(kept.to_bytes() == model.to_bytes());
    assert!(Model::from_bytes(&model.to_bytes()[..1000]).is_none());
    knowledge.keep_order("table-1", &model).await.expect("kept");
    assert!(knowledge.kept_order("table-1").await.expect("rows").is_some_and(|k| k.verdict == verdict));
    assert!(knowledge.kept_order("table-2").await.expect("rows").is_none());
    assert_eq!(NAMES[FIRST], "first", "the tables' order is a feature of the re-ranker");

    // Without what was learnt, a knowledge base of this size keeps the sparse order.
    knowledge.use_order(None);
    assert_eq!(knowledge.order_level(), Level::Off);
    knowledge.use_order(Some(&model));
    assert_eq!(knowledge.order_level(), verdict.level);
    let again = knowledge.search(&question).await.expect("search");
    assert_eq!(again.hits.first().map(|h| h.passage.id), after.hits.first().map(|h| h.passage.id));

    // Too few questions teach nothing, and passages of guides are none of its business.
    assert!(knowledge.learn_order(&lessons[..20]).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tables_find_nothing_that_is_not_for_the_asker() {
    let (lines, asked) = matters();
    let knowledge = knowledge();
    // A third each: for residents, for gridworkers, no longer in force.
    for (n, id) in ["open", "inner", "ended"].into_iter().enumerate() {
        let own: Vec<&str> = lines.iter().skip(n).step_by(3).map(String::as_str).collect();
        let mut document = parse(&format!("{id}.txt"), &own.join("\n"));
        if id == "inner" {
            document.meta.audience = Audience::Gridworker;
        } else if id == "ended" {
            document.meta.expires_on = Some(date(2026, 2, 1));
        }
        knowledge.store().put(&document, Timestamp::UNIX_EPOCH).await.expect("put");
    }
    knowledge.start().await.expect("start");
    let ids = ["open", "inner", "ended"];
    let lessons: Vec<Lesson> = asked
        .iter()
        .enumerate()
        .map(|(n, (heading, question))| Lesson {
            question: question.clone(),
            document: ids[n % 3].to_owned(),
            clause: Some(heading.clone()),
        })
        .collect();
    let model = knowledge.learn_order(&lessons).expect("learnt");
    assert_ne!(model.verdict.level, Level::Off, "{:?}", model.verdict);
    for (heading, question) in &asked {
        let outcome = knowledge.search(&ask(question)).await.expect("search");
        let strangers: Vec<&str> =
            outcome.hits.iter().filter(|h| h.document.id != "open").map(|h| h.passage.heading.as_str()).collect();
        assert_eq!(strangers, Vec::<&str>::new(), "「{question}」 ({heading}) found what is not for a resident today");
    }
}
