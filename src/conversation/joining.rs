//! 一起反映: open tickets that a draft may be about are shown beside its card, and one of them can be joined.
//!
//! Nothing here holds up confirming: without an answer the draft goes its own way. Only what was shown can be joined, so that
//! nobody learns by trying numbers which tickets there are.

use serde_json::{Value, json};
use uuid::Uuid;

use super::draft_ops::{Confirmed, DraftError};
use super::memory::{Memory, Suggested};
use super::outcome::Finish;
use super::service::Conversations;
use super::turn::{Said, Turn, TurnError};
use crate::incident::draft::Draft;
use crate::incident::duplicates::open::{Candidate, MOST};
use crate::incident::duplicates::store::{MergeError, MergeStep};
use crate::incident::duplicates::words::{SameWord, Which};
use crate::incident::finish::NotReady;
use crate::incident::rules::IncidentRules;
use crate::incident::ticket::{Status, Ticket};

/// Who joins, in the history.
const RESIDENT: &str = "居民";
/// Why, in the history and for the one who reads it.
const REASON: &str = "居民确认一起反映";

impl Conversations {
    /// Puts the tickets that the open draft may be about into its card as `duplicates`, and remembers what was shown. What cannot be
    /// found out is not shown: a draft never waits for it.
    pub(super) async fn with_duplicates(&self, memory: &mut Memory, card: &mut Value) -> Vec<Candidate> {
        let Some(draft) = memory.draft.as_ref().filter(|_| card["kind"] == "draft") else { return Vec::new() };
        let declined = memory.suggested.as_ref().is_some_and(|s| s.draft == draft.id && s.declined);
        if declined {
            return Vec::new();
        }
        let candidates = self.candidates(draft).await;
        let numbers = candidates.iter().map(|c| c.number.clone()).collect();
        memory.suggested = (!candidates.is_empty()).then_some(Suggested { draft: draft.id, numbers, declined: false });
        if !candidates.is_empty() {
            card["duplicates"] = json!(candidates);
        }
        candidates
    }

    /// Read again from the rows: what is shown is how they stand now.
    async fn candidates(&self, draft: &Draft) -> Vec<Candidate> {
        let found = self.parts.open.find(draft, &self.parts.rules.load(), self.now(), 2 * MOST);
        let mut out = Vec::new();
        for found in found {
            match self.parts.tickets.matter(&found.number).await {
                Ok(ticket) => out.extend(ticket.as_ref().and_then(|t| found.shown(t))),
                Err(error) => tracing::warn!(%error, "a ticket like the draft was not read"),
            }
            if out.len() == MOST {
                break;
            }
        }
        out
    }

    /// After a turn about a draft: its card gets the candidates; when nothing is asked any more they are spoken of as well.
    pub(super) async fn suggest(&self, turn: &mut Turn<'_>, said: &mut Said) {
        let known = turn.memory.suggested.as_ref().map(|s| s.numbers.clone()).unwrap_or_default();
        let Some(card) = &mut said.card else { return };
        let candidates = self.with_duplicates(&mut turn.memory, card).await;
        let news = candidates.iter().any(|c| !known.contains(&c.number));
        if candidates.is_empty() || (card["complete"] != json!(true) && !news) {
            return;
        }
        turn.log.card_beside(&json!({ "kind": "duplicate", "candidates": candidates }));
        if card["complete"] == json!(true) {
            turn.log.delta(&spoken(&candidates));
        }
    }

