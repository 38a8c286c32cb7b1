//! [`InsightStore`] on `SQLite`, and the facts of turns: how a turn ended lies sealed, so it is told to the figures when it ends.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Driver, Transaction};
use uuid::Uuid;

use super::Sqlite;
use super::conversation::{db, id, open};
use super::incident::nameless_ticket;
use super::sealing::place;
use crate::conversation::outcome::{Finish, TurnOutcome};
use crate::conversation::store::StoreError as ConversationError;
use crate::incident::ticket::Ticket;
use crate::insight::facts::{ConversationFact, DeliveryFact, Facts, TicketFact, TurnFact, Waiting};
use crate::insight::store::{InsightStore, StoreError};

/// Turns of before that are told at a time.
const BATCH: i64 = 200;

/// Tells the figures how a turn ended, in its own transaction.
pub(super) async fn keep(
    tx: &mut Transaction<'_, Driver>,
    outcome: &TurnOutcome,
    turn_id: Uuid,
    ended: Timestamp,
) -> Result<(), ConversationError> {
    let mut documents: Vec<(&str, &str)> = Vec::new();
    for citation in &outcome.reply.citations {
        if documents.iter().all(|(id, _)| *id != citation.document_id) {
            documents.push((&citation.document_id, &citation.title));
        }
    }
    let finish = match outcome.finish {
        Finish::Complete => "complete",
        Finish::Cut => "cut",
        Finish::Refused => "refused",
    };
    sqlx::query(
        "INSERT INTO turn_facts (conversation, turn_id, at, took_ms, route, finish, generated, documents, thumb) \
         SELECT f.id, t.id, t.started_at, MAX($2 - t.started_at, 0), $3, $4, $5, $6, \
             (SELECT m.feedback FROM messages m WHERE m.turn_id = t.id AND m.role = 'assistant' LIMIT 1) \
         FROM turns t JOIN conversation_facts f ON f.conversation_id = t.conversation_id WHERE t.id = $1 \
         ON CONFLICT (turn_id) DO NOTHING",
    )
    .bind(turn_id.to_string())
    .bind(ended.as_millisecond())
    .bind(word(&outcome.route))
    .bind(finish)
    .bind(outcome.reply.generated)
    .bind(json!(documents).to_string())
    .execute(&mut **tx)
    .await
    .map_err(db)?;
    Ok(())
}

impl Sqlite {
    /// Tells the figures of turns that ended before there were any. A turn that cannot be read is left out.
    ///
    /// # Errors
    /// The rows cannot be reached; what is done is done.
    pub async fn catch_up_facts(&self) -> Result<u64, ConversationError> {
        let (mut after, mut told) = (0, 0);
        loop {
            let rows = sqlx::query(
                "SELECT t.rowid AS n, t.id, t.outcome, t.ended_at FROM turns t WHERE t.rowid > $1 AND t.state = 'done' AND t.outcome IS NOT NULL \
                 AND t.ended_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM turn_facts f WHERE f.turn_id = t.id) ORDER BY t.rowid LIMIT $2",
            )
            .bind(after)
            .bind(BATCH)
            .fetch_all(self.reader())
            .await
            .map_err(db)?;
            let Some(last) = rows.last() else { return Ok(told) };
            after = last.try_get::<i64, _>("n").map_err(db)?;
            let mut tx = self.quick().await.map_err(db)?;
            for row in &rows {
                let turn_id = id("turns.id", row.try_get("id").map_err(db)?)?;
                let sealed: &str = row.try_get("outcome").map_err(db)?;
                let ended = Timestamp::from_millisecond(row.try_get("ended_at").map_err(db)?);
                let outcome = open::<TurnOutcome>(self.sealer(), "turns.outcome", sealed, &place::turn(turn_id));
                if let (Ok(outcome), Ok(ended)) = (outcome, ended) {
                    keep(&mut tx, &outcome, turn_id, ended).await?;
                    told += 1;
                }
            }
            tx.commit().await.map_err(db)?;
        }
    }
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError(error.to_string())
}

