//! The log of turns: how each went lies open, its words are opened one by one.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use uuid::Uuid;

use super::Sqlite;
use super::conversation::{audience_word, db, id, open, parse, time};
use super::sealing::place;
use crate::conversation::log::{Answered, LogFilter, StoredLine};
use crate::conversation::memory::Memory;
use crate::conversation::message::MessageBody;
use crate::conversation::outcome::TurnOutcome;
use crate::conversation::redact::Vault;
use crate::conversation::store::{Audience, StoreError};
use crate::knowledge::trace::Trace;

/// The stored word of an enum that is one word in JSON.
fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A tip-off, or a category whose reports are confidential: the card says so.
fn guarded(outcome: &TurnOutcome) -> bool {
    outcome.card.as_ref().is_some_and(|card| {
        let matter = card.get("draft").or_else(|| card.get("ticket"));
        let of_matter = |key: &str| matter.and_then(|m| m.get(key));
        card["confidential"] == true
            || of_matter("confidential").is_some_and(|c| c == true)
            || of_matter("kind").is_some_and(|kind| kind == "举报")
    })
}

/// Notes how a turn went, in the transaction that ends it.
pub(super) async fn note(
    tx: &mut sqlx::Transaction<'_, sqlx::Sqlite>,
    turn_id: Uuid,
    conversation_id: Uuid,
    outcome: &TurnOutcome,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO turn_log (turn_id, conversation_id, at, channel, audience, route, finish, generated, citations, guarded) \
         SELECT $1, id, $3, channel, audience, $4, $5, $6, $7, $8 FROM conversations WHERE id = $2 ON CONFLICT DO NOTHING",
    )
    .bind(turn_id.to_string())
    .bind(conversation_id.to_string())
    .bind(at.as_millisecond())
    .bind(word(&outcome.route))
    .bind(word(&outcome.finish))
    .bind(outcome.reply.generated)
    .bind(i64::try_from(outcome.reply.citations.len()).unwrap_or(i64::MAX))
    .bind(guarded(outcome))
    .execute(&mut **tx)
    .await
    .map_err(db)?;
    Ok(())
}

/// Notes turns that ended before there was a log.
pub(super) async fn complete(store: &Sqlite, limit: u32) -> Result<u64, StoreError> {
    let rows = sqlx::query(
        "SELECT t.id, t.conversation_id, t.ended_at, t.outcome FROM turns t LEFT JOIN turn_log l ON l.turn_id = t.id \
         WHERE t.state = 'done' AND t.outcome IS NOT NULL AND l.turn_id IS NULL LIMIT $1",
    )
    .bind(limit)
    .fetch_all(store.reader())
    .await
    .map_err(db)?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut tx = store.quick().await.map_err(db)?;
    for row in &rows {
        let turn_id = id("turns.id", row.try_get("id").map_err(db)?)?;
        let outcome: TurnOutcome =
            open(store.sealer(), "turns.outcome", row.try_get("outcome").map_err(db)?, &place::turn(turn_id))?;
        let ended: Option<i64> = row.try_get("ended_at").map_err(db)?;
        let at = time("turns.ended_at", ended.unwrap_or_default())?;
        let conversation_id = id("turns.conversation_id", row.try_get("conversation_id").map_err(db)?)?;
        note(&mut tx, turn_id, conversation_id, &outcome, at).await?;
    }
    tx.commit().await.map_err(db)?;
    Ok(rows.len() as u64)
}

const FROM: &str = " FROM turn_log l \
    JOIN messages q ON q.turn_id = l.turn_id AND q.role = 'resident' \
    JOIN messages a ON a.turn_id = l.turn_id AND a.role = 'assistant' \
    JOIN conversations c ON c.id = l.conversation_id \
    LEFT JOIN turn_trace t ON t.turn_id = l.turn_id \
    LEFT JOIN gaps g ON g.turn_id = l.turn_id \
    WHERE ($1 IS NULL OR l.at >= $1) AND ($2 IS NULL OR l.at < $2) AND ($3 IS NULL OR l.route = $3) \
    AND ($4 IS NULL OR l.channel = $4) AND ($5 IS NULL OR l.audience = $5) \
    AND ($6 IS NULL OR COALESCE(a.feedback, 'none') = $6) AND ($8 IS NULL OR l.turn_id = $8) AND ($7 IS NULL OR $7 = ";

const ANSWERED: &str = "CASE WHEN t.curated_id IS NOT NULL THEN 'fixed' WHEN l.finish = 'cut' THEN 'cut' \
    WHEN l.route = 'ask' AND l.finish = 'refused' THEN 'unanswered' WHEN l.generated THEN 'generated' \
    WHEN l.route = 'ask' AND l.citations > 0 THEN 'text' ELSE 'other' END";

const FIELDS: &str = "l.turn_id, l.conversation_id, l.at, l.channel, l.audience, a.id AS reply_id, a.body AS reply, a.feedback, \
    q.id AS question_id, q.body AS question, t.curated_id, t.trace, g.cluster_id, g.comment, c.memory, \
    (l.route NOT IN ('ask', 'smalltalk', 'decline') AND EXISTS \
    (SELECT 1 FROM turn_log x WHERE x.conversation_id = l.conversation_id AND x.guarded)) AS guarded, ";

