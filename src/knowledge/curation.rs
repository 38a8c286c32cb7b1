//! The curators' work as a service: fixed answers, gaps and question sets over one knowledge base.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use jiff::civil::Date;
use parking_lot::Mutex;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::core::ids::Ids;
use crate::knowledge::catalog::Catalog;
use crate::knowledge::curated::{Cited, Content, Curated, CuratedError, CuratedStore, State, resolve};
use crate::knowledge::curated_match::{Considered, CuratedIndex, Found, is_outdated};
use crate::knowledge::document::Audience;
use crate::knowledge::gaps::{self, Asker, Cluster, ClusterChange, ClusterState, GapStore};
use crate::knowledge::pairs::ConfirmedStore;
use crate::knowledge::publish_gate::{Change, GateReport, NewIndex, PublishGate};
use crate::knowledge::question_sets::QuestionSetStore;
use crate::knowledge::runs::{self, RouteOf, Run, RunFigures, RunSetup, RunStore, RunUnderway};
use crate::knowledge::search::{Knowledge, KnowledgeError, Scope};
use crate::knowledge::store::StoreError;
use crate::knowledge::trace::Trace;

/// Questions of the past that a trial shows, at most.
const CAUGHT: usize = 50;

/// A question of the past beside a fixed answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Catch {
    /// The turn in which it was asked last.
    pub turn_id: Uuid,
    /// Personal data replaced.
    pub question: String,
    /// It had an answer then.
    pub answered: bool,
    /// Another fixed answer that was given then.
    pub by: Option<Uuid>,
    /// How close it is, and whether it would be given.
    pub found: Considered,
}

/// Names the figures of a text that stand in none of the passages.
pub type FigureCheck = dyn Fn(&str, &[&str]) -> Vec<String> + Send + Sync;

/// Everything that the service needs from others.
pub struct CurationParts {
    /// The knowledge base.
    pub knowledge: Arc<Knowledge>,
    /// Rows of fixed answers.
    pub curated: Arc<dyn CuratedStore>,
    /// Rows of gaps.
    pub gaps: Arc<dyn GapStore>,
    /// Rows of question sets.
    pub sets: Arc<dyn QuestionSetStore>,
    /// Rows of runs.
    pub runs: Arc<dyn RunStore>,
    /// Rows of confirmed questions.
    pub confirmed: Arc<dyn ConfirmedStore>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// The figure gate's check.
    pub figures: Arc<FigureCheck>,
    /// Which way a turn would go.
    pub route_of: Arc<RouteOf>,
    /// An empty index in memory, for trials.
    pub new_index: Arc<NewIndex>,
    /// So many right answers may be lost by a change.
    pub allowed_losses: u32,
}

#[derive(Default)]
struct Prepared {
    catalog: Arc<Catalog>,
    index: Arc<CuratedIndex>,
}

/// The curators' work.
pub struct Curation {
    parts: CurationParts,
    gate: PublishGate,
    live: ArcSwap<Vec<Curated>>,
    prepared: ArcSwap<Prepared>,
    // Runs that are being made.
    underway: Mutex<Vec<RunUnderway>>,
    // Groupings take turns.
    grouping: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Curation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Curation").finish_non_exhaustive()
    }
}

impl Curation {
    /// Puts the parts together. Call [`Self::reload`] before the first question.
    #[must_use]
    pub fn new(parts: CurationParts) -> Arc<Self> {
        let gate = PublishGate::new(
            Arc::clone(&parts.knowledge),
            Arc::clone(&parts.curated),
            Arc::clone(&parts.sets),
            Arc::clone(&parts.new_index),
            Arc::clone(&parts.route_of),
            parts.allowed_losses,
        );
        Arc::new(Self {
            parts,
            gate,
            live: ArcSwap::default(),
            prepared: ArcSwap::default(),
            underway: Mutex::new(Vec::new()),
            grouping: tokio::sync::Mutex::new(()),
        })
    }

    /// Rows of fixed answers.
    #[must_use]
    pub fn curated(&self) -> &Arc<dyn CuratedStore> {
        &self.parts.curated
    }

