//! The weights of the gate, learnt from the knowledge itself.
//!
//! A question of a guide's front matter is taken out of that guide and then asked: its guide is the right answer. Asked again
//! with the whole guide taken out, and with questions of other trades, "none" is the right answer. No test set is read.
//! Everything is deterministic: the same knowledge gives the same weights.

use std::collections::{BTreeSet, HashMap};

use crate::core::text::for_matching;
use crate::knowledge::catalog::{self, Catalog};
use crate::knowledge::document::{Audience, Document, ParsedDocument, Shape};
use crate::knowledge::judge::{self, Asked, FEATURES};
use crate::knowledge::lexicon::Lexicon;
use crate::knowledge::search::{judge_candidates, query_terms};
use crate::knowledge::split;
use crate::knowledge::vector::VectorHit;
use crate::learn::{bm25, ngrams};

/// Parts into which a guide's questions, and the guides, are divided; one part at a time is taken out.
const FOLDS: usize = 10;
/// Passages handed over to be judged, as in the service.
const PASSAGES: usize = 60;
/// Candidates of a question that are learnt from, the best by sparse score first; the right one always.
const CANDIDATES: usize = 12;
/// Steps of the descent.
const STEPS: usize = 1500;
/// Strength of L2 on weights of standardised features, per question.
const L2: f64 = 5e-3;
/// A plain line is about this long (characters), as people write them.
const LINE: usize = 120;
/// Sizes of the plain knowledge bases that are learnt from.
const SIZES: [usize; 4] = [4, 16, 50, usize::MAX];
/// Features that a unit without front matter cannot have (keyword, `keyword_evidence`) or has already as another (question is title).
pub const GUIDE_ONLY: [usize; 3] = [6, 8, 17];
/// The feature of the dense leg: the knowledge is learnt from without an embedder.
const DENSE: usize = 12;

/// What a question is learnt for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Its guide is there, but not the question.
    Known,
    /// Its whole guide was taken out; another guide may still say something of it.
    Removed,
    /// Of another trade.
    Foreign,
}

/// A question with the features of its candidates.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it is learnt for.
    pub kind: Kind,
    /// Features of each candidate.
    pub candidates: Vec<[f32; FEATURES]>,
    /// Which candidate is right; `None` when there is none.
    pub right: Option<usize>,
    /// How much it counts.
    pub weight: f64,
}

/// Weights with the figures on what they were learnt from.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// In the order of `judge::NAMES`.
    pub weights: [f32; FEATURES],
    /// The model's constant.
    pub bias: f32,
    /// The probability from which on an answer is shown.
    pub threshold: f32,
    /// Figures at that probability.
    pub figures: Figures,
}

/// Figures over examples at a threshold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Questions with their guide there.
    pub known: usize,
    /// Of which: shown, and the right guide first.
    pub first: usize,
    /// Of which: the right guide among the first three.
    pub first_three: usize,
    /// Of which: declined.
    pub declined: usize,
    /// Questions whose guide was taken out.
    pub removed: usize,
    /// Of which: declined.
    pub removed_declined: usize,
    /// Questions of other trades.
    pub foreign: usize,
    /// Of which: declined.
    pub foreign_declined: usize,
}

impl std::fmt::Display for Fitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let weights: Vec<String> = self.weights.iter().map(|w| format!("{w:.2}")).collect();
        writeln!(f, "  [{}]\n  BIAS {:.2}  THRESHOLD {:.2}", weights.join(", "), self.bias, self.threshold)?;
        write!(f, "{}", self.figures)
    }
}

/// What `gridworker train` learns.
#[derive(Debug, Clone)]
pub struct Trained {
    /// For `judge::WEIGHTS`.
    pub guides: Fitted,
    /// For `judge::PLAIN_WEIGHTS` beside the weights of guides that are in use.
    pub plain: Fitted,
    /// For `judge::PLAIN_WEIGHTS` beside [`Self::guides`].
    pub plain_beside_new: Fitted,
    /// The weights of guides in use, counted on the same questions.
    pub in_use: Figures,
}

