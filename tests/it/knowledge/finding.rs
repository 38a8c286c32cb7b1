//! Search: the right guide, the honest no, and what is no longer in force.

use std::sync::Arc;

use gridworker::knowledge::indexing::Started;
use gridworker::knowledge::lexicon::Lexicon;
use gridworker::knowledge::memory::MemoryKnowledge;
use gridworker::knowledge::search::{Decision, Knowledge};
use gridworker::knowledge::store::KnowledgeStore as _;
use gridworker::storage::index::edge::EdgeStore;
use jiff::Timestamp;

use super::{ask, guide, knowledge, parse};

const DIBAO: &str = "**结论**：家里人均收入低于标准的可以申请最低生活保障。\n\n## 怎么申请\n向户籍所在地街道提出书面申请，提交收入和财产材料。\n\n## 找谁办\n街道便民服务中心。";
const RANQI: &str = "**结论**：闻到燃气味先关阀门、开窗，不要开关电器。\n\n## 怎么办\n到室外打燃气公司电话和119。";
const YANGGOU: &str = "**结论**：养犬要打狂犬疫苗并登记。\n\n## 被狗咬了\n饲养人要承担赔偿责任。";

async fn stocked() -> Knowledge {
    let knowledge = knowledge();
    let put = [
        guide("dibao", "低保怎么申请", &["没有收入怎么申请低保", "最低生活保障要什么材料"], "", DIBAO),
        guide("ranqi", "家里闻到燃气味怎么办", &["厨房有煤气味怎么办", "燃气泄漏打什么电话"], "", RANQI),
        guide("yanggou", "养狗和被狗咬", &["被狗咬了谁赔", "养狗要办什么证"], "", YANGGOU),
        guide(
            "jiu",
            "旧的停车收费办法",
            &["小区停车一小时多少钱"],
            "expires_on = 2026-06-01\nsuperseded_by = \"dibao\"\n",
            "**结论**：停车每小时五元。",
        ),
    ];
    for text in put {
        knowledge.store().put(&parse("x.md", &text), Timestamp::UNIX_EPOCH).await.expect("put");
    }
    assert_eq!(knowledge.start().await.expect("start"), Started::Rebuilt);
    knowledge
}

#[tokio::test]
async fn finds_the_guide_and_declines_what_is_not_here() {
    let knowledge = stocked().await;
    for (question, expected) in [
        ("家里没收入了，低保怎么申请", "dibao"),
        ("想吃低保找谁", "dibao"),
        ("廚房聞到煤氣味怎麼辦", "ranqi"),
        ("请问一下，被狗咬了要谁来赔", "yanggou"),
    ] {
        let outcome = knowledge.search(&ask(question)).await.expect("search");
        assert_eq!(outcome.best_document().map(|d| d.id.as_str()), Some(expected), "{question}: {:.2}", outcome.top_score);
        assert!(outcome.hits.iter().all(|h| (0.0..=1.0).contains(&h.score)), "{question}");
    }
    for question in
        ["今天天气怎么样", "红烧肉怎么做", "推荐几只股票", "讲个笑话", "", "？？？", "🙂", "hello world", "北京的低保标准是多少"]
    {
        let outcome = knowledge.search(&ask(question)).await.expect("search");
        assert_eq!(outcome.decision, Decision::NotFound, "{question}: {:.2}", outcome.top_score);
        assert!(outcome.best_document().is_none());
    }
}

#[tokio::test]
async fn says_that_the_best_match_has_expired_and_what_took_its_place() {
    let knowledge = stocked().await;
    let outcome = knowledge.search(&ask("小区停车一小时多少钱")).await.expect("search");
    assert_eq!(outcome.decision, Decision::Answerable, "the successor answers");
    let expired = outcome.expired.clone().expect("the old document is named");
    let successor = expired.successor.as_ref().map(|s| s.id.as_str());
    assert_eq!((expired.title.as_str(), successor), ("旧的停车收费办法", Some("dibao")));
    assert!(outcome.hits.iter().all(|h| h.document.id != "jiu"), "nothing out of force is shown");
    assert!(outcome.hits.iter().all(|h| h.document.id == "dibao"), "{:?}", outcome.documents());
}

#[tokio::test]
async fn gives_the_clauses_around_a_hit() {
    let knowledge = stocked().await;
    let outcome = knowledge.search(&ask("低保怎么申请")).await.expect("search");
    let headings: Vec<String> = knowledge.neighbours(&outcome.hits[0].passage, 5).iter().map(|p| p.heading.clone()).collect();
    assert_eq!(headings, ["结论", "怎么申请", "找谁办"]);
}

#[tokio::test]
async fn a_retired_or_changed_document_is_gone_from_the_index_at_once() {
    let knowledge = stocked().await;
    knowledge.store().retire("ranqi", Timestamp::UNIX_EPOCH).await.expect("retire");
    assert!(knowledge.refresh().await.expect("refresh") > 0);
    let outcome = knowledge.search(&ask("厨房有煤气味怎么办")).await.expect("search");
    assert!(outcome.hits.iter().all(|h| h.document.id != "ranqi"), "{:?}", outcome.documents());
    assert_eq!(knowledge.refresh().await.expect("refresh"), 0, "nothing left to do");
}

#[tokio::test]
async fn an_index_begun_empty_weighs_like_one_built_at_once() {
    let texts = [
        guide("dibao", "低保怎么申请", &["没有收入怎么申请低保"], "", DIBAO),
        guide("ranqi", "家里闻到燃气味怎么办", &["厨房有煤气味怎么办"], "", RANQI),
    ];
    let (grown, built) = (knowledge(), knowledge());
    grown.start().await.expect("start");
    for knowledge in [&grown, &built] {
        for text in &texts {
            knowledge.store().put(&parse("x.md", text), Timestamp::UNIX_EPOCH).await.expect("put");
        }
    }
    grown.refresh().await.expect("refresh");
    built.start().await.expect("start");
    let of =
        async |knowledge: &Knowledge| knowledge.search(&ask("没有收入怎么申请低保")).await.expect("search").hits[0].legs.sparse;
    assert_eq!(of(&grown).await, of(&built).await, "the mean length is that of the passages, not of the empty start");
}

#[tokio::test]
async fn the_index_is_rebuilt_from_the_rows_when_its_folder_is_damaged() {
    let folder = tempfile::tempdir().expect("temp folder");
    let store = Arc::new(MemoryKnowledge::default());
    store
        .put(&parse("x.md", &guide("dibao", "低保怎么申请", &["没有收入怎么申请低保"], "", DIBAO)), Timestamp::UNIX_EPOCH)
        .await
        .expect("put");
    let open = async || {
        let index = EdgeStore::open(folder.path().to_owned()).await.expect("open");
        Knowledge::new(Arc::clone(&store) as _, Arc::new(index), None, Lexicon::default())
    };
    let knowledge = open().await;
    assert_eq!(knowledge.start().await.expect("start"), Started::Rebuilt, "no index yet");
    drop(knowledge);
    let knowledge = open().await;
    assert_eq!(knowledge.start().await.expect("start"), Started::Ready, "kept on disk");
    drop(knowledge);
    std::fs::remove_dir_all(folder.path().join("gen-0001").join("segments")).expect("damage");
    let knowledge = open().await;
    assert_ne!(knowledge.start().await.expect("start"), Started::Ready, "damaged");
    let outcome = knowledge.search(&ask("没有收入怎么申请低保")).await.expect("search");
    assert!(outcome.documents().contains(&"dibao"), "found again after the repair");
}
