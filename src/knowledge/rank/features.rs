//! What the re-ranker knows of a candidate, beside its fellows.

use std::collections::HashMap;

use super::reading::Said;

/// Candidates whose sparse scores tell which documents and headings a question is about.
const CONTEXT: usize = 200;

/// Names of the features, in order.
pub const NAMES: [&str; 37] = [
    "unigrams/max",
    "bigrams/max",
    "title_bigrams",
    "title_unigrams",
    "heading_unigrams",
    "base",
    "base_rank",
    "cover_bigrams",
    "cover_unigrams",
    "sentence",
    "density",
    "subsequence",
    "length",
    "gap",
    "document_sum",
    "document_sum4",
    "document_max",
    "heading_max",
    "in_document",
    "previous",
    "neighbours",
    "own",
    "own_gap",
    "taught",
    "taught_gap",
    "authority",
    "first",
    "first_rank",
    "fused_document",
    "taught_document",
    "taught_heading",
    "taught_neighbours",
    "familiar",
    "strength",
    "question_length",
    "own_title",
    "taught_title",
];
/// Place of the score in the order before the re-ranker.
pub const FIRST: usize = 26;
/// Features of a candidate.
pub const WIDTH: usize = NAMES.len();
/// A candidate's features.
pub type Features = [f32; WIDTH];

/// A candidate before it is ranked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Candidate {
    /// Number of its document.
    pub document: u32,
    /// Number of its heading within all documents.
    pub heading: u32,
    /// What its words say.
    pub said: Said,
    /// Sparse scores of the passages before and after it in the same document; 0 when there is none.
    pub around: [f32; 2],
    /// Cosine by the table learnt from passages.
    pub own: f32,
    /// Cosine by the table learnt from questions; 0 without one.
    pub taught: f32,
    /// The larger of its neighbours' cosines by that table.
    pub taught_around: f32,
    /// Cosines with title and heading by both tables.
    pub titles: [f32; 2],
    /// How high its document stands, 0..1.
    pub authority: f32,
}

impl Candidate {
    /// Both sparse legs together.
    #[must_use]
    pub fn base(&self) -> f32 {
        self.said.legs[0] + self.said.legs[1]
    }
}

/// What holds for a question as a whole.
#[derive(Debug, Clone, Copy, Default)]
pub struct Whole {
    /// Largest cosine of any passage by both tables.
    pub best: [f32; 2],
    /// Largest cosine of the question with one that was learnt from.
    pub familiar: f32,
    /// Characters of the question.
    pub length: f32,
}

/// Weights of what orders the candidates before the re-ranker.
#[derive(Debug, Clone, Copy)]
pub struct First {
    /// Of the cosine by the table learnt from passages.
    pub own: f32,
    /// Of the cosine by the table learnt from questions.
    pub taught: f32,
    /// Of its document's share of the best sparse scores.
    pub document: f32,
    /// Of the document's authority.
    pub authority: f32,
}

impl First {
    /// Without anything learnt from questions. Measured: .5–1 is flat for `own`; the other two help more than any other trick.
    pub const UNTAUGHT: Self = Self { own: 0.7, taught: 0.0, document: 0.15, authority: 0.15 };
    /// With a table learnt from questions, which begins as the other one and takes its place.
    pub const TAUGHT: Self = Self { own: 0.0, taught: 1.0, document: 0.15, authority: 0.15 };
}

/// Sum of the relative sparse scores of each document over the best candidates, the largest being 1.
fn context(candidates: &[Candidate], order: &[usize], top: f32, power: i32) -> HashMap<u32, f32> {
    let mut sums: HashMap<u32, f32> = HashMap::new();
    for &n in order.iter().take(CONTEXT) {
        *sums.entry(candidates[n].document).or_insert(0.0) += (candidates[n].base() / top).powi(power);
    }
    let best = sums.values().copied().fold(1e-9, f32::max);
    for s in sums.values_mut() {
        *s /= best;
    }
    sums
}

/// Numbers of the candidates, best first by `score`; equal ones in their order.
pub fn order(count: usize, score: impl Fn(usize) -> f32) -> Vec<usize> {
    let mut out: Vec<usize> = (0..count).collect();
    out.sort_by(|a, b| score(*b).total_cmp(&score(*a)).then(a.cmp(b)));
    out
}

