//! What is on file about a document: its draft, its versions, who did what.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::knowledge::document::{DocumentMeta, ParsedDocument};
use crate::knowledge::life::window::{self, Published, Window};

/// Who does something: an account, or the operator at the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Tells people apart; two moves by the same id are by the same person.
    pub id: String,
    /// As the history shows it: a post, never more about a person.
    pub name: String,
}

impl Actor {
    /// The account under which the command line and the first import act.
    pub const OPERATOR: &'static str = "operator";

    /// Who runs the machine and imports on their own authority.
    #[must_use]
    pub fn operator() -> Self {
        Self { id: Self::OPERATOR.to_owned(), name: "操作员".to_owned() }
    }
}

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// Submitted; waits for another person.
    InReview,
    /// Refused with a reason; its content went back into the draft.
    Returned,
    /// Taken back by its author.
    Withdrawn,
    /// Approved. It answers in its window.
    Published,
}

impl VersionState {
    /// The word in storage and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InReview => "in_review",
            Self::Returned => "returned",
            Self::Withdrawn => "withdrawn",
            Self::Published => "published",
        }
    }
}

impl std::str::FromStr for VersionState {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        [Self::InReview, Self::Returned, Self::Withdrawn, Self::Published]
            .into_iter()
            .find(|state| state.as_str() == s)
            .ok_or_else(|| format!("版本状态“{s}”"))
    }
}

/// Who wrote and who read a version, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hands {
    /// Ids of everybody who wrote on it since it was begun; none of them may approve it.
    pub authors: BTreeSet<String>,
    /// The author who submitted it, as shown.
    pub submitted_by: String,
    /// Who decided on it, as shown.
    pub reviewed_by: Option<String>,
    /// The published version that it was begun from; 0 = none.
    pub based_on: u32,
    /// The version whose content it brings back.
    pub rolls_back_to: Option<u32>,
    /// What the author says about the change.
    pub note: String,
}

/// A version without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRecord {
    /// From 1, grows with each submission.
    pub version: u32,
    /// Where it stands.
    pub state: VersionState,
    /// Front matter.
    pub meta: DocumentMeta,
    /// SHA-256 (hex) of the content.
    pub content_hash: String,
    /// When it was submitted or imported.
    pub stored_at: Timestamp,
    /// Number of its publication among those of the document, growing; `None` before.
    pub published: Option<u64>,
    /// Who had it in hand.
    pub hands: Hands,
}

impl VersionRecord {
    fn as_published(&self) -> Option<(u32, Published)> {
        let order = self.published?;
        Some((self.version, Published { order, from: self.meta.effective_from, expires_on: self.meta.expires_on }))
    }
}

/// The working copy of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Grows with each change; an editor names the one they saw.
    pub revision: u32,
    /// Front matter and text.
    pub content: ParsedDocument,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Who wrote on it and what it was begun from.
    pub hands: Hands,
}

/// Why a document is no longer used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retirement {
    /// In words.
    pub reason: String,
    /// The document that took its place.
    pub successor: Option<String>,
    /// First day without it. `None` = it should never have answered: no past day is answered from it either.
    pub ended_on: Option<Date>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Imported and published by the operator.
    Imported,
    /// A draft was begun.
    Begun,
    /// The draft was changed.
    Edited,
    /// The draft was thrown away.
    Discarded,
    /// The draft was begun with the content of an old version.
    RolledBack,
    /// The draft became a version and waits for review.
    Submitted,
    /// The author took it back.
    Withdrawn,
    /// The reviewer gave it back, with a reason.
    Returned,
    /// Another person approved it: it is published.
    Approved,
    /// A finding was acknowledged.
    Acknowledged,
    /// Taken out of use.
    Retired,
}

impl EventKind {
    const ALL: [Self; 11] = [
        Self::Imported,
        Self::Begun,
        Self::Edited,
        Self::Discarded,
        Self::RolledBack,
        Self::Submitted,
        Self::Withdrawn,
        Self::Returned,
        Self::Approved,
        Self::Acknowledged,
        Self::Retired,
    ];

    /// The word in storage and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Begun => "begun",
            Self::Edited => "edited",
            Self::Discarded => "discarded",
            Self::RolledBack => "rolled_back",
            Self::Submitted => "submitted",
            Self::Withdrawn => "withdrawn",
            Self::Returned => "returned",
            Self::Approved => "approved",
            Self::Acknowledged => "acknowledged",
            Self::Retired => "retired",
        }
    }
}

impl std::str::FromStr for EventKind {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == s).ok_or_else(|| format!("事项“{s}”"))
    }
}

/// A line of the history. Lines are only added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// From 1 within the document.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What.
    pub kind: EventKind,
    /// The version it is about.
    pub version: Option<u32>,
    /// Reason or remark; empty when there is none.
    pub note: String,
}

/// Somebody saw a finding and stands by the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Which finding.
    pub finding: String,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why it may stand.
    pub note: String,
}

/// Everything on file about one document except the texts of its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentFile {
    /// The document's id.
    pub id: String,
    /// Lines of the history so far: a change names the number it was made from.
    pub seq: u64,
    /// The working copy.
    pub draft: Option<Draft>,
    /// Oldest first.
    pub versions: Vec<VersionRecord>,
    /// Set when it is out of use.
    pub retirement: Option<Retirement>,
    /// Findings that somebody stands by.
    pub acknowledged: Vec<Acknowledgement>,
}

impl DocumentFile {
    /// A document that nothing is known of yet.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), seq: 0, draft: None, versions: Vec::new(), retirement: None, acknowledged: Vec::new() }
    }

    /// The version published last.
    #[must_use]
    pub fn newest(&self) -> Option<&VersionRecord> {
        self.versions.iter().filter(|v| v.published.is_some()).max_by_key(|v| v.published)
    }

    /// Published versions with the days on which each answers, none of them empty, in version order.
    #[must_use]
    pub fn windows(&self) -> Vec<(u32, Window)> {
        let published: Vec<(u32, Published)> = self.versions.iter().filter_map(VersionRecord::as_published).collect();
        window::answering(&published, self.retirement.as_ref())
    }

    /// The version that waits for review.
    #[must_use]
    pub fn waiting(&self) -> Option<&VersionRecord> {
        self.versions.iter().find(|v| v.state == VersionState::InReview)
    }

    /// A version by its number.
    #[must_use]
    pub fn version(&self, number: u32) -> Option<&VersionRecord> {
        self.versions.iter().find(|v| v.version == number)
    }
}
