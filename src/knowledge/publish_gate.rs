//! The publish gate: before a change goes live, the canonical questions are asked with and without it, beside what is live.
//!
//! Both sides are built the same way in memory, so that nothing but the change makes a difference. A large knowledge base is tried out over
//! the documents that the canonical questions reach, and the report says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::knowledge::catalog::Catalog;
use crate::knowledge::curated::{Content, Curated, CuratedStore};
use crate::knowledge::curated_match::CuratedIndex;
use crate::knowledge::document::{Audience, Document};
use crate::knowledge::question_sets::{QuestionSet, QuestionSetStore};
use crate::knowledge::runs::{self, Change as Difference, RouteOf, RunResult};
use crate::knowledge::search::{Knowledge, KnowledgeError, Query, Scope};
use crate::knowledge::vector::VectorStore;

/// Up to so many passages the whole knowledge base is built twice for a trial.
const WHOLE: usize = 6000;
/// Documents that a question reaches, in a trial over less than the whole.
const REACHED: usize = 10;

/// What shall change.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    /// A version of a document goes live, or (`None`) a document goes out of use.
    Document {
        /// The document's id.
        id: &'a str,
        /// The version to be.
        next: Option<&'a Document>,
    },
    /// A version of a fixed answer goes live, or (`None`) a fixed answer goes out of use.
    Curated {
        /// The fixed answer's id.
        id: Uuid,
        /// What will be said.
        next: Option<&'a Content>,
    },
}

/// What the canonical questions say to a change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GateReport {
    /// The canonical set; empty when there is none.
    pub set: String,
    /// Its version.
    pub version: u32,
    /// Questions asked.
    pub questions: u64,
    /// Right before the change.
    pub right_before: u64,
    /// Right after it.
    pub right_after: u64,
    /// Right before, not right after.
    pub lost: Vec<Difference>,
    /// Right after only.
    pub won: Vec<Difference>,
    /// So many may be lost.
    pub allowed: u32,
    /// `whole`: tried over everything; `reached`: over the documents that the questions reach.
    pub scope: String,
    /// Not more lost than allowed.
    pub passed: bool,
    /// The result in words.
    pub text: String,
}

impl GateReport {
    fn of(set: &QuestionSet, before: &[RunResult], after: &[RunResult], allowed: u32, scope: &str) -> Self {
        let compared = runs::compare(before, after);
        let right = |results: &[RunResult]| results.iter().filter(|r| r.is_right()).count() as u64;
        let passed = compared.lost.len() <= allowed as usize;
        let mut text = if compared.lost.is_empty() {
            format!("本次修改不影响{}题中的任何一题。", set.questions.len())
        } else {
            let lost: Vec<String> =
                compared.lost.iter().map(|d| format!("“{}”（原为{}，将为{}）", d.question, d.before, d.after)).collect();
            format!("本次修改使{}题中的{}题失去正确答案：{}。", set.questions.len(), lost.len(), lost.join("；"))
        };
        if !compared.won.is_empty() {
            text.push_str(&format!("另有{}题由错变对。", compared.won.len()));
        }
        Self {
            set: set.id.clone(),
            version: set.version,
            questions: set.questions.len() as u64,
            right_before: right(before),
            right_after: right(after),
            lost: compared.lost,
            won: compared.won,
            allowed,
            scope: scope.to_owned(),
            passed,
            text,
        }
    }
}

/// Does this version answer on `day`? Its passages bear the days on which it does.
fn answers_on(document: &Document, day: Date) -> bool {
    document.passages.first().is_none_or(|p| p.effective_from <= day && p.expires_on.is_none_or(|end| day < end))
}

/// Makes an empty index in memory for a trial.
pub type NewIndex = dyn Fn() -> Arc<dyn VectorStore> + Send + Sync;

/// The fixed answers that are live, or would be after a change.
fn fixed_answers(knowledge: &Knowledge, live: &[Curated], change: Option<(Uuid, Option<&Content>)>) -> CuratedIndex {
    let kept = live.iter().filter(|c| change.is_none_or(|(id, _)| c.id != id));
    let kept = kept.filter_map(|c| c.live.as_ref().map(|v| (c.id, v.version, &v.content)));
    let next = change.and_then(|(id, next)| next.map(|content| (id, 0, content)));
    CuratedIndex::of(kept.chain(next), &knowledge.catalog(), knowledge.lexicon())
}

/// What the search alone answered to a set.
struct Searched {
    catalog: Arc<Catalog>,
    set: QuestionSet,
    day: Date,
    results: Arc<Vec<RunResult>>,
}

/// Tries changes out.
pub struct PublishGate {
    knowledge: Arc<Knowledge>,
    curated: Arc<dyn CuratedStore>,
    sets: Arc<dyn QuestionSetStore>,
    new_index: Arc<NewIndex>,
    route_of: Arc<RouteOf>,
    allowed: u32,
    // One trial at a time: it costs memory and a core.
    trying: tokio::sync::Mutex<()>,
    searched: ArcSwapOption<Searched>,
}

impl std::fmt::Debug for PublishGate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublishGate").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

impl PublishGate {
    /// Puts the parts together; `allowed` right answers may be lost by a change.
    #[must_use]
    pub fn new(
        knowledge: Arc<Knowledge>,
        curated: Arc<dyn CuratedStore>,
        sets: Arc<dyn QuestionSetStore>,
        new_index: Arc<NewIndex>,
        route_of: Arc<RouteOf>,
        allowed: u32,
    ) -> Self {
        Self {
            knowledge,
            curated,
            sets,
            new_index,
            route_of,
            allowed,
            trying: tokio::sync::Mutex::new(()),
            searched: ArcSwapOption::empty(),
        }
    }

