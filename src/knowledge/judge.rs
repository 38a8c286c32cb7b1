//! How well a candidate answers a question, as a probability: a handful of features and a small logistic model.
//!
//! The same number ranks the candidates and decides whether any of them is good enough to be shown.

use crate::knowledge::catalog::{Catalog, Unit};
use crate::knowledge::lexicon::{self, Lexicon};
use crate::learn::ngrams;

/// One wording of a question, taken apart.
#[derive(Debug)]
pub struct Wording {
    /// In the form for matching.
    pub text: String,
    /// What it is about: without the words of asking.
    pub matter: String,
    /// Distinct terms of the matter with how telling they are, sorted by term.
    pub terms: Vec<(u32, f32)>,
    /// The sum of how telling they are.
    pub total: f32,
}

impl Wording {
    fn new(text: String, catalog: &Catalog) -> Self {
        let matter = lexicon::matter(&text);
        let terms: Vec<(u32, f32)> = ngrams::set(&matter).into_iter().map(|t| (t, catalog.idf(t))).collect();
        let total = terms.iter().map(|(_, idf)| idf).sum();
        Self { text, matter, terms, total }
    }

    fn holds(&self, term: u32) -> bool {
        self.terms.binary_search_by_key(&term, |(t, _)| *t).is_ok()
    }
}

/// A question taken apart.
#[derive(Debug)]
pub struct Asked {
    /// As asked without politeness, and the wordings with official words; never empty.
    pub wordings: Vec<Wording>,
    /// About another place's rules.
    pub elsewhere: bool,
    /// Terms of each word of another trade.
    pub other_trades: Vec<Vec<u32>>,
}

impl Asked {
    /// Takes a question apart against this knowledge base.
    #[must_use]
    pub fn new(text: &str, catalog: &Catalog, lexicon: &Lexicon) -> Self {
        let text = lexicon::standard(&lexicon::without_politeness(&crate::core::text::for_matching(text)));
        let elsewhere = lexicon::is_elsewhere(&text);
        let other_trades = lexicon::other_trades(&text).into_iter().map(ngrams::set).collect();
        let mut texts = lexicon.rewordings(&text);
        texts.insert(0, text);
        let wordings = texts.into_iter().map(|t| Wording::new(t, catalog)).collect();
        Self { wordings, elsewhere, other_trades }
    }
}

/// Number of features.
pub const FEATURES: usize = 22;

/// What the model looks at, in the order of [`WEIGHTS`].
pub const NAMES: [&str; FEATURES] = [
    "sparse_share",
    "sparse_self",
    "cover_bigrams",
    "cover_unigrams",
    "head_bigrams",
    "head_unigrams",
    "question",
    "title",
    "keyword",
    "unknown",
    "elsewhere",
    "other_trades",
    "dense",
    "question_recall",
    "stands_out",
    "evidence",
    "head_evidence",
    "keyword_evidence",
    "whole_share",
    "whole_stands_out",
    "asked_share",
    "asked_stands_out",
];

/// The mean of two fits, each a choice among the candidates and "none of them", with L2: the one of the first 94 guides (223 questions of
/// its own and one half of the question set as it was then), and one on the questions of all guides' front matter, taken out a fifth at a
/// time, with `gate-negatives.txt` and a hash-chosen half of both shipped sets. The weight of the dense leg is set by hand: no fit had one.
pub const WEIGHTS: [f32; FEATURES] = [
    2.13, 3.26, -1.16, 1.26, -1.33, 0.32, -4.17, 0.75, -0.84, -2.72, -4.11, -2.76, 3.0, 5.44, 0.70, 0.81, 0.29, 0.38, 0.90, 0.21,
    1.95, -0.28,
];
/// The model's constant.
pub const BIAS: f32 = -8.58;
/// The same for a unit without questions of its own: fitted by `gridworker train` on the guides as plain lines, never on a test set,
/// and scaled to be as sure of a right line as [`WEIGHTS`] are of a right guide, so that both rank in one list.
pub const PLAIN_WEIGHTS: [f32; FEATURES] = [
    0.38, 5.27, 0.49, 0.70, -1.92, -0.36, 0.0, -1.83, 0.0, 1.05, -3.76, -0.86, 3.0, 3.47, 0.38, 0.90, 0.11, 0.0, -0.04, 0.16,
    0.55, -0.04,
];
/// Its constant, such that [`THRESHOLD`] holds for both.
pub const PLAIN_BIAS: f32 = -4.77;
/// From this probability on an answer is shown.
pub const THRESHOLD: f32 = 0.40;

