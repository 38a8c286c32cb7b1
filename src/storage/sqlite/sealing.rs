//! What is sealed in these tables, and sealing it again after a change of keys.

use sqlx::{Row as _, Sqlite as Driver, Transaction};
use uuid::Uuid;

use super::Sqlite;
use super::incident::{failed, phone_of};
use crate::core::seal::{SealError, Sealer};
use crate::incident::store::StoreError;

/// For which place a text is sealed.
pub(super) mod place {
    use uuid::Uuid;

    pub fn message(id: Uuid) -> String {
        format!("message/{id}")
    }
    pub fn conversation(id: Uuid) -> String {
        format!("conversation/{id}")
    }
    pub fn turn(id: Uuid) -> String {
        format!("turn/{id}")
    }
    pub fn event(turn: Uuid, id: u64) -> String {
        format!("event/{turn}/{id}")
    }
    pub fn ticket(id: Uuid) -> String {
        format!("ticket/{id}")
    }
    pub fn outbox(message: Uuid) -> String {
        format!("outbox/{message}")
    }
    pub fn rating(ticket: Uuid) -> String {
        format!("ticket/{ticket}/rating")
    }
    pub fn evidence(id: Uuid) -> String {
        format!("evidence/{id}")
    }
    pub fn corrections(row: i64) -> String {
        format!("outbox/{row}/corrections")
    }
    pub fn ledger(id: Uuid) -> String {
        format!("ledger/{id}")
    }
    pub fn visit(id: Uuid) -> String {
        format!("visit/{id}")
    }
    pub fn channel_secret(id: Uuid) -> String {
        format!("channel-secret/{id}")
    }
    pub fn reporter(id: Uuid) -> String {
        format!("ticket/{id}/reporter")
    }
}

/// A sealed column: how its rows are found and written, and for which place they are sealed (from the row's own key).
struct Column {
    /// `key`, `part` (0 when the key is one column) and `text` of rows that are not under the current key ($1 = its mark).
    find: &'static str,
    /// $1 key, $2 part, $3 text.
    write: &'static str,
    place: fn(&str, u64) -> Result<String, StoreError>,
}

fn uuid(text: &str) -> Result<Uuid, StoreError> {
    text.parse().map_err(failed)
}

const COLUMNS: [Column; 13] = [
    Column {
        find: "SELECT id AS key, 0 AS part, document AS text FROM ledger_entries WHERE substr(document, 1, length($1)) <> $1 LIMIT $2",
        write: "UPDATE ledger_entries SET document = $3 WHERE id = $1 AND $2 = 0",
        place: |key, _| Ok(place::ledger(uuid(key)?)),
    },
    Column {
        find: "SELECT id AS key, 0 AS part, note AS text FROM ledger_visits \
               WHERE note IS NOT NULL AND substr(note, 1, length($1)) <> $1 LIMIT $2",
        write: "UPDATE ledger_visits SET note = $3 WHERE id = $1 AND $2 = 0",
        place: |key, _| Ok(place::visit(uuid(key)?)),
    },
    Column {
        find: "SELECT id AS key, 0 AS part, memory AS text FROM conversations WHERE substr(memory, 1, length($1)) <> $1 LIMIT $2",
        write: "UPDATE conversations SET memory = $3 WHERE id = $1 AND $2 = 0",
        place: |key, _| Ok(place::conversation(uuid(key)?)),
    },
    Column {
        find: "SELECT id AS key, 0 AS part, body AS text FROM messages WHERE substr(body, 1, length($1)) <> $1 LIMIT $2",
        write: "UPDATE messages SET body = $3 WHERE id = $1 AND $2 = 0",
        place: |key, _| Ok(place::message(uuid(key)?)),
    },
    Column {
        find: "SELECT id AS key, 0 AS part, outcome AS text FROM turns \
               WHERE outcome IS NOT NULL AND substr(outcome, 1, length($1)) <> $1 LIMIT $2",
        write: "UPDATE turns SET outcome = $3 WHERE id = $1 AND $2 = 0",
        place: |key, _| Ok(place::turn(uuid(key)?)),
    },
    Column {
        find: "SELECT turn_id AS key, id AS part, data AS text FROM turn_events WHERE substr(data, 1, length($1)) <> $1 LIMIT $2",
        write: "UPDATE turn_events SET data = $3 WHERE turn_id = $1 AND id = $2",
        place: |key, part| Ok(place::event(uuid(key)?, part)),
    },
    Column {
        find: "SELECT id AS key, 0 AS part, document AS text FROM tickets WHERE substr(document, 1, length($1)) <> $1 LIMIT $2",
        write: "UPDATE tickets SET document = $3 WHERE id = $1 AND $2 = 0",
        place: |key, _| Ok(place::ticket(uuid(key)?)),
    },
    Column {
        find: "SELECT message_id AS key, id AS part, payload AS text FROM outbox \
               WHERE payload IS NOT NULL AND substr(payload, 1, length($1)) <> $1 LIMIT $2",
        write: "UPDATE outbox SET payload = $3 WHERE message_id = $1 AND id = $2",
        place: |key, _| Ok(place::outbox(uuid(key)?)),
    },
    Column {
        find: "SELECT '' AS key, id AS part, corrections AS text FROM outbox \
               WHERE corrections IS NOT NULL AND substr(corrections, 1, length($1)) <> $1 LIMIT $2",
        write: "UPDATE outbox SET corrections = $3 WHERE $1 = '' AND id = $2",
        place: |_, part| Ok(place::corrections(i64::try_from(part).unwrap_or(i64::MAX))),
    },
    Column {
        find: "SELECT ticket_id AS key, id AS part, comment AS text FROM ticket_ratings \
               WHERE comment IS NOT NULL AND substr(comment, 1, length($1)) <> $1 LIMIT $2",
        write: "UPDATE ticket_ratings SET comment = $3 WHERE ticket_id = $1 AND id = $2",
        place: |key, _| Ok(place::rating(uuid(key)?)),
    },
    Column {
        find: "SELECT id AS key, 0 AS part, note AS text FROM ticket_evidence \
               WHERE note IS NOT NULL AND substr(note, 1, length($1)) <> $1 LIMIT $2",
        write: "UPDATE ticket_evidence SET note = $3 WHERE id = $1 AND $2 = 0",
        place: |key, _| Ok(place::evidence(uuid(key)?)),
    },
    Column {
        find: "SELECT id AS key, 0 AS part, secret AS text FROM channel_secrets WHERE substr(secret, 1, length($1)) <> $1 LIMIT $2",
        write: "UPDATE channel_secrets SET secret = $3 WHERE id = $1 AND $2 = 0",
        place: |key, _| Ok(place::channel_secret(uuid(key)?)),
    },
    Column {
        find: "SELECT id AS key, 0 AS part, reporter AS text FROM tickets \
               WHERE reporter IS NOT NULL AND substr(reporter, 1, length($1)) <> $1 LIMIT $2",
        write: "UPDATE tickets SET reporter = $3 WHERE id = $1 AND $2 = 0",
        place: |key, _| Ok(place::reporter(uuid(key)?)),
    },
];

