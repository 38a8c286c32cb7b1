//! Is a new generation good enough to answer? It must hold every passage, and put right first what the live one does.

use crate::knowledge::document::Audience;
use crate::knowledge::generation::{CheckResult, Snapshot};
use crate::knowledge::search::{Knowledge, KnowledgeError, Outcome, Query, Scope};
use crate::knowledge::vector::Filter;

/// Questions asked of both generations at most.
const QUESTIONS: usize = 200;
/// Of the questions that the live one got right, the share that may be lost.
const LOSS: f64 = 0.05;

/// A question and the document that is right for it.
struct Canonical<'a> {
    text: &'a str,
    document: &'a str,
    scope: Scope,
}

/// The canonical questions: those that documents say they answer, and where a document has none, what its passages are
/// called; spread evenly over the whole knowledge base.
fn questions(snapshot: &Snapshot) -> Vec<Canonical<'_>> {
    let mut own = Vec::new();
    let mut called = Vec::new();
    for unit in snapshot.catalog.units() {
        let Some(first) = unit.passages.first() else { continue };
        let scope =
            || Scope { audiences: vec![Audience::Resident, Audience::Gridworker], areas: Vec::new(), on: first.effective_from };
        let document = unit.meta.id.as_str();
        if unit.is_plain() {
            called.push(Canonical { text: &first.text, document, scope: scope() });
        } else {
            own.extend(unit.meta.questions.iter().map(|text| Canonical { text, document, scope: scope() }));
        }
    }
    let mut out = spread(own, QUESTIONS / 2);
    let left = QUESTIONS - out.len();
    out.extend(spread(called, left));
    out
}

/// At most so many of them, spread evenly.
fn spread<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let step = all.len().div_ceil(most.max(1)).max(1);
    all.into_iter().step_by(step).collect()
}

/// The first characters of a text: what somebody would ask with.
fn beginning(text: &str) -> String {
    text.chars().take(40).collect()
}

pub(super) async fn check(knowledge: &Knowledge, live: Option<&Snapshot>, new: &Snapshot) -> Result<CheckResult, KnowledgeError> {
    let mut out = CheckResult {
        expected: new.catalog.passages(),
        found: knowledge.vectors.count(new.generation, &Filter::everything()).await?,
        questions: 0,
        right_before: 0,
        right_now: 0,
        lost: 0,
        examples: Vec::new(),
        passed: false,
    };
    if let Some(live) = live {
        for question in questions(new) {
            let query = Query { text: beginning(question.text), scope: question.scope.clone(), limit: 1 };
            let (then, now) = (knowledge.search_in(live, &query).await?, knowledge.search_in(new, &query).await?);
            let right = |outcome: &Outcome| outcome.documents().first() == Some(&question.document);
            // What has come into the rows meanwhile may well be the better answer: that is no fault of the index.
            let newcomer = now.hits.first().is_some_and(|hit| live.catalog.find(hit.passage.id).is_none());
            let (before, now) = (right(&then), right(&now));
            out.questions += 1;
            out.right_before += usize::from(before);
            out.right_now += usize::from(now);
            if before && !now && !newcomer {
                out.lost += 1;
                if out.examples.len() < 10 {
                    out.examples.push(query.text);
                }
            }
        }
    }
    let allowed = (out.right_before as f64 * LOSS).ceil() as usize;
    out.passed = out.found == out.expected && out.lost <= allowed;
    Ok(out)
}
