//! The draft's buttons: change, confirm, cancel. The same acts as by words, and the same result.

use serde_json::{Value, json};
use uuid::Uuid;

use super::memory::Memory;
use super::message::{MessageBody, Role};
use super::outcome::{Finish, Route};
use super::service::Conversations;
use super::store::{Owner, StoreError};
use crate::core::ids::named;
use crate::incident::draft::{By, Draft, DraftState};
use crate::incident::finish::NotReady;
use crate::incident::rules::IncidentRules;
use crate::incident::store::StoreError as TicketError;
use crate::incident::ticket::Ticket;

/// A button did not do what it says.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// There is no draft and there was none.
    #[error("no draft")]
    None,
    /// Something that blocks confirming is missing.
    #[error("missing: {missing:?}")]
    Incomplete {
        /// Names of the fields.
        missing: Vec<String>,
        /// For the resident.
        words: String,
    },
    /// Values that are not possible: field and words.
    #[error("invalid fields")]
    Invalid(Vec<(String, String)>),
    /// The draft has ended otherwise.
    #[error("{0}")]
    Stopped(String),
    /// Conversation rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Ticket rows.
    #[error(transparent)]
    Ticket(#[from] TicketError),
}

/// A confirmed draft.
#[derive(Debug)]
pub struct Confirmed {
    /// The ticket.
    pub ticket: Ticket,
    /// The receipt card.
    pub card: Value,
    /// False when the same draft had made it before.
    pub created: bool,
}

impl Conversations {
    /// The card of the open draft, unless an emergency still hides it.
    #[must_use]
    pub fn shown_draft(&self, memory: &Memory) -> Option<Value> {
        memory.draft.as_ref().filter(|_| !memory.draft_hidden).map(|d| d.card(&self.parts.rules.load()))
    }

    /// Changes fields of the draft; all or nothing. Returns the card.
    pub async fn patch_draft(&self, conversation: Uuid, patch: &Value) -> Result<Value, DraftError> {
        let _order = self.order.enter(conversation).await;
        let rules = self.parts.rules.load();
        let mut memory = self.memory_of(conversation).await?;
        memory.keep_up(&rules, self.now());
        let draft = self.open_draft(&mut memory).await?;
        if let Some(ids) = patch.get("attachments").and_then(Value::as_array) {
            let ids: Vec<Uuid> = ids.iter().filter_map(|v| v.as_str()).filter_map(|s| Uuid::parse_str(s).ok()).collect();
            let wrong = |words: String| Err(DraftError::Invalid(vec![("attachments".to_owned(), words)]));
            if self.foreign(Owner::Conversation(conversation), &ids).await?.is_some() {
                return wrong("附件不存在，请重新上传".to_owned());
            }
            if let Some(words) = self.too_many(&[], &ids).await? {
                return wrong(words);
            }
        }
        draft
            .patch(patch, By::Resident, &rules, self.now())
            .map_err(|errors| DraftError::Invalid(errors.into_iter().collect()))?;
        draft.asked = draft.next_question(&rules).map(|q| q.field);
        let mut card = draft.card(&rules);
        if draft.state == DraftState::Stopped {
            self.tell_stopped(conversation, &mut memory, &rules).await?;
            return Ok(card);
        }
        memory.draft_hidden = false;
        memory.resumed = false;
        self.with_duplicates(&mut memory, &mut card).await;
        self.parts.store.remember(conversation, &memory).await?;
        Ok(card)
    }

    /// A tapped answer sent the matter another way: the draft is over, and the words stand in the history before it is gone.
    async fn tell_stopped(&self, conversation: Uuid, memory: &mut Memory, rules: &IncidentRules) -> Result<(), DraftError> {
        let Some(draft) = &memory.draft else { return Ok(()) };
        let Some(stop) = draft.stop(rules) else { return Ok(()) };
        let body = MessageBody { text: stop.spoken(), route: Some(Route::Channel), ..MessageBody::default() };
        let id = message_id("stopped", draft.id);
        if let Some(message) = self.parts.store.add_message(conversation, id, Role::News, &body, self.now()).await? {
            self.news.publish(conversation, message);
        }
        memory.draft = None;
        memory.draft_hidden = false;
        memory.resume();
        self.tell_resumed(conversation, memory, rules).await?;
        self.parts.store.remember(conversation, memory).await?;
        Ok(())
    }

