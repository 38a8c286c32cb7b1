//! The life of documents as a service: each act reads what is on file, makes a legal move, keeps it, and brings the index
//! in step when something was published or ended.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use crate::core::clock::Clock;
use crate::knowledge::area::Areas;
use crate::knowledge::catalog::Catalog;
use crate::knowledge::curation::Curation;
use crate::knowledge::document::{Document, ParsedDocument};
use crate::knowledge::findings::{Checker, Finding, FindingKind, Severity, Side};
use crate::knowledge::life::moves::{Hand, Refusal};
use crate::knowledge::life::record::{Actor, DocumentFile, Event, Retirement};
use crate::knowledge::life::store::{Applied, Change, LifeStore};
use crate::knowledge::publish_gate::{Change as Publication, GateReport};
use crate::knowledge::search::{Knowledge, KnowledgeError};
use crate::knowledge::store::StoreError;

/// How a finding of the publish gate begins.
const LOST: &str = "answers-lost-";

/// Tries against somebody who changes the same document at the same time.
const TRIES: usize = 4;

/// Why an act did not happen.
#[derive(Debug, thiserror::Error)]
pub enum LifeError {
    /// There is no such document, version or finding.
    #[error("没有这份资料或这个版本")]
    NotFound,
    /// A document of this id exists.
    #[error("编号“{0}”已经有资料了")]
    Taken(String),
    /// The move is not legal.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Findings stand in the way of publishing.
    #[error("还有{}处疑点没有处理，不能发布", .0.len())]
    Findings(Vec<OpenFinding>),
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Rows or index, while the index was brought in step. The act itself is kept.
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
}

/// A finding, and whether somebody stands by the text.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenFinding {
    /// What was found.
    pub finding: Finding,
    /// Who acknowledged it, when and why.
    pub acknowledged: Option<crate::knowledge::life::record::Acknowledgement>,
}

impl OpenFinding {
    /// Stands in the way of publishing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.finding.severity == Severity::Blocking || self.acknowledged.is_none()
    }
}

/// What the document is after an act.
#[derive(Debug, Clone, PartialEq)]
pub struct Acted {
    /// Before.
    pub before: DocumentFile,
    /// After.
    pub after: DocumentFile,
}

/// The life of documents.
pub struct DocumentLife {
    store: Arc<dyn LifeStore>,
    knowledge: Arc<Knowledge>,
    clock: Arc<dyn Clock>,
    zone: TimeZone,
    areas: Areas,
    // Made for one state of what is published.
    checker: Mutex<Option<(Arc<Catalog>, Arc<Checker>)>>,
    // Asks the canonical questions before something goes live.
    gate: Option<Arc<Curation>>,
    // One publication at a time: two copies approved at once would not see each other.
    publishing: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for DocumentLife {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DocumentLife").finish_non_exhaustive()
    }
}