/// Learns everything from published documents, and from questions that none of them answers.
#[must_use]
pub fn train(documents: &[ParsedDocument], lexicon: &Lexicon, foreign: &[String]) -> Trained {
    let dense = judge::WEIGHTS[DENSE];
    let asked = guides(documents, lexicon, foreign);
    let guides = fit(&asked, &[], dense);
    let mut in_use =
        Fitted { weights: judge::WEIGHTS, bias: judge::BIAS, threshold: judge::THRESHOLD, figures: Figures::default() };
    in_use.figures = in_use.count(&asked, judge::THRESHOLD);
    let of_lines = lines(documents, lexicon, foreign);
    let mut plain = fit(&of_lines, &GUIDE_ONLY, dense);
    let mut plain_beside_new = plain.clone();
    plain_beside_new.align(&of_lines, &guides, &asked);
    plain.align(&of_lines, &in_use, &asked);
    Trained { guides, plain, plain_beside_new, in_use: in_use.figures }
}

/// The questions of a data file: one a line; `#` begins a remark.
#[must_use]
pub fn foreign_questions(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned).collect()
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let part = |n: usize, of: usize| format!("{n}/{of} = {:.1} %", 100.0 * n as f64 / of.max(1) as f64);
        writeln!(
            f,
            "  自带问法抽出后再问：首位 {}，前三 {}，被拒 {}",
            part(self.first, self.known),
            part(self.first_three, self.known),
            part(self.declined, self.known)
        )?;
        writeln!(f, "  整篇抽出后再问：被拒 {}", part(self.removed_declined, self.removed))?;
        writeln!(f, "  范围外：被拒 {}", part(self.foreign_declined, self.foreign))
    }
}

/// A knowledge base that can be asked without an index.
struct Bench<'a> {
    catalog: Catalog,
    postings: HashMap<u32, Vec<(usize, f32)>>,
    payloads: Vec<(uuid::Uuid, Audience)>,
    lexicon: &'a Lexicon,
}

impl<'a> Bench<'a> {
    fn new(documents: Vec<Document>, lexicon: &'a Lexicon) -> Self {
        let catalog = Catalog::new(documents);
        let mut payloads = Vec::new();
        let mut all = Vec::new();
        for unit in catalog.units() {
            for passage in &unit.passages {
                payloads.push((passage.id, passage.audience));
                all.push(catalog::frequencies(&unit.meta, passage));
            }
        }
        let mean = bm25::LegLengths::mean(all.iter().map(|f| &f.length));
        let mut postings: HashMap<u32, Vec<(usize, f32)>> = HashMap::new();
        for (number, frequencies) in all.iter().enumerate() {
            for (term, value) in bm25::document_values(frequencies, mean) {
                postings.entry(term).or_default().push((number, value));
            }
        }
        Self { catalog, postings, payloads, lexicon }
    }

    /// Asks as someone of `audience`; the right unit is the one of document `right`.
    fn ask(&self, question: &str, audience: Audience, right: Option<&str>, kind: Kind, weight: f64) -> Example {
        let asked = Asked::new(question, &self.catalog, self.lexicon);
        let query = query_terms(&asked);
        let mut scores = vec![0f32; self.payloads.len()];
        for (term, value) in query.indices.iter().zip(&query.values) {
            if let Some(list) = self.postings.get(term) {
                let telling = bm25::idf(self.payloads.len(), list.len());
                for (number, own) in list {
                    scores[*number] += value * telling * own;
                }
            }
        }
        let may = |of: Audience| of == audience || of == Audience::All;
        let mut order: Vec<usize> = (0..scores.len()).filter(|n| scores[*n] > 0.0 && may(self.payloads[*n].1)).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
        order.truncate(PASSAGES);
        let hits: Vec<VectorHit> = order
            .into_iter()
            .map(|n| VectorHit { id: self.payloads[n].0, sparse: Some(scores[n]), dense: None, learned: None })
            .collect();
        let mut judged = judge_candidates(&self.catalog, &asked, &hits);
        let is_right = |unit: usize| right == Some(self.catalog.units()[unit].meta.id.as_str());
        judged.sort_by(|a, b| {
            is_right(b.unit).cmp(&is_right(a.unit)).then(b.features[0].total_cmp(&a.features[0])).then(a.unit.cmp(&b.unit))
        });
        judged.truncate(CANDIDATES);
        let right = judged.first().filter(|c| is_right(c.unit)).map(|_| 0);
        Example { kind, candidates: judged.iter().map(|c| c.features).collect(), right, weight }
    }
}

