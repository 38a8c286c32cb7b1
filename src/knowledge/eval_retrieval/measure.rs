//! The figures of a ranking.

use std::collections::HashMap;

/// Depths at which recall is reported.
pub const RECALL_AT: [usize; 4] = [5, 10, 20, 100];

/// Figures over questions. Ratios are 0..1 and mean over the questions that carry gold.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figures {
    /// Questions that carry gold.
    pub judged: usize,
    /// Mean reciprocal rank of the first gold key within ten.
    pub mrr10: f64,
    /// Mean share of gold found, at [`RECALL_AT`].
    pub recall: [f64; 4],
    /// Normalised discounted cumulative gain within ten, binary gains.
    pub ndcg10: f64,
}

/// What [`Figures`] are the means of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sums(Figures);

impl Sums {
    /// Adds a question: what was ranked, best first, and all that is right (also what the corpus does not hold).
    pub fn add<K: std::hash::Hash + Eq>(&mut self, ranked: &[K], gold: &[K]) {
        if gold.is_empty() {
            return;
        }
        let sums = &mut self.0;
        sums.judged += 1;
        let place: HashMap<&K, usize> = ranked.iter().enumerate().rev().map(|(rank, key)| (key, rank)).collect();
        let ranks: Vec<usize> = gold.iter().filter_map(|g| place.get(g).copied()).collect();
        if let Some(first) = ranks.iter().min().filter(|r| **r < 10) {
            sums.mrr10 += 1.0 / (*first as f64 + 1.0);
        }
        for (sum, k) in sums.recall.iter_mut().zip(RECALL_AT) {
            *sum += ranks.iter().filter(|r| **r < k).count() as f64 / gold.len() as f64;
        }
        let discount = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
        let gain: f64 = ranks.iter().filter(|r| **r < 10).map(|r| discount(*r)).sum();
        let ideal: f64 = (0..gold.len().min(10)).map(discount).sum();
        sums.ndcg10 += gain / ideal;
    }

    /// The means.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let n = self.0.judged.max(1) as f64;
        let Figures { judged, mrr10, recall, ndcg10 } = self.0;
        Figures { judged, mrr10: mrr10 / n, recall: recall.map(|r| r / n), ndcg10: ndcg10 / n }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MRR@10 {:.4}", self.mrr10)?;
        for (k, r) in RECALL_AT.iter().zip(self.recall) {
            write!(f, "  R@{k} {r:.4}")?;
        }
        write!(f, "  nDCG@10 {:.4}", self.ndcg10)
    }
}
