//! `eval classify`: how well labels are learnt from examples, from the words of the labels, or from both.
//!
//! Whoever is tested on is never trained on: lines that share an id or a `token_id` are one example, and it is left out.

pub mod data;
pub mod figures;

use std::collections::HashSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_64;

use self::data::{Line, Scheme};
use self::figures::{Figures, Judged, Mean};
use crate::knowledge::eval_retrieval::EvalError;
use crate::learn::classifier::{Classifier, Example, UNSURE, Verdict};
use crate::learn::keywords::Keywords;
use crate::learn::random::Random;

/// What is measured on what.
#[derive(Debug, Clone, Default)]
pub struct ClassifyJob {
    /// Labelled lines to learn from; none means the words of the labels alone.
    pub train: Vec<PathBuf>,
    /// Labelled lines to judge.
    pub test: PathBuf,
    /// Where the run is written.
    pub out: PathBuf,
    /// The scheme of labels, whose words are a prior.
    pub taxonomy: Option<PathBuf>,
    /// Only so many examples a label, drawn `draws` times.
    pub per_label: Option<usize>,
    /// How often examples are drawn.
    pub draws: usize,
    /// Into how many parts the test lines are divided; each is judged by a model that has not seen it but may have seen
    /// the others. Below 2: one model that has seen none of the test lines.
    pub folds: usize,
}

/// The figures of one run.
#[derive(Debug)]
pub struct ClassifyReport {
    /// Training lines after linked ones were put together.
    pub examples: usize,
    /// Labels that could be chosen.
    pub labels: Vec<String>,
    /// Of the first draw.
    pub figures: Figures,
    /// Over all draws, when there were several: all, and by source.
    pub mean: Option<Mean>,
    /// Of the largest model.
    pub bytes: usize,
    /// Spent on training, for each model.
    pub training: Duration,
    /// Texts judged a second.
    pub per_second: f64,
}

impl std::fmt::Display for ClassifyReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "examples {}  labels {}  model {} bytes  training {:.1} s a model  {:.0} texts/s",
            self.examples,
            self.labels.len(),
            self.bytes,
            self.training.as_secs_f64(),
            self.per_second
        )?;
        if let Some(mean) = &self.mean {
            write!(f, "{mean}")?;
            writeln!(f, "first draw:")?;
        }
        write!(f, "{}", self.figures)
    }
}

/// Trains, judges every test line, writes the run and measures it.
///
/// # Errors
/// A file cannot be read or written, a line breaks the contract, or there is nothing to learn from.
pub fn run(job: &ClassifyJob) -> Result<ClassifyReport, EvalError> {
    let mut lines = Vec::new();
    for path in &job.train {
        lines.extend(data::read(path)?);
    }
    let pool = data::join_linked(lines);
    let test = data::read(&job.test)?;
    let scheme = job.taxonomy.as_deref().map(Scheme::read).transpose()?;
    let bench = Bench::new(job, pool, test, scheme)?;

    let draws = if job.per_label.is_some() { job.draws.max(1) } else { 1 };
    let mut rounds = Vec::with_capacity(draws);
    for draw in 0..draws {
        rounds.push(bench.round(draw as u64));
    }
    let first = &rounds[0].judged;
    bench.write(&job.out, first)?;
    let mean = (draws > 1).then(|| Mean::over(rounds.iter().map(|r| Figures::new(&r.judged, &bench.labels))));
    let models: usize = rounds.iter().map(|r| r.models).sum();
    let judging: f64 = rounds.iter().map(|r| r.judging.as_secs_f64()).sum();
    Ok(ClassifyReport {
        examples: bench.pool.len(),
        figures: Figures::new(first, &bench.labels),
        mean,
        bytes: rounds.iter().map(|r| r.bytes).max().unwrap_or_default(),
        training: rounds.iter().map(|r| r.training).sum::<Duration>() / u32::try_from(models.max(1)).unwrap_or(1),
        per_second: (draws * bench.test.len()) as f64 / judging.max(1e-9),
        labels: bench.labels,
    })
}

/// Everything that stays the same over draws and folds.
struct Bench {
    labels: Vec<String>,
    pool: Vec<(Line, Example)>,
    test: Vec<Line>,
    priors: Vec<Vec<f32>>,
    folds: usize,
    per_label: Option<usize>,
}

/// One judgement of all test lines.
struct Round {
    judged: Vec<Judged>,
    bytes: usize,
    models: usize,
    training: Duration,
    judging: Duration,
}

