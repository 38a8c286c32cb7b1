//! The legal moves, each as a method of the state that has it. No IO: a move makes a [`Change`], a store keeps it.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::knowledge::document::{Document, DocumentMeta, ParsedDocument};
use crate::knowledge::life::form::{self, Fault};
use crate::knowledge::life::record::{
    Acknowledgement, Actor, DocumentFile, Draft, EventKind, Hands, Retirement, VersionRecord, VersionState,
};
use crate::knowledge::life::store::{Applied, Change, DraftChange, LifeStore, NewVersion};
use crate::knowledge::store::{StoreError, Stored};

/// Why a move is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The document's state has no such move.
    #[error("{0}")]
    NotInThisState(&'static str),
    /// The draft has moved on since it was read.
    #[error("草稿已被别人改过：您看到的是第{seen}次修改，现在是第{now}次")]
    Changed {
        /// What the caller saw.
        seen: u32,
        /// What there is.
        now: u32,
    },
    /// A newer version was published after the draft was begun.
    #[error("起草以后又发布了第{newest}版（草稿依据第{based_on}版），请先对照再提交")]
    Behind {
        /// What the draft was begun from.
        based_on: u32,
        /// What is published now.
        newest: u32,
    },
    /// Who wrote on a version may not approve it.
    #[error("起草人不能审核自己的版本，请由另一人审核")]
    OwnVersion,
    /// Fields are missing or wrong.
    #[error("还不能提交：{}", .0.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join("；"))]
    Incomplete(Vec<Fault>),
    /// Findings of this severity stand in the way.
    #[error("还有{0}处疑点没有处理，不能发布")]
    Findings(usize),
}

/// Who, when, and in which words.
#[derive(Debug, Clone)]
pub struct Hand {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Reason or remark.
    pub note: String,
}

impl DocumentFile {
    fn change(&self, hand: &Hand, kind: EventKind) -> Change {
        Change {
            document: self.id.clone(),
            seen: self.seq,
            at: hand.at,
            by: hand.by.clone(),
            kind,
            version: None,
            note: hand.note.clone(),
            draft: DraftChange::Keep,
            new: None,
            moved: None,
            retirement: None,
            acknowledged: None,
        }
    }

    fn next_version(&self) -> u32 {
        self.versions.iter().map(|v| v.version).max().unwrap_or(0) + 1
    }

    /// Begins a draft with this content. One draft at a time, and none while a version waits for review.
    ///
    /// # Errors
    /// There is one already, or a version waits.
    pub fn begin(&self, content: ParsedDocument, hand: &Hand) -> Result<Change, Refusal> {
        self.free()?;
        let hands =
            Hands { authors: [hand.by.id.clone()].into(), based_on: self.newest().map_or(0, |v| v.version), ..Hands::default() };
        let draft = Draft { revision: 1, content, updated_at: hand.at, hands };
        Ok(Change { draft: DraftChange::Set(Box::new(draft)), ..self.change(hand, EventKind::Begun) })
    }

    /// Begins a draft with the content of a version that was once published. It goes through review like any other.
    ///
    /// `today` becomes its first day when the version in its place began later than the old one: the days in between stay
    /// answered by what held then.
    ///
    /// # Errors
    /// A draft or a waiting version is in the way, or that version was never published or is the newest.
    pub fn roll_back(&self, old: &Document, today: Date, hand: &Hand) -> Result<Change, Refusal> {
        self.free()?;
        let published = self.version(old.version).is_some_and(|v| v.published.is_some());
        let Some(newest) = self.newest().filter(|_| published) else {
            return Err(Refusal::NotInThisState("只能恢复发布过的版本"));
        };
        if newest.version == old.version && self.retirement.is_none() {
            return Err(Refusal::NotInThisState("这就是最新发布的版本，无需恢复"));
        }
        let mut content = old.parsed();
        if newest.meta.effective_from > content.meta.effective_from && today > content.meta.effective_from {
            content.meta.effective_from = today;
        }
        let content = ParsedDocument::written(content.meta, &content.body);
        let hands = Hands {
            authors: [hand.by.id.clone()].into(),
            based_on: newest.version,
            rolls_back_to: Some(old.version),
            ..Hands::default()
        };
        let draft = Draft { revision: 1, content, updated_at: hand.at, hands };
        let mut change = self.change(hand, EventKind::RolledBack);
        change.version = Some(old.version);
        change.draft = DraftChange::Set(Box::new(draft));
        Ok(change)
    }

    fn free(&self) -> Result<(), Refusal> {
        if self.draft.is_some() {
            Err(Refusal::NotInThisState("已经有一份草稿，请在草稿上修改"))
        } else if self.waiting().is_some() {
            Err(Refusal::NotInThisState("有一个版本正在审核，请先等待结果或撤回"))
        } else {
            Ok(())
        }
    }

