//! Runs: a question set asked against a state of the knowledge base, with the scores of each question, kept and compared.

use std::time::Instant;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::knowledge::curated_match::CuratedIndex;
use crate::knowledge::document::Audience;
use crate::knowledge::judge;
use crate::knowledge::question_sets::{Expectation, QuestionSet, SetQuestion};
use crate::knowledge::search::{Decision, Knowledge, KnowledgeError, Query, Scope};
use crate::knowledge::similar;
use crate::knowledge::split::SPLITTER_VERSION;
use crate::knowledge::store::StoreError;

/// Says which way a turn with this text would go.
pub type RouteOf = dyn Fn(&str) -> &'static str + Send + Sync;

/// What came of one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RunVerdict)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As expected.
    Right,
    /// Answered, but something else came first (答非所问).
    Wrong,
    /// Declined although there is an answer (误拒).
    Declined,
    /// Answered although it should be declined (该拒未拒).
    Answered,
    /// Another way than expected.
    OtherRoute,
}

impl Verdict {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Right => "正确",
            Self::Wrong => "答非所问",
            Self::Declined => "误拒",
            Self::Answered => "该拒未拒",
            Self::OtherRoute => "去向不对",
        }
    }
}

/// One question with what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunResult {
    /// The question's id in its set.
    #[schema(value_type = Object)]
    pub id: serde_json::Value,
    /// The question.
    pub question: String,
    /// What should have come, in words: ids of documents, a fixed answer, 不答 or a route.
    pub expected: Vec<String>,
    /// What came of it.
    pub verdict: Verdict,
    /// The expected document is among the first three, whatever the gate said.
    pub in_three: bool,
    /// The first three documents, best first.
    pub got: Vec<String>,
    /// The fixed answer that was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curated: Option<Uuid>,
    /// The best probability (0..1).
    pub top_score: f32,
    /// BM25F of the best passage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sparse: Option<f32>,
    /// Cosine of the best passage's embedding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dense: Option<f32>,
    /// Cosine of the best passage in the built-in embedding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<f32>,
    /// Microseconds of the search.
    #[serde(default)]
    pub micros: u64,
}

impl RunResult {
    /// As expected.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.verdict == Verdict::Right
    }

    /// Must be declined.
    #[must_use]
    pub fn is_out_of_scope(&self) -> bool {
        self.expected.iter().any(|e| e == DECLINE)
    }
}

/// How an expected decline is written.
pub const DECLINE: &str = "不答";

/// The figures of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunFigures {
    /// Questions.
    pub questions: u64,
    /// As expected.
    pub right: u64,
    /// With an expected document or fixed answer.
    pub in_scope: u64,
    /// Of which: answered, and the right one first.
    pub first: u64,
    /// Of which: the right document among the first three.
    pub first_three: u64,
    /// Of which: declined.
    pub declined_in_scope: u64,
    /// That must be declined.
    pub out_of_scope: u64,
    /// Of which: declined.
    pub declined_out_of_scope: u64,
    /// Answered by a fixed answer.
    pub by_curated: u64,
    /// Milliseconds that half of the searches stay within.
    pub p50_ms: f64,
    /// Milliseconds that 95 of 100 stay within.
    pub p95_ms: f64,
}

impl RunFigures {
    /// Counts results.
    #[must_use]
    pub fn of(results: &[RunResult]) -> Self {
        let count = |f: &dyn Fn(&RunResult) -> bool| results.iter().filter(|r| f(r)).count() as u64;
        let routed = |r: &RunResult| r.expected.iter().any(|e| e.starts_with(ROUTE));
        let inside = |r: &RunResult| !r.is_out_of_scope() && !routed(r);
        let mut times: Vec<u64> = results.iter().map(|r| r.micros).collect();
        times.sort_unstable();
        let within = |percent: usize| {
            let at = times.len().saturating_sub(1) * percent / 100;
            times.get(at).map_or(0.0, |t| *t as f64 / 1000.0)
        };
        Self {
            questions: results.len() as u64,
            right: count(&RunResult::is_right),
            in_scope: count(&inside),
            first: count(&|r| inside(r) && r.is_right()),
            first_three: count(&|r| inside(r) && r.in_three),
            declined_in_scope: count(&|r| inside(r) && r.verdict == Verdict::Declined),
            out_of_scope: count(&RunResult::is_out_of_scope),
            declined_out_of_scope: count(&|r| r.is_out_of_scope() && r.is_right()),
            by_curated: count(&|r| r.curated.is_some()),
            p50_ms: within(50),
            p95_ms: within(95),
        }
    }
}

/// What a run was made against: the same setup and set give the same results.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunSetup {
    /// The index generation, as its manifest says.
    #[schema(value_type = Object)]
    pub generation: serde_json::Value,
    /// How texts are cut.
    pub splitter: u32,
    /// SHA-256 over ids and versions of the documents in use.
    pub documents: String,
    /// How many documents.
    pub document_count: u64,
    /// SHA-256 over the weights of the judge.
    pub weights: String,
    /// From this probability on an answer is shown.
    pub threshold: f32,
    /// Fixed answers in use.
    pub curated: u64,
    /// From this probability on a fixed answer is given.
    pub similar_threshold: f32,
    /// The day that was asked for.
    #[schema(value_type = Option<String>, format = Date)]
    pub on: Option<Date>,
    /// Version of the program.
    pub program: String,
}