/// How far sealing again is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Texts that were sealed again.
    pub done: u64,
    /// Texts that no configured key opens: they stay as they are.
    pub lost: u64,
}

impl Sqlite {
    /// True when everything lies under the key that seals today.
    ///
    /// # Errors
    /// The database fails.
    pub async fn is_sealed_as_configured(&self) -> Result<bool, StoreError> {
        let key: Option<String> = sqlx::query_scalar("SELECT key_name FROM sealing WHERE only_row = 1")
            .fetch_optional(self.reader())
            .await
            .map_err(failed)?;
        Ok(key.as_deref() == Some(self.sealer().current()))
    }

    /// Seals everything that lies open or under an older key, `batch` texts a transaction, while the service runs.
    /// Broken off, it goes on where it was. Afterwards the older keys may be taken out of the configuration.
    ///
    /// # Errors
    /// The database fails. A text that no key opens is counted and left.
    pub async fn reseal(&self, batch: u32) -> Result<Resealed, StoreError> {
        let mut all = Resealed::default();
        all.done += self.seal_old_tickets(batch).await?;
        for column in &COLUMNS {
            loop {
                let (found, step) = self.reseal_some(column, batch, all.lost).await?;
                all.done += step.done;
                all.lost += step.lost;
                if found == 0 || step.done == 0 {
                    break;
                }
            }
        }
        if all.lost == 0 {
            let mut tx = self.durable().await.map_err(failed)?;
            sqlx::query("INSERT INTO sealing (only_row, key_name) VALUES (1, $1) ON CONFLICT (only_row) DO UPDATE SET key_name = excluded.key_name")
                .bind(self.sealer().current())
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
            tx.commit().await.map_err(failed)?;
        }
        Ok(all)
    }

    async fn reseal_some(&self, column: &Column, batch: u32, lost_before: u64) -> Result<(u64, Resealed), StoreError> {
        let mut step = Resealed::default();
        let mut tx = self.quick().await.map_err(failed)?;
        let limit = i64::from(batch) + i64::try_from(lost_before).unwrap_or(i64::MAX / 2);
        let rows =
            sqlx::query(column.find).bind(self.sealer().current_mark()).bind(limit).fetch_all(&mut *tx).await.map_err(failed)?;
        for row in &rows {
            let key: &str = row.try_get("key").map_err(failed)?;
            let part: i64 = row.try_get("part").map_err(failed)?;
            let place = (column.place)(key, part.unsigned_abs())?;
            let text: &str = row.try_get("text").map_err(failed)?;
            let opened = match self.sealer().open(text, &place) {
                Ok(opened) => opened,
                Err(SealError::UnknownKey(_) | SealError::Broken | SealError::Key(_)) => {
                    step.lost += 1;
                    continue;
                }
            };
            sqlx::query(column.write)
                .bind(key)
                .bind(part)
                .bind(self.sealer().seal(&opened, &place))
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
            if place.ends_with("/reporter") {
                index_phone(&mut tx, self.sealer(), key, &opened).await?;
            }
            step.done += 1;
        }
        tx.commit().await.map_err(failed)?;
        Ok((rows.len() as u64, step))
    }

    /// Tickets from before there was a seal carry their reporter in the document.
    async fn seal_old_tickets(&self, batch: u32) -> Result<u64, StoreError> {
        let mut done = 0;
        loop {
            let mut tx = self.quick().await.map_err(failed)?;
            let rows = sqlx::query("SELECT id, document, status, reporter FROM tickets WHERE reporter IS NULL LIMIT $1")
                .bind(batch)
                .fetch_all(&mut *tx)
                .await
                .map_err(failed)?;
            for row in &rows {
                let ticket = super::incident::ticket(self.sealer(), row)?;
                super::incident::rewrite(&mut tx, self.sealer(), &ticket).await?;
            }
            tx.commit().await.map_err(failed)?;
            done += rows.len() as u64;
            if rows.is_empty() {
                return Ok(done);
            }
        }
    }
}

async fn index_phone(tx: &mut Transaction<'_, Driver>, sealer: &Sealer, ticket: &str, identity: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE tickets SET phone_index = $2 WHERE id = $1")
        .bind(ticket)
        .bind(phone_of(identity)?.map(|phone| sealer.index(&phone)))
        .execute(&mut **tx)
        .await
        .map_err(failed)?;
    Ok(())
}
