//! News: a ticket moved, the conversation is told, whoever looks sees it at once.
//!
//! The ticket's event in storage is the truth; this room turns it into a message of the conversation exactly once and
//! rings a bell. A listener that was away reads the messages it missed by their numbers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::message::{Message, MessageBody, Role};
use super::service::Conversations;
use crate::core::ids::named;
use crate::incident::clock_store::Notice;
use crate::incident::news::TicketNews;
use crate::incident::news_texts::NewsTexts;
use crate::incident::progress;
use crate::incident::ticket::{Ticket, TicketEvent};

/// Who listens to which conversation.
#[derive(Debug, Default)]
pub struct NewsBus(Mutex<HashMap<Uuid, broadcast::Sender<Arc<Message>>>>);

impl NewsBus {
    /// Listens to a conversation.
    pub fn subscribe(&self, conversation: Uuid) -> broadcast::Receiver<Arc<Message>> {
        let mut channels = self.0.lock();
        if channels.len() > 4096 {
            channels.retain(|_, c| c.receiver_count() > 0);
        }
        channels.entry(conversation).or_insert_with(|| broadcast::channel(64).0).subscribe()
    }

    /// Tells whoever listens.
    pub fn publish(&self, conversation: Uuid, message: Message) {
        let mut channels = self.0.lock();
        if let Some(channel) = channels.get(&conversation)
            && channel.send(Arc::new(message)).is_err()
        {
            channels.remove(&conversation);
        }
    }
}

impl Conversations {
    /// Listens to a conversation's news.
    pub fn subscribe(&self, conversation: Uuid) -> broadcast::Receiver<Arc<Message>> {
        self.news.subscribe(conversation)
    }

    /// Tells moves as they come, until the service ends. `bell` rings when there may be one; what it carries is only a hint.
    pub async fn tell_news(self: Arc<Self>, mut bell: broadcast::Receiver<TicketNews>) {
        loop {
            let told = match self.tell_untold().await {
                Ok(told) => told,
                Err(error) => {
                    tracing::error!(%error, "news could not be told; will try again");
                    0
                }
            };
            if told > 0 {
                continue;
            }
            let rung = async {
                // Falling behind is a bell too; a bell that is gone (nobody delivers here) never rings again.
                if matches!(bell.recv().await, Err(broadcast::error::RecvError::Closed)) {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = self.parts.stop.cancelled() => return,
                () = rung => {}
                () = tokio::time::sleep(Duration::from_secs(3)) => {}
            }
        }
    }

    /// Tells what is not told yet; returns how many moves and notices.
    pub async fn tell_untold(&self) -> Result<usize, super::turn::TurnError> {
        let moves = self.tell_moves().await?;
        let notices = self.parts.notices.untold_notices(100).await?;
        for notice in &notices {
            self.tell_notice(notice).await?;
            self.parts.notices.mark_notice_told(notice.id, self.now()).await?;
        }
        Ok(moves + notices.len())
    }

    async fn tell_moves(&self) -> Result<usize, super::turn::TurnError> {
        let untold = self.parts.moves.untold(100).await?;
        for news in &untold {
            self.tell(news).await?;
            self.parts.moves.mark_told(news, self.now()).await?;
        }
        Ok(untold.len())
    }

    async fn tell(&self, news: &TicketNews) -> Result<(), super::turn::TurnError> {
        let event = TicketEvent { at: news.at, from: news.from, to: news.to, by: news.by.clone(), note: news.note.clone() };
        let Some(follower) = &news.follower else {
            let id = message_id("news", news.ticket_id, news.event_id);
            let attachments = self.parts.evidence.of_move(news.event_id).await?;
            let words = |ticket: &Ticket, texts: &NewsTexts| texts.news(ticket, &event);
            return self.tell_of(&news.ticket_number, news.conversation_id, id, attachments, words).await;
        };
        // Who was merged sees the own ticket, never the other one's: only its number, its state and what happened, no photo.
        let id = named(&format!("gridworker-news\n{}\n{}\n{}", news.ticket_id, news.event_id, follower.ticket_id));
        let words = |own: &Ticket, texts: &NewsTexts| texts.joined_news(own, &news.ticket_number, &event);
        self.tell_of(&follower.ticket_number, news.conversation_id, id, Vec::new(), words).await
    }

    async fn tell_notice(&self, notice: &Notice) -> Result<(), super::turn::TurnError> {
        let id = message_id("notice", notice.ticket_id, notice.id);
        let words = |ticket: &Ticket, _: &NewsTexts| format!("工单{}（{}）：{}", ticket.number, ticket.title, notice.text);
        self.tell_of(&notice.ticket_number, notice.conversation_id, id, Vec::new(), words).await
    }

    /// Adds the message about a ticket and shows it on the open window.
    async fn tell_of(
        &self,
        number: &str,
        conversation: Uuid,
        id: Uuid,
        attachments: Vec<Uuid>,
        words: impl FnOnce(&Ticket, &NewsTexts) -> String,
    ) -> Result<(), super::turn::TurnError> {
        let Some(ticket) = self.parts.tickets.get(number).await? else { return Ok(()) };
        if self.parts.store.conversation(conversation).await?.is_none() {
            return Ok(()); // deleted by the resident: nobody is left to be told
        }
        let rules = self.parts.rules.load();
        let text = words(&ticket, &rules.news);
        let timeline = self.parts.tickets.timeline(number).await?;
        let card = json!({ "kind": "progress", "ticket": ticket, "timeline": progress::timeline(&timeline, &rules.news) });
        let body = MessageBody { text, card: Some(card), attachments, ..MessageBody::default() };
        // The same event always makes the same message: telling it twice after a crash changes nothing.
        if let Some(message) = self.parts.store.add_message(conversation, id, Role::News, &body, self.now()).await? {
            self.news.publish(conversation, message);
        } else {
            tracing::debug!("this was told before");
        }
        Ok(())
    }
}

/// A name-based id (UUID v8) of the message that tells a move or a notice.
fn message_id(what: &str, ticket: Uuid, event: i64) -> Uuid {
    named(&format!("gridworker-{what}\n{ticket}\n{event}"))
}