fn bound<'q>(
    query: sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>,
    filter: &LogFilter,
) -> sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments> {
    query
        .bind(filter.from.map(Timestamp::as_millisecond))
        .bind(filter.until.map(Timestamp::as_millisecond))
        .bind(filter.route.as_ref().map(word))
        .bind(filter.channel.clone())
        .bind(filter.audience.map(audience_word))
        .bind(filter.verdict.map(crate::conversation::log::Verdict::word))
        .bind(filter.answered.map(Answered::word))
        .bind(filter.turn.map(|t| t.to_string()))
}

pub(super) async fn count(store: &Sqlite, filter: &LogFilter) -> Result<u64, StoreError> {
    let sql = ["SELECT COUNT(*)", FROM, ANSWERED, ")"].concat();
    let row = bound(sqlx::query(sqlx::AssertSqlSafe(sql)), filter).fetch_one(store.reader()).await.map_err(db)?;
    Ok(u64::try_from(row.try_get::<i64, _>(0).map_err(db)?).unwrap_or_default())
}

pub(super) async fn read(store: &Sqlite, filter: &LogFilter, skip: u32, take: u32) -> Result<Vec<StoredLine>, StoreError> {
    let order = if filter.ascending { ") ORDER BY l.at, l.turn_id" } else { ") ORDER BY l.at DESC, l.turn_id DESC" };
    let sql = ["SELECT ", FIELDS, ANSWERED, " AS answered", FROM, ANSWERED, order, " LIMIT $9 OFFSET $10"].concat();
    let query = bound(sqlx::query(sqlx::AssertSqlSafe(sql)), filter).bind(take).bind(skip);
    let rows = query.fetch_all(store.reader()).await.map_err(db)?;
    // A conversation's memory is opened once, however many of its turns are here.
    let mut vaults = HashMap::new();
    rows.iter().map(|row| line(store, row, &mut vaults)).collect()
}

fn line(store: &Sqlite, row: &SqliteRow, vaults: &mut HashMap<Uuid, Vault>) -> Result<StoredLine, StoreError> {
    let conversation_id = id("turn_log.conversation_id", row.try_get("conversation_id").map_err(db)?)?;
    let vault = if let Some(known) = vaults.get(&conversation_id) {
        known.clone()
    } else {
        let sealed = row.try_get("memory").map_err(db)?;
        let memory: Memory = open(store.sealer(), "conversations.memory", sealed, &place::conversation(conversation_id))?;
        vaults.insert(conversation_id, memory.vault.clone());
        memory.vault
    };
    let message = |of: &str| id("messages.id", row.try_get(of).map_err(db)?);
    let body = |which: &str, of: Uuid| -> Result<MessageBody, StoreError> {
        open(store.sealer(), "messages.body", row.try_get(which).map_err(db)?, &place::message(of))
    };
    let maybe = |column: &'static str| -> Result<Option<Uuid>, StoreError> {
        row.try_get::<Option<&str>, _>(column).map_err(db)?.map(|text| id(column, text)).transpose()
    };
    let message_id = message("reply_id")?;
    let trace: Option<Trace> =
        row.try_get::<Option<&str>, _>("trace").map_err(db)?.map(|t| parse("turn_trace.trace", t)).transpose()?;
    Ok(StoredLine {
        turn_id: id("turn_log.turn_id", row.try_get("turn_id").map_err(db)?)?,
        conversation_id,
        message_id,
        at: time("turn_log.at", row.try_get("at").map_err(db)?)?,
        channel: row.try_get("channel").map_err(db)?,
        audience: match row.try_get::<&str, _>("audience").map_err(db)? {
            "gridworker" => Audience::Gridworker,
            _ => Audience::Resident,
        },
        answered: Answered::from_word(row.try_get("answered").map_err(db)?),
        question: body("question", message("question_id")?)?.text,
        reply: body("reply", message_id)?,
        verdict: row.try_get("feedback").map_err(db)?,
        comment: row.try_get("comment").map_err(db)?,
        curated_id: maybe("curated_id")?,
        gap_id: maybe("cluster_id")?,
        understood: trace.map(|t| t.question),
        guarded: row.try_get("guarded").map_err(db)?,
        vault,
    })
}

pub(super) async fn channels(store: &Sqlite) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT DISTINCT channel FROM turn_log ORDER BY channel";
    sqlx::query_scalar(sql).fetch_all(store.reader()).await.map_err(db)
}

pub(super) async fn recent(store: &Sqlite, limit: u32) -> Result<Vec<(Uuid, Trace)>, StoreError> {
    let sql = "SELECT l.turn_id, t.trace FROM turn_log l JOIN turn_trace t ON t.turn_id = l.turn_id ORDER BY l.at DESC LIMIT $1";
    let rows = sqlx::query(sql).bind(limit).fetch_all(store.reader()).await.map_err(db)?;
    rows.iter()
        .map(|row| {
            let turn = id("turn_log.turn_id", row.try_get("turn_id").map_err(db)?)?;
            Ok((turn, parse("turn_trace.trace", row.try_get("trace").map_err(db)?)?))
        })
        .collect()
}