    /// The moves of a draft.
    ///
    /// # Errors
    /// There is none.
    pub fn drafting(&self) -> Result<Drafting<'_>, Refusal> {
        let draft = self.draft.as_ref().ok_or(Refusal::NotInThisState("没有草稿"))?;
        Ok(Drafting { file: self, draft })
    }

    /// The moves of a version that waits for review.
    ///
    /// # Errors
    /// None waits.
    pub fn reviewing(&self) -> Result<Reviewing<'_>, Refusal> {
        let version = self.waiting().ok_or(Refusal::NotInThisState("没有待审核的版本"))?;
        Ok(Reviewing { file: self, version })
    }

    /// The moves of a document in use.
    ///
    /// # Errors
    /// Nothing of it was published, or it is retired.
    pub fn in_use(&self) -> Result<InUse<'_>, Refusal> {
        if self.retirement.is_some() {
            return Err(Refusal::NotInThisState("已经下架"));
        }
        let newest = self.newest().ok_or(Refusal::NotInThisState("还没有发布过"))?;
        Ok(InUse { file: self, newest })
    }

    /// Somebody stands by the text in spite of a finding.
    #[must_use]
    pub fn acknowledge(&self, finding: &str, hand: &Hand) -> Change {
        let kept = Acknowledgement { finding: finding.to_owned(), by: hand.by.clone(), at: hand.at, note: hand.note.clone() };
        Change { acknowledged: Some(kept), ..self.change(hand, EventKind::Acknowledged) }
    }
}

/// A document with a draft.
#[derive(Debug, Clone, Copy)]
pub struct Drafting<'a> {
    file: &'a DocumentFile,
    draft: &'a Draft,
}

impl Drafting<'_> {
    fn seen(self, revision: u32) -> Result<Self, Refusal> {
        if self.draft.revision == revision {
            Ok(self)
        } else {
            Err(Refusal::Changed { seen: revision, now: self.draft.revision })
        }
    }

    /// Puts other content in its place. `based_on` says that the author has looked at a newer published version.
    ///
    /// # Errors
    /// The draft is not the one the author saw.
    pub fn edit(self, revision: u32, content: ParsedDocument, based_on: Option<u32>, hand: &Hand) -> Result<Change, Refusal> {
        self.seen(revision)?;
        let mut hands = self.draft.hands.clone();
        hands.authors.insert(hand.by.id.clone());
        hands.based_on = based_on.unwrap_or(hands.based_on);
        let draft = Draft { revision: revision + 1, content, updated_at: hand.at, hands };
        Ok(Change { draft: DraftChange::Set(Box::new(draft)), ..self.file.change(hand, EventKind::Edited) })
    }

    /// Throws it away; the history remembers that it was there.
    ///
    /// # Errors
    /// The draft is not the one the author saw.
    pub fn discard(self, revision: u32, hand: &Hand) -> Result<Change, Refusal> {
        self.seen(revision)?;
        Ok(Change { draft: DraftChange::Remove, ..self.file.change(hand, EventKind::Discarded) })
    }

    /// Makes a version of it that waits for another person.
    ///
    /// # Errors
    /// The draft has changed, something newer was published meanwhile, or fields are missing.
    pub fn submit(self, revision: u32, today: Date, hand: &Hand) -> Result<Change, Refusal> {
        self.seen(revision)?;
        let newest = self.file.newest().map_or(0, |v| v.version);
        if newest > self.draft.hands.based_on {
            return Err(Refusal::Behind { based_on: self.draft.hands.based_on, newest });
        }
        let faults = form::faults(&self.draft.content, today);
        if !faults.is_empty() {
            return Err(Refusal::Incomplete(faults));
        }
        let mut hands = self.draft.hands.clone();
        hands.authors.insert(hand.by.id.clone());
        hands.submitted_by.clone_from(&hand.by.name);
        hands.note.clone_from(&hand.note);
        let version = self.file.next_version();
        let mut content = self.draft.content.clone();
        // A file that called itself a draft is none any more.
        if content.meta.status != "published" {
            "published".clone_into(&mut content.meta.status);
            content = ParsedDocument::written(content.meta, &content.body);
        }
        let new = NewVersion { version, content, state: VersionState::InReview, hands };
        let mut change = self.file.change(hand, EventKind::Submitted);
        change.version = Some(version);
        change.draft = DraftChange::Remove;
        change.new = Some(new);
        Ok(change)
    }
}

/// A document with a version that waits for review.
#[derive(Debug, Clone, Copy)]
pub struct Reviewing<'a> {
    file: &'a DocumentFile,
    version: &'a VersionRecord,
}