    /// Makes the ticket. The same draft again, or the same key again, gives the same ticket.
    ///
    /// # Cancel safety
    /// The ticket is stored in one transaction; a caller that went away finds it by asking again.
    pub async fn confirm_draft(&self, conversation: Uuid, key: Option<String>) -> Result<Confirmed, DraftError> {
        let _order = self.order.enter(conversation).await;
        let mut memory = self.memory_of(conversation).await?;
        if let Some(known) = self.confirmed_before(&memory, key.as_deref()).await? {
            return Ok(known);
        }
        let rules = self.parts.rules.load();
        memory.keep_up(&rules, self.now());
        let confirmed = self.confirm(&mut memory, key, &rules).await?;
        // Into the history first, then out of memory: after a crash between the two the draft confirms to the same ticket.
        self.show_receipt(conversation, &confirmed.ticket).await?;
        self.tell_resumed(conversation, &mut memory, &rules).await?;
        self.parts.store.remember(conversation, &memory).await?;
        Ok(confirmed)
    }

    /// What a button that is pressed again made the first time: by its key, or by itself when no draft is open any more.
    pub(super) async fn confirmed_before(&self, memory: &Memory, key: Option<&str>) -> Result<Option<Confirmed>, DraftError> {
        let known = key.and_then(|key| memory.confirmed.iter().find(|c| c.key.as_deref() == Some(key)));
        let pressed_again = memory.draft.is_none() || (memory.resumed && key.is_none());
        let Some(known) = known.or_else(|| memory.confirmed.last().filter(|_| pressed_again)) else { return Ok(None) };
        let ticket = self.parts.tickets.get(&known.number).await?.ok_or(DraftError::None)?;
        let card = json!({ "kind": "receipt", "ticket": ticket });
        Ok(Some(Confirmed { ticket, card, created: false }))
    }

    /// The receipt as a message of its own, once per ticket.
    pub(super) async fn show_receipt(&self, conversation: Uuid, ticket: &Ticket) -> Result<(), StoreError> {
        let body = MessageBody {
            text: self.receipt_words(ticket),
            route: Some(Route::Report),
            card: Some(json!({ "kind": "receipt", "ticket": ticket })),
            finish: Some(Finish::Complete),
            ..MessageBody::default()
        };
        self.parts.store.add_message(conversation, message_id("receipt", ticket.id), Role::Assistant, &body, self.now()).await?;
        Ok(())
    }

    /// Closes a draft that became a ticket just before a crash, with the receipt that was never shown: what is said next
    /// must not go into it and be lost. `memory` is changed, not stored.
    pub(super) async fn close_confirmed(&self, conversation: Uuid, memory: &mut Memory) -> Result<(), DraftError> {
        let Some(draft) = &memory.draft else { return Ok(()) };
        let Some(ticket) = self.parts.tickets.of_draft(draft.id).await? else { return Ok(()) };
        self.show_receipt(conversation, &ticket).await?;
        memory.draft = None;
        memory.resume();
        memory.confirmed(None, ticket.number);
        Ok(())
    }