impl RunSetup {
    /// The state of a knowledge base.
    pub fn of(knowledge: &Knowledge, curated: &CuratedIndex, on: Date) -> Self {
        let generation = knowledge.snapshot().map_or(serde_json::Value::Null, |s| {
            let m = &s.manifest;
            serde_json::json!({
                "number": s.generation.0, "splitter": m.splitter, "piece_chars": m.piece_chars, "embedder": m.embedder,
                "dimension": m.dimension, "table": m.table, "lexicon": m.lexicon, "mean": [m.mean.unigrams, m.mean.bigrams],
            })
        });
        let catalog = knowledge.catalog();
        let versions: std::collections::BTreeSet<String> =
            catalog.units().iter().flat_map(|u| u.passages.iter().map(|p| format!("{}@{}", p.document_id, p.version))).collect();
        let mut hash = Sha256::new();
        for v in &versions {
            hash.update(format!("{v}\n"));
        }
        let mut weights = Sha256::new();
        for weight in judge::WEIGHTS.iter().chain(&judge::PLAIN_WEIGHTS).chain(&[judge::BIAS, judge::PLAIN_BIAS]) {
            weights.update(weight.to_le_bytes());
        }
        Self {
            generation,
            splitter: SPLITTER_VERSION,
            documents: hex::encode(hash.finalize()),
            document_count: versions.len() as u64,
            weights: hex::encode(weights.finalize()),
            threshold: judge::THRESHOLD,
            curated: curated.len() as u64,
            similar_threshold: similar::THRESHOLD,
            on: Some(on),
            program: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// A run without its questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Public id.
    pub id: Uuid,
    /// The set.
    pub set_id: String,
    /// Its version.
    pub set_version: u32,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who wanted it.
    pub by: String,
    /// For people.
    pub note: Option<String>,
    /// What it was made against.
    pub setup: RunSetup,
    /// What came of it.
    pub figures: RunFigures,
}

/// A run that is being made in this process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunUnderway {
    /// The id that it will have.
    pub id: Uuid,
    /// The set.
    pub set_id: String,
    /// Its version.
    pub set_version: u32,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who wanted it.
    pub by: String,
    /// Questions asked.
    pub done: usize,
    /// Questions in all.
    pub all: usize,
}

/// Two runs of the same questions beside each other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// Right in the second only.
    pub won: Vec<Change>,
    /// Right in the first only.
    pub lost: Vec<Change>,
    /// Right in both.
    pub same_right: u64,
    /// Right in neither.
    pub same_wrong: u64,
    /// Asked in one of the two only.
    pub only_in_one: u64,
}

/// One question that came out differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// The question's id in its set.
    #[schema(value_type = Object)]
    pub id: serde_json::Value,
    /// The question.
    pub question: String,
    /// What should come.
    pub expected: Vec<String>,
    /// What came first, before.
    pub before: String,
    /// What came first, after.
    pub after: String,
}

/// Compares results by the questions' ids, in the order of the second.
#[must_use]
pub fn compare(before: &[RunResult], after: &[RunResult]) -> Comparison {
    let key = |r: &RunResult| (r.id.to_string(), r.question.clone());
    let old: std::collections::BTreeMap<(String, String), &RunResult> = before.iter().map(|r| (key(r), r)).collect();
    let mut out = Comparison::default();
    let mut met = 0;
    for new in after {
        let Some(old) = old.get(&key(new)) else {
            out.only_in_one += 1;
            continue;
        };
        met += 1;
        let change = || Change {
            id: new.id.clone(),
            question: new.question.clone(),
            expected: new.expected.clone(),
            before: in_words(old),
            after: in_words(new),
        };
        match (old.is_right(), new.is_right()) {
            (true, true) => out.same_right += 1,
            (false, false) => out.same_wrong += 1,
            (true, false) => out.lost.push(change()),
            (false, true) => out.won.push(change()),
        }
    }
    out.only_in_one += (before.len() - met.min(before.len())) as u64;
    out
}

fn in_words(result: &RunResult) -> String {
    match (result.verdict, result.curated, result.got.first()) {
        (Verdict::Declined, ..) => "没有答上来".to_owned(),
        (Verdict::Right, None, _) if result.is_out_of_scope() => "如实说没有".to_owned(),
        (_, Some(id), _) => format!("固定答复 {id}"),
        (_, None, Some(first)) => first.clone(),
        (_, None, None) => result.verdict.word().to_owned(),
    }
}

/// Rows of runs.
#[async_trait]
pub trait RunStore: Send + Sync + std::fmt::Debug {
    /// Keeps a run with its questions.
    ///
    /// # Errors
    /// The database fails; nothing is stored then.
    async fn save_run(&self, run: &Run, results: &[RunResult]) -> Result<(), StoreError>;

