//! `eval retrieval`: how well the sparse formula ranks a foreign corpus (JSON lines) for questions with gold answers.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::learn::bm25::{self, Postings};

/// Weights of the fields law, chapter, text.
const FIELDS: [f32; 3] = [2.0, 1.0, 1.0];
/// Depths at which recall is reported.
pub const RECALL_AT: [usize; 4] = [5, 10, 20, 100];

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
}

#[derive(Deserialize)]
struct CorpusLine {
    name: Option<serde_json::Value>,
    id: Option<serde_json::Value>,
    #[serde(default)]
    law: String,
    #[serde(default)]
    chapter: String,
    text: String,
}

#[derive(Deserialize)]
struct QueryLine {
    query_id: serde_json::Value,
    query: String,
    #[serde(default)]
    gold: Vec<serde_json::Value>,
}

/// Where to read, where to write, how deep to rank.
#[derive(Debug, Clone)]
pub struct RetrievalJob {
    /// `.jsonl` or `.jsonl.gz` with `name` or `id`, `law`, `chapter`, `text`.
    pub corpus: PathBuf,
    /// `.jsonl` or `.jsonl.gz` with `query_id`, `query` and perhaps `gold`.
    pub queries: PathBuf,
    /// Where the run is written, one `{"query_id", "ranked"}` a line.
    pub out: PathBuf,
    /// Keys a query gets at most.
    pub top: usize,
}

/// The figures of one run. Ratios are 0..1 and mean over the queries that carry gold.
#[derive(Debug, Clone, PartialEq)]
pub struct RetrievalReport {
    /// Corpus lines.
    pub documents: usize,
    /// Queries ranked.
    pub queries: usize,
    /// Of which carry gold.
    pub judged: usize,
    /// Mean reciprocal rank of the first gold key within ten.
    pub mrr10: f64,
    /// Mean share of gold found, at [`RECALL_AT`].
    pub recall: [f64; 4],
    /// Normalised discounted cumulative gain within ten, binary gains.
    pub ndcg10: f64,
    /// Reading and indexing.
    pub indexing: Duration,
    /// Ranked per second on one thread.
    pub queries_per_second: f64,
}

impl std::fmt::Display for RetrievalReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "documents {}  indexing {:.2} s", self.documents, self.indexing.as_secs_f64())?;
        writeln!(f, "queries {} (judged {})  {:.0} queries/s", self.queries, self.judged, self.queries_per_second)?;
        if self.judged > 0 {
            write!(f, "MRR@10 {:.4}", self.mrr10)?;
            for (k, r) in RECALL_AT.iter().zip(self.recall) {
                write!(f, "  R@{k} {r:.4}")?;
            }
            writeln!(f, "  nDCG@10 {:.4}", self.ndcg10)?;
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

/// Indexes the corpus, ranks every query, writes the run and measures it.
///
/// # Errors
/// A file cannot be read or written, or a line breaks the contract.
pub fn run(job: &RetrievalJob) -> Result<RetrievalReport, EvalError> {
    let started = Instant::now();
    let corpus: Vec<CorpusLine> = read_lines(&job.corpus)?;
    let mut keys = Vec::with_capacity(corpus.len());
    let mut documents = Vec::with_capacity(corpus.len());
    for (number, line) in corpus.into_iter().enumerate() {
        let key = line.name.or(line.id).ok_or_else(|| EvalError::Line {
            path: job.corpus.clone(),
            line: number + 1,
            reason: "neither name nor id".to_owned(),
        })?;
        keys.push(key);
        documents.push(bm25::frequencies([
            (FIELDS[0], line.law.as_str()),
            (FIELDS[1], line.chapter.as_str()),
            (FIELDS[2], line.text.as_str()),
        ]));
    }
    let index = Postings::build(&documents);
    drop(documents);
    let indexing = started.elapsed();

    let queries: Vec<QueryLine> = read_lines(&job.queries)?;
    let io = |source| EvalError::Io { path: job.out.clone(), source };
    let mut out = BufWriter::new(std::fs::File::create(&job.out).map_err(io)?);
    let mut sums = Sums::default();
    let mut searching = Duration::ZERO;
    for query in &queries {
        let at = Instant::now();
        let hits = index.search(&query.query, job.top);
        searching += at.elapsed();
        let ranked: Vec<&serde_json::Value> = hits.iter().map(|(doc, _)| &keys[*doc]).collect();
        sums.add(&ranked, &query.gold);
        let line = serde_json::json!({ "query_id": query.query_id, "ranked": ranked });
        writeln!(out, "{line}").map_err(io)?;
    }
    out.flush().map_err(io)?;
    let (n, judged) = (queries.len() as f64, sums.judged.max(1) as f64);
    Ok(RetrievalReport {
        documents: keys.len(),
        queries: queries.len(),
        judged: sums.judged,
        mrr10: sums.mrr / judged,
        recall: sums.recall.map(|r| r / judged),
        ndcg10: sums.ndcg / judged,
        indexing,
        queries_per_second: n / searching.as_secs_f64().max(1e-9),
    })
}

#[derive(Default)]
struct Sums {
    judged: usize,
    mrr: f64,
    recall: [f64; 4],
    ndcg: f64,
}

impl Sums {
    fn add(&mut self, ranked: &[&serde_json::Value], gold: &[serde_json::Value]) {
        if gold.is_empty() {
            return;
        }
        self.judged += 1;
        // Keys keep their JSON type; compared as text so that 7 and "7" are different keys.
        let place: HashMap<String, usize> = ranked.iter().enumerate().rev().map(|(rank, key)| (key.to_string(), rank)).collect();
        let ranks: Vec<usize> = gold.iter().filter_map(|g| place.get(&g.to_string()).copied()).collect();
        if let Some(first) = ranks.iter().min().filter(|r| **r < 10) {
            self.mrr += 1.0 / (*first as f64 + 1.0);
        }
        for (sum, k) in self.recall.iter_mut().zip(RECALL_AT) {
            *sum += ranks.iter().filter(|r| **r < k).count() as f64 / gold.len() as f64;
        }
        let discount = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
        let gain: f64 = ranks.iter().filter(|r| **r < 10).map(|r| discount(*r)).sum();
        let ideal: f64 = (0..gold.len().min(10)).map(discount).sum();
        self.ndcg += gain / ideal;
    }
}