/// Examples of guides with questions of their own.
#[must_use]
pub fn guides(documents: &[ParsedDocument], lexicon: &Lexicon, foreign: &[String]) -> Vec<Example> {
    let mut out = Vec::new();
    for fold in 0..FOLDS {
        let held = |n: usize| n % FOLDS == fold;
        let shortened = documents.iter().map(|d| {
            let mut d = d.clone();
            let questions = std::mem::take(&mut d.meta.questions);
            d.meta.questions = questions.into_iter().enumerate().filter(|(n, _)| !held(*n)).map(|(_, q)| q).collect();
            d.as_version(1)
        });
        let bench = Bench::new(shortened.collect(), lexicon);
        for document in documents {
            for (_, question) in document.meta.questions.iter().enumerate().filter(|(n, _)| held(*n)) {
                out.push(bench.ask(question, document.meta.audience, Some(&document.meta.id), Kind::Known, 1.0));
            }
        }
        let bench =
            Bench::new(documents.iter().enumerate().filter(|(n, _)| !held(*n)).map(|(_, d)| d.as_version(1)).collect(), lexicon);
        for (_, document) in documents.iter().enumerate().filter(|(n, _)| held(*n)) {
            for question in &document.meta.questions {
                out.push(bench.ask(question, document.meta.audience, None, Kind::Removed, REMOVED));
            }
        }
    }
    let bench = Bench::new(documents.iter().map(|d| d.as_version(1)).collect(), lexicon);
    out.extend(foreign.iter().map(|q| bench.ask(q, Audience::Resident, None, Kind::Foreign, FOREIGN)));
    out
}

/// How much a question counts whose guide was taken out: a neighbouring guide often does say something of it.
const REMOVED: f64 = 0.15;
/// How much a question of another trade counts: there are ten times fewer of them.
const FOREIGN: f64 = 4.0;

/// The guide as a line of a plain file: its title, then as much of its text as such a line holds.
fn as_line(document: &ParsedDocument) -> Document {
    let text: Vec<String> = split::sections(&document.body).into_iter().map(|s| s.text.replace('\n', "，")).collect();
    let text: String = text.join("").chars().take(LINE).collect();
    let mut meta = document.meta.clone();
    let title = meta.title.replace(['，', '：', '？'], "、");
    meta.keywords.clear();
    meta.questions.clear();
    meta.sources.clear();
    meta.shape = Shape::Lines;
    let line = ParsedDocument { body: format!("{title}：{text}"), meta, body_line: 1, content_hash: String::new() };
    line.as_version(1)
}

