//! After the turn: thumbs, and telling those who asked that there is an answer now.

use jiff::civil::Date;
use uuid::Uuid;

use super::message::{Message, MessageBody, Role};
use super::redact::{self, Vault};
use super::service::Conversations;
use super::store::{ConfirmedAnswer, NewGap, PastReply, StoreError};
use super::turn::TurnError;
use crate::core::ids::named;
use crate::knowledge::gaps::{Asker, Cluster};

/// What telling came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Conversations that were told, or would be.
    pub conversations: usize,
    /// What one of them reads.
    pub example: String,
}

/// A past turn without personal data.
#[derive(Debug, Clone)]
pub struct PastAnswer {
    /// The question.
    pub question: String,
    /// The reply and how it was found.
    pub past: PastReply,
}

fn safe(text: &str) -> String {
    redact::redact(text, &mut Vault::default())
}

impl Conversations {
    /// Keeps a verdict on a reply: a thumbs-down is a gap, a thumbs-up on a cited answer a pair to learn from; the last one stands.
    /// False when there is no such message.
    pub async fn feedback(
        &self,
        conversation_id: Uuid,
        message_id: Uuid,
        up: bool,
        words: Option<&str>,
    ) -> Result<bool, StoreError> {
        let store = &self.parts.store;
        if !store.feedback(conversation_id, message_id, if up { "up" } else { "down" }).await? {
            return Ok(false);
        }
        let Some(past) = store.past_reply(message_id).await? else { return Ok(true) };
        store.withdraw_thumb(past.turn_id).await?;
        let mut vault = past.vault.clone();
        let question = redact::redact(&past.question, &mut vault);
        let comment = words.map(|w| redact::redact(w, &mut vault));
        if up {
            if let Some(first) = past.reply.citations.first() {
                store
                    .confirm_answer(ConfirmedAnswer {
                        turn_id: past.turn_id,
                        question: understood(&past).unwrap_or(&question),
                        document_id: &first.document_id,
                        clause: &first.clause,
                        by: None,
                        at: self.now(),
                    })
                    .await?;
            }
        } else {
            store
                .record_gap(NewGap {
                    id: self.parts.ids.uuid(),
                    question: &question,
                    comment: comment.as_deref(),
                    reason: "thumbs_down",
                    conversation_id,
                    turn_id: past.turn_id,
                    audience: past.audience,
                    at: self.now(),
                })
                .await?;
        }
        Ok(true)
    }

    /// A reply of any conversation, for curators: personal data of the question replaced, and what is known of persons in the reply.
    pub async fn past_reply(&self, message_id: Uuid) -> Result<Option<PastAnswer>, StoreError> {
        Ok(self.parts.store.past_reply(message_id).await?.map(without_personal_data))
    }

    /// A turn of any conversation, for curators: personal data of the question replaced, and what is known of persons in the reply.
    pub async fn past_turn(&self, turn_id: Uuid) -> Result<Option<PastAnswer>, StoreError> {
        Ok(self.parts.store.past_turn(turn_id).await?.map(without_personal_data))
    }

    /// A curator calls the answer of a turn right: a pair to learn from.
    pub async fn confirm_past(&self, past: &PastAnswer, document: &str, clause: &str, by: &str) -> Result<(), StoreError> {
        self.parts
            .store
            .confirm_answer(ConfirmedAnswer {
                turn_id: past.past.turn_id,
                question: understood(&past.past).unwrap_or(&past.question),
                document_id: document,
                clause,
                by: Some(by),
                at: self.now(),
            })
            .await
    }

    /// Tells the conversations that asked what a group of gaps asks that there is an answer now; `dry` only counts them. A conversation
    /// is told of a group once, whoever asks for it how often; one that was deleted in the meantime is passed over.
    pub async fn tell_askers(&self, cluster: &Cluster, words: &str, dry: bool, day: Date) -> Result<Told, TurnError> {
        let curation = &self.parts.curation;
        let (askers, content) =
            curation.to_be_told(cluster, day).await.map_err(crate::knowledge::search::KnowledgeError::from)?;
        let text_for = |asker: &Asker| {
            let answer =
                content.as_ref().map_or("您可以再问我一次，我会按现在的资料答复您。", |c| c.answer.as_str());
            safe(&words.replace("{question}", &safe(&asker.question))).replace("{answer}", answer)
        };
        let example = askers.first().map(&text_for).unwrap_or_default();
        if dry {
            return Ok(Told { conversations: askers.len(), example });
        }
        let mut conversations = 0;
        for asker in &askers {
            if self.parts.store.conversation(asker.conversation_id).await?.is_none() {
                continue;
            }
            let body = MessageBody {
                text: text_for(asker),
                citations: content.iter().flat_map(|c| &c.citations).map(super::fixed::citation).collect(),
                generated: content.as_ref().is_some_and(|c| c.by_model),
                label: content.as_ref().filter(|c| c.by_model).map(|_| self.parts.street.ai_label.clone()),
                ..MessageBody::default()
            };
            // The same group and conversation always make the same message: a crash between the two writes tells nobody twice.
            let id = message_id(cluster.id, asker.conversation_id);
            let told: Option<Message> =
                self.parts.store.add_message(asker.conversation_id, id, Role::News, &body, self.now()).await?;
            let noted = curation.gaps().mark_told(cluster.id, asker.conversation_id, self.now()).await;
            noted.map_err(crate::knowledge::search::KnowledgeError::from)?;
            if let Some(message) = told {
                conversations += 1;
                self.news.publish(asker.conversation_id, message);
            }
        }
        Ok(Told { conversations, example })
    }
}

/// The question as it was searched for, when it was.
fn understood(past: &PastReply) -> Option<&str> {
    past.trace.as_ref().map(|t| t.question.as_str()).filter(|q| !q.is_empty())
}

fn without_personal_data(mut past: PastReply) -> PastAnswer {
    let question = redact::redact(&past.question, &mut past.vault);
    past.reply.text = redact::hide(&past.reply.text, &past.vault);
    if let Some(trace) = &mut past.trace {
        trace.question = redact::redact(&trace.question, &mut past.vault);
    }
    PastAnswer { question, past }
}

/// A name-based id (UUID v8) of the message that tells a conversation of a group.
fn message_id(cluster: Uuid, conversation: Uuid) -> Uuid {
    named(&format!("gridworker-answered\n{cluster}\n{conversation}"))
}