    /// The last runs, newest first; of one set when it is named.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn runs(&self, set: Option<&str>, limit: u32) -> Result<Vec<Run>, StoreError>;

    /// One run with its questions, in the order of the set.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn run(&self, id: Uuid) -> Result<Option<(Run, Vec<RunResult>)>, StoreError>;
}

/// Asks every question of a set.
///
/// # Errors
/// The index fails.
pub async fn ask_all(
    knowledge: &Knowledge,
    curated: &CuratedIndex,
    set: &QuestionSet,
    day: Date,
    route_of: Option<&RouteOf>,
) -> Result<Vec<RunResult>, KnowledgeError> {
    ask_each(knowledge, curated, set, day, route_of, |_| ()).await
}

/// Asks every question of a set and tells after each how many were asked.
///
/// # Errors
/// The index fails.
pub async fn ask_each(
    knowledge: &Knowledge,
    curated: &CuratedIndex,
    set: &QuestionSet,
    day: Date,
    route_of: Option<&RouteOf>,
    asked: impl Fn(usize) + Send + Sync,
) -> Result<Vec<RunResult>, KnowledgeError> {
    let mut out = Vec::with_capacity(set.questions.len());
    for question in &set.questions {
        out.push(ask(knowledge, curated, question, day, route_of).await?);
        asked(out.len());
    }
    Ok(out)
}

/// For whom and for which day a question of a set is asked.
#[must_use]
pub fn scope_of(question: &SetQuestion, day: Date) -> Scope {
    let audiences = match question.audience.unwrap_or(Audience::Resident) {
        Audience::Gridworker => vec![Audience::Gridworker, Audience::Resident, Audience::All],
        Audience::Resident | Audience::All => vec![Audience::Resident, Audience::All],
    };
    Scope { audiences, areas: Vec::new(), on: question.on.unwrap_or(day) }
}

/// How an expected route is written.
const ROUTE: &str = "去向：";

/// Asks one question as the service would: its route, then fixed answers, then the search and its gate.
///
/// # Errors
/// The index fails.
pub async fn ask(
    knowledge: &Knowledge,
    curated: &CuratedIndex,
    question: &SetQuestion,
    day: Date,
    route_of: Option<&RouteOf>,
) -> Result<RunResult, KnowledgeError> {
    let started = Instant::now();
    let scope = scope_of(question, day);
    let expected: Vec<String> = match question.expectation() {
        Expectation::Documents(ids) => ids.to_vec(),
        Expectation::Curated(id) => vec![id.to_string()],
        Expectation::Decline => vec![DECLINE.to_owned()],
        Expectation::Route(route) => vec![format!("{ROUTE}{route}")],
    };
    let mut result = RunResult {
        id: question.id.clone(),
        question: question.question.clone(),
        expected,
        verdict: Verdict::Right,
        in_three: false,
        got: Vec::new(),
        curated: None,
        top_score: 0.0,
        sparse: None,
        dense: None,
        learned: None,
        micros: 0,
    };
    if let Expectation::Route(route) = question.expectation() {
        let goes = route_of.map_or("", |f| f(&question.question));
        result.got = vec![format!("{ROUTE}{goes}")];
        result.verdict = if goes == route { Verdict::Right } else { Verdict::OtherRoute };
        return Ok(result);
    }
    let found = curated.find(&question.question, &scope, &knowledge.catalog(), knowledge.lexicon());
    let outcome = knowledge.search(&Query { text: question.question.clone(), scope, limit: 60 }).await?;
    result.micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let declined = outcome.decision == Decision::NotFound && found.given.is_none();
    result.got = outcome.documents().into_iter().take(3).map(str::to_owned).collect();
    result.top_score = outcome.top_score;
    result.sparse = outcome.hits.first().and_then(|h| h.legs.sparse);
    result.dense = outcome.hits.first().and_then(|h| h.legs.dense);
    result.learned = outcome.hits.first().and_then(|h| h.legs.learned);
    result.curated = found.given.as_ref().map(|g| g.id);
    let cites = |ids: &[String]| match &found.given {
        // A fixed answer is right for a question when it rests on a document that answers it.
        Some(given) => given.content.citations.iter().any(|c| ids.contains(&c.document_id)),
        None => result.got.first().is_some_and(|first| ids.contains(first)),
    };
    let right = match question.expectation() {
        Expectation::Documents(ids) => {
            let first = !declined && cites(ids);
            result.in_three = first || result.got.iter().any(|id| ids.contains(id));
            first
        }
        Expectation::Curated(id) => {
            result.in_three = result.curated == Some(id);
            result.in_three
        }
        Expectation::Decline => declined,
        Expectation::Route(_) => true,
    };
    result.verdict = match (right, question.expectation()) {
        (true, _) => Verdict::Right,
        (false, Expectation::Decline) => Verdict::Answered,
        (false, _) if declined => Verdict::Declined,
        (false, _) => Verdict::Wrong,
    };
    Ok(result)
}
