//! The port to the rows of a document's life.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::knowledge::document::{Document, DocumentMeta, ParsedDocument};
use crate::knowledge::life::record::{
    Acknowledgement, Actor, DocumentFile, Draft, Event, EventKind, Hands, Retirement, VersionState,
};
use crate::knowledge::store::StoreError;

/// What becomes of the working copy.
#[derive(Debug, Clone, PartialEq)]
pub enum DraftChange {
    /// It stays as it is.
    Keep,
    /// It is now this.
    Set(Box<Draft>),
    /// There is none any more.
    Remove,
}

/// A version to be stored with its passages.
#[derive(Debug, Clone, PartialEq)]
pub struct NewVersion {
    /// Its number: one more than the highest.
    pub version: u32,
    /// The text.
    pub content: ParsedDocument,
    /// Where it stands at once.
    pub state: VersionState,
    /// Who wrote it.
    pub hands: Hands,
}

/// One move, to be stored whole or not at all: the line of the history and all that follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The document.
    pub document: String,
    /// The history must have this many lines, else somebody was faster.
    pub seen: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What.
    pub kind: EventKind,
    /// The version it is about.
    pub version: Option<u32>,
    /// Reason or remark.
    pub note: String,
    /// The working copy.
    pub draft: DraftChange,
    /// A version that comes to be.
    pub new: Option<NewVersion>,
    /// A version that moves: number, new state, who had it in hand. Its text never changes.
    pub moved: Option<(u32, VersionState, Hands)>,
    /// Taken out of use (`Some(Some)`) or back into it (`Some(None)`).
    pub retirement: Option<Option<Retirement>>,
    /// Kept with the document.
    pub acknowledged: Option<Acknowledgement>,
}

/// Did a change find the document as it was seen?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is stored.
    Done,
    /// Somebody was faster; nothing is stored.
    Stale,
}

/// A line of the admin's list: what is known without reading texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// The document's id.
    pub id: String,
    /// The version published last, with its front matter.
    pub newest: Option<(u32, DocumentMeta)>,
    /// Some published version answers on `today` given to [`LifeStore::overview`], and which.
    pub answering: Option<u32>,
    /// Revision and front matter of the working copy.
    pub draft: Option<(u32, DocumentMeta)>,
    /// Number and front matter of the version that waits for review.
    pub waiting: Option<(u32, DocumentMeta)>,
    /// Set when it is out of use.
    pub retirement: Option<Retirement>,
    /// When anything happened last.
    pub changed_at: Timestamp,
}

/// Rows of drafts, versions in every state, and the history.
#[async_trait]
pub trait LifeStore: Send + Sync {
    /// Everything on file about a document; `None` when nothing is.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn file(&self, id: &str) -> Result<Option<DocumentFile>, StoreError>;

    /// Stores a move in one transaction if the history still has the length that was seen.
    ///
    /// # Errors
    /// The database fails; nothing is stored then.
    async fn apply(&self, change: Change) -> Result<Applied, StoreError>;

    /// [`Self::apply`] for changes of different documents, in as few transactions as can be; a result for each, in order.
    async fn apply_all(&self, changes: Vec<Change>) -> Vec<Result<Applied, StoreError>> {
        let mut out = Vec::with_capacity(changes.len());
        for change in changes {
            out.push(self.apply(change).await);
        }
        out
    }

    /// A version in any state with its text. Never for residents: see [`crate::knowledge::store::KnowledgeStore::document`].
    ///
    /// # Errors
    /// The database fails or the row is damaged.
    async fn any_version(&self, id: &str, version: u32) -> Result<Option<Document>, StoreError>;

    /// The history of a document, oldest first.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn history(&self, id: &str) -> Result<Vec<Event>, StoreError>;

    /// A line per document, in id order, in a fixed number of queries.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn overview(&self, today: jiff::civil::Date) -> Result<Vec<Overview>, StoreError>;
}