impl Reviewing<'_> {
    /// The version that waits.
    #[must_use]
    pub fn version(&self) -> &VersionRecord {
        self.version
    }

    /// Publishes it; from then on it answers in its window. `open` = findings that nobody may or did acknowledge.
    ///
    /// # Errors
    /// The reviewer wrote on it, or findings are open.
    pub fn approve(self, open: usize, hand: &Hand) -> Result<Change, Refusal> {
        if self.version.hands.authors.contains(&hand.by.id) {
            return Err(Refusal::OwnVersion);
        }
        if open > 0 {
            return Err(Refusal::Findings(open));
        }
        let mut hands = self.version.hands.clone();
        hands.reviewed_by = Some(hand.by.name.clone());
        let mut change = self.file.change(hand, EventKind::Approved);
        change.version = Some(self.version.version);
        change.moved = Some((self.version.version, VersionState::Published, hands));
        change.retirement = self.file.retirement.is_some().then_some(None);
        Ok(change)
    }

    /// Gives it back with a reason; `content` (the version's own) becomes a draft again.
    ///
    /// # Errors
    /// No reason was given.
    pub fn give_back(self, content: &Document, hand: &Hand) -> Result<Change, Refusal> {
        if hand.note.trim().is_empty() {
            return Err(Refusal::NotInThisState("退回要写明理由"));
        }
        let mut hands = self.version.hands.clone();
        hands.reviewed_by = Some(hand.by.name.clone());
        Ok(self.reopen(content, VersionState::Returned, EventKind::Returned, hands, hand))
    }

    /// Takes it back before it is decided; only for those who wrote on it.
    ///
    /// # Errors
    /// Somebody else's version.
    pub fn withdraw(self, content: &Document, hand: &Hand) -> Result<Change, Refusal> {
        if !self.version.hands.authors.contains(&hand.by.id) {
            return Err(Refusal::NotInThisState("只有起草人可以撤回"));
        }
        let hands = self.version.hands.clone();
        Ok(self.reopen(content, VersionState::Withdrawn, EventKind::Withdrawn, hands, hand))
    }

    fn reopen(self, content: &Document, state: VersionState, kind: EventKind, hands: Hands, hand: &Hand) -> Change {
        // Who wrote it stays an author of what is made of it.
        let own = Hands { reviewed_by: None, note: String::new(), ..self.version.hands.clone() };
        let draft = Draft { revision: 1, content: content.parsed(), updated_at: hand.at, hands: own };
        let mut change = self.file.change(hand, kind);
        change.version = Some(self.version.version);
        change.draft = DraftChange::Set(Box::new(draft));
        change.moved = Some((self.version.version, state, hands));
        change
    }
}

/// A document of which something is published and that is not retired.
#[derive(Debug, Clone, Copy)]
pub struct InUse<'a> {
    file: &'a DocumentFile,
    newest: &'a VersionRecord,
}

impl InUse<'_> {
    /// The front matter published last.
    #[must_use]
    pub fn meta(&self) -> &DocumentMeta {
        &self.newest.meta
    }

    /// Takes the document out of use, with a reason and the document that takes its place, if there is one.
    ///
    /// # Errors
    /// No reason was given, or it would be its own successor.
    pub fn retire(self, successor: Option<String>, ended_on: Option<Date>, hand: &Hand) -> Result<Change, Refusal> {
        if hand.note.trim().is_empty() {
            return Err(Refusal::NotInThisState("下架要写明理由"));
        }
        if successor.as_deref() == Some(self.file.id.as_str()) {
            return Err(Refusal::NotInThisState("接替的资料不能是它自己"));
        }
        let retirement = Retirement { reason: hand.note.clone(), successor, ended_on };
        Ok(Change { retirement: Some(Some(retirement)), ..self.file.change(hand, EventKind::Retired) })
    }
}

/// What an import does, on the authority of `by`: a file that says `published` is published at once, one that says
/// `draft` becomes the working copy, one that says `retired` is kept and taken out of use.
///
/// # Errors
/// The rows fail, or somebody else changes the document again and again.
pub async fn put(store: &dyn LifeStore, document: &ParsedDocument, by: &Actor, at: Timestamp) -> Result<Stored, StoreError> {
    let hand = Hand { by: by.clone(), at, note: String::new() };
    for _ in 0..8 {
        let file = store.file(&document.meta.id).await?.unwrap_or_else(|| DocumentFile::new(&document.meta.id));
        let (change, stored) = match imported(&file, document, &hand) {
            Ok(outcome) => outcome,
            Err(unchanged) => return Ok(unchanged),
        };
        if store.apply(change).await? == Applied::Done {
            return Ok(stored);
        }
    }
    Err(StoreError::Backend(format!("“{}”正被反复修改", document.meta.id)))
}

