//! The port to the rows of the knowledge base.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::knowledge::document::{Document, DocumentMeta, ParsedDocument};
use crate::knowledge::life::record::Actor;

/// Why the rows cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("知识库存储出错：{0}")]
    Backend(String),
    /// A row does not hold what was written there.
    #[error("知识库里的记录“{id}”已损坏：{reason}")]
    Damaged {
        /// Which row.
        id: String,
        /// What is wrong.
        reason: String,
    },
}

/// What storing a document did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// The same content is already the live version.
    Unchanged {
        /// The live version.
        version: u32,
    },
    /// A new version is published.
    New {
        /// The new version, 1 for a new document.
        version: u32,
    },
    /// The file says that it is a draft: it is the working copy now and answers nothing.
    Drafted {
        /// Which change of the draft.
        revision: u32,
    },
    /// The file says that it is retired: it is kept and taken out of use.
    Retired {
        /// The version that was kept.
        version: u32,
    },
}

/// A line of the document list.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentSummary {
    /// What is known about it.
    pub meta: DocumentMeta,
    /// The version published last.
    pub version: u32,
    /// When that version was stored.
    pub stored_at: Timestamp,
    /// Taken out of use by a person.
    pub retired: bool,
}

/// Rows of documents.
#[async_trait]
pub trait KnowledgeStore: Send + Sync {
    /// Publishes a file on the operator's authority: a version with its passages in one transaction, and the line in the
    /// history ([`crate::knowledge::life::moves::put`]). The same content as the version published last changes nothing.
    /// A retired document comes back into use.
    ///
    /// # Errors
    /// The database fails; nothing is stored then.
    async fn put(&self, document: &ParsedDocument, at: Timestamp) -> Result<Stored, StoreError>;

    /// The same for many documents of different ids on the authority of `by`, who is the author of those that become drafts; in as
    /// few transactions as can be, a result for each, in order.
    async fn put_all(&self, documents: &[ParsedDocument], by: &Actor, at: Timestamp) -> Vec<Result<Stored, StoreError>>;

    /// One published version of a document, the one published last when none is named; also of a retired document. Drafts
    /// and versions in review are not published and are not found here.
    ///
    /// # Errors
    /// The database fails or the row is damaged.
    async fn document(&self, id: &str, version: Option<u32>) -> Result<Option<Document>, StoreError>;

    /// Documents of which something was published, in id order after `after`, at most `limit`.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<DocumentSummary>, StoreError>;

    /// What the index is rebuilt from: every published version that answers on some day, in id and version order, its
    /// passages bearing the days on which it answers ([`crate::knowledge::life::window`]) instead of its own. No two versions
    /// of a document on one day. A fixed number of queries, whatever the size.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn live(&self) -> Result<Vec<Document>, StoreError>;

    /// A number that grows with every change of what [`Self::live`] gives; `None` when the rows cannot tell. The same number
    /// means that nothing has to be read again.
    ///
    /// # Errors
    /// The database fails.
    async fn revision(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// Takes a document out of use for all days, on the operator's authority; its versions stay readable. False when there is
    /// none of that id in use.
    ///
    /// # Errors
    /// The database fails.
    async fn retire(&self, id: &str, at: Timestamp) -> Result<bool, StoreError>;
}
