//! Which version answers on which day, for whom: expired, future, as of then, near and far.

use gridworker::core::clock::Clock as _;
use gridworker::knowledge::asof;
use gridworker::knowledge::document::Audience;
use gridworker::knowledge::life::record::Retirement;
use gridworker::knowledge::search::{Decision, Knowledge, Outcome};
use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::life::{House, actor, houses};
use super::{ask, guide, parse};

async fn put(knowledge: &Knowledge, id: &str, title: &str, from: &str, extra: &str, body: &str) {
    let file =
        guide(id, title, &[title], extra, body).replace("effective_from = 2026-01-01", &format!("effective_from = {from}"));
    knowledge.store().put(&parse("x.md", &file), Timestamp::UNIX_EPOCH).await.expect("put");
}

async fn on(knowledge: &Knowledge, question: &str, day: Date) -> Outcome {
    let mut query = ask(question);
    query.scope.on = day;
    query.scope.areas = ["全国", "重庆市", "大渡口区", "春晖路街道"].map(str::to_owned).into();
    knowledge.search(&query).await.expect("search")
}

#[tokio::test]
async fn a_version_for_next_month_leaves_todays_in_place() {
    let (houses, _keep) = houses().await;
    for House { name, knowledge, .. } in houses {
        put(&knowledge, "tingche", "小区停车怎么收费", "2026-01-01", "", "**结论**：小区停车每小时5元。").await;
        put(&knowledge, "tingche", "小区停车怎么收费", "2026-07-01", "", "**结论**：小区停车每小时8元。").await;
        knowledge.refresh().await.expect("refresh");
        for (day, version) in [(date(2026, 6, 30), Some(1)), (date(2026, 7, 1), Some(2)), (date(2025, 12, 31), None)] {
            let found = on(&knowledge, "小区停车怎么收费", day).await;
            let versions: Vec<u32> = found.hits.iter().map(|h| h.passage.version).collect();
            assert_eq!(versions.first().copied(), version, "{name} on {day}");
            assert!(versions.iter().all(|v| Some(*v) == version), "{name} on {day}: {versions:?}");
        }
        let first = on(&knowledge, "小区停车怎么收费", date(2026, 6, 30)).await;
        assert_eq!(first.hits[0].document.expires_on, Some(date(2026, 7, 1)), "{name}: cited with the day it ends");
    }
}

#[tokio::test]
async fn the_successor_answers_when_the_best_match_has_ended_though_something_else_would_pass() {
    let (houses, _keep) = houses().await;
    for House { name, knowledge, .. } in houses {
        let ended = "expires_on = 2026-03-01\nsuperseded_by = \"zhuche-xin\"\n";
        put(&knowledge, "zhuche", "占道停车包月怎么收费", "2025-01-01", ended, "**结论**：占道停车包月300元。").await;
        put(&knowledge, "zhuche-xin", "道路临时泊位收费", "2026-03-01", "", "**结论**：道路临时泊位按次收费，每次6元。").await;
        put(&knowledge, "xiaoqu", "小区停车怎么收费", "2025-01-01", "", "**结论**：小区停车包月由业主大会定。").await;
        knowledge.refresh().await.expect("refresh");
        let now = on(&knowledge, "占道停车包月怎么收费", date(2026, 6, 9)).await;
        let told = now.expired.as_ref().expect("it is told");
        assert_eq!((told.title.as_str(), told.expired_on), ("占道停车包月怎么收费", date(2026, 3, 1)), "{name}");
        assert_eq!(told.successor.as_ref().map(|s| s.id.as_str()), Some("zhuche-xin"), "{name}");
        assert_eq!(now.decision, Decision::Answerable, "{name}");
        assert!(!now.hits.is_empty() && now.hits.iter().all(|h| h.document.id == "zhuche-xin"), "{name}: {:?}", now.documents());
        // What is still in force and fits is answered from as ever.
        let other = on(&knowledge, "小区停车怎么收费", date(2026, 6, 9)).await;
        assert!(other.expired.is_none() && other.documents().first() == Some(&"xiaoqu"), "{name}: {:?}", other.expired);
        // And back then it was the rule.
        let then = on(&knowledge, "占道停车包月怎么收费", date(2026, 2, 1)).await;
        assert!(then.expired.is_none() && then.documents().first() == Some(&"zhuche"), "{name}");
    }
}

