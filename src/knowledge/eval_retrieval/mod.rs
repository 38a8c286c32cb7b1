//! `eval retrieval`: how well the built-in parts rank a foreign corpus (JSON lines) for questions with gold answers.
//!
//! Three ways: without any label; trained on one file and ranking another; trained on four fifths of a file and ranking the
//! last fifth, five times. What is ranked was never learnt from. The same files give the same run.

pub mod corpus;
pub mod measure;

use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use self::corpus::{Corpus, Question};
pub use self::measure::{Figures, RECALL_AT};
use crate::knowledge::rank::features::{First, NAMES};
pub use crate::knowledge::rank::folds::Kind as Folds;
use crate::knowledge::rank::folds::divide;
use crate::knowledge::rank::reading::FIELDS;
use crate::knowledge::rank::shelf::{KEPT, LEG, Ranker, Shelf, ShelfBags, Sight, Texts as _};
use crate::knowledge::rank::teach::{Known, teach};
use crate::learn::bm25::{self, Postings};
use crate::learn::boost::Forest;
use crate::learn::embedding::Matrix;
use crate::learn::embedding::train::train;

/// Parts of a question set under `--folds`.
const PARTS: usize = 5;
/// Of the division that is scored.
const SALT: u64 = 0;
/// Of the table learnt from the passages.
const SEED: u64 = 1;

/// What can go wrong while measuring.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A file cannot be read or written.
    #[error("{path}：{source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not what the contract says.
    #[error("{path} 第 {line} 行：{reason}")]
    Line {
        /// Which file.
        path: PathBuf,
        /// 1-based.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Options that contradict each other.
    #[error("{0}")]
    Options(&'static str),
}

/// Where to read, where to write, what to learn from, how deep to rank.
#[derive(Debug, Clone, Default)]
pub struct RetrievalJob {
    /// `.jsonl` or `.jsonl.gz` with `name` or `id`, `law`, `chapter`, `text`.
    pub corpus: PathBuf,
    /// `.jsonl` or `.jsonl.gz` with `query_id`, `query` and perhaps `gold`.
    pub queries: PathBuf,
    /// Where the run is written, one `{"query_id", "ranked"}` a line.
    pub out: PathBuf,
    /// Questions with `gold` to learn from before `queries` are ranked.
    pub train: Option<PathBuf>,
    /// Learn from four fifths of `queries` and rank the last, five times.
    pub folds: Option<Folds>,
    /// Keys a query gets at most.
    pub top: usize,
    /// Also measure the re-ranker without each group of its features.
    pub ablate: bool,
}

/// The figures of one run.
#[derive(Debug, Clone, Default)]
pub struct RetrievalReport {
    /// Corpus lines.
    pub documents: usize,
    /// Queries ranked.
    pub queries: usize,
    /// Questions that were learnt from (under `--folds`, on the average).
    pub taught: usize,
    /// Questions that were left out of the training because they are also ranked.
    pub left_out: usize,
    /// Figures of the run.
    pub figures: Figures,
    /// What each part brings: its name and the figures with it.
    pub parts: Vec<(String, Figures)>,
    /// Reading, counting and the sparse index.
    pub indexing: Duration,
    /// The table learnt from the passages, and embedding them.
    pub embedding: Duration,
    /// Everything learnt from questions, once.
    pub training: Duration,
    /// Ranked per second on one thread.
    pub queries_per_second: f64,
}

impl std::fmt::Display for RetrievalReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = |d: Duration| d.as_secs_f64();
        writeln!(
            f,
            "documents {}  indexing {:.2} s  embedding {:.2} s",
            self.documents,
            seconds(self.indexing),
            seconds(self.embedding)
        )?;
        if self.taught > 0 {
            writeln!(f, "taught by {} questions in {:.2} s ({} left out)", self.taught, seconds(self.training), self.left_out)?;
        }
        writeln!(f, "queries {} (judged {})  {:.0} queries/s", self.queries, self.figures.judged, self.queries_per_second)?;
        if self.figures.judged > 0 {
            for (name, figures) in &self.parts {
                writeln!(f, "  {figures}  {name}")?;
            }
            writeln!(f, "{}", self.figures)?;
        }
        Ok(())
    }
}