    /// Asks the canonical questions with and without `change`; nothing live is touched. Without a canonical set everything passes.
    ///
    /// # Errors
    /// Rows or index fail.
    pub async fn check(&self, change: Change<'_>, day: Date) -> Result<GateReport, KnowledgeError> {
        let Some(set) = self.sets.canonical_set().await? else {
            let text = "没有基准题集，未作检查。".to_owned();
            return Ok(GateReport { allowed: self.allowed, passed: true, text, ..GateReport::default() });
        };
        let _turn = self.trying.lock().await;
        let live = self.curated.all_curated().await?;
        match change {
            Change::Curated { id, next } => {
                // The search stays what it is: it is asked once for both sides, and once for all changes until it is another.
                let searched = self.searched(&set, day).await?;
                let before = self.ask_over(&searched, &live, None, &set, day).await?;
                let after = self.ask_over(&searched, &live, Some((id, next)), &set, day).await?;
                Ok(GateReport::of(&set, &before, &after, self.allowed, "whole"))
            }
            Change::Document { id, next } => self.try_document(&set, &live, id, next, day).await,
        }
    }

    /// What the search alone answers to a set, kept for as long as knowledge, set and day are the same.
    async fn searched(&self, set: &QuestionSet, day: Date) -> Result<Arc<Vec<RunResult>>, KnowledgeError> {
        let catalog = self.knowledge.catalog();
        if let Some(known) = self.searched.load_full()
            && Arc::ptr_eq(&known.catalog, &catalog)
            && known.set == *set
            && known.day == day
        {
            return Ok(Arc::clone(&known.results));
        }
        let none = CuratedIndex::default();
        let results = Arc::new(runs::ask_all(&self.knowledge, &none, set, day, Some(&*self.route_of)).await?);
        let searched = Searched { catalog, set: set.clone(), day, results: Arc::clone(&results) };
        self.searched.store(Some(Arc::new(searched)));
        Ok(results)
    }

    /// What is answered over what is live, asking again only what a fixed answer has a say in.
    async fn ask_over(
        &self,
        searched: &[RunResult],
        live: &[Curated],
        change: Option<(Uuid, Option<&Content>)>,
        set: &QuestionSet,
        day: Date,
    ) -> Result<Vec<RunResult>, KnowledgeError> {
        let index = fixed_answers(&self.knowledge, live, change);
        let mut out = Vec::with_capacity(searched.len());
        for (question, without) in set.questions.iter().zip(searched) {
            out.push(
                if index
                    .find(&question.question, &runs::scope_of(question, day), &self.knowledge.catalog(), self.knowledge.lexicon())
                    .given
                    .is_some()
                {
                    runs::ask(&self.knowledge, &index, question, day, Some(&*self.route_of)).await?
                } else {
                    without.clone()
                },
            );
        }
        Ok(out)
    }

    async fn try_document(
        &self,
        set: &QuestionSet,
        curated: &[Curated],
        id: &str,
        next: Option<&Document>,
        day: Date,
    ) -> Result<GateReport, KnowledgeError> {
        let mut documents = self.knowledge.documents_in_use().await?;
        let whole = self.knowledge.catalog().passages() <= WHOLE;
        if !whole {
            let reached = self.reached(set, day).await?;
            documents.retain(|d| d.meta.id == id || reached.contains(&d.meta.id));
        }
        let scope = if whole { "whole" } else { "reached" };
        // A version for a later day is judged on that day.
        let day = next.map_or(day, |n| n.meta.effective_from.max(day));
        let mut changed = documents.clone();
        match next {
            Some(next) => {
                changed.retain(|d| d.meta.id != id || !answers_on(d, day));
                changed.push(next.clone());
            }
            None => changed.retain(|d| d.meta.id != id),
        }
        let base = self.knowledge.beside(documents, (self.new_index)()).await?;
        let before = self.ask(&base, curated, set, day).await?;
        drop(base);
        let trial = self.knowledge.beside(changed, (self.new_index)()).await?;
        let after = self.ask(&trial, curated, set, day).await?;
        Ok(GateReport::of(set, &before, &after, self.allowed, scope))
    }

    /// Documents that the questions come near.
    async fn reached(&self, set: &QuestionSet, day: Date) -> Result<BTreeSet<String>, KnowledgeError> {
        let mut out = BTreeSet::new();
        for question in &set.questions {
            let scope = Scope {
                audiences: vec![Audience::Gridworker, Audience::Resident, Audience::All],
                areas: Vec::new(),
                on: question.on.unwrap_or(day),
            };
            let found = self.knowledge.search(&Query { text: question.question.clone(), scope, limit: 60 }).await?;
            out.extend(found.documents().into_iter().take(REACHED).map(str::to_owned));
            out.extend(question.expect.iter().cloned());
        }
        Ok(out)
    }

    async fn ask(
        &self,
        knowledge: &Knowledge,
        live: &[Curated],
        set: &QuestionSet,
        day: Date,
    ) -> Result<Vec<RunResult>, KnowledgeError> {
        let index = fixed_answers(knowledge, live, None);
        runs::ask_all(knowledge, &index, set, day, Some(&*self.route_of)).await
    }
}