fn get<'r, T>(row: &'r SqliteRow, name: &str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, Driver> + sqlx::Type<Driver>,
{
    row.try_get(name).map_err(failed)
}

fn number(row: &SqliteRow, name: &str) -> Result<u32, StoreError> {
    Ok(u32::try_from(get::<i64>(row, name)?).unwrap_or_default())
}

fn time(row: &SqliteRow, name: &str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(get(row, name)?).map_err(failed)
}

fn maybe_time(row: &SqliteRow, name: &str) -> Result<Option<Timestamp>, StoreError> {
    get::<Option<i64>>(row, name)?.map(|ms| Timestamp::from_millisecond(ms).map_err(failed)).transpose()
}

const CONVERSATIONS: &str = "SELECT f.id, f.at, f.channel, f.audience, f.tickets, COUNT(t.id) AS turns, \
    COALESCE(SUM(t.route = 'ask'), 0) AS questions, COALESCE(SUM(t.route = 'ask' AND t.finish = 'complete'), 0) AS answered, \
    COALESCE(SUM(t.route = 'human'), 0) AS human \
    FROM conversation_facts f JOIN turn_facts t ON t.conversation = f.id WHERE f.at >= $1 AND f.at < $2 GROUP BY f.id ORDER BY f.at, f.id";

const TURNS: &str = "SELECT t.id, t.conversation, t.turn_id, t.at, t.took_ms, f.channel, f.audience, t.route, t.finish, t.generated, \
    t.documents, t.thumb, (SELECT g.question FROM gaps g WHERE g.turn_id = t.turn_id LIMIT 1) AS question \
    FROM turn_facts t JOIN conversation_facts f ON f.id = t.conversation WHERE t.at >= $1 AND t.at < $2 ORDER BY t.at, t.id";

// The first round of acceptance and the last one of resolving; what is in the ticket where no clock was kept.
const TICKETS: &str = "SELECT t.id, t.document, t.status, t.category, f.audience, t.accept_by, t.resolve_by, \
    COALESCE((SELECT c.ended_at FROM ticket_clocks c WHERE c.ticket_id = t.id AND c.kind = '受理' ORDER BY c.round LIMIT 1), \
        (SELECT MIN(e.at) FROM ticket_events e WHERE e.ticket_id = t.id \
         AND e.to_status NOT IN ('已提交', '已送达平台', '合并', '撤销'))) AS accepted_at, \
    (SELECT c.due_at FROM ticket_clocks c WHERE c.ticket_id = t.id AND c.kind = '受理' ORDER BY c.round LIMIT 1) AS accept_due, \
    (SELECT c.due_at FROM ticket_clocks c WHERE c.ticket_id = t.id AND c.kind = '办结' ORDER BY c.round DESC LIMIT 1) AS resolve_due, \
    COALESCE((SELECT c.state IN ('paused', 'stopped') FROM ticket_clocks c WHERE c.ticket_id = t.id AND c.kind = '办结' \
        ORDER BY c.round DESC LIMIT 1), 0) AS paused, \
    (SELECT MAX(e.at) FROM ticket_events e WHERE e.ticket_id = t.id AND e.to_status = '已办结') AS resolved_at, \
    (SELECT COUNT(*) FROM ticket_events e WHERE e.ticket_id = t.id AND e.to_status = '重新办理') AS reopened, \
    (SELECT COUNT(*) FROM ticket_events e WHERE e.ticket_id = t.id AND e.to_status = '退回待审') AS returned, \
    (SELECT r.solved * 10 + r.stars FROM ticket_ratings r WHERE r.ticket_id = t.id ORDER BY r.id DESC LIMIT 1) AS rating \
    FROM tickets t LEFT JOIN conversation_facts f ON f.conversation_id = t.conversation_id \
    WHERE t.created_at >= $1 AND t.created_at < $2 ORDER BY t.created_at, t.number";