/// Examples of plain lines: the same guides without front matter, in knowledge bases of several sizes.
#[must_use]
pub fn lines(documents: &[ParsedDocument], lexicon: &Lexicon, foreign: &[String]) -> Vec<Example> {
    let mut out = Vec::new();
    let documents: Vec<&ParsedDocument> = documents.iter().filter(|d| d.meta.audience != Audience::Gridworker).collect();
    for size in SIZES {
        let size = size.min(documents.len());
        // Neighbours in the list are of one field; a base is made of every n-th of them.
        let bases = documents.len() / size;
        for base in 0..bases {
            let part: Vec<&ParsedDocument> =
                documents.iter().enumerate().filter(|(n, _)| n % bases == base).map(|(_, d)| *d).collect();
            let bench = Bench::new(part.iter().map(|d| as_line(d)).collect(), lexicon);
            for document in &part {
                let line = as_line(document);
                let Some(passage) = line.passages.first() else { continue };
                let own = ngrams::bigram_set(&for_matching(&passage.text));
                for question in &document.meta.questions {
                    // What the line does not say cannot be learnt from it.
                    let asked = Asked::new(question, &bench.catalog, lexicon);
                    let said = asked.wordings.iter().any(|w| {
                        let pairs = ngrams::bigram_set(&w.matter);
                        let met = pairs.iter().filter(|p| own.binary_search(p).is_ok()).count();
                        met >= 2 && met * 4 >= pairs.len()
                    });
                    if said {
                        out.push(bench.ask(question, Audience::Resident, Some(&document.meta.id), Kind::Known, 1.0));
                    }
                }
            }
            let outside: BTreeSet<&str> = part.iter().map(|d| d.meta.id.as_str()).collect();
            for document in documents.iter().filter(|d| !outside.contains(d.meta.id.as_str())) {
                out.extend(
                    document
                        .meta
                        .questions
                        .iter()
                        .step_by(bases.min(8))
                        .map(|q| bench.ask(q, Audience::Resident, None, Kind::Removed, REMOVED)),
                );
            }
            out.extend(foreign.iter().map(|q| bench.ask(q, Audience::Resident, None, Kind::Foreign, FOREIGN / bases as f64)));
        }
    }
    out
}

/// Learns weights by a conditional softmax over the candidates and "none", with L2, by full-batch Adam.
#[must_use]
pub fn fit(examples: &[Example], without: &[usize], dense: f32) -> Fitted {
    let used: Vec<usize> = (0..FEATURES).filter(|f| *f != DENSE && !without.contains(f)).collect();
    let all = examples;
    let examples: Vec<&Example> =
        all.iter().filter(|e| (e.kind != Kind::Known || e.right.is_some()) && !e.candidates.is_empty()).collect();
    let (mean, scale) = moments(&examples, &used);
    let width = used.len();
    let total: f64 = examples.iter().map(|e| e.weight).sum::<f64>().max(1.0);
    let rows: Vec<Vec<Vec<f64>>> = examples
        .iter()
        .map(|e| {
            e.candidates
                .iter()
                .map(|c| used.iter().enumerate().map(|(i, f)| (f64::from(c[*f]) - mean[i]) / scale[i]).collect())
                .collect()
        })
        .collect();
    let mut w = vec![0f64; width + 1];
    let (mut first, mut second) = (vec![0f64; width + 1], vec![0f64; width + 1]);
    for step in 1..=STEPS {
        let mut gradient = vec![0f64; width + 1];
        for (example, candidates) in examples.iter().zip(&rows) {
            let scores: Vec<f64> =
                candidates.iter().map(|x| w[width] + x.iter().zip(&w).map(|(x, w)| x * w).sum::<f64>()).collect();
            let top = scores.iter().copied().fold(0f64, f64::max);
            let sum = (-top).exp() + scores.iter().map(|s| (s - top).exp()).sum::<f64>();
            for (place, x) in candidates.iter().enumerate() {
                let wanted = if example.right == Some(place) { 1.0 } else { 0.0 };
                let error = example.weight / total * ((scores[place] - top).exp() / sum - wanted);
                x.iter().zip(&mut gradient).for_each(|(x, g)| *g += error * x);
                gradient[width] += error;
            }
        }
        let rate = 0.1 * (1.0 - step as f64 / (STEPS as f64 + 1.0));
        let nth = i32::try_from(step).unwrap_or(i32::MAX);
        for i in 0..=width {
            let g = gradient[i] + if i < width { L2 * w[i] } else { 0.0 };
            first[i] = 0.9 * first[i] + 0.1 * g;
            second[i] = 0.999 * second[i] + 0.001 * g * g;
            let (m, v) = (first[i] / (1.0 - 0.9f64.powi(nth)), second[i] / (1.0 - 0.999f64.powi(nth)));
            w[i] -= rate * m / (v.sqrt() + 1e-9);
        }
    }
    let mut weights = [0f32; FEATURES];
    let mut bias = w[width];
    for (i, f) in used.iter().enumerate() {
        weights[*f] = (w[i] / scale[i]) as f32;
        bias -= w[i] * mean[i] / scale[i];
    }
    weights[DENSE] = dense;
    let mut out = Fitted { weights, bias: bias as f32, threshold: 0.5, figures: Figures::default() };
    out.choose(all);
    out
}

