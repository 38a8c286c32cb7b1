//! The order of passages that stand for themselves, learnt again after what it was learnt from has changed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::knowledge::catalog::Catalog;
use crate::knowledge::curation::Curation;
use crate::knowledge::pairs::{PairSet, TrainingPairs as _};
use crate::knowledge::reorder::{self, Lesson};
use crate::knowledge::search::Knowledge;

/// Between two looks. Learning takes up to a minute of both cores, so changes that come together are learnt together.
const EVERY: Duration = Duration::from_secs(300);

/// Looks now and then, and learns when passages or questions have changed; never on the way of a question.
pub async fn run(knowledge: Arc<Knowledge>, curation: Arc<Curation>, stop: CancellationToken) {
    let mut learnt: Option<(Arc<Catalog>, PairSet)> = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let pairs = match curation.pairs().pairs().await {
            Ok(pairs) => pairs,
            Err(error) => {
                tracing::warn!(%error, "the training pairs were not read");
                continue;
            }
        };
        let catalog = knowledge.catalog();
        if learnt.as_ref().is_some_and(|(c, p)| Arc::ptr_eq(c, &catalog) && *p == pairs) {
            continue;
        }
        let lessons = lessons(&catalog, &pairs);
        learnt = Some((catalog, pairs));
        if lessons.len() < reorder::FEWEST {
            continue;
        }
        let knowledge = Arc::clone(&knowledge);
        match tokio::task::spawn_blocking(move || knowledge.learn_order(&lessons)).await {
            Ok(Some(verdict)) => tracing::info!(?verdict, "the order of passages was learnt"),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the order of passages was not learnt"),
        }
    }
}

/// The pairs whose document is made of passages that stand for themselves.
fn lessons(catalog: &Catalog, pairs: &PairSet) -> Vec<Lesson> {
    let plain: HashSet<&str> = catalog.units().iter().filter(|u| u.is_plain()).map(|u| u.meta.id.as_str()).collect();
    let of_plain = pairs.pairs.iter().filter(|p| plain.contains(p.document.as_str()));
    of_plain
        .map(|p| Lesson { question: p.question.clone(), document: p.document.clone(), clause: p.clause.clone() })
        .collect()
}
