//! [`ConversationStore`] on `SQLite`.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::Sqlite;
use super::sealing::place;
use crate::conversation::log::{LogFilter, StoredLine};
use crate::conversation::memory::Memory;
use crate::conversation::message::{Message, MessageBody, Role};
use crate::conversation::store::{
    Attachment, Audience, Begun, ConfirmedAnswer, Conversation, ConversationStore, EndedTurn, LoggedEvent, NewGap, NewTurn,
    Owner, PastReply, StoreError, StoredEvent, StoredTurn,
};
use crate::core::seal::Sealer;
use crate::knowledge::trace::Trace;

#[expect(clippy::needless_pass_by_value, reason = "given to `map_err`")]
pub(super) fn db(error: sqlx::Error) -> StoreError {
    // The text of a driver error names tables and constraints, never bound values.
    StoreError::Database(error.to_string())
}

pub(super) fn json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Corrupt { what, why: e.to_string() })
}

pub(super) fn parse<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Corrupt { what, why: e.to_string() })
}

/// Writes a value sealed for its row.
pub(super) fn seal<T: Serialize>(sealer: &Sealer, what: &'static str, value: &T, place: &str) -> Result<String, StoreError> {
    Ok(sealer.seal(&json(what, value)?, place))
}

/// Reads a value that was sealed for its row.
pub(super) fn open<T: DeserializeOwned>(sealer: &Sealer, what: &'static str, text: &str, place: &str) -> Result<T, StoreError> {
    parse(what, &opened(sealer, what, text, place)?)
}

fn opened(sealer: &Sealer, what: &'static str, text: &str, place: &str) -> Result<String, StoreError> {
    sealer.open(text, place).map_err(|e| StoreError::Corrupt { what, why: e.to_string() })
}

pub(super) fn id(what: &'static str, text: &str) -> Result<Uuid, StoreError> {
    Uuid::parse_str(text).map_err(|e| StoreError::Corrupt { what, why: e.to_string() })
}

pub(super) fn time(what: &'static str, ms: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(ms).map_err(|e| StoreError::Corrupt { what, why: e.to_string() })
}

pub(super) const fn audience_word(audience: Audience) -> &'static str {
    match audience {
        Audience::Resident => "resident",
        Audience::Gridworker => "gridworker",
    }
}

fn message(sealer: &Sealer, row: &SqliteRow) -> Result<Message, StoreError> {
    let message_id = id("messages.id", row.try_get("id").map_err(db)?)?;
    Ok(Message {
        id: message_id,
        seq: row.try_get("seq").map_err(db)?,
        role: Role::from_word(row.try_get("role").map_err(db)?),
        created_at: time("messages.created_at", row.try_get("created_at").map_err(db)?)?,
        turn_id: row.try_get::<Option<&str>, _>("turn_id").map_err(db)?.map(|t| id("messages.turn_id", t)).transpose()?,
        client_message_id: row.try_get("client_message_id").map_err(db)?,
        body: open(sealer, "messages.body", row.try_get("body").map_err(db)?, &place::message(message_id))?,
        feedback: row.try_get("feedback").map_err(db)?,
    })
}

fn conversation(sealer: &Sealer, row: &SqliteRow) -> Result<Conversation, StoreError> {
    let conversation_id = id("conversations.id", row.try_get("id").map_err(db)?)?;
    Ok(Conversation {
        id: conversation_id,
        token_hash: row.try_get("token_hash").map_err(db)?,
        channel: row.try_get("channel").map_err(db)?,
        audience: match row.try_get::<&str, _>("audience").map_err(db)? {
            "gridworker" => Audience::Gridworker,
            _ => Audience::Resident,
        },
        memory: open(sealer, "conversations.memory", row.try_get("memory").map_err(db)?, &place::conversation(conversation_id))?,
    })
}

const MESSAGE: &str = "SELECT id, seq, role, created_at, turn_id, client_message_id, body, feedback FROM messages ";

