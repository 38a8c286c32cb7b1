//! `eval duplicates`: which messages of a stream are about the same incident, and which are nearly copies.
//!
//! The messages go through the engine in the order of their times, each compared with those before it. What is told of a
//! message is what could be known when it came; groups grow by joining.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::incident::duplicates::groups::Groups;
use crate::incident::duplicates::{COPY, Index, Match, SAME_INCIDENT, why};
use crate::knowledge::eval_retrieval::{EvalError, read_lines};

/// What is measured on what.
#[derive(Debug, Clone, Default)]
pub struct DuplicatesJob {
    /// `{id, topic, text, time}` per line.
    pub messages: PathBuf,
    /// Where `{id, cluster, copy, why}` is written, a line for each message in the order of their times.
    pub out: PathBuf,
    /// `{id, incident?, near_copy?}` per line; null = not judged.
    pub gold: Option<PathBuf>,
}

/// A message of the stream.
#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    /// As given: a number stays a number.
    pub id: Value,
    /// The subject line.
    #[serde(default)]
    pub topic: String,
    /// What was written.
    #[serde(default)]
    pub text: String,
    /// Text that sorts by time, or a number. Where any message has none, the file is in order of time.
    #[serde(default)]
    pub time: Value,
}

/// The order of time; of equal times the order of the file must not matter, so their ids decide.
fn earlier(a: &Message, b: &Message) -> Ordering {
    let by_time = match (&a.time, &b.time) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().unwrap_or_default().total_cmp(&b.as_f64().unwrap_or_default()),
        (a, b) => a.as_str().unwrap_or_default().cmp(b.as_str().unwrap_or_default()),
    };
    by_time.then_with(|| order(&a.id).cmp(&order(&b.id)))
}

#[derive(Debug, Deserialize)]
struct Gold {
    id: Value,
    #[serde(default)]
    incident: Option<Value>,
    #[serde(default)]
    near_copy: Option<Value>,
}

/// Why a message was put to others: the earlier message that it is most like.
#[derive(Debug, Serialize)]
struct Why<'a> {
    like: &'a Value,
    incident: f32,
    copy: f32,
    words: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    id: &'a Value,
    cluster: &'a Value,
    copy: &'a Value,
    why: Option<Why<'a>>,
}

/// Pairs that are right, of those that were put together and of those that belong together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pairs {
    /// Put together and belonging together.
    pub right: usize,
    /// Put together.
    pub told: usize,
    /// Belonging together.
    pub real: usize,
}

impl Pairs {
    /// Share of the told pairs that are right; 1 when none was told.
    #[must_use]
    pub fn precision(self) -> f64 {
        share(self.right, self.told)
    }

    /// Share of the real pairs that were told; 1 when there are none.
    #[must_use]
    pub fn recall(self) -> f64 {
        share(self.right, self.real)
    }

    /// Harmonic mean of both.
    #[must_use]
    pub fn f1(self) -> f64 {
        let (p, r) = (self.precision(), self.recall());
        if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// The figures of one run.
#[derive(Debug)]
pub struct DuplicatesReport {
    /// Messages.
    pub messages: usize,
    /// Groups of at least two messages about the same incident, and the largest.
    pub incidents: (usize, usize),
    /// Groups of at least two near copies, and the largest.
    pub copies: (usize, usize),
    /// Milliseconds of one message, comparing and adding: half, 95 %, all are below.
    pub millis: [f64; 3],
    /// With gold: threshold relative to the one in use, incident pairs, near copies.
    pub judged: Vec<(f32, Pairs, Pairs)>,
}

impl std::fmt::Display for DuplicatesReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [p50, p95, max] = self.millis;
        writeln!(f, "messages {}  {p50:.2} ms p50  {p95:.2} ms p95  {max:.2} ms max", self.messages)?;
        writeln!(f, "incidents of two or more {}  largest {}", self.incidents.0, self.incidents.1)?;
        writeln!(f, "copies of two or more {}  largest {}", self.copies.0, self.copies.1)?;
        for (scale, incident, copy) in &self.judged {
            let label =
                if (*scale - 1.0).abs() < 1e-6 { "in use".to_owned() } else { format!("{:+.0} %", (scale - 1.0) * 100.0) };
            for (name, pairs) in [("incident", incident), ("near_copy", copy)] {
                writeln!(
                    f,
                    "thresholds {label:>6}  {name:<9}  precision {:.3}  recall {:.3}  F1 {:.3}  ({} of {} told, {} real)",
                    pairs.precision(),
                    pairs.recall(),
                    pairs.f1(),
                    pairs.right,
                    pairs.told,
                    pairs.real
                )?;
            }
        }
        Ok(())
    }
}