impl DocumentLife {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        store: Arc<dyn LifeStore>,
        knowledge: Arc<Knowledge>,
        clock: Arc<dyn Clock>,
        zone: TimeZone,
        areas: Areas,
    ) -> Self {
        let publishing = tokio::sync::Mutex::new(());
        Self { store, knowledge, clock, zone, areas, checker: Mutex::new(None), gate: None, publishing }
    }

    /// With the publish gate: what loses right answers of the canonical questions is not published until a person has
    /// acknowledged that with a reason.
    #[must_use]
    pub fn with_gate(mut self, curation: Arc<Curation>) -> Self {
        self.gate = Some(curation);
        self
    }

    /// The day it is in the street.
    #[must_use]
    pub fn today(&self) -> Date {
        self.clock.now().to_zoned(self.zone.clone()).date()
    }

    /// The areas that hold for the street.
    #[must_use]
    pub fn areas(&self) -> &Areas {
        &self.areas
    }

    /// The rows, for lists.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn LifeStore> {
        &self.store
    }

    fn hand(&self, by: &Actor, note: &str) -> Hand {
        Hand { by: by.clone(), at: self.clock.now(), note: note.trim().to_owned() }
    }

    /// What is on file about a document.
    ///
    /// # Errors
    /// There is nothing, or the rows fail.
    pub async fn file(&self, id: &str) -> Result<DocumentFile, LifeError> {
        self.store.file(id).await?.ok_or(LifeError::NotFound)
    }

    /// Its history, oldest first.
    ///
    /// # Errors
    /// There is no such document, or the rows fail.
    pub async fn history(&self, id: &str) -> Result<Vec<Event>, LifeError> {
        self.file(id).await?;
        Ok(self.store.history(id).await?)
    }

    /// A version in any state, for those who may see drafts.
    ///
    /// # Errors
    /// There is none, or the rows fail.
    pub async fn version(&self, id: &str, version: u32) -> Result<Document, LifeError> {
        self.store.any_version(id, version).await?.ok_or(LifeError::NotFound)
    }

    /// Reads, moves, keeps; once more when somebody was faster.
    async fn act(
        &self,
        id: &str,
        make: impl Fn(&DocumentFile) -> Result<Change, Refusal> + Send + Sync,
    ) -> Result<Acted, LifeError> {
        for _ in 0..TRIES {
            let before = self.file(id).await?;
            let change = make(&before)?;
            if self.store.apply(change).await? == Applied::Done {
                let after = self.file(id).await?;
                return Ok(Acted { before, after });
            }
        }
        Err(Refusal::NotInThisState("这份资料正被别人修改，请稍后再试").into())
    }

    /// A new document as a draft.
    ///
    /// # Errors
    /// The id is taken, or the rows fail.
    pub async fn create(&self, content: ParsedDocument, by: &Actor, note: &str) -> Result<Acted, LifeError> {
        let id = content.meta.id.clone();
        let before = DocumentFile::new(&id);
        let change = before.begin(content, &self.hand(by, note))?;
        if self.store.file(&id).await?.is_some() || self.store.apply(change).await? == Applied::Stale {
            return Err(LifeError::Taken(id));
        }
        let after = self.file(&id).await?;
        Ok(Acted { before, after })
    }

    /// A draft of a document that has none, beginning with this content.
    ///
    /// # Errors
    /// Not a legal move, or the rows fail.
    pub async fn begin(&self, id: &str, content: ParsedDocument, by: &Actor, note: &str) -> Result<Acted, LifeError> {
        let hand = self.hand(by, note);
        self.act(id, |file| file.begin(content.clone(), &hand)).await
    }

    /// Changes the draft that has this revision.
    ///
    /// # Errors
    /// Not a legal move, or the rows fail.
    pub async fn edit(
        &self,
        id: &str,
        revision: u32,
        content: ParsedDocument,
        based_on: Option<u32>,
        by: &Actor,
        note: &str,
    ) -> Result<Acted, LifeError> {
        let hand = self.hand(by, note);
        self.act(id, |file| file.drafting()?.edit(revision, content.clone(), based_on, &hand)).await
    }

    /// Throws the draft away.
    ///
    /// # Errors
    /// Not a legal move, or the rows fail.
    pub async fn discard(&self, id: &str, revision: u32, by: &Actor, note: &str) -> Result<Acted, LifeError> {
        let hand = self.hand(by, note);
        self.act(id, |file| file.drafting()?.discard(revision, &hand)).await
    }

    /// Hands the draft in for review, with what was found in it.
    ///
    /// # Errors
    /// Not a legal move, or the rows fail.
    pub async fn submit(&self, id: &str, revision: u32, by: &Actor, note: &str) -> Result<(Acted, Vec<OpenFinding>), LifeError> {
        let (hand, today) = (self.hand(by, note), self.today());
        let acted = self.act(id, |file| file.drafting()?.submit(revision, today, &hand)).await?;
        let findings = self.findings_of(&acted.after).await?;
        Ok((acted, findings))
    }

    /// Takes a version back that waits for review.
    ///
    /// # Errors
    /// Not a legal move, or the rows fail.
    pub async fn withdraw(&self, id: &str, by: &Actor, note: &str) -> Result<Acted, LifeError> {
        let hand = self.hand(by, note);
        let content = self.waiting(id).await?;
        self.act(id, |file| same(file, &content)?.withdraw(&content, &hand)).await
    }

    /// Gives a version back with a reason.
    ///
    /// # Errors
    /// Not a legal move, or the rows fail.
    pub async fn give_back(&self, id: &str, by: &Actor, reason: &str) -> Result<Acted, LifeError> {
        let hand = self.hand(by, reason);
        let content = self.waiting(id).await?;
        self.act(id, |file| same(file, &content)?.give_back(&content, &hand)).await
    }

    /// Publishes the version that waits, if it is `version`: the reviewer says which one they read.
    ///
    /// # Errors
    /// Not a legal move (the reviewer wrote on it, something else waits), findings are open, or rows and index fail.
    pub async fn approve(&self, id: &str, version: u32, by: &Actor, note: &str) -> Result<Acted, LifeError> {
        let hand = self.hand(by, note);
        let _turn = self.publishing.lock().await;
        let content = self.waiting(id).await?;
        if content.version != version {
            return Err(Refusal::NotInThisState("待审核的已是另一个版本，请重新查看").into());
        }
        // Who may not approve at all is told so first.
        same(&self.file(id).await?, &content)?.approve(0, &hand)?;
        let open: Vec<OpenFinding> = self.findings(id).await?.into_iter().filter(OpenFinding::is_open).collect();
        if !open.is_empty() {
            return Err(LifeError::Findings(open));
        }
        if let Some((_, Some(lost))) = self.tried_out(id, &content).await?
            && lost.is_open()
        {
            return Err(LifeError::Findings(vec![lost]));
        }
        let acted = self.act(id, |file| same(file, &content)?.approve(0, &hand)).await?;
        self.knowledge.refresh().await?;
        Ok(acted)
    }

    /// What the canonical questions say to the version that waits, and the finding that it makes when answers would be lost;
    /// `None` where nothing is asked before publishing.
    ///
    /// # Errors
    /// Nothing waits, or rows and index fail.
    pub async fn gate(&self, id: &str) -> Result<Option<(GateReport, Option<OpenFinding>)>, LifeError> {
        let content = self.waiting(id).await?;
        self.tried_out(id, &content).await
    }

    /// Asks the canonical questions with and without this version; what it would lose is a finding.
    async fn tried_out(&self, id: &str, content: &Document) -> Result<Option<(GateReport, Option<OpenFinding>)>, LifeError> {
        let Some(curation) = &self.gate else { return Ok(None) };
        let report = curation.gate().check(Publication::Document { id, next: Some(content) }, self.today()).await?;
        if report.passed {
            return Ok(Some((report, None)));
        }
        let lost: Vec<String> = report.lost.iter().map(|d| d.id.to_string()).collect();
        let hash = hex::encode(Sha256::digest(format!("{}\n{}", content.content_hash, lost.join("\n"))));
        let finding = format!("{LOST}{}", hash.get(..16).unwrap_or(&hash));
        let acknowledged = self.file(id).await?.acknowledged.iter().find(|a| a.finding == finding).cloned();
        let side = |document: &str, version: u32| Side {
            document: document.to_owned(),
            version,
            title: content.meta.title.clone(),
            clause: String::new(),
            text: String::new(),
            effective_from: content.meta.effective_from,
            expires_on: content.meta.expires_on,
        };
        let finding = Finding {
            id: finding,
            kind: FindingKind::AnswersLost,
            severity: Severity::Acknowledge,
            message: report.text.clone(),
            ours: side(id, 0),
            theirs: side(id, content.version),
        };
        Ok(Some((report, Some(OpenFinding { finding, acknowledged }))))
    }

    /// Takes a document out of use.
    ///
    /// # Errors
    /// Not a legal move, the successor is not published, or rows and index fail.
    pub async fn retire(&self, id: &str, retirement: &Retirement, by: &Actor) -> Result<Acted, LifeError> {
        let hand = self.hand(by, &retirement.reason);
        if let Some(successor) = &retirement.successor {
            let there = self.store.file(successor).await?.is_some_and(|f| f.in_use().is_ok());
            if !there {
                return Err(Refusal::NotInThisState("接替的资料还没有发布").into());
            }
        }
        let acted = self.act(id, |file| file.in_use()?.retire(retirement.successor.clone(), retirement.ended_on, &hand)).await?;
        self.knowledge.refresh().await?;
        Ok(acted)
    }

    /// Begins a draft with the content of an old version.
    ///
    /// # Errors
    /// Not a legal move, or the rows fail.
    pub async fn roll_back(&self, id: &str, version: u32, by: &Actor, note: &str) -> Result<Acted, LifeError> {
        let (hand, today) = (self.hand(by, note), self.today());
        let old = self.version(id, version).await?;
        self.act(id, |file| file.roll_back(&old, today, &hand)).await
    }

    /// Stands by the text in spite of a finding; a blocking one cannot be acknowledged.
    ///
    /// # Errors
    /// There is no such finding now, it blocks, or the rows fail.
    pub async fn acknowledge(&self, id: &str, finding: &str, by: &Actor, note: &str) -> Result<Acted, LifeError> {
        // What the canonical questions would lose is found out at publishing only; its name holds the text and the questions.
        if !finding.starts_with(LOST) {
            let found = self.findings(id).await?.into_iter().find(|f| f.finding.id == finding).ok_or(LifeError::NotFound)?;
            if found.finding.severity == Severity::Blocking {
                return Err(Refusal::NotInThisState("这处疑点不能确认放行，须先消除").into());
            }
        }
        if note.trim().is_empty() {
            return Err(Refusal::NotInThisState("确认放行要写明理由").into());
        }
        let hand = self.hand(by, note);
        self.act(id, |file| Ok(file.acknowledge(finding, &hand))).await
    }

    /// What is to be looked at in the draft or the version that waits.
    ///
    /// # Errors
    /// There is no such document, or the rows fail.
    pub async fn findings(&self, id: &str) -> Result<Vec<OpenFinding>, LifeError> {
        let file = self.file(id).await?;
        self.findings_of(&file).await
    }

    async fn findings_of(&self, file: &DocumentFile) -> Result<Vec<OpenFinding>, LifeError> {
        let content = match (&file.draft, file.waiting()) {
            (Some(draft), _) => draft.content.clone(),
            (None, Some(version)) => self.version(&file.id, version.version).await?.parsed(),
            (None, None) => return Ok(Vec::new()),
        };
        let found = self.check(content).await?;
        let acknowledged = |f: &Finding| file.acknowledged.iter().find(|a| a.finding == f.id).cloned();
        Ok(found.into_iter().map(|finding| OpenFinding { acknowledged: acknowledged(&finding), finding }).collect())
    }

    /// Compares any text with what is published.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn check(&self, content: ParsedDocument) -> Result<Vec<Finding>, LifeError> {
        let checker = self.checker().await?;
        let failed = |e: tokio::task::JoinError| StoreError::Backend(e.to_string());
        Ok(tokio::task::spawn_blocking(move || checker.check(&content)).await.map_err(failed)?)
    }

    /// What is published, prepared for comparing; made anew when something was published since.
    async fn checker(&self) -> Result<Arc<Checker>, LifeError> {
        let catalog = self.knowledge.catalog();
        let made = self.checker.lock().as_ref().filter(|(c, _)| Arc::ptr_eq(c, &catalog)).map(|(_, made)| Arc::clone(made));
        if let Some(made) = made {
            return Ok(made);
        }
        let live = self.knowledge.store().live().await?;
        let areas = self.areas.clone();
        let failed = |e: tokio::task::JoinError| StoreError::Backend(e.to_string());
        let made = Arc::new(tokio::task::spawn_blocking(move || Checker::new(areas, live)).await.map_err(failed)?);
        *self.checker.lock() = Some((catalog, Arc::clone(&made)));
        Ok(made)
    }

    async fn waiting(&self, id: &str) -> Result<Document, LifeError> {
        let file = self.file(id).await?;
        let version = file.reviewing()?.version().version;
        self.version(id, version).await
    }
}

/// The review of the version that was read, if that one still waits.
fn same<'a>(file: &'a DocumentFile, content: &Document) -> Result<crate::knowledge::life::moves::Reviewing<'a>, Refusal> {
    let reviewing = file.reviewing()?;
    if reviewing.version().version == content.version {
        Ok(reviewing)
    } else {
        Err(Refusal::NotInThisState("待审核的已是另一个版本，请重新查看"))
    }
}