/// [`put`] for many documents of different ids, in as few transactions as can be; a result for each, in order.
pub async fn put_all(
    store: &dyn LifeStore,
    documents: &[ParsedDocument],
    by: &Actor,
    at: Timestamp,
) -> Vec<Result<Stored, StoreError>> {
    let hand = Hand { by: by.clone(), at, note: String::new() };
    let mut out: Vec<Option<Result<Stored, StoreError>>> = Vec::with_capacity(documents.len());
    let (mut changes, mut waiting) = (Vec::new(), Vec::new());
    for (place, document) in documents.iter().enumerate() {
        let file = match store.file(&document.meta.id).await {
            Ok(file) => file.unwrap_or_else(|| DocumentFile::new(&document.meta.id)),
            Err(e) => {
                out.push(Some(Err(e)));
                continue;
            }
        };
        match imported(&file, document, &hand) {
            Ok((change, stored)) => {
                changes.push(change);
                waiting.push((place, stored));
                out.push(None);
            }
            Err(unchanged) => out.push(Some(Ok(unchanged))),
        }
    }
    let applied = store.apply_all(changes).await;
    for ((place, stored), applied) in waiting.into_iter().zip(applied) {
        let result = match applied {
            Ok(Applied::Done) => Ok(stored),
            // Somebody was faster: this one again, by itself.
            Ok(Applied::Stale) => put(store, &documents[place], by, at).await,
            Err(e) => Err(e),
        };
        out[place] = Some(result);
    }
    let lost = || Err(StoreError::Backend("没有结果".to_owned()));
    out.into_iter().map(|r| r.unwrap_or_else(lost)).collect()
}

/// The change an import makes, or that there is nothing to do.
fn imported(file: &DocumentFile, document: &ParsedDocument, hand: &Hand) -> Result<(Change, Stored), Stored> {
    let newest = file.newest();
    let same = newest.filter(|v| v.content_hash == document.content_hash);
    if document.meta.status == "draft" {
        if let Some(draft) = file.draft.as_ref().filter(|d| d.content.content_hash == document.content_hash) {
            return Err(Stored::Drafted { revision: draft.revision });
        }
        let revision = file.draft.as_ref().map_or(0, |d| d.revision) + 1;
        let kind = if revision == 1 { EventKind::Begun } else { EventKind::Edited };
        let mut hands = file.draft.as_ref().map(|d| d.hands.clone()).unwrap_or_default();
        hands.authors.insert(hand.by.id.clone());
        hands.based_on = newest.map_or(0, |v| v.version);
        let draft = Draft { revision, content: document.clone(), updated_at: hand.at, hands };
        let change = Change { draft: DraftChange::Set(Box::new(draft)), ..file.change(hand, kind) };
        return Ok((change, Stored::Drafted { revision }));
    }
    let retired = document.meta.status == "retired";
    if let Some(same) = same
        && retired == file.retirement.is_some()
    {
        return Err(Stored::Unchanged { version: same.version });
    }
    let version = file.next_version();
    let hands = Hands {
        authors: [hand.by.id.clone()].into(),
        submitted_by: hand.by.name.clone(),
        based_on: newest.map_or(0, |v| v.version),
        ..Hands::default()
    };
    let mut change = file.change(hand, if retired { EventKind::Retired } else { EventKind::Imported });
    change.version = Some(version);
    change.new = Some(NewVersion { version, content: document.clone(), state: VersionState::Published, hands });
    let out = Retirement {
        reason: "文件注明已停用".to_owned(),
        successor: document.meta.superseded_by.clone(),
        ended_on: document.meta.expires_on,
    };
    change.retirement = if retired { Some(Some(out)) } else { file.retirement.is_some().then_some(None) };
    Ok((change, if retired { Stored::Retired { version } } else { Stored::New { version } }))
}

/// Takes a document out of use on the operator's authority, for all days. False when there is none of that id in use.
///
/// # Errors
/// The rows fail, or somebody else changes the document again and again.
pub async fn retire(store: &dyn LifeStore, id: &str, at: Timestamp) -> Result<bool, StoreError> {
    let hand = Hand { by: Actor::operator(), at, note: "操作员下架".to_owned() };
    for _ in 0..8 {
        let Some(file) = store.file(id).await? else { return Ok(false) };
        let Ok(change) = file.in_use().and_then(|doc| doc.retire(None, None, &hand)) else { return Ok(false) };
        if store.apply(change).await? == Applied::Done {
            return Ok(true);
        }
    }
    Err(StoreError::Backend(format!("“{id}”正被反复修改")))
}
