//! The order of passages that stand for themselves, learnt from questions: what residents call a thing is learnt, and nothing else moves.

use std::fmt::Write as _;

use gridworker::knowledge::reorder::{Lesson, Level};
use jiff::Timestamp;

use super::{ask, knowledge, parse};

/// A thing as the office writes it, and as people say it.
const THINGS: [(&str, &str); 20] = [
    ("机动车停放", "停车"), ("生活垃圾投放", "丢垃圾"), ("建筑外立面", "外墙"), ("排水管网", "下水道"), ("供水设施", "水管"),
    ("照明器具", "路灯"), ("升降设备", "电梯"), ("绿化植被", "树子"), ("消防器材", "灭火器"), ("犬类饲养", "养狗"),
    ("噪声源", "吵人"), ("餐饮油烟", "油烟子"), ("非机动车库", "车棚"), ("公共座椅", "板凳"), ("信报箱体", "信箱"),
    ("视频监视装置", "摄像头"), ("门禁系统", "门卡"), ("化粪设施", "粪池"), ("围挡构筑物", "围墙"), ("晾晒支架", "晾衣杆"),
];
const DEEDS: [&str; 20] = [
    "登记", "变更", "注销", "查询", "补办", "延期", "退费", "投诉", "检测", "验收", "迁移", "租赁", "培训", "年审", "公示", "拍卖", "捐赠", "巡检",
    "备案", "维修",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_call_a_thing_is_learnt_from_their_questions() {
    let mut text = String::new();
    let mut lessons = Vec::new();
    for (official, said) in THINGS {
        for (n, deed) in DEEDS.iter().enumerate() {
            let heading = format!("{official}{deed}");
            writeln!(text, "{heading}：办理{official}的{deed}，携带身份证明到第{n}号窗口提出，工作人员当场核对后受理。").expect("written");
            lessons.push(Lesson { question: format!("{said}怎么{deed}"), document: "lines".to_owned(), clause: Some(heading) });
        }
    }
    let knowledge = knowledge();
    knowledge.store().put(&parse("lines.txt", &text), Timestamp::UNIX_EPOCH).await.expect("put");
    knowledge.start().await.expect("start");
    let question = ask("丢垃圾怎么退费");
    let before = knowledge.search(&question).await.expect("search");

    let verdict = knowledge.learn_order(&lessons).expect("four hundred questions teach something");
    assert_eq!(verdict, knowledge.learn_order(&lessons).expect("again"), "the same questions teach the same");
    assert_eq!(verdict.lessons, lessons.len());
    assert!(verdict.held_out > 0 && verdict.level != Level::Off, "held-out questions gain: {verdict:?}");
    assert!(verdict.tables.max(verdict.full) > verdict.sparse, "{verdict:?}");

    let after = knowledge.search(&question).await.expect("search");
    assert_eq!(after.top_score, before.top_score, "the gate means the same with and without");
    assert_eq!(after.decision, before.decision);
    let scores = |outcome: &gridworker::knowledge::search::Outcome| outcome.hits.iter().map(|h| h.score).collect::<Vec<_>>();
    assert_eq!(scores(&after), scores(&before), "the list of probabilities stays as it is");
    let first = after.hits.first().map(|h| h.passage.heading.as_str());
    assert_eq!(first, Some("生活垃圾投放退费"), "{verdict:?}; before: {:?}", before.hits.first().map(|h| &h.passage.heading));

    // Too few questions teach nothing, and passages of guides are none of its business.
    assert!(knowledge.learn_order(&lessons[..20]).is_none());
}