#[tokio::test]
async fn without_a_successor_it_is_told_that_what_was_asked_for_has_ended() {
    let (houses, _keep) = houses().await;
    for House { name, knowledge, .. } in houses {
        let ended = "expires_on = 2026-03-01\n";
        put(&knowledge, "kaohuo", "冬季烤火补贴怎么领", "2025-01-01", ended, "**结论**：冬季烤火补贴到社区领。").await;
        put(&knowledge, "gaoling", "高龄补贴怎么领", "2025-01-01", "", "**结论**：高龄补贴到社区领。").await;
        knowledge.refresh().await.expect("refresh");
        let now = on(&knowledge, "冬季烤火补贴怎么领", date(2026, 6, 9)).await;
        let told = now.expired.as_ref().expect("it is told");
        assert_eq!((told.title.as_str(), told.successor.as_ref()), ("冬季烤火补贴怎么领", None), "{name}");
        assert!(now.hits.iter().all(|h| h.document.id == "gaoling"), "{name}: nothing that has ended is among the hits");
        assert!(on(&knowledge, "高龄补贴怎么领", date(2026, 6, 9)).await.expired.is_none(), "{name}");
    }
}

#[tokio::test]
async fn a_retired_document_names_its_successor_and_still_answers_for_the_past() {
    let (houses, _keep) = houses().await;
    for House { name, knowledge, life, clock, .. } in houses {
        put(&knowledge, "jiu", "高龄津贴怎么领", "2025-01-01", "", "**结论**：80岁起每月领高龄津贴100元。").await;
        put(&knowledge, "xin", "老年人综合补贴", "2026-01-01", "", "**结论**：年满80岁按月发综合补贴。").await;
        knowledge.refresh().await.expect("refresh");
        let today = clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let gone =
            Retirement { reason: "并入综合补贴".to_owned(), successor: Some("xin".to_owned()), ended_on: Some(today) };
        life.retire("jiu", &gone, &actor("curator")).await.expect("retire");
        let now = on(&knowledge, "高龄津贴怎么领", today).await;
        assert_eq!(now.expired.as_ref().and_then(|e| e.successor.as_ref()).map(|s| s.id.as_str()), Some("xin"), "{name}");
        assert!(now.hits.iter().all(|h| h.document.id == "xin"), "{name}");
        assert_eq!(on(&knowledge, "高龄津贴怎么领", date(2025, 8, 1)).await.documents().first(), Some(&"jiu"), "{name}");
    }
}

#[tokio::test]
async fn a_successor_that_the_asker_may_not_see_is_not_named() {
    let (houses, _keep) = houses().await;
    for House { name, knowledge, .. } in houses {
        let ended = "expires_on = 2026-03-01\nsuperseded_by = \"xin\"\n";
        put(&knowledge, "jiu", "占道停车包月怎么收费", "2025-01-01", ended, "**结论**：占道停车包月300元。").await;
        let file = guide("xin", "占道停车收费处置", &["占道停车包月怎么收费"], "", "**结论**：内部口径。")
            .replace("audience = \"resident\"", "audience = \"gridworker\"");
        knowledge.store().put(&parse("x.md", &file), Timestamp::UNIX_EPOCH).await.expect("put");
        knowledge.refresh().await.expect("refresh");
        let now = on(&knowledge, "占道停车包月怎么收费", date(2026, 6, 9)).await;
        assert_eq!(now.decision, Decision::NotFound, "{name}");
        assert!(now.hits.iter().all(|h| h.document.audience != Audience::Gridworker), "{name}");
        assert!(now.expired.expect("told").successor.is_none(), "{name}");
    }
}

#[tokio::test]
async fn of_two_that_fit_alike_the_more_local_answers_and_elsewhere_is_never_shown() {
    let (houses, _keep) = houses().await;
    for House { name, knowledge, .. } in houses {
        for (id, area) in [("a-guo", "全国"), ("b-shi", "重庆市"), ("c-qu", "大渡口区"), ("d-wai", "成都市")] {
            let file = guide(id, "烟花爆竹哪里可以放", &["烟花爆竹哪里可以放"], "", "**结论**：在划定的地方可以放烟花爆竹。")
                .replace("area = \"全国\"", &format!("area = {area:?}"));
            knowledge.store().put(&parse("x.md", &file), Timestamp::UNIX_EPOCH).await.expect("put");
        }
        knowledge.refresh().await.expect("refresh");
        let found = on(&knowledge, "烟花爆竹哪里可以放", date(2026, 6, 9)).await;
        assert_eq!(found.documents(), ["c-qu", "b-shi", "a-guo"], "{name}");
    }
}

