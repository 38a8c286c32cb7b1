//! The order of passages that stand for themselves: put over the passages as they change, and learnt again after what it was learnt
//! from has changed. Never on the way of a question.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::knowledge::catalog::Catalog;
use crate::knowledge::curation::Curation;
use crate::knowledge::pairs::{PairSet, TrainingPairs as _};
use crate::knowledge::reorder::{self, Lesson, Model, Verdict};
use crate::knowledge::search::{Knowledge, KnowledgeError};

/// Between two looks at the passages.
const LOOK: Duration = Duration::from_secs(2);
/// Between two looks at the questions. Learning takes up to a minute of both cores, so changes that come together are learnt together.
const LEARN: Duration = Duration::from_mins(5);

/// What is in use.
#[derive(Default)]
struct InUse {
    /// The table of the generation that answers.
    table: Option<String>,
    /// What was learnt for it.
    model: Option<Arc<Model>>,
    /// The passages that it was put over.
    over: Option<Arc<Catalog>>,
}

/// Looks now and then.
pub async fn run(knowledge: Arc<Knowledge>, curation: Arc<Curation>, stop: CancellationToken) {
    let mut used = InUse::default();
    let mut learnt = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let learn = learnt.elapsed() >= LEARN;
        if learn {
            learnt = Instant::now();
        }
        let done = async {
            follow(&knowledge, &mut used).await?;
            if learn { learn_again(&knowledge, &curation, &mut used).await } else { Ok(()) }
        };
        let done: Result<(), KnowledgeError> = tokio::select! {
            // What was begun on another thread ends by itself; nobody waits for it.
            () = stop.cancelled() => return,
            done = done => done,
        };
        if let Err(error) = done {
            tracing::warn!(%error, "the order of passages was not brought up to date");
        }
    }
}

/// Puts what was learnt over the passages that answer now.
async fn follow(knowledge: &Arc<Knowledge>, used: &mut InUse) -> Result<(), KnowledgeError> {
    let Some(snapshot) = knowledge.snapshot() else { return Ok(()) };
    if used.table != snapshot.manifest.table {
        used.model = match &snapshot.manifest.table {
            Some(table) => knowledge.kept_order(table).await?.map(Arc::new),
            None => None,
        };
        used.table.clone_from(&snapshot.manifest.table);
        used.over = None;
    }
    if used.over.as_ref().is_none_or(|over| !Arc::ptr_eq(over, &snapshot.catalog)) {
        let (own, model) = (Arc::clone(knowledge), used.model.clone());
        aside(move || own.use_order(model.as_deref())).await;
        used.over = Some(Arc::clone(&snapshot.catalog));
    }
    Ok(())
}

/// Learns once, at once, and keeps what was learnt; `None` when there is too little to learn from.
///
/// # Errors
/// Rows fail.
pub async fn learn_now(knowledge: &Arc<Knowledge>, curation: &Curation) -> Result<Option<Verdict>, KnowledgeError> {
    let mut used = InUse::default();
    follow(knowledge, &mut used).await?;
    used.model = None;
    learn_again(knowledge, curation, &mut used).await?;
    Ok(used.model.map(|m| m.verdict))
}

/// Learns when the questions are others than those that were learnt from.
async fn learn_again(knowledge: &Arc<Knowledge>, curation: &Curation, used: &mut InUse) -> Result<(), KnowledgeError> {
    let Some(table) = used.table.clone() else { return Ok(()) };
    let pairs = curation.pairs().pairs().await?;
    let catalog = knowledge.catalog();
    let lessons = lessons(&catalog, &pairs);
    let known = used.model.as_ref().map(|m| m.verdict.of);
    if lessons.len() < reorder::FEWEST || known == Some(reorder::fingerprint(&lessons)) {
        return Ok(());
    }
    let own = Arc::clone(knowledge);
    let Some(model) = aside(move || own.learn_order(&lessons)).await.flatten() else { return Ok(()) };
    tracing::info!(verdict = ?model.verdict, "the order of passages was learnt");
    knowledge.keep_order(&table, &model).await?;
    used.model = Some(Arc::new(model));
    used.over = Some(catalog);
    Ok(())
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.inspect_err(|error| tracing::error!(%error, "the order of passages was not made")).ok()
}

/// The pairs whose document is made of passages that stand for themselves.
fn lessons(catalog: &Catalog, pairs: &PairSet) -> Vec<Lesson> {
    let plain: HashSet<&str> = catalog.units().iter().filter(|u| u.is_plain()).map(|u| u.meta.id.as_str()).collect();
    let of_plain = pairs.pairs.iter().filter(|p| plain.contains(p.document.as_str()));
    of_plain.map(|p| Lesson { question: p.question.clone(), document: p.document.clone(), clause: p.clause.clone() }).collect()
}
