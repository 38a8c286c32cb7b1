//! A re-ranking model outside the house: it orders, the gate stays, and nobody waits for a dead one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use gridworker::knowledge::search::Outcome;
use gridworker::llm::{LlmError, Reranker};
use jiff::Timestamp;

use super::{ask, guide, knowledge, parse};

/// Likes passages about one thing, or is dead.
struct Fake {
    likes: Option<&'static str>,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl Reranker for Fake {
    fn id(&self) -> &'static str {
        "fake"
    }

    async fn rerank(&self, query: &str, passages: &[String]) -> Result<Vec<f32>, LlmError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        assert!(!query.is_empty());
        let likes = self.likes.ok_or(LlmError::Permanent { status: 500 })?;
        Ok(passages.iter().map(|p| if p.contains(likes) { 9.0 } else { -9.0 }).collect())
    }
}

async fn outcomes(likes: Option<&'static str>, questions: usize) -> (Outcome, Outcome, usize) {
    let asked = Arc::new(AtomicUsize::new(0));
    let mut found = Vec::new();
    for with in [false, true] {
        let mut knowledge = knowledge();
        if with {
            knowledge = knowledge.with_reranker(Arc::new(Fake { likes, asked: Arc::clone(&asked) }));
        }
        for (id, title) in [("gaoling", "高龄津贴"), ("dibao", "最低生活保障"), ("canji", "残疾人津贴")] {
            let body = format!(
                "**结论**：{title}向社区申请。\n\n## 怎么申请\n{title}的申请材料是身份证、户口簿，社区当场受理津贴申请。\n"
            );
            let text = guide(id, &format!("{title}申请"), &[&format!("{title}怎么申请")], "", &body);
            knowledge.store().put(&parse("x.md", &text), Timestamp::UNIX_EPOCH).await.expect("put");
        }
        knowledge.start().await.expect("start");
        let mut last = None;
        for _ in 0..questions {
            last = Some(knowledge.search(&ask("高龄津贴怎么申请")).await.expect("search"));
        }
        found.extend(last);
    }
    let after = found.pop().expect("asked");
    (found.pop().expect("asked"), after, asked.load(Ordering::SeqCst))
}

#[tokio::test]
async fn it_orders_and_the_gate_stays() {
    let (before, after, asked) = outcomes(Some("残疾人"), 1).await;
    assert_eq!(asked, 1);
    assert_eq!((before.top_score, before.decision), (after.top_score, after.decision), "what is certain enough stays the same");
    assert_eq!(before.documents().first(), Some(&"gaoling"));
    assert_eq!(after.documents().first(), Some(&"canji"), "the model's order: {:?}", after.documents());
}

#[tokio::test]
async fn a_dead_one_changes_nothing_and_is_left_alone_for_a_while() {
    let (before, after, asked) = outcomes(None, 5).await;
    assert_eq!(before.documents(), after.documents());
    assert_eq!(asked, 1, "asked once, then left alone");
}