#[test]
fn days_in_questions_are_read_by_code() {
    let today = date(2026, 6, 9);
    let read = |q: &str| asof::read(q, today).map(|a| (a.words, a.first.to_string(), a.last.to_string(), a.rest, a.ahead));
    let is = |words: &str, first: &str, last: &str, rest: &str| {
        Some((words.to_owned(), first.to_owned(), last.to_owned(), rest.to_owned(), false))
    };
    for (question, expected) in [
        ("2024年3月的政策", is("2024年3月", "2024-03-01", "2024-03-31", "政策")),
        ("低保2024年3月的标准是多少", is("2024年3月", "2024-03-01", "2024-03-31", "低保标准是多少")),
        ("去年的标准", is("2025年", "2025-01-01", "2025-12-31", "标准")),
        ("前年的低保标准是多少？", is("2024年", "2024-01-01", "2024-12-31", "低保标准是多少？")),
        ("2023年的时候低保怎么算", is("2023年", "2023-01-01", "2023-12-31", "低保怎么算")),
        ("二〇二三年的低保政策", is("2023年", "2023-01-01", "2023-12-31", "低保政策")),
        ("二零二三年低保标准", is("2023年", "2023-01-01", "2023-12-31", "低保标准")),
        ("按2022年5月的规定，赔多少", is("2022年5月", "2022-05-01", "2022-05-31", "规定，赔多少")),
        ("按照2022年的口径低保怎么算", is("2022年", "2022-01-01", "2022-12-31", "口径低保怎么算")),
        ("去年3月份的收费标准", is("2025年3月", "2025-03-01", "2025-03-31", "收费标准")),
        ("2025年5月20日时候的停车收费标准", is("2025年5月20日", "2025-05-20", "2025-05-20", "停车收费标准")),
        ("2024-03的政策", is("2024年3月", "2024-03-01", "2024-03-31", "政策")),
        ("2024.3.5的规定", is("2024年3月5日", "2024-03-05", "2024-03-05", "规定")),
        ("上个月的补贴标准", is("2026年5月", "2026-05-01", "2026-05-31", "补贴标准")),
        ("三年前的低保标准", is("2023年", "2023-01-01", "2023-12-31", "低保标准")),
        ("去年低保一个月多少", is("2025年", "2025-01-01", "2025-12-31", "低保一个月多少")),
        ("那2023年呢", is("2023年", "2023-01-01", "2023-12-31", "")),
        ("前年呢？", is("2024年", "2024-01-01", "2024-12-31", "")),
        ("今年3月的标准", is("2026年3月", "2026-03-01", "2026-03-31", "标准")),
        ("去年年底的停车收费标准", is("2025年底", "2025-10-01", "2025-12-31", "停车收费标准")),
    ] {
        assert_eq!(read(question), expected, "{question}");
    }
    for question in [
        "低保怎么申请",
        "今年的标准",
        "2026年的低保标准是多少",
        "2023年买的房怎么过户",
        "我2023年退休的，待遇怎么算",
        "2024年3月出生的孩子上小学有什么条件",
        "去年交了社保今年补贴怎么领",
        "去年摔伤了，赔偿标准是多少",
        "2019年修订的条例规定了什么",
        "2021年办的居住证过期了怎么办",
        "去年到期的身份证怎么换",
        "工作20年的补偿标准",
        "12345是什么电话",
        "2023号楼的收费标准",
        "房子2000年建的，加装电梯要什么条件",
    ] {
        assert_eq!(read(question), None, "{question}");
    }
    let next = asof::read("明年的低保标准是多少", today).expect("read");
    assert!(next.ahead && next.words == "2027年" && next.rest == "低保标准是多少");
    for (rest, expected) in [("政策", false), ("标准是多少", false), ("低保标准", true), ("低保怎么算", true), ("", false)]
    {
        assert_eq!(asof::has_matter(rest), expected, "{rest}");
    }
}

proptest::proptest! {
    #[test]
    fn any_question_is_read_without_panic(question in "\\PC{0,60}") {
        let _ = asof::read(&question, date(2026, 6, 9));
    }

    #[test]
    fn any_date_is_read_without_panic(y in 0u32..99999, m in 0u32..99, d in 0u32..99, sep in "[年./-]", tail in "(的政策|月的标准|月5日的规定|呢)") {
        let _ = asof::read(&format!("{y}{sep}{m}{sep}{d}{tail}"), date(2026, 6, 9));
        let _ = asof::read(&format!("{y}年{m}{tail}"), date(2026, 6, 9));
    }
}