const DELIVERIES: &str = "SELECT o.id AS row, o.created_at, o.destination, o.kind, o.state, o.attempts, t.id, t.document, t.status \
    FROM outbox o JOIN tickets t ON t.id = o.ticket_id WHERE o.created_at >= $1 AND o.created_at < $2 ORDER BY o.id";

fn conversation(row: &SqliteRow) -> Result<ConversationFact, StoreError> {
    Ok(ConversationFact {
        id: get(row, "id")?,
        at: time(row, "at")?,
        channel: get(row, "channel")?,
        audience: get(row, "audience")?,
        turns: number(row, "turns")?,
        questions: number(row, "questions")?,
        answered: number(row, "answered")?,
        human: number(row, "human")?,
        tickets: number(row, "tickets")?,
    })
}

fn turn(row: &SqliteRow) -> Result<TurnFact, StoreError> {
    Ok(TurnFact {
        id: get(row, "id")?,
        conversation: get(row, "conversation")?,
        turn_id: get::<Option<&str>>(row, "turn_id")?.and_then(|t| Uuid::parse_str(t).ok()),
        at: time(row, "at")?,
        took_ms: u64::try_from(get::<i64>(row, "took_ms")?).unwrap_or_default(),
        channel: get(row, "channel")?,
        audience: get(row, "audience")?,
        route: get(row, "route")?,
        finish: get(row, "finish")?,
        generated: get(row, "generated")?,
        documents: serde_json::from_str(get::<&str>(row, "documents")?).map_err(failed)?,
        thumb: get(row, "thumb")?,
        question: get(row, "question")?,
    })
}

fn word<T: serde::Serialize>(value: &T) -> String {
    json!(value).as_str().unwrap_or_default().to_owned()
}

fn ticket(store: &Sqlite, row: &SqliteRow) -> Result<TicketFact, StoreError> {
    let Ticket { number, kind, category, place, urgency, route, confidential, status, joined, source, created_at, .. } =
        nameless_ticket(store.sealer(), row).map_err(failed)?;
    let due = |clock: &str, own: &str| Ok::<_, StoreError>(maybe_time(row, clock)?.unwrap_or(time(row, own)?));
    Ok(TicketFact {
        number,
        at: created_at,
        channel: source.channel,
        audience: get(row, "audience")?,
        status,
        kind: word(&kind),
        urgency: word(&urgency),
        category: get(row, "category")?,
        path: category.path,
        section: route.section,
        post: route.post,
        community: place.community.unwrap_or_default(),
        grid_code: place.grid_code.unwrap_or_default(),
        grid: place.grid.unwrap_or_default(),
        estate: place.estate.unwrap_or_default(),
        confidential,
        joined,
        accept_by: due("accept_due", "accept_by")?,
        resolve_by: due("resolve_due", "resolve_by")?,
        paused: get(row, "paused")?,
        accepted_at: maybe_time(row, "accepted_at")?,
        resolved_at: maybe_time(row, "resolved_at")?,
        reopened: self::number(row, "reopened")?,
        returned: self::number(row, "returned")?,
        rating: get::<Option<i64>>(row, "rating")?.map(|r| (r >= 10, u8::try_from(r % 10).unwrap_or_default())),
    })
}

fn delivery(store: &Sqlite, row: &SqliteRow) -> Result<DeliveryFact, StoreError> {
    let Ticket { number, place, source, .. } = nameless_ticket(store.sealer(), row).map_err(failed)?;
    Ok(DeliveryFact {
        id: get(row, "row")?,
        at: time(row, "created_at")?,
        number,
        destination: get(row, "destination")?,
        kind: get(row, "kind")?,
        state: get(row, "state")?,
        attempts: self::number(row, "attempts")?,
        community: place.community.unwrap_or_default(),
        grid_code: place.grid_code.unwrap_or_default(),
        channel: source.channel,
    })
}

impl Sqlite {
    async fn between(&self, sql: &'static str, from: Timestamp, until: Timestamp) -> Result<Vec<SqliteRow>, StoreError> {
        let rows = sqlx::query(sql).bind(from.as_millisecond()).bind(until.as_millisecond());
        rows.fetch_all(self.reader()).await.map_err(failed)
    }
}

