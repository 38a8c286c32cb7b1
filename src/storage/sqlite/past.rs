//! What remains of turns for those who look after the knowledge: scores, gaps, confirmed answers, past replies.

use jiff::Timestamp;
use sqlx::Row as _;
use uuid::Uuid;

use super::Sqlite;
use super::conversation::{audience_word, db, id, json, open, parse};
use super::sealing::place;
use crate::conversation::memory::Memory;
use crate::conversation::message::MessageBody;
use crate::conversation::store::{Audience, ConfirmedAnswer, NewGap, PastReply, StoreError};
use crate::knowledge::trace::Trace;

/// Keeps how an answer was found, in the turn's own transaction; a fixed answer is counted with it.
pub(super) async fn keep_trace(
    tx: &mut sqlx::Transaction<'_, sqlx::Sqlite>,
    turn_id: Uuid,
    trace: &Trace,
    at: Timestamp,
) -> Result<(), StoreError> {
    let given = trace.given().map(|g| g.to_string());
    sqlx::query("INSERT INTO turn_trace (turn_id, curated_id, trace) VALUES ($1, $2, $3)")
        .bind(turn_id.to_string())
        .bind(given.as_deref())
        .bind(json("turn_trace.trace", trace)?)
        .execute(&mut **tx)
        .await
        .map_err(db)?;
    if let Some(given) = given {
        sqlx::query("UPDATE curated SET hits = hits + 1, last_hit_at = $2 WHERE id = $1")
            .bind(given)
            .bind(at.as_millisecond())
            .execute(&mut **tx)
            .await
            .map_err(db)?;
    }
    Ok(())
}

pub(super) async fn record_gap(store: &Sqlite, gap: NewGap<'_>) -> Result<(), StoreError> {
    let mut tx = store.quick().await.map_err(db)?;
    sqlx::query(
        "INSERT INTO gaps (id, question, reason, created_at, conversation_id, turn_id, comment, audience) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (turn_id) WHERE turn_id IS NOT NULL DO UPDATE SET comment = COALESCE(excluded.comment, comment)",
    )
    .bind(gap.id.to_string())
    .bind(gap.question)
    .bind(gap.reason)
    .bind(gap.at.as_millisecond())
    .bind(gap.conversation_id.to_string())
    .bind(gap.turn_id.to_string())
    .bind(gap.comment)
    .bind(audience_word(gap.audience))
    .execute(&mut *tx)
    .await
    .map_err(db)?;
    tx.commit().await.map_err(db)
}

pub(super) async fn confirm_answer(store: &Sqlite, confirmed: ConfirmedAnswer<'_>) -> Result<(), StoreError> {
    let mut tx = store.quick().await.map_err(db)?;
    // A thumb never takes back what a curator said.
    sqlx::query(
        "INSERT INTO confirmed_question (turn_id, question, document_id, clause, by_account, at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (turn_id) DO UPDATE SET question = excluded.question, document_id = excluded.document_id, \
         clause = excluded.clause, by_account = excluded.by_account, at = excluded.at \
         WHERE excluded.by_account IS NOT NULL OR confirmed_question.by_account IS NULL",
    )
    .bind(confirmed.turn_id.to_string())
    .bind(confirmed.question)
    .bind(confirmed.document_id)
    .bind(confirmed.clause)
    .bind(confirmed.by)
    .bind(confirmed.at.as_millisecond())
    .execute(&mut *tx)
    .await
    .map_err(db)?;
    tx.commit().await.map_err(db)
}

pub(super) async fn withdraw_thumb(store: &Sqlite, turn_id: Uuid) -> Result<(), StoreError> {
    let mut tx = store.quick().await.map_err(db)?;
    // Out of its group first: what is taken back was never asked, while what is deleted with a conversation was.
    for sql in [
        "UPDATE gaps SET cluster_id = NULL WHERE turn_id = $1 AND reason = 'thumbs_down'",
        "DELETE FROM gaps WHERE turn_id = $1 AND reason = 'thumbs_down'",
        "DELETE FROM confirmed_question WHERE turn_id = $1 AND by_account IS NULL",
    ] {
        sqlx::query(sql).bind(turn_id.to_string()).execute(&mut *tx).await.map_err(db)?;
    }
    tx.commit().await.map_err(db)
}

/// The assistant's message for which `which` holds, with the question of its turn.
pub(super) async fn reply(store: &Sqlite, which: &'static str, wanted: Uuid) -> Result<Option<PastReply>, StoreError> {
    let sql = [
        "SELECT a.conversation_id, a.turn_id, a.id AS reply_id, a.body AS reply, q.id AS question_id, q.body AS question, c.audience, c.memory, t.trace \
         FROM messages a JOIN messages q ON q.turn_id = a.turn_id AND q.role = 'resident' \
         JOIN conversations c ON c.id = a.conversation_id LEFT JOIN turn_trace t ON t.turn_id = a.turn_id \
         WHERE a.role = 'assistant' AND ",
        which,
    ]
    .concat();
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(wanted.to_string()).fetch_optional(store.reader()).await.map_err(db)?;
    let Some(row) = row else { return Ok(None) };
    let body = |which: &str, of: &str| -> Result<MessageBody, StoreError> {
        let place = place::message(id("messages.id", row.try_get(of).map_err(db)?)?);
        open(store.sealer(), "messages.body", row.try_get(which).map_err(db)?, &place)
    };
    let question = body("question", "question_id")?;
    let conversation_id = id("messages.conversation_id", row.try_get("conversation_id").map_err(db)?)?;
    let memory: Memory =
        open(store.sealer(), "conversations.memory", row.try_get("memory").map_err(db)?, &place::conversation(conversation_id))?;
    let trace: Option<&str> = row.try_get("trace").map_err(db)?;
    Ok(Some(PastReply {
        conversation_id,
        audience: match row.try_get::<&str, _>("audience").map_err(db)? {
            "gridworker" => Audience::Gridworker,
            _ => Audience::Resident,
        },
        turn_id: id("messages.turn_id", row.try_get("turn_id").map_err(db)?)?,
        question: question.text,
        reply: body("reply", "reply_id")?,
        trace: trace.map(|t| parse("turn_trace.trace", t)).transpose()?,
        vault: memory.vault,
    }))
}