async fn insert_events(
    tx: &mut sqlx::Transaction<'_, sqlx::Sqlite>,
    sealer: &Sealer,
    turn_id: Uuid,
    events: &[LoggedEvent],
) -> Result<(), StoreError> {
    for event in events {
        sqlx::query("INSERT INTO turn_events (turn_id, id, event, data) VALUES ($1, $2, $3, $4)")
            .bind(turn_id.to_string())
            .bind(i64::try_from(event.id).unwrap_or(i64::MAX))
            .bind(event.event)
            .bind(sealer.seal(&event.data, &place::event(turn_id, event.id)))
            .execute(&mut **tx)
            .await
            .map_err(db)?;
    }
    Ok(())
}

struct Row<'a> {
    conversation_id: Uuid,
    id: Uuid,
    role: Role,
    turn_id: Option<Uuid>,
    client_message_id: Option<&'a str>,
    body: &'a MessageBody,
    at: Timestamp,
}

/// Inserts a message at the end of its conversation and returns its sequence number.
async fn insert_message(tx: &mut sqlx::Transaction<'_, sqlx::Sqlite>, sealer: &Sealer, row: Row<'_>) -> Result<i64, StoreError> {
    let seq: i64 = sqlx::query_scalar(
        "INSERT INTO messages (id, conversation_id, seq, role, created_at, turn_id, client_message_id, body) \
         SELECT $1, $2, COALESCE(MAX(seq), 0) + 1, $3, $4, $5, $6, $7 FROM messages WHERE conversation_id = $2 RETURNING seq",
    )
    .bind(row.id.to_string())
    .bind(row.conversation_id.to_string())
    .bind(row.role.word())
    .bind(row.at.as_millisecond())
    .bind(row.turn_id.map(|t| t.to_string()))
    .bind(row.client_message_id)
    .bind(seal(sealer, "messages.body", row.body, &place::message(row.id))?)
    .fetch_one(&mut **tx)
    .await
    .map_err(db)?;
    Ok(seq)
}

#[async_trait]
impl ConversationStore for Sqlite {
    async fn create(&self, conversation: &Conversation, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.quick().await.map_err(db)?;
        sqlx::query(
            "INSERT INTO conversations (id, token_hash, channel, audience, created_at, last_at, memory) \
             VALUES ($1, $2, $3, $4, $5, $5, $6)",
        )
        .bind(conversation.id.to_string())
        .bind(&conversation.token_hash)
        .bind(&conversation.channel)
        .bind(audience_word(conversation.audience))
        .bind(at.as_millisecond())
        .bind(seal(self.sealer(), "conversations.memory", &conversation.memory, &place::conversation(conversation.id))?)
        .execute(&mut *tx)
        .await
        .map_err(db)?;
        tx.commit().await.map_err(db)
    }

    async fn conversation(&self, conversation_id: Uuid) -> Result<Option<Conversation>, StoreError> {
        let row = sqlx::query("SELECT id, token_hash, channel, audience, memory FROM conversations WHERE id = $1")
            .bind(conversation_id.to_string())
            .fetch_optional(self.reader())
            .await
            .map_err(db)?;
        row.as_ref().map(|row| conversation(self.sealer(), row)).transpose()
    }

    async fn conversation_of_token(&self, token_hash: &str) -> Result<Option<Conversation>, StoreError> {
        let row = sqlx::query("SELECT id, token_hash, channel, audience, memory FROM conversations WHERE token_hash = $1")
            .bind(token_hash)
            .fetch_optional(self.reader())
            .await
            .map_err(db)?;
        row.as_ref().map(|row| conversation(self.sealer(), row)).transpose()
    }

    async fn remember(&self, conversation_id: Uuid, memory: &Memory) -> Result<(), StoreError> {
        let mut tx = self.quick().await.map_err(db)?;
        sqlx::query("UPDATE conversations SET memory = $2 WHERE id = $1")
            .bind(conversation_id.to_string())
            .bind(seal(self.sealer(), "conversations.memory", memory, &place::conversation(conversation_id))?)
            .execute(&mut *tx)
            .await
            .map_err(db)?;
        tx.commit().await.map_err(db)
    }

