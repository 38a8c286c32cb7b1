//! The shape of a whole turn: the contract's names.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The eight ways a turn can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = TurnRoute)]
pub enum Route {
    /// A question, answered from the knowledge or honestly not.
    Ask,
    /// A complaint on its way to a ticket.
    Report,
    /// Where a ticket stands.
    Progress,
    /// A matter for a lawful channel or another body.
    Channel,
    /// Life is in danger.
    Emergency,
    /// Greetings and thanks.
    Smalltalk,
    /// A person is wanted.
    Human,
    /// Secrets, other people's privacy, unlawful wishes.
    Decline,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// Whole.
    Complete,
    /// Broke off in the middle; what is shown is all there is.
    Cut,
    /// Honestly not answered.
    Refused,
}

/// An article that a cited passage rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LawSource {
    /// Name without 中华人民共和国.
    pub law: String,
    /// 第X条.
    pub article: String,
    /// Date of the version, `YYYY-MM-DD`.
    pub version: String,
}

/// What a 〔n〕 points to. Made by the program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Citation {
    /// The n of 〔n〕.
    pub n: u32,
    /// The knowledge document.
    pub document_id: String,
    /// Its version.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// Who answers for it.
    pub issuer: String,
    /// Document number; a guide of our own has none.
    pub doc_no: Option<String>,
    /// Heading of the passage or 第X条.
    pub clause: String,
    /// The passage, word for word.
    pub quote: String,
    /// Valid from.
    #[schema(value_type = String, format = Date)]
    pub effective_from: Date,
    /// Valid before.
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<Date>,
    /// The articles it rests on.
    #[serde(default)]
    pub sources: Vec<LawSource>,
}

/// What the figure gate did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Grounding {
    /// Figures that were compared with the passages.
    pub figures_checked: u32,
    /// Figures that were not shown.
    pub figures_dropped: u32,
}

/// The service's words of a turn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reply {
    /// Exactly what was shown.
    pub text: String,
    /// True only if a model wrote it.
    pub generated: bool,
    /// The AI label when `generated`.
    pub label: Option<String>,
    /// What it rests on.
    pub citations: Vec<Citation>,
    /// The figure gate's count.
    pub grounding: Grounding,
}

/// A whole turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TurnOutcome {
    /// Public id.
    pub turn_id: Uuid,
    /// Id of the reply in the history, for feedback.
    pub message_id: Uuid,
    /// Which way it went.
    pub route: Route,
    /// The words.
    pub reply: Reply,
    /// The card, see the contract.
    #[schema(value_type = Option<Object>)]
    pub card: Option<serde_json::Value>,
    /// How it ended.
    pub finish: Finish,
}