/// Puts the messages through the engine in the order of time, writes the run and measures it.
///
/// # Errors
/// A file cannot be read or written, or a line breaks the contract.
pub fn run(job: &DuplicatesJob) -> Result<DuplicatesReport, EvalError> {
    let mut messages: Vec<Message> = read_lines(&job.messages)?;
    if messages.iter().all(|m| !m.time.is_null()) {
        messages.sort_by(earlier);
    }
    let stream = Stream::of(&messages);
    let (incidents, copies) = stream.groups(1.0);
    write(&job.out, &messages, &stream, &incidents, &copies)?;
    let mut judged = Vec::new();
    if let Some(path) = &job.gold {
        let gold: Vec<Gold> = read_lines(path)?;
        for scale in [1.0, 0.8, 0.9, 1.1, 1.2] {
            let (incidents, copies) = stream.groups(scale);
            let pairs = |groups: &Groups, column: fn(&Gold) -> Option<&Value>| measure(&messages, groups, &gold, column);
            judged.push((scale, pairs(&incidents, |g| g.incident.as_ref()), pairs(&copies, |g| g.near_copy.as_ref())));
        }
    }
    Ok(DuplicatesReport {
        messages: messages.len(),
        incidents: sizes(&incidents, messages.len()),
        copies: sizes(&copies, messages.len()),
        millis: quantiles(stream.millis),
        judged,
    })
}

/// What the engine said about each message when it came.
struct Stream {
    /// For each message the earlier ones that it is like.
    matches: Vec<Vec<Match<usize>>>,
    millis: Vec<f64>,
}

impl Stream {
    fn of(messages: &[Message]) -> Self {
        let mut index = Index::default();
        let mut out = Self { matches: Vec::with_capacity(messages.len()), millis: Vec::with_capacity(messages.len()) };
        for (number, message) in messages.iter().enumerate() {
            let begun = Instant::now();
            out.matches.push(index.find(&message.topic, &message.text));
            index.add(number, &message.topic, &message.text);
            out.millis.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        out
    }

    /// Incidents and copies with both thresholds times `scale`.
    fn groups(&self, scale: f32) -> (Groups, Groups) {
        let (mut incidents, mut copies) = (Groups::default(), Groups::default());
        for (number, matches) in self.matches.iter().enumerate() {
            incidents.add();
            copies.add();
            for found in matches {
                if found.incident >= SAME_INCIDENT * scale {
                    incidents.join(number, found.key);
                }
                if found.copy >= COPY * scale {
                    copies.join(number, found.key);
                }
            }
        }
        (incidents, copies)
    }
}

fn write(out: &Path, messages: &[Message], stream: &Stream, incidents: &Groups, copies: &Groups) -> Result<(), EvalError> {
    let io = |source| EvalError::Io { path: out.to_owned(), source };
    let mut file = std::io::BufWriter::new(std::fs::File::create(out).map_err(io)?);
    for (number, message) in messages.iter().enumerate() {
        let linked = |m: &&Match<usize>| m.incident >= SAME_INCIDENT || m.copy >= COPY;
        let nearest = stream.matches[number].iter().find(linked);
        let why = nearest.map(|found| {
            let other = &messages[found.key];
            let words =
                why::shared_runs(&format!("{}\n{}", message.topic, message.text), &format!("{}\n{}", other.topic, other.text), 5);
            Why { like: &other.id, incident: found.incident, copy: found.copy, words }
        });
        let line = Line {
            id: &message.id,
            cluster: &messages[incidents.first(number)].id,
            copy: &messages[copies.first(number)].id,
            why,
        };
        let line = serde_json::to_string(&line).map_err(|e| io(e.into()))?;
        writeln!(file, "{line}").map_err(io)?;
    }
    file.flush().map_err(io)
}

fn measure(messages: &[Message], groups: &Groups, gold: &[Gold], column: fn(&Gold) -> Option<&Value>) -> Pairs {
    let number: HashMap<String, usize> = messages.iter().enumerate().map(|(n, m)| (order(&m.id), n)).collect();
    let judged = gold.iter().filter_map(|g| {
        let label = column(g).filter(|label| !label.is_null())?;
        Some((groups.first(*number.get(&order(&g.id))?), label.to_string()))
    });
    let mut pairs = Pairs::default();
    let (mut told, mut real, mut both) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (group, label) in judged {
        pairs.told += grown(&mut told, group);
        pairs.right += grown(&mut both, (group, label.clone()));
        pairs.real += grown(&mut real, label);
    }
    pairs
}

/// Adds one to a group; gives the pairs that it makes with those that are there.
fn grown<K: Ord>(groups: &mut BTreeMap<K, usize>, key: K) -> usize {
    let size = groups.entry(key).or_default();
    *size += 1;
    *size - 1
}

/// Groups of two or more, and the size of the largest.
fn sizes(groups: &Groups, messages: usize) -> (usize, usize) {
    let mut sizes: HashMap<usize, usize> = HashMap::new();
    for number in 0..messages {
        *sizes.entry(groups.first(number)).or_default() += 1;
    }
    (sizes.values().filter(|n| **n > 1).count(), sizes.values().copied().max().unwrap_or_default())
}

/// An id as text, so that ids of both types have one order.
fn order(id: &Value) -> String {
    id.to_string()
}

/// Half, 95 % and all of the values are at most these.
#[must_use]
pub fn quantiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (values.len() as f64 * share).ceil() as usize;
        values.get(place.saturating_sub(1)).copied().unwrap_or_default()
    };
    [at(0.5), at(0.95), at(1.0)]
}