    /// A draft that can still be changed: it is not a ticket yet.
    async fn open_draft<'m>(&self, memory: &'m mut Memory) -> Result<&'m mut Draft, DraftError> {
        let draft = memory.draft.as_mut().ok_or(DraftError::None)?;
        match self.parts.tickets.of_draft(draft.id).await? {
            Some(ticket) => Err(DraftError::Stopped(format!("这次上报已经提交，工单号{}，不能再修改或取消", ticket.number))),
            None => Ok(draft),
        }
    }

    /// Gives the draft up.
    pub async fn cancel_draft(&self, conversation: Uuid) -> Result<(), DraftError> {
        let _order = self.order.enter(conversation).await;
        let mut memory = self.memory_of(conversation).await?;
        self.open_draft(&mut memory).await?;
        memory.draft = None;
        memory.resume();
        self.tell_resumed(conversation, &mut memory, &self.parts.rules.load()).await?;
        self.parts.store.remember(conversation, &memory).await?;
        Ok(())
    }

    /// After a button: tells the window that a parked draft is open again, with its card.
    pub(super) async fn tell_resumed(
        &self,
        conversation: Uuid,
        memory: &mut Memory,
        rules: &IncidentRules,
    ) -> Result<(), DraftError> {
        if !memory.resumed {
            return Ok(());
        }
        let Some((text, draft)) = Self::resumed_words(memory, rules) else { return Ok(()) };
        let id = message_id("resumed", self.parts.ids.uuid());
        let body = MessageBody { text, card: Some(draft), ..MessageBody::default() };
        if let Some(message) = self.parts.store.add_message(conversation, id, Role::News, &body, self.now()).await? {
            self.news.publish(conversation, message);
        }
        Ok(())
    }

    /// The sentence and the card of a draft that came back, which is asked on from here.
    pub(super) fn resumed_words(memory: &mut Memory, rules: &IncidentRules) -> Option<(String, Value)> {
        let draft = memory.draft.as_mut()?;
        let question = draft.next_question(rules);
        draft.asked = question.as_ref().map(|q| q.field.clone());
        let what = draft.spoken_name(rules);
        let next = question.map_or_else(|| "没有问题就回复“确认”，哪里不对直接说。".to_owned(), |q| q.text);
        Some((format!("前面说的{what}还没提交，我们接着办。{next}"), draft.card(rules)))
    }

    /// One transaction: ticket, first event, outbox rows. The memory is changed, not stored.
    pub(super) async fn confirm(
        &self,
        memory: &mut Memory,
        key: Option<String>,
        rules: &IncidentRules,
    ) -> Result<Confirmed, DraftError> {
        let draft = memory.draft.as_ref().ok_or(DraftError::None)?;
        let new =
            draft.into_new_ticket(rules, self.now(), self.parts.ids.uuid(), &self.parts.destinations).map_err(
                |error| match error {
                    NotReady::Missing(missing) => {
                        let words = draft.next_question(rules).map_or_else(|| error_words().to_owned(), |q| q.text);
                        DraftError::Incomplete { missing, words }
                    }
                    NotReady::Closed => DraftError::Stopped("这次上报已经结束，请重新说明情况".to_owned()),
                    NotReady::NoCategory => DraftError::Stopped("没有可用的类别，请拨打12345".to_owned()),
                },
            )?;
        let created = self.parts.tickets.create(new).await?;
        memory.draft = None;
        memory.resume();
        memory.confirmed(key, created.ticket.number.clone());
        self.parts.bell.ring();
        metrics::counter!("tickets_confirmed_total").increment(u64::from(created.created));
        let card = json!({ "kind": "receipt", "ticket": created.ticket });
        Ok(Confirmed { ticket: created.ticket, card, created: created.created })
    }

    pub(super) async fn memory_of(&self, conversation: Uuid) -> Result<Memory, DraftError> {
        Ok(self.parts.store.conversation(conversation).await?.ok_or(DraftError::None)?.memory)
    }
}

const fn error_words() -> &'static str {
    "还缺少必要的信息，补充后才能提交"
}

/// A name-based id (UUID v8) of the message that shows `of`, for instance a ticket's receipt: the same again is the same message.
fn message_id(what: &str, of: Uuid) -> Uuid {
    named(&format!("gridworker-{what}\n{of}"))
}
