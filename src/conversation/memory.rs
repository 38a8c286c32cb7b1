//! What a conversation remembers outside of any model.

use serde::{Deserialize, Serialize};

use super::redact::Vault;
use crate::incident::draft::Draft;

/// How many confirmations are remembered for a button that is pressed again.
const CONFIRMED: usize = 8;

/// A confirmation that may be asked for again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The caller's `Idempotency-Key`, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The ticket that it made.
    pub number: String,
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
    /// Placeholders of personal data, the same for the whole conversation.
    pub vault: Vault,
    /// The last question as it was understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_question: Option<String>,
    /// The last drafts that became tickets, oldest first.
    pub confirmed: Vec<Confirmation>,
}

impl Memory {
    /// Remembers a confirmation.
    pub fn confirmed(&mut self, key: Option<String>, number: String) {
        self.confirmed.push(Confirmation { key, number });
        if self.confirmed.len() > CONFIRMED {
            self.confirmed.remove(0);
        }
    }
}