#[async_trait]
impl InsightStore for Sqlite {
    async fn facts(&self, from: Timestamp, until: Timestamp) -> Result<Facts, StoreError> {
        let conversations = self.between(CONVERSATIONS, from, until).await?;
        let turns = self.between(TURNS, from, until).await?;
        let tickets = self.between(TICKETS, from, until).await?;
        let deliveries = self.between(DELIVERIES, from, until).await?;
        Ok(Facts {
            conversations: conversations.iter().map(conversation).collect::<Result<_, _>>()?,
            turns: turns.iter().map(turn).collect::<Result<_, _>>()?,
            tickets: tickets.iter().map(|row| ticket(self, row)).collect::<Result<_, _>>()?,
            deliveries: deliveries.iter().map(|row| delivery(self, row)).collect::<Result<_, _>>()?,
        })
    }

    async fn waiting(&self, now: Timestamp, today: Date) -> Result<Waiting, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM outbox WHERE state = 'dead') AS dead, \
             (SELECT COUNT(*) FROM outbox WHERE state = 'pending' AND created_at < $1 - 600000) AS late, \
             (SELECT COUNT(*) FROM paused_destinations) AS paused, \
             (SELECT COUNT(*) FROM gap_cluster WHERE state = 'open' AND EXISTS (SELECT 1 FROM gaps g WHERE g.cluster_id = gap_cluster.id)) \
                 + (SELECT COUNT(DISTINCT question) FROM gaps WHERE cluster_id IS NULL) AS open_gaps, \
             (SELECT COUNT(*) FROM gap_cluster WHERE state IN ('open', 'assigned', 'drafted') AND due < $2) AS late_gaps, \
             (SELECT COUNT(*) FROM knowledge_version WHERE state = 'in_review') AS in_review, \
             (SELECT COUNT(*) FROM curated WHERE retired = 0 AND (live IS NULL OR live < latest)) AS curated, \
             (SELECT COUNT(DISTINCT j.id) FROM knowledge_job j JOIN import_file f ON f.job = j.id \
                 WHERE j.created_at > $1 - 604800000 AND f.state = 'failed') AS imports",
        )
        .bind(now.as_millisecond())
        .bind(today.to_string())
        .fetch_one(self.reader())
        .await
        .map_err(failed)?;
        let count = |name: &str| Ok::<_, StoreError>(u64::try_from(get::<i64>(&row, name)?).unwrap_or_default());
        let soon = today.saturating_add(jiff::Span::new().days(30)).to_string();
        // The newest published version of what is not retired; days are text that orders like time.
        let ends = sqlx::query(
            "SELECT COALESCE(SUM(ends >= $1 AND ends < $2), 0) AS soon, COALESCE(SUM(ends < $1), 0) AS ended, \
             COALESCE(SUM(review <= $1), 0) AS review FROM (SELECT json_extract(v.meta, '$.expires_on') AS ends, \
             json_extract(v.meta, '$.review_by') AS review FROM knowledge_version v JOIN knowledge_document d ON d.id = v.document_id \
             WHERE d.retired = 0 AND v.state = 'published' AND v.version = (SELECT MAX(w.version) FROM knowledge_version w \
             WHERE w.document_id = v.document_id AND w.state = 'published'))",
        )
        .bind(today.to_string())
        .bind(soon)
        .fetch_one(self.reader())
        .await
        .map_err(failed)?;
        let of_ends = |name: &str| Ok::<_, StoreError>(u64::try_from(get::<i64>(&ends, name)?).unwrap_or_default());
        Ok(Waiting {
            dead_letters: count("dead")?,
            late_pushes: count("late")?,
            paused_destinations: count("paused")?,
            open_gaps: count("open_gaps")?,
            late_gaps: count("late_gaps")?,
            in_review: count("in_review")?,
            curated_drafts: count("curated")?,
            expiring: of_ends("soon")?,
            expired: of_ends("ended")?,
            review_due: of_ends("review")?,
            failed_imports: count("imports")?,
        })
    }
}