/// The first order's score of each candidate.
#[must_use]
pub fn first(candidates: &[Candidate], weights: &First) -> Vec<f32> {
    let by_base = order(candidates.len(), |n| candidates[n].base());
    let top = by_base.first().map_or(1e-9, |n| candidates[*n].base().max(1e-9));
    let documents = context(candidates, &by_base, top, 1);
    candidates
        .iter()
        .map(|c| {
            c.base() / top
                + weights.own * c.own
                + weights.taught * c.taught
                + weights.document * documents.get(&c.document).copied().unwrap_or(0.0)
                + weights.authority * c.authority
        })
        .collect()
}

/// The features of each candidate; `first` are the scores of [`first`].
#[must_use]
pub fn features(candidates: &[Candidate], first: &[f32], whole: &Whole) -> Vec<Features> {
    let by_base = order(candidates.len(), |n| candidates[n].base());
    let by_first = order(candidates.len(), |n| first[n]);
    let mut ranks = vec![[0f32; 2]; candidates.len()];
    for (which, list) in [&by_base, &by_first].into_iter().enumerate() {
        list.iter().enumerate().for_each(|(rank, n)| ranks[*n][which] = (1.0 + rank as f32).ln());
    }
    let top = by_base.first().map_or(1e-9, |n| candidates[*n].base().max(1e-9));
    let tenth = by_base.get(9).map_or(0.0, |n| candidates[*n].base());
    let largest = |f: &dyn Fn(&Candidate) -> f32| candidates.iter().map(f).fold(1e-9f32, f32::max);
    let (u, b) = (largest(&|c| c.said.legs[0]), largest(&|c| c.said.legs[1]));
    let (sums, powers) = (context(candidates, &by_base, top, 1), context(candidates, &by_base, top, 4));
    let fold = |key: &dyn Fn(&Candidate) -> u32, value: &dyn Fn(usize) -> f32| -> HashMap<u32, f32> {
        let mut out: HashMap<u32, f32> = HashMap::new();
        for (n, c) in candidates.iter().enumerate() {
            let best = out.entry(key(c)).or_insert(0.0);
            *best = best.max(value(n));
        }
        out
    };
    let document_max = fold(&|c| c.document, &|n| candidates[n].base());
    let heading_max = fold(&|c| c.heading, &|n| candidates[n].base());
    let taught_document = fold(&|c| c.document, &|n| candidates[n].taught);
    let taught_heading = fold(&|c| c.heading, &|n| candidates[n].taught);
    let mut fused: HashMap<u32, f32> = HashMap::new();
    for &n in by_first.iter().take(50) {
        *fused.entry(candidates[n].document).or_insert(0.0) += first[n];
    }
    let most = fused.values().copied().fold(1e-9, f32::max);
    let of = |map: &HashMap<u32, f32>, key: u32| map.get(&key).copied().unwrap_or(0.0);
    candidates
        .iter()
        .enumerate()
        .map(|(n, c)| {
            let base = c.base();
            [
                c.said.legs[0] / u,
                c.said.legs[1] / b,
                c.said.title[1],
                c.said.title[0],
                c.said.heading,
                base / top,
                ranks[n][0],
                c.said.cover[1],
                c.said.cover[0],
                c.said.sentence,
                c.said.density,
                c.said.subsequence,
                c.said.length,
                top - tenth,
                of(&sums, c.document),
                of(&powers, c.document),
                of(&document_max, c.document) / top,
                of(&heading_max, c.heading) / top,
                base / of(&document_max, c.document).max(1e-9),
                c.around[0] / top,
                c.around[0].max(c.around[1]) / top,
                c.own,
                c.own - whole.best[0],
                c.taught,
                c.taught - whole.best[1],
                c.authority,
                first[n],
                ranks[n][1],
                of(&fused, c.document) / most,
                of(&taught_document, c.document) - whole.best[1],
                of(&taught_heading, c.heading) - whole.best[1],
                c.taught_around - whole.best[1],
                whole.familiar,
                top,
                whole.length,
                c.titles[0],
                c.titles[1],
            ]
        })
        .collect()
}