/// Reads a possibly gzipped file of JSON lines; empty lines are passed over.
///
/// # Errors
/// The file cannot be read, or a line does not parse as `T`.
pub fn read_lines<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, EvalError> {
    let io = |source| EvalError::Io { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(io)?;
    let reader: Box<dyn Read> = if path.extension().is_some_and(|e| e == "gz") {
        Box::new(flate2::read::MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut out = Vec::new();
    for (number, line) in BufReader::new(reader).lines().enumerate() {
        let line = line.map_err(io)?;
        if line.trim().is_empty() {
            continue;
        }
        out.push(serde_json::from_str(&line).map_err(|e| EvalError::Line {
            path: path.to_owned(),
            line: number + 1,
            reason: e.to_string(),
        })?);
    }
    Ok(out)
}

/// A corpus with everything that is learnt without labels.
struct Bench {
    shelf: Shelf<Corpus>,
    postings: Postings,
    own: Sight,
    bags: ShelfBags,
}

impl Bench {
    fn known(&self, questions: &[Question]) -> Vec<Known> {
        questions
            .par_iter()
            .map(|q| Known {
                id: q.id.to_string(),
                text: q.text.clone(),
                right: q.gold.iter().filter_map(|key| self.shelf.texts().number(key)).collect(),
                sparse: self.postings.search(&q.text, LEG).into_iter().map(|(n, _)| n).collect(),
            })
            .collect()
    }

    fn ranked(&self, ranker: &Ranker<'_>, question: &Known) -> Vec<usize> {
        let dense = ranker.dense(&question.text, LEG);
        ranker.rank(&self.shelf, &question.text, &question.sparse, &dense).into_iter().map(|(n, _)| n).collect()
    }
}

/// The re-ranker without groups of its features, by their places in [`NAMES`].
const WITHOUT: [(&str, &[usize]); 6] = [
    ("re-ranker without the first order and its authority", &[25, 26, 27]),
    ("re-ranker without document context", &[14, 15, 16, 17, 18, 28, 29, 30]),
    ("re-ranker without neighbours", &[19, 20, 31]),
    ("re-ranker without coverage and subsequence", &[7, 8, 9, 10, 11]),
    ("re-ranker without the question as a whole", &[13, 32, 33, 34]),
    ("re-ranker without cosines of the passages' table", &[21, 22, 35]),
];

/// Runs of the parts that are measured.
#[derive(Default)]
struct Parts(Vec<(String, measure::Sums)>);

impl Parts {
    fn add(&mut self, name: &str, runs: &[(Vec<usize>, &Question)], corpus: &Corpus) {
        let place = self.0.iter().position(|(n, _)| n == name).unwrap_or_else(|| {
            self.0.push((name.to_owned(), measure::Sums::default()));
            self.0.len() - 1
        });
        for (ranked, question) in runs {
            let keys: Vec<String> = ranked.iter().map(|n| corpus.keys[*n].to_string()).collect();
            self.0[place].1.add(&keys, &question.gold);
        }
    }
}

/// Indexes the corpus, learns, ranks every query, writes the run and measures it.
///
/// # Errors
/// A file cannot be read or written, a line breaks the contract, or options contradict each other.
pub fn run(job: &RetrievalJob) -> Result<RetrievalReport, EvalError> {
    if job.train.is_some() && job.folds.is_some() {
        return Err(EvalError::Options("--train 与 --folds 不能同用"));
    }
    let mut report = RetrievalReport::default();
    let started = Instant::now();
    let shelf = Shelf::new(Corpus::read(&job.corpus)?);
    let count = shelf.texts().count();
    let documents: Vec<bm25::Frequencies> = (0..count)
        .into_par_iter()
        .map(|n| {
            let text = shelf.texts().text(n);
            bm25::frequencies([(FIELDS[0], text.title), (FIELDS[1], text.heading), (FIELDS[2], text.text)])
        })
        .collect();
    let postings = Postings::build(&documents);
    drop(documents);
    (report.documents, report.indexing) = (count, started.elapsed());
    let started = Instant::now();
    let table = train(&shelf.pieces(), SEED, |_| {});
    let bags = shelf.bags(&table);
    let own = Sight::new(Arc::new(table), &bags);
    report.embedding = started.elapsed();
    let bench = Bench { shelf, postings, own, bags };

    let questions = corpus::questions(&job.queries)?;
    let known = bench.known(&questions);
    report.queries = questions.len();
    let mut parts = Parts::default();
    let mut ranked: Vec<Vec<usize>> = vec![Vec::new(); questions.len()];
    let everything: Vec<usize> = (0..questions.len()).collect();
    let mut ranking = Duration::ZERO;
    untaught(&bench, &known, &questions, job.top, &mut parts);
    let mut taught = |lessons: &[Known], which: &[usize], shown: &[usize], report: &mut RetrievalReport, parts: &mut Parts| {
        let started = Instant::now();
        let taught = teach(&bench.shelf, &bench.bags, &bench.own, lessons, which, First::TAUGHT);
        let forest = taught.forest(&[]);
        report.training = report.training.max(started.elapsed());
        let sight = Sight::new(Arc::new(taught.table.clone()), &bench.bags);
        let of = |ranker: &Ranker<'_>| -> Vec<(Vec<usize>, &Question)> {
            shown.par_iter().map(|n| (cut(bench.ranked(ranker, &known[*n]), job.top), &questions[*n])).collect()
        };
        let corpus = bench.shelf.texts();
        let last = Ranker {
            own: Some(&bench.own),
            taught: Some(&sight),
            lessons: &taught.lessons,
            forest: forest.as_ref(),
            first: First::TAUGHT,
        };
        let alone = First { document: 0.0, authority: 0.0, ..First::TAUGHT };
        parts.add("sparse + table learnt from questions", &of(&Ranker { forest: None, first: alone, ..last }), corpus);
        parts.add("  + document context + authority (no re-ranker)", &of(&Ranker { forest: None, ..last }), corpus);
        if job.ablate {
            for (name, without) in WITHOUT {
                let forest: Option<Forest> = taught.forest(without);
                parts.add(name, &of(&Ranker { forest: forest.as_ref(), ..last }), corpus);
            }
        }
        let started = Instant::now();
        for n in shown {
            let own = &known[*n];
            // The sparse leg again, so that its time is counted.
            let again =
                Known { sparse: bench.postings.search(&own.text, LEG).into_iter().map(|(n, _)| n).collect(), ..own.clone() };
            ranked[*n] = cut(bench.ranked(&last, &again), job.top);
        }
        ranking += started.elapsed();
    };
    if let Some(path) = &job.train {
        let lessons = corpus::questions(path)?;
        let shown: std::collections::HashSet<&str> = questions.iter().map(|q| q.text.trim()).collect();
        let which: Vec<usize> = (0..lessons.len()).filter(|n| !shown.contains(lessons[*n].text.trim())).collect();
        (report.taught, report.left_out) = (which.len(), lessons.len() - which.len());
        let lessons = bench.known(&lessons);
        taught(&lessons, &which, &everything, &mut report, &mut parts);
    } else if let Some(kind) = job.folds {
        let ids: Vec<&str> = known.iter().map(|k| k.id.as_str()).collect();
        let gold: Vec<Vec<usize>> = known.iter().map(|k| k.right.clone()).collect();
        let part = divide(kind, &ids, &gold, PARTS, SALT);
        report.taught = questions.len() - questions.len() / PARTS;
        for now in 0..PARTS {
            let (shown, which): (Vec<usize>, Vec<usize>) = everything.iter().partition(|n| part[**n] == now);
            taught(&known, &which, &shown, &mut report, &mut parts);
        }
    } else {
        let nothing = Matrix::default();
        let ranker = Ranker { own: Some(&bench.own), taught: None, lessons: &nothing, forest: None, first: First::UNTAUGHT };
        let started = Instant::now();
        for (n, own) in known.iter().enumerate() {
            let again =
                Known { sparse: bench.postings.search(&own.text, LEG).into_iter().map(|(n, _)| n).collect(), ..own.clone() };
            ranked[n] = cut(bench.ranked(&ranker, &again), job.top);
        }
        ranking = started.elapsed();
    }

    let io = |source| EvalError::Io { path: job.out.clone(), source };
    let mut out = BufWriter::new(std::fs::File::create(&job.out).map_err(io)?);
    let corpus = bench.shelf.texts();
    let mut sums = measure::Sums::default();
    for (question, ranked) in questions.iter().zip(&ranked) {
        let keys: Vec<&serde_json::Value> = ranked.iter().map(|n| &corpus.keys[*n]).collect();
        let line = serde_json::json!({ "query_id": question.id, "ranked": keys });
        writeln!(out, "{line}").map_err(io)?;
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        sums.add(&keys, &question.gold);
    }
    out.flush().map_err(io)?;
    report.figures = sums.figures();
    report.parts = parts.0.into_iter().map(|(name, sums)| (name, sums.figures())).collect();
    report.queries_per_second = questions.len() as f64 / ranking.as_secs_f64().max(1e-9);
    Ok(report)
}

/// What needs no label, part by part.
fn untaught(bench: &Bench, known: &[Known], questions: &[Question], top: usize, parts: &mut Parts) {
    let none = First { own: 0.0, taught: 0.0, document: 0.0, authority: 0.0 };
    let steps: [(&str, bool, First); 4] = [
        ("sparse: characters + bigrams, fields 2/1/1", false, none),
        ("  + table learnt from the passages", true, First { own: First::UNTAUGHT.own, ..none }),
        ("  + document context", true, First { authority: 0.0, ..First::UNTAUGHT }),
        ("  + authority (no labels)", true, First::UNTAUGHT),
    ];
    let nothing = Matrix::default();
    for (name, dense, first) in steps {
        let ranker = Ranker { own: dense.then_some(&bench.own), taught: None, lessons: &nothing, forest: None, first };
        let runs: Vec<(Vec<usize>, &Question)> =
            known.par_iter().zip(questions).map(|(k, q)| (cut(bench.ranked(&ranker, k), top), q)).collect();
        parts.add(name, &runs, bench.shelf.texts());
    }
}

fn cut(mut ranked: Vec<usize>, top: usize) -> Vec<usize> {
    ranked.truncate(top);
    ranked
}

/// More than the re-ranker keeps cannot be ranked; and the names of its features are as many as it has.
const _: () = assert!(KEPT >= 100 && NAMES.len() == 37);