    /// 「一起反映」 or 「这不是同一件事」 in words. Gives `None` when the draft simply goes on.
    pub(super) async fn answer_same(&self, turn: &mut Turn<'_>, word: SameWord) -> Result<Option<Said>, TurnError> {
        let Some(suggested) = turn.memory.suggested.clone() else { return Ok(None) };
        let number = match word {
            SameWord::Other => {
                turn.memory.suggested = Some(Suggested { declined: true, ..suggested });
                return Ok(None);
            }
            SameWord::Join(Which::Number(number)) => suggested.numbers.contains(&number).then_some(number),
            SameWord::Join(Which::Place(place)) => suggested.numbers.get(place - 1).cloned(),
            SameWord::Join(Which::Unsaid) => match suggested.numbers.as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            },
        };
        let Some(number) = number else {
            let first = suggested.numbers.first().map(String::as_str).unwrap_or_default();
            turn.log.delta(&format!(
                "有{}张工单可能是同一件，请点卡片上的“一起反映”，或回复“一起反映1”（{first}）。",
                suggested.numbers.len()
            ));
            return Ok(Some(Said { card: turn.open_draft_card(&turn.rules), ..Said::default() }));
        };
        match self.join(&mut turn.memory, &number, None, &turn.rules).await {
            Ok(joined) => {
                turn.log.delta(&self.receipt_words(&joined.ticket));
                // A draft that waited behind it is spoken of; the card is the receipt.
                Self::come_back(turn);
                Ok(Some(Said::with_card(joined.card)))
            }
            Err(DraftError::Ticket(error)) => Err(error.into()),
            Err(error) => {
                let words = match error {
                    DraftError::Stopped(words) | DraftError::Incomplete { words, .. } => words,
                    _ => "这次没有成功，请再试一次。".to_owned(),
                };
                turn.log.delta(&words);
                Ok(Some(Said { finish: Finish::Refused, card: turn.open_draft_card(&turn.rules), ..Said::default() }))
            }
        }
    }

    /// The button: the resident's own ticket, merged at once into the one that is known. The same draft again, or the same key again,
    /// gives the same ticket.
    ///
    /// # Cancel safety
    /// As for confirming: one transaction, and asking again finds it.
    pub async fn join_draft(&self, conversation: Uuid, number: &str, key: Option<String>) -> Result<Confirmed, DraftError> {
        let _order = self.order.enter(conversation).await;
        let mut memory = self.memory_of(conversation).await?;
        if let Some(known) = self.confirmed_before(&memory, key.as_deref()).await? {
            return Ok(known);
        }
        let rules = self.parts.rules.load();
        memory.keep_up(&rules, self.now());
        let joined = self.join(&mut memory, number, key, &rules).await?;
        self.show_receipt(conversation, &joined.ticket).await?;
        self.tell_resumed(conversation, &mut memory, &rules).await?;
        self.parts.store.remember(conversation, &memory).await?;
        Ok(joined)
    }

    /// One transaction: ticket, its two events, the merge, the counts. The memory is changed, not stored.
    async fn join(
        &self,
        memory: &mut Memory,
        number: &str,
        key: Option<String>,
        rules: &IncidentRules,
    ) -> Result<Confirmed, DraftError> {
        let draft = memory.draft.as_ref().ok_or(DraftError::None)?;
        let shown = memory.suggested.as_ref().is_some_and(|s| s.draft == draft.id && s.numbers.iter().any(|n| n == number));
        if !shown {
            return Err(DraftError::Stopped("这张工单现在不能一起反映，请直接提交您自己的".to_owned()));
        }
        let new = draft.into_joining_ticket(rules, self.now(), self.parts.ids.uuid()).map_err(|error| match error {
            NotReady::Missing(missing) => {
                let words = draft.next_question(rules).map_or_else(String::new, |q| q.text);
                DraftError::Incomplete { missing, words }
            }
            NotReady::Closed => DraftError::Stopped("这次上报已经结束，请重新说明情况".to_owned()),
            NotReady::NoCategory => DraftError::Stopped("没有可用的类别，请拨打12345".to_owned()),
        })?;
        let step = MergeStep { by: RESIDENT.to_owned(), reason: REASON.to_owned(), at: self.now() };
        let joined = self.parts.merges.join(new, number, step).await.map_err(|error| match error {
            MergeError::Refused(_) => DraftError::Stopped("那张工单刚刚已经办结，请直接提交您自己的".to_owned()),
            MergeError::Store(error) => DraftError::Ticket(error),
        })?;
        self.parts.bell.ring();
        memory.draft = None;
        memory.suggested = None;
        memory.resume();
        memory.confirmed(key, joined.ticket.number.clone());
        metrics::counter!("tickets_joined_total").increment(u64::from(joined.created));
        let card = json!({ "kind": "receipt", "ticket": joined.ticket });
        Ok(Confirmed { ticket: joined.ticket, card, created: joined.created })
    }

    /// Where the ticket stands that carries on for a merged one; nothing of who reported it.
    pub(super) async fn carried_by(&self, ticket: &Ticket) -> Result<Option<Ticket>, TurnError> {
        if ticket.status != Status::合并 || ticket.duplicate_of.is_none() {
            return Ok(None);
        }
        let carries = self.parts.merges.carrying(&ticket.number).await?;
        Ok((carries.id != ticket.id).then_some(carries))
    }
}

/// The joining answer that a message is to the tickets that were shown beside the open draft.
pub(super) fn same_word(memory: &Memory, said: &str) -> Option<SameWord> {
    let draft = memory.draft.as_ref()?;
    memory.suggested.as_ref().filter(|s| s.draft == draft.id && !s.declined)?;
    SameWord::read(said)
}

/// What is said about the candidates when the draft could be confirmed.
fn spoken(candidates: &[Candidate]) -> String {
    let one = |c: &Candidate| format!("{}，{}，{}，{}人反映", c.title, c.age, c.status.word(), c.joined);
    match candidates {
        [] => String::new(),
        [only] => format!("\n附近有人反映过类似的事（{}）。是同一件就回复“一起反映”。", one(only)),
        several => {
            let list: Vec<String> = several.iter().zip(1..).map(|(c, n)| format!("{n}、{}", one(c))).collect();
            format!("\n附近有人反映过类似的事：{}。有同一件就回复“一起反映”和序号，如“一起反映1”。", list.join("；"))
        }
    }
}
