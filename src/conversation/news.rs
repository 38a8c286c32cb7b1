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
use crate::incident::news::TicketNews;
use crate::incident::progress;
use crate::incident::ticket::TicketEvent;

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

    /// Tells what is not told yet; returns how many moves.
    pub async fn tell_untold(&self) -> Result<usize, super::turn::TurnError> {
        let untold = self.parts.moves.untold(100).await?;
        for news in &untold {
            self.tell(news).await?;
            self.parts.moves.mark_told(news.event_id, self.now()).await?;
        }
        Ok(untold.len())
    }

    async fn tell(&self, news: &TicketNews) -> Result<(), super::turn::TurnError> {
        let Some(ticket) = self.parts.tickets.get(&news.ticket_number).await? else { return Ok(()) };
        if self.parts.store.conversation(news.conversation_id).await?.is_none() {
            return Ok(()); // deleted by the resident: nobody is left to be told
        }
        let timeline = self.parts.tickets.timeline(&news.ticket_number).await?;
        let card = json!({ "kind": "progress", "ticket": ticket, "timeline": progress::timeline(&timeline) });
        let event = TicketEvent { at: news.at, from: news.from, to: news.to, by: news.by.clone(), note: news.note.clone() };
        let text = progress::news(&ticket, &event);
        let attachments = self.parts.evidence.of_move(news.event_id).await?;
        let body = MessageBody { text, card: Some(card), attachments, ..MessageBody::default() };
        // The same event always makes the same message: telling it twice after a crash changes nothing.
        let id = message_id(news);
        if let Some(message) = self.parts.store.add_message(news.conversation_id, id, Role::News, &body, self.now()).await? {
            self.news.publish(news.conversation_id, message)
        } else {
            tracing::debug!("this move was told before")
        }
        Ok(())
    }
}

/// A name-based id (UUID v8) of the message that tells a move.
fn message_id(news: &TicketNews) -> Uuid {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(format!("gridworker-news\n{}\n{}", news.ticket_id, news.event_id));
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