fn has(sorted: &[u32], term: u32) -> bool {
    sorted.binary_search(&term).is_ok()
}

/// The share (0..1), by how telling they are, of the question's terms that `set` holds; (bigrams, unigrams).
fn coverage(asked: &Wording, set: &[u32]) -> (f32, f32) {
    let (mut hit, mut all) = ([0f32; 2], [0f32; 2]);
    for (term, idf) in &asked.terms {
        let leg = usize::from(!ngrams::is_bigram(*term));
        all[leg] += idf;
        if has(set, *term) {
            hit[leg] += idf;
        }
    }
    let share = |leg: usize| if all[leg] > 0.0 { hit[leg] / all[leg] } else { 0.0 };
    (share(0), share(1))
}

/// Cosine (0..1) of two term sets, each term weighing as much as it is telling.
fn cosine(asked: &Wording, set: &[u32], catalog: &Catalog) -> f32 {
    let mut common = 0f32;
    let mut a = 0f32;
    for (term, idf) in &asked.terms {
        a += idf * idf;
        if has(set, *term) {
            common += idf * idf;
        }
    }
    let b: f32 = set.iter().map(|t| catalog.idf(*t).powi(2)).sum();
    if a > 0.0 && b > 0.0 { common / (a.sqrt() * b.sqrt()) } else { 0.0 }
}

/// What the search knows of a candidate unit before judging it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Legs {
    /// The best sparse score of its passages.
    pub sparse: f32,
    /// The best sparse score of any candidate.
    pub best_sparse: f32,
    /// The mean over the other candidates of their best sparse score.
    pub mean_sparse: f32,
    /// BM25F of the whole unit.
    pub whole: Relative,
    /// BM25F of title, keywords and questions.
    pub asked: Relative,
    /// The best cosine of its passages on the dense leg above the mean of the other candidates; 0 without that leg.
    pub dense: f32,
}

/// ln(1 + how telling the bigrams are that question and set share): grows with evidence, whatever the length of the question.
fn evidence(asked: &Wording, set: &[u32]) -> f32 {
    let shared = asked.terms.iter().filter(|(t, _)| ngrams::is_bigram(*t) && has(set, *t));
    (1.0 + shared.map(|(_, idf)| idf).sum::<f32>()).ln()
}

/// The share (0..1) of a front-matter question's telling terms that the asked question holds.
fn recall(asked: &Wording, set: &[u32], catalog: &Catalog) -> f32 {
    let (mut met, mut all) = (0f32, 0f32);
    for term in set {
        let idf = catalog.idf(*term);
        all += idf;
        if asked.holds(*term) {
            met += idf;
        }
    }
    if all > 0.0 { met / all } else { 0.0 }
}

/// One score of a candidate beside the same score of the others.
#[derive(Debug, Clone, Copy, Default)]
pub struct Relative {
    /// Its own.
    pub own: f32,
    /// The best of any candidate.
    pub best: f32,
    /// The mean of the others.
    pub others: f32,
}

impl Relative {
    fn share(self) -> f32 {
        if self.best > 0.0 { self.own / self.best } else { 0.0 }
    }

    fn stands_out(self) -> f32 {
        ((self.own + 1.0) / (self.others + 1.0)).ln()
    }
}