    async fn delete(&self, conversation_id: Uuid) -> Result<Vec<Uuid>, StoreError> {
        let mut tx = self.durable().await.map_err(db)?;
        let pictures: Vec<String> = sqlx::query_scalar("DELETE FROM attachments WHERE conversation_id = $1 RETURNING id")
            .bind(conversation_id.to_string())
            .fetch_all(&mut *tx)
            .await
            .map_err(db)?;
        sqlx::query("DELETE FROM conversations WHERE id = $1")
            .bind(conversation_id.to_string())
            .execute(&mut *tx)
            .await
            .map_err(db)?;
        tx.commit().await.map_err(db)?;
        pictures.iter().map(|p| id("attachments.id", p)).collect()
    }

    async fn expired(&self, before: Timestamp, limit: u32) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM conversations WHERE last_at < $1 \
             AND NOT EXISTS (SELECT 1 FROM tickets WHERE tickets.conversation_id = conversations.id) ORDER BY last_at LIMIT $2",
        )
        .bind(before.as_millisecond())
        .bind(limit)
        .fetch_all(self.reader())
        .await
        .map_err(db)?;
        rows.iter().map(|r| id("conversations.id", r)).collect()
    }

    async fn begin_turn(&self, turn: NewTurn<'_>) -> Result<Begun, StoreError> {
        let mut tx = self.quick().await.map_err(db)?;
        let inserted = sqlx::query(
            "INSERT INTO turns (id, conversation_id, client_message_id, state, started_at) VALUES ($1, $2, $3, 'running', $4) \
             ON CONFLICT (conversation_id, client_message_id) DO NOTHING",
        )
        .bind(turn.turn_id.to_string())
        .bind(turn.conversation_id.to_string())
        .bind(turn.client_message_id)
        .bind(turn.at.as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(db)?
        .rows_affected();
        if inserted == 0 {
            let known: String = sqlx::query_scalar("SELECT id FROM turns WHERE conversation_id = $1 AND client_message_id = $2")
                .bind(turn.conversation_id.to_string())
                .bind(turn.client_message_id)
                .fetch_one(&mut *tx)
                .await
                .map_err(db)?;
            return Ok(Begun::Known(id("turns.id", &known)?));
        }
        insert_message(
            &mut tx,
            self.sealer(),
            Row {
                conversation_id: turn.conversation_id,
                id: turn.message_id,
                role: Role::Resident,
                turn_id: Some(turn.turn_id),
                client_message_id: Some(turn.client_message_id),
                body: turn.body,
                at: turn.at,
            },
        )
        .await?;
        sqlx::query("UPDATE conversations SET last_at = $2 WHERE id = $1")
            .bind(turn.conversation_id.to_string())
            .bind(turn.at.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(db)?;
        tx.commit().await.map_err(db)?;
        Ok(Begun::New)
    }

    async fn append_events(&self, turn_id: Uuid, events: &[LoggedEvent]) -> Result<(), StoreError> {
        let mut tx = self.quick().await.map_err(db)?;
        insert_events(&mut tx, self.sealer(), turn_id, events).await?;
        tx.commit().await.map_err(db)
    }

    async fn end_turn(&self, ended: EndedTurn<'_>) -> Result<(), StoreError> {
        let mut tx = self.quick().await.map_err(db)?;
        let alive =
            sqlx::query("UPDATE turns SET state = 'done', ended_at = $2, outcome = $3 WHERE id = $1 AND state = 'running'")
                .bind(ended.turn_id.to_string())
                .bind(ended.at.as_millisecond())
                .bind(seal(self.sealer(), "turns.outcome", ended.outcome, &place::turn(ended.turn_id))?)
                .execute(&mut *tx)
                .await
                .map_err(db)?
                .rows_affected();
        if alive == 0 {
            // The conversation was deleted while it was being answered, and nothing may be kept; or the turn has ended
            // before, and its end stands.
            return Ok(());
        }
        insert_events(&mut tx, self.sealer(), ended.turn_id, ended.events).await?;
        insert_message(
            &mut tx,
            self.sealer(),
            Row {
                conversation_id: ended.conversation_id,
                id: ended.reply_id,
                role: Role::Assistant,
                turn_id: Some(ended.turn_id),
                client_message_id: None,
                body: ended.reply,
                at: ended.at,
            },
        )
        .await?;
        super::turn_log::note(&mut tx, ended.turn_id, ended.conversation_id, ended.outcome, ended.at).await?;
        super::insight::keep(&mut tx, ended.outcome, ended.turn_id, ended.at).await?;
        if let Some(trace) = ended.trace {
            super::past::keep_trace(&mut tx, ended.turn_id, trace, ended.at).await?;
        }
        if let Some(memory) = ended.memory {
            sqlx::query("UPDATE conversations SET memory = $2 WHERE id = $1")
                .bind(ended.conversation_id.to_string())
                .bind(seal(self.sealer(), "conversations.memory", memory, &place::conversation(ended.conversation_id))?)
                .execute(&mut *tx)
                .await
                .map_err(db)?;
        }
        tx.commit().await.map_err(db)
    }

    async fn turn(&self, conversation_id: Uuid, turn_id: Uuid) -> Result<Option<StoredTurn>, StoreError> {
        let row = sqlx::query("SELECT outcome FROM turns WHERE id = $1 AND conversation_id = $2")
            .bind(turn_id.to_string())
            .bind(conversation_id.to_string())
            .fetch_optional(self.reader())
            .await
            .map_err(db)?;
        row.map(|row| {
            let outcome = row.try_get::<Option<&str>, _>("outcome").map_err(db)?;
            let outcome = outcome.map(|o| open(self.sealer(), "turns.outcome", o, &place::turn(turn_id))).transpose()?;
            Ok(StoredTurn { id: turn_id, conversation_id, outcome })
        })
        .transpose()
    }

    async fn turn_events(&self, turn_id: Uuid, after: u64) -> Result<Vec<StoredEvent>, StoreError> {
        let rows = sqlx::query("SELECT id, event, data FROM turn_events WHERE turn_id = $1 AND id > $2 ORDER BY id")
            .bind(turn_id.to_string())
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .fetch_all(self.reader())
            .await
            .map_err(db)?;
        rows.into_iter()
            .map(|row| {
                let id = u64::try_from(row.try_get::<i64, _>("id").map_err(db)?).unwrap_or_default();
                let data: &str = row.try_get("data").map_err(db)?;
                Ok(StoredEvent {
                    id,
                    event: row.try_get("event").map_err(db)?,
                    data: opened(self.sealer(), "turn_events.data", data, &place::event(turn_id, id))?,
                })
            })
            .collect()
    }

    async fn running_turns(&self) -> Result<Vec<StoredTurn>, StoreError> {
        let rows = sqlx::query("SELECT id, conversation_id FROM turns WHERE state = 'running'")
            .fetch_all(self.reader())
            .await
            .map_err(db)?;
        rows.into_iter()
            .map(|row| {
                Ok(StoredTurn {
                    id: id("turns.id", row.try_get("id").map_err(db)?)?,
                    conversation_id: id("turns.conversation_id", row.try_get("conversation_id").map_err(db)?)?,
                    outcome: None,
                })
            })
            .collect()
    }

    async fn add_message(
        &self,
        conversation_id: Uuid,
        message_id: Uuid,
        role: Role,
        body: &MessageBody,
        at: Timestamp,
    ) -> Result<Option<Message>, StoreError> {
        let mut tx = self.quick().await.map_err(db)?;
        let known: Option<i64> = sqlx::query_scalar("SELECT seq FROM messages WHERE id = $1")
            .bind(message_id.to_string())
            .fetch_optional(&mut *tx)
            .await
            .map_err(db)?;
        if known.is_some() {
            return Ok(None);
        }
        let row = Row { conversation_id, id: message_id, role, turn_id: None, client_message_id: None, body, at };
        let seq = insert_message(&mut tx, self.sealer(), row).await?;
        tx.commit().await.map_err(db)?;
        Ok(Some(Message {
            id: message_id,
            seq,
            role,
            created_at: at,
            turn_id: None,
            client_message_id: None,
            body: body.clone(),
            feedback: None,
        }))
    }

    async fn messages(&self, conversation_id: Uuid, after: i64, limit: u32) -> Result<Vec<Message>, StoreError> {
        let sql = const_format(MESSAGE, "WHERE conversation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(conversation_id.to_string())
            .bind(after)
            .bind(limit)
            .fetch_all(self.reader())
            .await
            .map_err(db)?;
        rows.iter().map(|row| message(self.sealer(), row)).collect()
    }

    async fn last_messages(&self, conversation_id: Uuid, limit: u32) -> Result<Vec<Message>, StoreError> {
        let sql = const_format(MESSAGE, "WHERE conversation_id = $1 ORDER BY seq DESC LIMIT $2");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(conversation_id.to_string())
            .bind(limit)
            .fetch_all(self.reader())
            .await
            .map_err(db)?;
        let mut messages = rows.iter().map(|row| message(self.sealer(), row)).collect::<Result<Vec<_>, _>>()?;
        messages.reverse();
        Ok(messages)
    }

    async fn feedback(&self, conversation_id: Uuid, message_id: Uuid, feedback: &str) -> Result<bool, StoreError> {
        let mut tx = self.quick().await.map_err(db)?;
        let found =
            sqlx::query("UPDATE messages SET feedback = $3 WHERE id = $1 AND conversation_id = $2 AND role <> 'resident'")
                .bind(message_id.to_string())
                .bind(conversation_id.to_string())
                .bind(feedback)
                .execute(&mut *tx)
                .await
                .map_err(db)?
                .rows_affected();
        tx.commit().await.map_err(db)?;
        Ok(found > 0)
    }

    async fn add_attachment(&self, attachment: &Attachment, at: Timestamp) -> Result<(), StoreError> {
        super::evidence::add_attachment(self, attachment, at).await
    }

    async fn attachment(&self, attachment_id: Uuid) -> Result<Option<Attachment>, StoreError> {
        super::evidence::attachment(self, attachment_id).await
    }

    async fn attachment_count(&self, owner: Owner) -> Result<u32, StoreError> {
        super::evidence::count(self, owner).await
    }

    async fn sweep_attachments(&self, before: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        super::evidence::sweep(self, before).await
    }

    async fn record_gap(&self, gap: NewGap<'_>) -> Result<(), StoreError> {
        super::past::record_gap(self, gap).await
    }

    async fn confirm_answer(&self, confirmed: ConfirmedAnswer<'_>) -> Result<(), StoreError> {
        super::past::confirm_answer(self, confirmed).await
    }

    async fn withdraw_thumb(&self, turn_id: Uuid) -> Result<(), StoreError> {
        super::past::withdraw_thumb(self, turn_id).await
    }

    async fn past_reply(&self, message_id: Uuid) -> Result<Option<PastReply>, StoreError> {
        super::past::reply(self, "a.id = $1", message_id).await
    }

    async fn past_turn(&self, turn_id: Uuid) -> Result<Option<PastReply>, StoreError> {
        super::past::reply(self, "a.turn_id = $1", turn_id).await
    }

    async fn logged(&self, filter: &LogFilter, skip: u32, take: u32) -> Result<Vec<StoredLine>, StoreError> {
        super::turn_log::read(self, filter, skip, take).await
    }

    async fn logged_count(&self, filter: &LogFilter) -> Result<u64, StoreError> {
        super::turn_log::count(self, filter).await
    }

    async fn logged_channels(&self) -> Result<Vec<String>, StoreError> {
        super::turn_log::channels(self).await
    }

    async fn complete_log(&self, limit: u32) -> Result<u64, StoreError> {
        super::turn_log::complete(self, limit).await
    }

    async fn recent_traces(&self, limit: u32) -> Result<Vec<(Uuid, Trace)>, StoreError> {
        super::turn_log::recent(self, limit).await
    }
}

fn const_format(head: &'static str, tail: &'static str) -> String {
    [head, tail].concat()
}