fn moments(examples: &[&Example], used: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let all = || examples.iter().flat_map(|e| &e.candidates);
    let n = all().count().max(1) as f64;
    let mean: Vec<f64> = used.iter().map(|f| all().map(|c| f64::from(c[*f])).sum::<f64>() / n).collect();
    let scale = used
        .iter()
        .zip(&mean)
        .map(|(f, m)| (all().map(|c| (f64::from(c[*f]) - m).powi(2)).sum::<f64>() / n).sqrt().max(1e-3))
        .collect();
    (mean, scale)
}

impl Fitted {
    /// The probability of a candidate.
    #[must_use]
    pub fn probability(&self, features: &[f32; FEATURES]) -> f32 {
        1.0 / (1.0 + (-self.logit(features)).exp())
    }

    /// Makes `self` as sure of its right answers as `other` is of its own, with the same threshold: the two then rank in one list.
    pub fn align(&mut self, own: &[Example], other: &Self, others: &[Example]) {
        let logit = |p: f32| (p / (1.0 - p)).ln();
        let sure = |of: &Self, examples: &[Example]| {
            let known = examples.iter().filter(|e| e.kind == Kind::Known);
            let mut over: Vec<f32> =
                known.filter_map(|e| e.right.map(|r| of.logit(&e.candidates[r]) - logit(of.threshold))).collect();
            over.sort_by(f32::total_cmp);
            over.get(over.len() / 2).copied().unwrap_or(1.0).max(0.1)
        };
        let by = sure(other, others) / sure(self, own);
        self.bias = (self.bias - logit(self.threshold)) * by + logit(other.threshold);
        self.weights.iter_mut().enumerate().filter(|(f, _)| *f != DENSE).for_each(|(_, w)| *w *= by);
        self.threshold = other.threshold;
    }

    fn logit(&self, features: &[f32; FEATURES]) -> f32 {
        self.bias + features.iter().zip(self.weights).map(|(x, w)| x * w).sum::<f32>()
    }

    /// Counts at a threshold; every example counts alike.
    #[must_use]
    pub fn count(&self, examples: &[Example], threshold: f32) -> Figures {
        let mut out = Figures::default();
        for example in examples {
            let scores: Vec<f32> = example.candidates.iter().map(|c| self.probability(c)).collect();
            let declined = usize::from(!scores.iter().any(|s| *s >= threshold));
            match example.kind {
                Kind::Known => {
                    let better = example.right.map_or(usize::MAX, |r| scores.iter().filter(|s| **s > scores[r]).count());
                    out.known += 1;
                    out.declined += declined;
                    out.first += usize::from(better == 0 && declined == 0);
                    out.first_three += usize::from(better < 3);
                }
                Kind::Removed => {
                    out.removed += 1;
                    out.removed_declined += declined;
                }
                Kind::Foreign => {
                    out.foreign += 1;
                    out.foreign_declined += declined;
                }
            }
        }
        out
    }

    /// The threshold at which the worse of the two aims (declined inside ≤ 5 %, shown outside ≤ 10 %) is met best.
    fn choose(&mut self, examples: &[Example]) {
        let mut best = f64::INFINITY;
        for percent in 1..100 {
            let threshold = percent as f32 / 100.0;
            let figures = self.count(examples, threshold);
            let share = |n: usize, of: usize| n as f64 / of.max(1) as f64;
            let worse = (share(figures.declined, figures.known) / 0.05)
                .max(share(figures.foreign - figures.foreign_declined, figures.foreign) / 0.10);
            if worse < best {
                best = worse;
                self.threshold = threshold;
                self.figures = figures;
            }
        }
    }
}
