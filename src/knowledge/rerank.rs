//! A re-ranking model outside the house puts the best candidates in order. Search goes on without it when it fails.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::knowledge::catalog::Catalog;
use crate::knowledge::search::{Candidate, reseat};
use crate::llm::port::Reranker;

/// Candidates that it puts in order.
const SHOWN: usize = 20;
/// After a failure it is left alone for so long: nobody waits for a dead endpoint with every question.
const REST: Duration = Duration::from_secs(30);

/// The model, and whether it is left alone.
pub(super) struct Reranking {
    model: Arc<dyn Reranker>,
    rests_until: Mutex<Option<Instant>>,
}

impl Reranking {
    pub(super) fn new(model: Arc<dyn Reranker>) -> Self {
        Self { model, rests_until: Mutex::new(None) }
    }

    pub(super) const fn model(&self) -> &Arc<dyn Reranker> {
        &self.model
    }

    pub(super) fn rests(&self) -> bool {
        self.rests_until.lock().is_some_and(|until| Instant::now() < until)
    }

    /// Puts the best candidates in order by their best passages. The probabilities stay where they are, so the gate means the same
    /// with and without.
    pub(super) async fn apply(&self, question: &str, catalog: &Catalog, candidates: &mut [Candidate]) {
        if candidates.len() < 2 || self.rests() {
            return;
        }
        let slots: Vec<usize> = (0..candidates.len().min(SHOWN)).collect();
        let texts: Vec<String> = slots.iter().map(|n| text(catalog, &candidates[*n])).collect();
        match self.model.rerank(question, &texts).await {
            Ok(scores) if scores.len() == slots.len() => {
                let mut order = slots.clone();
                order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
                reseat(candidates, &slots, &order);
            }
            Ok(scores) => tracing::warn!(scores = scores.len(), of = slots.len(), "the re-ranker answered for other passages"),
            Err(error) => {
                tracing::warn!(%error, "the question is answered without the re-ranker");
                *self.rests_until.lock() = Some(Instant::now() + REST);
            }
        }
    }
}

/// Title, heading and text of the passage by which a candidate was found.
fn text(catalog: &Catalog, candidate: &Candidate) -> String {
    let sparse = |n: usize| candidate.passages[n].1.sparse.unwrap_or(0.0);
    let best = (0..candidate.passages.len()).max_by(|a, b| sparse(*a).total_cmp(&sparse(*b)).then(b.cmp(a)));
    let unit = catalog.units().get(candidate.unit);
    let passage = best.zip(unit).and_then(|(n, unit)| unit.passages.get(candidate.passages[n].0));
    passage.map_or_else(String::new, |p| format!("{} {}\n{}", p.title, p.heading, p.text))
}