impl Bench {
    fn new(job: &ClassifyJob, pool: Vec<Line>, test: Vec<Line>, scheme: Option<Scheme>) -> Result<Self, EvalError> {
        let bad = |reason: &str| EvalError::Line { path: job.test.clone(), line: 0, reason: reason.to_owned() };
        if test.is_empty() {
            return Err(bad("no line to judge"));
        }
        let mut labels: Vec<String> = pool.iter().filter_map(|l| l.label.clone()).collect();
        if pool.is_empty() {
            labels = scheme.as_ref().ok_or_else(|| bad("neither --train nor --taxonomy"))?.labels();
        }
        labels.sort_unstable();
        labels.dedup();
        let keywords = scheme.map(|s| Keywords::new(&labels.iter().map(|l| s.phrases(l)).collect::<Vec<_>>()));
        let prior = |line: &Line| keywords.as_ref().map(|k| k.scores(&line.counts)).unwrap_or_default();
        let priors = test.iter().map(&prior).collect();
        let pool = pool
            .into_iter()
            .filter_map(|line| {
                let label = labels.binary_search(line.label.as_ref()?).ok()?;
                let example = Example { counts: line.counts.clone(), prior: prior(&line), label };
                Some((line, example))
            })
            .collect();
        Ok(Self { labels, pool, test, priors, folds: job.folds.max(1), per_label: job.per_label })
    }

    /// One draw of examples over all folds.
    fn round(&self, draw: u64) -> Round {
        let mut judged: Vec<Option<Judged>> = vec![None; self.test.len()];
        let mut round = Round { judged: Vec::new(), bytes: 0, models: 0, training: Duration::ZERO, judging: Duration::ZERO };
        for fold in 0..self.folds {
            let part: Vec<usize> = (0..self.test.len()).filter(|i| self.fold(&self.test[*i]) == fold).collect();
            if part.is_empty() {
                continue;
            }
            let keys: HashSet<&str> = part.iter().flat_map(|i| self.test[*i].keys()).collect();
            let open: Vec<&Example> =
                self.pool.iter().filter(|(line, _)| !line.keys().any(|k| keys.contains(k))).map(|(_, e)| e).collect();
            let examples = self.drawn(&open, draw);
            let started = Instant::now();
            let model = Classifier::train(&examples, self.labels.len());
            round.training += started.elapsed();
            round.models += 1;
            round.bytes = round.bytes.max(model.bytes());
            let started = Instant::now();
            for i in part {
                let line = &self.test[i];
                let verdict = model.judge(&line.counts, &self.priors[i]);
                judged[i] = Some(Judged::new(line, verdict));
            }
            round.judging += started.elapsed();
        }
        round.judged = judged.into_iter().flatten().collect();
        round
    }

    fn fold(&self, line: &Line) -> usize {
        let key = line.keys().min().unwrap_or_default();
        (xxh3_64(key.as_bytes()) % self.folds as u64) as usize
    }

    fn drawn(&self, open: &[&Example], draw: u64) -> Vec<Example> {
        let Some(n) = self.per_label else { return open.iter().map(|e| (*e).clone()).collect() };
        let mut random = Random::new(draw + 1);
        let mut out = Vec::new();
        for label in 0..self.labels.len() {
            let mut own: Vec<&Example> = open.iter().copied().filter(|e| e.label == label).collect();
            random.shuffle(&mut own);
            out.extend(own.into_iter().take(n).cloned());
        }
        out
    }

    /// One line for each test line, in their order. `sure` is false for the worst [`UNSURE`] of the run.
    fn write(&self, path: &Path, judged: &[Judged]) -> Result<(), EvalError> {
        let io = |source| EvalError::Io { path: path.to_path_buf(), source };
        let sure = figures::all_but_worst(judged, UNSURE);
        let mut out = data::writer(path)?;
        for (one, sure) in judged.iter().zip(sure) {
            let ranked: Vec<&str> = one.verdict.ranked.iter().map(|r| self.labels[r.label].as_str()).collect();
            let probability = one.verdict.ranked.first().map_or(0.0, |r| r.probability);
            let line = serde_json::json!({
                "id": one.id, "label": ranked.first(), "ranked": ranked, "sure": sure, "probability": probability
            });
            writeln!(out, "{line}").map_err(io)?;
        }
        out.flush().map_err(io)
    }
}

impl Judged {
    fn new(line: &Line, verdict: Verdict) -> Self {
        Self { id: line.id.clone(), gold: line.label.clone(), source: line.source.clone(), verdict }
    }
}
