//! The port to the rows of imports: a row a wish, a row a file, and which file became which document.

use std::collections::HashMap;
use std::path::PathBuf;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::knowledge::document::Audience;
use crate::knowledge::life::record::Actor;
use crate::knowledge::store::StoreError;

/// Where the bytes of a document are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The file, absolute.
    pub path: PathBuf,
    /// Inside an archive: the way to the file ([`super::archive::Entry::place`]). Empty = the file itself.
    pub place: Vec<usize>,
    /// As people see it, and as it is recognised when it comes again.
    pub name: String,
    /// Named by a person and not found in a folder: whatever it is, it may not be passed over.
    pub named: bool,
    /// Why it need not be opened at all, in Chinese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum FileOutcome {
    /// A new version answers.
    Imported {
        /// The document's id.
        document: String,
        /// Its new version.
        version: u32,
        /// Passages it was cut into.
        passages: usize,
    },
    /// It is a draft that waits for review.
    Drafted {
        /// The document's id.
        document: String,
        /// Passages it is cut into.
        passages: usize,
        /// Why it was not published, when the file itself does not say that it is a draft.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Nothing to do: the content is the live version.
    Unchanged {
        /// The document's id.
        document: String,
    },
    /// No document, and nobody said it was one.
    Skipped {
        /// Why, in Chinese.
        reason: String,
    },
    /// The file was not taken.
    Failed {
        /// Why, in Chinese.
        reason: String,
    },
}

impl FileOutcome {
    /// The word in storage, as in JSON.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Imported { .. } => "imported",
            Self::Drafted { .. } => "drafted",
            Self::Unchanged { .. } => "unchanged",
            Self::Skipped { .. } => "skipped",
            Self::Failed { .. } => "failed",
        }
    }
}

/// A file of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFile {
    /// From 0, in the order in which files were found.
    pub number: u32,
    /// Where it is.
    pub source: Source,
    /// What became of it; `None` = it waits.
    pub outcome: Option<FileOutcome>,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waits for whoever holds the index.
    Queued,
    /// Is being worked on.
    Running,
    /// Every file has a result.
    Done,
    /// Somebody ended it; files that were taken stay.
    Cancelled,
}

impl JobState {
    /// The word in storage.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

impl std::str::FromStr for JobState {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        [Self::Queued, Self::Running, Self::Done, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == s)
            .ok_or_else(|| format!("状态“{s}”"))
    }
}

/// How many files of a job came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// In all.
    pub files: u32,
    /// Without a result yet.
    pub waiting: u32,
    /// New versions and drafts.
    pub imported: u32,
    /// Nothing to do.
    pub unchanged: u32,
    /// No documents.
    pub skipped: u32,
    /// Not taken.
    pub failed: u32,
}

/// A wish to import files, kept until it is fulfilled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportJob {
    /// Sorts by creation.
    pub id: Uuid,
    /// Files, folders and archives, absolute.
    pub paths: Vec<String>,
    /// The folder that uploads were kept in: names are told without it. Empty = none.
    pub root: String,
    /// For files that do not say it themselves.
    pub audience: Audience,
    /// What is imported becomes a draft for review, whatever it says itself; false = it is published on the operator's authority.
    pub drafts: bool,
    /// Who wished it: the author of the drafts that come of it.
    pub by: Actor,
    /// Where it stands.
    pub state: JobState,
    /// The files under `paths` are known.
    pub collected: bool,
    /// What they came to so far.
    pub counts: Counts,
    /// When it was wished.
    pub created_at: Timestamp,
    /// When the last file had its result.
    pub finished_at: Option<Timestamp>,
}

impl ImportJob {
    /// A fresh wish.
    #[must_use]
    pub fn new(id: Uuid, paths: Vec<String>, audience: Audience, at: Timestamp) -> Self {
        Self {
            id,
            paths,
            root: String::new(),
            audience,
            drafts: false,
            by: Actor::operator(),
            state: JobState::Queued,
            collected: false,
            counts: Counts::default(),
            created_at: at,
            finished_at: None,
        }
    }
}

/// What a source was when it was imported last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Over the bytes of the file, the defaults it was read under, and the importer.
    pub hash: String,
    /// The document it became.
    pub document: String,
    /// The version it became; 0 = a draft.
    pub version: u32,
}

/// The result of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Which file of the job.
    pub number: u32,
    /// Its name, under which the mark is kept.
    pub name: String,
    /// What became of it.
    pub outcome: FileOutcome,
    /// To recognise it when it comes again.
    pub mark: Option<Mark>,
}

/// Rows of imports.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// Keeps a new job.
    ///
    /// # Errors
    /// The database fails.
    async fn wish(&self, job: &ImportJob) -> Result<(), StoreError>;

    /// The oldest open job, marked running. A job left running by a process that died is handed out again: only the holder of
    /// the index may call this.
    ///
    /// # Errors
    /// The database fails or the row is damaged.
    async fn next_job(&self) -> Result<Option<ImportJob>, StoreError>;

    /// A job by its id.
    ///
    /// # Errors
    /// The database fails or the row is damaged.
    async fn job(&self, id: Uuid) -> Result<Option<ImportJob>, StoreError>;

    /// Jobs, the newest first, those before `before`, at most `limit`.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn jobs(&self, before: Option<Uuid>, limit: u32) -> Result<Vec<ImportJob>, StoreError>;

    /// Keeps the files of a job, once: from then on it is collected.
    ///
    /// # Errors
    /// The database fails.
    async fn collected(&self, job: Uuid, files: &[Source]) -> Result<(), StoreError>;

    /// Files of a job from number `from` on, at most `limit`; with `waiting` only those without a result.
    ///
    /// # Errors
    /// The database fails or a row is damaged.
    async fn files(&self, job: Uuid, from: u32, limit: u32, waiting: bool) -> Result<Vec<ImportFile>, StoreError>;

    /// Keeps results in one transaction.
    ///
    /// # Errors
    /// The database fails; none is kept then.
    async fn settle(&self, job: Uuid, results: &[Settled]) -> Result<(), StoreError>;

    /// Ends a running job.
    ///
    /// # Errors
    /// The database fails.
    async fn finish(&self, job: Uuid, at: Timestamp) -> Result<(), StoreError>;

    /// Ends an open job; false when there is none of that id.
    ///
    /// # Errors
    /// The database fails.
    async fn cancel(&self, job: Uuid, at: Timestamp) -> Result<bool, StoreError>;

    /// Lets failed and waiting files of an ended job be tried again; how many.
    ///
    /// # Errors
    /// The database fails.
    async fn retry(&self, job: Uuid) -> Result<u32, StoreError>;

    /// What these sources were when they were imported last, by name.
    ///
    /// # Errors
    /// The database fails.
    async fn marks(&self, names: &[String]) -> Result<HashMap<String, Mark>, StoreError>;
}