/// BM25F of the question against the values of a unit, in the wording that suits it best.
#[must_use]
pub fn bm25_score(asked: &Asked, value: impl Fn(u32) -> f32) -> f32 {
    let of = |wording: &Wording| -> f32 { wording.terms.iter().map(|(term, idf)| idf * value(*term)).sum() };
    asked.wordings.iter().map(of).fold(0f32, f32::max)
}

/// The features of one candidate, in the wording that suits it best.
#[must_use]
pub fn features(asked: &Asked, unit: &Unit, legs: Legs, catalog: &Catalog) -> [f32; FEATURES] {
    let mut best = [0f32; FEATURES];
    let mut best_score = f32::NEG_INFINITY;
    for wording in &asked.wordings {
        let features = of_wording(asked, wording, unit, legs, catalog);
        let score = logit(&features, unit.is_plain());
        if score > best_score {
            best = features;
            best_score = score;
        }
    }
    best
}

fn of_wording(asked: &Asked, wording: &Wording, unit: &Unit, legs: Legs, catalog: &Catalog) -> [f32; FEATURES] {
    let (cover_b, cover_u) = coverage(wording, unit.terms());
    let (head_b, head_u) = coverage(wording, unit.head());
    let unknown: f32 = wording.terms.iter().filter(|(t, _)| !catalog.knows(*t)).map(|(_, idf)| idf).sum();
    let mut keyword = 0f32;
    for word in unit.keywords.iter().filter(|k| wording.text.contains(k.as_str())) {
        let weight: f32 = ngrams::set(word).iter().map(|t| catalog.idf(*t)).sum();
        keyword = keyword.max(weight);
    }
    let safe = |x: f32, y: f32| if y > 0.0 { x / y } else { 0.0 };
    let most = |f: &dyn Fn(&[u32]) -> f32| unit.questions().map(f).fold(0f32, f32::max);
    [
        safe(legs.sparse, legs.best_sparse),
        safe(legs.sparse, wording.total * 2.2),
        cover_b,
        cover_u,
        head_b,
        head_u,
        most(&|q| cosine(wording, q, catalog)),
        cosine(wording, unit.title(), catalog),
        safe(keyword, wording.total).min(1.0),
        safe(unknown, wording.total),
        f32::from(u8::from(asked.elsewhere)),
        // A word of another trade that a guide claims for itself does not speak against that guide.
        asked.other_trades.iter().filter(|word| !word.iter().all(|t| has(unit.head(), *t))).take(2).count() as f32,
        legs.dense,
        most(&|q| recall(wording, q, catalog)),
        ((legs.sparse + 1.0) / (legs.mean_sparse + 1.0)).ln(),
        evidence(wording, unit.terms()),
        evidence(wording, unit.head()),
        (1.0 + keyword).ln(),
        legs.whole.share(),
        legs.whole.stands_out(),
        legs.asked.share(),
        legs.asked.stands_out(),
    ]
}

/// The largest share of the question's telling terms in one sentence of `text`, in any wording.
#[must_use]
pub fn sentence_cover(asked: &Asked, text: &str) -> f32 {
    let mut best = 0f32;
    for sentence in crate::knowledge::split::sentences(text) {
        let set = ngrams::set(sentence);
        for wording in asked.wordings.iter().filter(|w| w.total > 0.0) {
            let met: f32 = wording.terms.iter().filter(|(t, _)| has(&set, *t)).map(|(_, idf)| idf).sum();
            best = best.max(met / wording.total);
        }
    }
    best
}

fn logit(features: &[f32; FEATURES], plain: bool) -> f32 {
    let (weights, bias) = if plain { (PLAIN_WEIGHTS, PLAIN_BIAS) } else { (WEIGHTS, BIAS) };
    bias + features.iter().zip(weights).map(|(x, w)| x * w).sum::<f32>()
}

/// The probability (0..1) that a candidate with these features answers the question; `plain` as [`Unit::is_plain`] says.
#[must_use]
pub fn probability(features: &[f32; FEATURES], plain: bool) -> f32 {
    1.0 / (1.0 + (-logit(features, plain)).exp())
}