    /// Rows of gaps.
    #[must_use]
    pub fn gaps(&self) -> &Arc<dyn GapStore> {
        &self.parts.gaps
    }

    /// Rows of question sets.
    #[must_use]
    pub fn sets(&self) -> &Arc<dyn QuestionSetStore> {
        &self.parts.sets
    }

    /// Which way a turn with this text would go.
    #[must_use]
    pub fn route_of(&self, text: &str) -> &'static str {
        (self.parts.route_of)(text)
    }

    /// Rows of runs.
    #[must_use]
    pub fn runs(&self) -> &Arc<dyn RunStore> {
        &self.parts.runs
    }

    /// The publish gate.
    #[must_use]
    pub const fn gate(&self) -> &PublishGate {
        &self.gate
    }

    /// Reads the fixed answers in use.
    ///
    /// # Errors
    /// The rows fail; what was known stays.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let mut all = self.parts.curated.all_curated().await?;
        all.retain(|c| c.live.is_some());
        self.live.store(Arc::new(all));
        self.prepare();
        Ok(())
    }

    fn prepare(&self) -> Arc<Prepared> {
        let catalog = self.parts.knowledge.catalog();
        let index = Arc::new(CuratedIndex::new(&self.live.load(), &catalog, self.parts.knowledge.lexicon()));
        let prepared = Arc::new(Prepared { catalog, index });
        self.prepared.store(Arc::clone(&prepared));
        prepared
    }

    /// The fixed answers, prepared against the knowledge as it is now.
    #[must_use]
    pub fn index(&self) -> Arc<CuratedIndex> {
        let prepared = self.prepared.load_full();
        let fits = Arc::ptr_eq(&prepared.catalog, &self.parts.knowledge.catalog());
        if fits { Arc::clone(&prepared.index) } else { Arc::clone(&self.prepare().index) }
    }

    /// The fixed answer to a question of this asker, if there is one.
    #[must_use]
    pub fn find(&self, question: &str, scope: &Scope) -> Found {
        self.index().find(question, scope, &self.parts.knowledge.catalog(), self.parts.knowledge.lexicon())
    }

    /// Takes the citations that are wished for out of stored documents: (n, document, version, clause).
    ///
    /// # Errors
    /// A passage that is not there; the rows fail.
    pub async fn cite(&self, wanted: &[(u32, String, Option<u32>, String)]) -> Result<Vec<Cited>, CuratedError> {
        let mut documents = BTreeMap::new();
        for (_, id, version, _) in wanted {
            let key = (id.clone(), *version);
            if !documents.contains_key(&key)
                && let Some(document) = self.parts.knowledge.store().document(id, *version).await?
            {
                documents.insert(key, document);
            }
        }
        resolve(wanted, &documents).map_err(CuratedError::Faults)
    }

    /// Saves a draft: a new fixed answer, or the next version of a known one. Returns it with what a person should look at.
    ///
    /// # Errors
    /// Fields are wrong; there is none of that id; the rows fail.
    pub async fn save(
        &self,
        id: Option<Uuid>,
        mut content: Content,
        author: &str,
        cluster: Option<Uuid>,
        at: Timestamp,
        day: Date,
    ) -> Result<(Curated, Vec<String>), CuratedError> {
        content.tidy();
        let faults = content.faults();
        if !faults.is_empty() {
            return Err(CuratedError::Faults(faults));
        }
        let id = match id {
            Some(id) => {
                let known = self.parts.curated.curated(id).await?.ok_or(CuratedError::Unknown)?;
                // A model's words that a person rewrote are that person's.
                content.by_model &= known.newest().is_some_and(|v| v.content.answer == content.answer);
                id
            }
            None => self.parts.ids.uuid(),
        };
        self.parts.curated.save_curated(id, &content, author, cluster, at).await?;
        let warnings = self.warnings(id, &content, day);
        let saved = self.parts.curated.curated(id).await?.ok_or(CuratedError::Unknown)?;
        Ok((saved, warnings))
    }

    /// What a person should look at before this is published.
    #[must_use]
    pub fn warnings(&self, id: Uuid, content: &Content, day: Date) -> Vec<String> {
        let mut out = Vec::new();
        if content.citations.is_empty() {
            out.push("没有引用依据".to_owned());
        }
        let passages: Vec<String> = content.citations.iter().map(|c| format!("{} {}\n{}", c.title, c.clause, c.quote)).collect();
        let passages: Vec<&str> = passages.iter().map(String::as_str).collect();
        for figure in (self.parts.figures)(&content.answer, &passages) {
            out.push(format!("“{figure}”在所引的原文里找不到"));
        }
        let catalog = self.parts.knowledge.catalog();
        for cited in &content.citations {
            if is_outdated(cited, &catalog, day) {
                out.push(format!("《{}》“{}”已修改或停用，引用的不是现行文字", cited.title, cited.clause));
            }
            if cited.area != content.area && cited.area != "全国" {
                out.push(format!("《{}》适用于{}，固定答复写的是{}", cited.title, cited.area, content.area));
            }
            if !crate::knowledge::curated::markers(&content.answer).contains(&cited.n) {
                out.push(format!("引用〔{}〕没有在答案里标出", cited.n));
            }
        }
        // The same question in two answers: which one comes is then a matter of luck.
        let scope = Scope {
            audiences: match content.audience {
                Audience::All => vec![Audience::Resident, Audience::Gridworker, Audience::All],
                one => vec![one, Audience::All],
            },
            areas: Vec::new(),
            on: day,
        };
        let index = self.index();
        let mut met: Vec<Uuid> = Vec::new();
        for question in content.positives() {
            let found = index.find(question, &scope, &catalog, self.parts.knowledge.lexicon());
            let other = found.considered.iter().find(|c| c.id != id && c.probability >= crate::knowledge::similar::THRESHOLD);
            if let Some(other) = other.filter(|o| !met.contains(&o.id)) {
                met.push(other.id);
                out.push(format!("“{question}”与另一条固定答复的“{}”问的是一回事", other.question));
            }
        }
        out
    }

    /// Which of these searches of the past this content would answer, and which ones its negative questions keep from it; each question
    /// once, the surest first.
    ///
    /// # Errors
    /// The work was broken off.
    pub async fn catches(
        &self,
        id: Uuid,
        content: &Content,
        past: Vec<(Uuid, Trace)>,
        day: Date,
    ) -> Result<Vec<Catch>, StoreError> {
        let knowledge = Arc::clone(&self.parts.knowledge);
        let content = content.clone();
        let work = move || {
            let (catalog, lexicon) = (knowledge.catalog(), knowledge.lexicon());
            let index = CuratedIndex::of(std::iter::once((id, 0, &content)), &catalog, lexicon);
            let mut seen = BTreeSet::new();
            let mut out: Vec<Catch> = Vec::new();
            for (turn_id, trace) in past {
                if !seen.insert(trace.question.clone()) {
                    continue;
                }
                let fixed = trace.given();
                let scope = Scope { audiences: trace.audiences, areas: trace.areas, on: day.max(content.effective_from) };
                let found = index.find(&trace.question, &scope, &catalog, lexicon).considered.into_iter().next();
                let Some(found) = found.filter(|c| c.probability >= crate::knowledge::similar::THRESHOLD) else { continue };
                let answered = fixed.is_some() || trace.answerable == Some(true);
                out.push(Catch { turn_id, question: trace.question, answered, by: fixed.filter(|f| *f != id), found });
            }
            out.sort_by(|a, b| b.found.exact.cmp(&a.found.exact).then(b.found.probability.total_cmp(&a.found.probability)));
            out.truncate(CAUGHT);
            out
        };
        tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Backend(e.to_string()))
    }

    /// Publishes the waiting draft: another person than the author, warnings acknowledged with a reason, canonical questions not lost.
    ///
    /// # Errors
    /// See [`CuratedError`].
    pub async fn publish(
        &self,
        id: Uuid,
        approver: &str,
        acknowledged: Option<&str>,
        at: Timestamp,
        day: Date,
    ) -> Result<(Curated, GateReport), CuratedError> {
        let acknowledged = acknowledged.map(str::trim).filter(|a| !a.is_empty());
        let known = self.parts.curated.curated(id).await?.ok_or(CuratedError::Unknown)?;
        let Some(draft) = known.draft.as_ref() else {
            return Err(CuratedError::Conflict("没有等待发布的草稿".to_owned()));
        };
        if draft.author == approver {
            return Err(CuratedError::SamePerson);
        }
        let mut faults = draft.content.faults();
        if draft.content.answer.is_empty() {
            faults.push(("answer", "还没有写答案".to_owned()));
        }
        if !faults.is_empty() {
            return Err(CuratedError::Faults(faults));
        }
        let warnings = self.warnings(id, &draft.content, day.max(draft.content.effective_from));
        if !warnings.is_empty() && acknowledged.is_none() {
            return Err(CuratedError::Unacknowledged(warnings));
        }
        let report = self.gate.check(Change::Curated { id, next: Some(&draft.content) }, day).await?;
        if !report.passed && acknowledged.is_none() {
            return Err(CuratedError::Gate(Box::new(report)));
        }
        if !self.parts.curated.publish_curated(id, draft.version, approver, acknowledged, at).await? {
            return Err(CuratedError::Conflict("草稿刚刚又被修改，请重新查看".to_owned()));
        }
        self.reload().await?;
        if let Some(cluster) = known.cluster {
            self.answered(cluster, at).await?;
        }
        let now = self.parts.curated.curated(id).await?.ok_or(CuratedError::Unknown)?;
        Ok((now, report))
    }

    /// Takes a fixed answer out of use.
    ///
    /// # Errors
    /// There is none, it is not in use, or the canonical questions lose by it and nobody says why it must be.
    pub async fn retire(&self, id: Uuid, acknowledged: Option<&str>, day: Date) -> Result<(Curated, GateReport), CuratedError> {
        let known = self.parts.curated.curated(id).await?.ok_or(CuratedError::Unknown)?;
        if known.state == State::Retired {
            return Err(CuratedError::Conflict("已经停用".to_owned()));
        }
        let report = if known.live.is_some() {
            self.gate.check(Change::Curated { id, next: None }, day).await?
        } else {
            GateReport { passed: true, ..GateReport::default() }
        };
        if !report.passed && acknowledged.is_none_or(|a| a.trim().is_empty()) {
            return Err(CuratedError::Gate(Box::new(report)));
        }
        self.parts.curated.retire_curated(id).await?;
        self.reload().await?;
        let now = self.parts.curated.curated(id).await?.ok_or(CuratedError::Unknown)?;
        Ok((now, report))
    }

    /// Puts new gaps into groups, and marks groups as answered whose draft has gone live. Returns true when something changed.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn gather(&self, at: Timestamp) -> Result<bool, StoreError> {
        let _turn = self.grouping.lock().await;
        let mut changed = false;
        if self.parts.gaps.ungrouped().await? > 0 {
            let (all, clusters) = (self.parts.gaps.gaps().await?, self.parts.gaps.clusters().await?);
            let catalog = self.parts.knowledge.catalog();
            let ids = Arc::clone(&self.parts.ids);
            let grouped =
                tokio::task::spawn_blocking(move || gaps::regroup(&all, &clusters, &|term| catalog.idf(term), || ids.uuid()))
                    .await
                    .map_err(|e| StoreError::Backend(e.to_string()))?;
            self.parts.gaps.regroup(&grouped, at).await?;
            changed = true;
        }
        let catalog = self.parts.knowledge.catalog();
        for cluster in self.parts.gaps.clusters().await? {
            if cluster.state != ClusterState::Drafted {
                continue;
            }
            let by_document = cluster.document_id.as_ref().is_some_and(|id| catalog.units().iter().any(|u| u.meta.id == *id));
            let by_curated = cluster.curated_id.is_some_and(|id| self.live.load().iter().any(|c| c.id == id));
            if by_document || by_curated {
                self.answered(cluster.id, at).await?;
                changed = true;
            }
        }
        Ok(changed)
    }

    async fn answered(&self, cluster: Uuid, at: Timestamp) -> Result<(), StoreError> {
        let Some(known) = self.parts.gaps.cluster(cluster).await? else { return Ok(()) };
        if !matches!(known.state, ClusterState::Closed | ClusterState::NotOurDuty) {
            let change = ClusterChange { state: Some(ClusterState::Answered), answered_at: Some(at), ..ClusterChange::default() };
            self.parts.gaps.change_cluster(cluster, known.state, &change, at).await?;
        }
        Ok(())
    }

    /// The distinct questions of a group, the label first: what a draft begins with.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn questions_of(&self, cluster: &Cluster, most: usize) -> Result<Vec<String>, StoreError> {
        let mut out = vec![cluster.label.clone()];
        for gap in self.parts.gaps.gaps_of(cluster.id).await? {
            if out.len() >= most {
                break;
            }
            if !out.contains(&gap.question) {
                out.push(gap.question);
            }
        }
        Ok(out)
    }

    /// Conversations that may be told that a group is answered, with the fixed answer when there is one: only who may know it.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn to_be_told(&self, cluster: &Cluster, day: Date) -> Result<(Vec<Asker>, Option<Content>), StoreError> {
        let mut askers = self.parts.gaps.askers(cluster.id).await?;
        let content = match cluster.curated_id {
            Some(id) => self.parts.curated.curated(id).await?.and_then(|c| c.live).map(|v| v.content),
            None => None,
        };
        let content = content.filter(|c| c.in_force(day));
        let catalog = self.parts.knowledge.catalog();
        let document = cluster.document_id.as_ref().and_then(|id| catalog.units().iter().find(|u| u.meta.id == *id));
        let for_whom = content.as_ref().map(|c| c.audience).or_else(|| document.map(|u| u.meta.audience));
        askers.retain(|asker| match for_whom {
            Some(Audience::Gridworker) => asker.audience == Audience::Gridworker,
            Some(Audience::Resident | Audience::All) => true,
            // Nothing is live that answers: there is nothing to tell.
            None => false,
        });
        Ok((askers, content))
    }

    /// Asks a question set against what is live and keeps the run.
    ///
    /// # Errors
    /// There is no such set (`None`); rows or index fail.
    pub async fn run(
        &self,
        set: &str,
        version: Option<u32>,
        by: &str,
        note: Option<&str>,
        at: Timestamp,
        day: Date,
    ) -> Result<Option<Run>, KnowledgeError> {
        let Some(set) = self.parts.sets.question_set(set, version).await? else { return Ok(None) };
        let index = self.index();
        let id = self.parts.ids.uuid();
        let underway = RunUnderway {
            id,
            set_id: set.id.clone(),
            set_version: set.version,
            at,
            by: by.to_owned(),
            done: 0,
            all: set.questions.len(),
        };
        self.underway.lock().push(underway);
        let _gone = Ended { underway: &self.underway, id };
        let asked = |done| self.underway.lock().iter_mut().filter(|r| r.id == id).for_each(|r| r.done = done);
        let route_of = Some(&*self.parts.route_of);
        let results = runs::ask_each(&self.parts.knowledge, &index, &set, day, route_of, asked).await?;
        let run = Run {
            id,
            set_id: set.id,
            set_version: set.version,
            at,
            by: by.to_owned(),
            note: note.map(str::to_owned),
            setup: RunSetup::of(&self.parts.knowledge, &index, day),
            figures: RunFigures::of(&results),
        };
        self.parts.runs.save_run(&run, &results).await?;
        Ok(Some(run))
    }

    /// Runs that are being made in this process.
    #[must_use]
    pub fn underway(&self) -> Vec<RunUnderway> {
        self.underway.lock().clone()
    }

    /// Pairs to train the search on.
    #[must_use]
    pub fn pairs(&self) -> crate::knowledge::pairs::CurationPairs {
        crate::knowledge::pairs::CurationPairs {
            knowledge: Arc::clone(&self.parts.knowledge),
            curated: Arc::clone(&self.parts.curated),
            sets: Arc::clone(&self.parts.sets),
            confirmed: Arc::clone(&self.parts.confirmed),
        }
    }
}

/// Takes a run off the list, however it ended.
struct Ended<'a> {
    underway: &'a Mutex<Vec<RunUnderway>>,
    id: Uuid,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.underway.lock().retain(|r| r.id != self.id);
    }
}
