//! What a conversation remembers outside of any model.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::redact::Vault;
use crate::incident::draft::Draft;
use crate::incident::rules::IncidentRules;

/// How many confirmations are remembered for a button that is pressed again.
const CONFIRMED: usize = 8;
/// How many drafts wait behind the open one. More than this nobody keeps apart.
const PARKED: usize = 4;

/// A confirmation that may be asked for again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The caller's `Idempotency-Key`, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The ticket that it made.
    pub number: String,
}

/// Tickets that were shown as perhaps the same as a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggested {
    /// The draft.
    pub draft: uuid::Uuid,
    /// Numbers of the tickets, in the order shown. Only these can be joined.
    pub numbers: Vec<String>,
    /// The resident said that it is another matter: nothing is shown for this draft any more.
    pub declined: bool,
}

/// Memory of one conversation. Deleted with it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The open draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
    /// The draft was opened by an emergency and is shown from the next turn on.
    pub draft_hidden: bool,
    /// Drafts that wait until the open one is confirmed or cancelled; the last one comes back first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parked: Vec<Draft>,
    /// What was shown beside the open draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested: Option<Suggested>,
    /// The open draft came back by itself: a confirm button pressed again without a key still means the ticket before.
    pub resumed: bool,
    /// Number of the ticket that was called solved and whose stars were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stars_asked: Option<String>,
    /// Attachments that wait until the resident has said to which of their tickets they belong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence_waiting: Vec<Uuid>,
    /// Placeholders of personal data, the same for the whole conversation.
    pub vault: Vault,
    /// The last question as it was understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_question: Option<String>,
    /// Id of the document that answered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_guide: Option<String>,
    /// Headings of what was shown of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<String>,
    /// The last drafts that became tickets, oldest first.
    pub confirmed: Vec<Confirmation>,
}

impl Memory {
    /// Puts a draft aside for later.
    pub fn park(&mut self, draft: Draft) {
        self.parked.push(draft);
        if self.parked.len() > PARKED {
            self.parked.remove(0);
        }
    }

    /// Brings the last parked draft back when none is open; true when one came back.
    pub fn resume(&mut self) -> bool {
        if self.draft.is_none() {
            self.draft_hidden = false;
            self.draft = self.parked.pop();
            self.resumed = self.draft.is_some();
            return self.resumed;
        }
        false
    }

    /// Brings the drafts in step with the street's rules, which may have been swapped since the last message.
    pub fn keep_up(&mut self, rules: &IncidentRules, now: Timestamp) {
        for draft in self.draft.iter_mut().chain(&mut self.parked) {
            draft.keep_up(rules, now);
        }
    }

    /// Remembers a confirmation.
    pub fn confirmed(&mut self, key: Option<String>, number: String) {
        self.confirmed.push(Confirmation { key, number });
        if self.confirmed.len() > CONFIRMED {
            self.confirmed.remove(0);
        }
    }
}
