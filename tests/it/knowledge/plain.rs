//! Plain files, a paragraph a line: found without a word of front matter, and the honest no beside them.

use gridworker::knowledge::fit;
use gridworker::knowledge::lexicon::Lexicon;
use gridworker::knowledge::search::{Decision, Knowledge};
use jiff::Timestamp;

use super::{ask, guide, knowledge, parse};

const LINES: &str = "\
自行车棚钥匙领取：本楼住户凭房卡到物业前台登记，押金十元，当天可以拿到，搬走时退还押金。
社区食堂用餐时间：早餐七点到八点半，午餐十一点半到一点，晚餐五点到六点半，周日休息。
社区活动室预约：提前两天在居委会前台登记，每次最多三小时，合唱队和棋友优先安排晚间时段。
晾衣架维修：公共晾衣架松动或断裂的，打物业报修电话，三个工作日内派人更换。
旧衣回收箱开放：每月第一个星期六上午九点到十一点，衣物洗净装袋后投放到东门回收箱。
健身器材损坏报修：广场健身器材晃动、缺螺丝的，先停用，再向居委会报修，五天内修好。
楼道声控灯不亮：记下单元和楼层告诉物业，二十四小时内换灯泡，公共电费由物业承担。
便民理发服务：每月十五日上午在社区活动室为七十岁以上老人免费理发，不用预约，排队即可。
共享工具借用：电钻、梯子等工具凭身份证在居委会登记借用，三天内归还，损坏照价赔偿。
儿童托管班报名：寒暑假托管班面向一到四年级学生，开班前两周在社区服务中心报名，每班二十人。
";

async fn stocked(texts: &[(&str, String)]) -> Knowledge {
    let knowledge = knowledge();
    for (name, text) in texts {
        knowledge.store().put(&parse(name, text), Timestamp::UNIX_EPOCH).await.expect("put");
    }
    knowledge.start().await.expect("start");
    knowledge
}

const ASKED: [(&str, &str); 10] = [
    ("自行车棚的钥匙在哪里领", "自行车棚钥匙领取"),
    ("社区食堂几点吃晚餐", "社区食堂用餐时间"),
    ("活动室怎么预约", "社区活动室预约"),
    ("公共晾衣架断了找谁修", "晾衣架维修"),
    ("旧衣服回收箱什么时候开放", "旧衣回收箱开放"),
    ("广场的健身器材坏了怎么报修", "健身器材损坏报修"),
    ("楼道的声控灯不亮了怎么办", "楼道声控灯不亮"),
    ("老人免费理发是哪天", "便民理发服务"),
    ("可以借用电钻和梯子吗", "共享工具借用"),
    ("暑假托管班怎么报名", "儿童托管班报名"),
];

#[tokio::test]
async fn each_line_is_found_by_itself_and_beside_a_guide() {
    let other = guide(
        "dibao",
        "低保怎么申请",
        &["没有收入怎么申请低保", "最低生活保障要什么材料"],
        "",
        "**结论**：家里人均收入低于标准的可以申请最低生活保障。\n\n## 怎么申请\n向户籍所在地街道提出书面申请。",
    );
    for texts in [vec![("lines.txt", LINES.to_owned())], vec![("lines.txt", LINES.to_owned()), ("dibao.md", other)]] {
        let knowledge = stocked(&texts).await;
        for (question, heading) in ASKED {
            let outcome = knowledge.search(&ask(question)).await.expect("search");
            let best = outcome.hits.first().map(|h| h.passage.heading.as_str());
            assert_eq!(
                (outcome.decision, best),
                (Decision::Answerable, Some(heading)),
                "{question} among {} files: {:.2}",
                texts.len(),
                outcome.top_score
            );
        }
    }
}

#[tokio::test]
async fn what_no_line_says_is_declined() {
    let knowledge = stocked(&[("lines.txt", LINES.to_owned())]).await;
    for question in [
        "护照丢了去哪里补",
        "红烧肉怎么做",
        "结婚登记要带什么",
        "公司年报怎么填",
        "孩子发烧吃什么药",
        "残疾人证怎么评级",
        "工资被拖欠了去哪里投诉",
        "hello",
    ] {
        let outcome = knowledge.search(&ask(question)).await.expect("search");
        assert_eq!(
            outcome.decision,
            Decision::NotFound,
            "{question}: {:.2} {:?}",
            outcome.top_score,
            outcome.hits.first().map(|h| &h.passage.heading)
        );
    }
}

#[test]
#[expect(clippy::float_cmp, reason = "the very same values")]
fn the_trainer_tells_apart_what_is_there_and_says_the_same_twice() {
    let bodies = [
        ("lou", "楼道堆物清理", "楼道里的纸箱杂物由物业通知清理"),
        ("deng", "路灯熄灭报修", "路灯熄灭向市政设施报修"),
        ("gou", "遛狗牵绳规定", "遛狗必须牵绳并清理粪便"),
        ("shui", "停水通知查询", "停水通知在供水公司公众号查询"),
    ];
    let documents: Vec<_> = bodies
        .iter()
        .map(|(id, title, text)| {
            let questions = [format!("{title}找谁"), format!("怎么办{title}"), format!("{text}吗"), format!("{title}要多久")];
            let questions: Vec<&str> = questions.iter().map(String::as_str).collect();
            parse("x.md", &guide(id, title, &questions, "", &format!("**结论**：{text}。\n\n## 怎么办\n{text}。")))
        })
        .collect();
    let foreign = fit::foreign_questions("# 说明\n\n红烧肉怎么做\n 股票还能买吗 \n月亮为什么会圆\n");
    assert_eq!(foreign.len(), 3, "remarks and empty lines are no questions");
    let once = fit::train(&documents, &Lexicon::default(), &foreign);
    assert_eq!((once.guides.figures.known, once.guides.figures.removed, once.guides.figures.foreign), (16, 16, 3));
    assert_eq!(once.guides.figures.declined, 0, "{}", once.guides);
    assert_eq!(once.guides.figures.foreign_declined, 3, "{}", once.guides);
    assert_eq!(once.plain.threshold, gridworker::knowledge::judge::THRESHOLD, "one threshold for both");
    let again = fit::train(&documents, &Lexicon::default(), &foreign);
    assert_eq!(once.guides.weights, again.guides.weights, "deterministic");
    assert_eq!(once.plain.weights, again.plain.weights, "deterministic");
}

#[test]
fn a_long_list_of_matters_is_still_a_line_each_and_long_prose_is_not() {
    let lines: String = (0..300)
        .map(|n| format!("第{n}栋自行车棚钥匙领取：本楼住户凭房卡到物业前台登记，押金十元，当天可以拿到。\n"))
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(parse("list.txt", &lines).passages(1).len(), 300, "unrelated matters are not packed into one piece");
    let prose: String = (0..300)
        .map(|n| format!("这一段讲的是第{n}件事，前后相连，要放在一起才读得懂，所以可以合成一段。\n"))
        .collect::<Vec<_>>()
        .concat();
    let pieces = parse("prose.txt", &prose).passages(1).len();
    assert!(pieces < 100, "{pieces}");
}
