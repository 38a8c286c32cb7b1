//! Rows of a document's life: drafts, versions in every state, the history, and what answers on which day.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::civil::Date;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite as Driver, Transaction};

use super::Sqlite;
use super::knowledge::{backend, instant, json, number, text};
use crate::knowledge::document::{Document, DocumentMeta, ParsedDocument, Passage};
use crate::knowledge::life::record::{
    Acknowledgement, Actor, DocumentFile, Draft, Event, Retirement, VersionRecord, VersionState,
};
use crate::knowledge::life::store::{Applied, Change, DraftChange, LifeStore, NewVersion, Overview};
use crate::knowledge::life::window::{self, Published, Window};
use crate::knowledge::store::StoreError;

/// Whether a document is retired, and its published versions.
type Versions = (Option<Retirement>, Vec<(u32, Published)>);

fn damaged(id: &str, reason: impl Into<String>) -> StoreError {
    StoreError::Damaged { id: id.to_owned(), reason: reason.into() }
}

fn get<'r, T: sqlx::Decode<'r, Driver> + sqlx::Type<Driver>>(row: &'r SqliteRow, name: &str) -> Result<T, StoreError> {
    row.try_get(name).map_err(backend)
}

fn retirement(id: &str, row: &SqliteRow) -> Result<Option<Retirement>, StoreError> {
    get::<Option<String>>(row, "retirement")?.map(|r| json(id, &r)).transpose()
}

fn sequence(id: &str, n: i64) -> Result<u64, StoreError> {
    u64::try_from(n).map_err(|_| damaged(id, format!("序号 {n}")))
}

fn published_order(id: &str, row: &SqliteRow) -> Result<Option<u64>, StoreError> {
    get::<Option<i64>>(row, "published")?.map(|n| sequence(id, n)).transpose()
}

fn version_record(id: &str, row: &SqliteRow) -> Result<VersionRecord, StoreError> {
    Ok(VersionRecord {
        version: number(id, get(row, "version")?)?,
        state: get::<String>(row, "state")?.parse().map_err(|why: String| damaged(id, why))?,
        meta: json(id, &get::<String>(row, "meta")?)?,
        content_hash: get(row, "content_hash")?,
        stored_at: instant(id, get(row, "stored_at")?)?,
        published: published_order(id, row)?,
        hands: json(id, &get::<String>(row, "hands")?)?,
    })
}

fn draft(id: &str, row: &SqliteRow) -> Result<Draft, StoreError> {
    Ok(Draft {
        revision: number(id, get(row, "revision")?)?,
        content: ParsedDocument {
            meta: json(id, &get::<String>(row, "meta")?)?,
            body: get(row, "body")?,
            body_line: 1,
            content_hash: get(row, "content_hash")?,
        },
        updated_at: instant(id, get(row, "updated_at")?)?,
        hands: json(id, &get::<String>(row, "hands")?)?,
    })
}

fn event(id: &str, row: &SqliteRow) -> Result<Event, StoreError> {
    Ok(Event {
        seq: sequence(id, get(row, "seq")?)?,
        at: instant(id, get(row, "at")?)?,
        by: Actor { id: get(row, "actor")?, name: get(row, "actor_name")? },
        kind: get::<String>(row, "kind")?.parse().map_err(|why: String| damaged(id, why))?,
        version: get::<Option<i64>>(row, "version")?.map(|v| number(id, v)).transpose()?,
        note: get(row, "note")?,
    })
}

/// Published versions by document with the days on which each answers, and what took the document's place.
type Windows = HashMap<String, (Option<String>, Vec<(u32, Window)>)>;

/// Changes in one transaction at most: others who write wait for it.
const BATCH: usize = 32;

impl Sqlite {
    async fn apply_batch(&self, batch: &[Change]) -> Result<Vec<Applied>, StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        let mut out = Vec::with_capacity(batch.len());
        for change in batch {
            out.push(apply_in(&mut tx, change).await?);
        }
        tx.commit().await.map_err(backend)?;
        Ok(out)
    }

    /// The windows of all documents, in one query that reads no text.
    async fn all_windows(&self) -> Result<Windows, StoreError> {
        let rows = sqlx::query(
            "SELECT v.document_id, v.version, v.published, d.retirement, \
             json_extract(v.meta, '$.effective_from') AS from_day, json_extract(v.meta, '$.expires_on') AS end_day \
             FROM knowledge_version v JOIN knowledge_document d ON d.id = v.document_id \
             WHERE v.published IS NOT NULL ORDER BY v.document_id, v.version",
        )
        .fetch_all(self.reader())
        .await
        .map_err(backend)?;
        let mut of: HashMap<String, Versions> = HashMap::new();
        for row in &rows {
            let id: String = get(row, "document_id")?;
            let day = |text: String| text.parse::<Date>().map_err(|e| damaged(&id, e.to_string()));
            let published = Published {
                order: published_order(&id, row)?.unwrap_or(0),
                from: day(get(row, "from_day")?)?,
                expires_on: get::<Option<String>>(row, "end_day")?.map(day).transpose()?,
            };
            let version = number(&id, get(row, "version")?)?;
            let retired = retirement(&id, row)?;
            of.entry(id).or_insert((retired, Vec::new())).1.push((version, published));
        }
        let of = of.into_iter().map(|(id, (retired, all))| {
            let answering = window::answering(&all, retired.as_ref());
            (id, (retired.and_then(|r| r.successor), answering))
        });
        Ok(of.collect())
    }

    /// Every version that answers on some day, its passages bearing those days. Two queries for all texts.
    pub(super) async fn read_live(&self) -> Result<Vec<Document>, StoreError> {
        let windows = self.all_windows().await?;
        let window_of = |id: &str, version: u32| windows.get(id)?.1.iter().find(|(v, _)| *v == version).map(|(_, w)| *w);
        let rows = sqlx::query(
            "SELECT document_id, version, content_hash, meta, body FROM knowledge_version \
             WHERE published IS NOT NULL ORDER BY document_id, version",
        )
        .fetch_all(self.reader())
        .await
        .map_err(backend)?;
        let mut out: Vec<Document> = Vec::with_capacity(rows.len());
        let mut place: HashMap<(String, u32), usize> = HashMap::with_capacity(rows.len());
        for row in &rows {
            let id: String = get(row, "document_id")?;
            let version = number(&id, get(row, "version")?)?;
            if window_of(&id, version).is_none() {
                continue;
            }
            out.push(Document {
                meta: json(&id, &get::<String>(row, "meta")?)?,
                version,
                content_hash: get(row, "content_hash")?,
                body: get(row, "body")?,
                passages: Vec::new(),
            });
            place.insert((id, version), out.len() - 1);
        }
        drop(rows);
        let mut passages =
            sqlx::query("SELECT passage FROM knowledge_passage ORDER BY document_id, version, ordinal").fetch(self.reader());
        while let Some(row) = futures::TryStreamExt::try_next(&mut passages).await.map_err(backend)? {
            let passage: Passage = json("knowledge_passage", &get::<String>(&row, "passage")?)?;
            if let Some(at) = place.get(&(passage.document_id.clone(), passage.version)) {
                out[*at].passages.push(passage);
            }
        }
        let with_days = |document: Document| match window_of(&document.meta.id, document.version) {
            Some(w) => {
                let successor = windows.get(&document.meta.id).and_then(|(s, _)| s.as_deref());
                document.within(w.from, w.until).followed_by(successor)
            }
            None => document,
        };
        Ok(out.into_iter().map(with_days).collect())
    }
}

async fn insert_version(tx: &mut Transaction<'_, Driver>, change: &Change, new: &NewVersion) -> Result<(), StoreError> {
    let id = change.document.as_str();
    sqlx::query(
        "INSERT INTO knowledge_version (document_id, version, content_hash, meta, body, stored_at, state, hands) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(i64::from(new.version))
    .bind(&new.content.content_hash)
    .bind(text(&new.content.meta)?)
    .bind(&new.content.body)
    .bind(change.at.as_millisecond())
    .bind(new.state.as_str())
    .bind(text(&new.hands)?)
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    // One statement for all: a law has a thousand, and the one writer is waited for by everybody.
    let passages = new.content.passages(new.version);
    let rows: Vec<(String, u32, String)> =
        passages.iter().map(|p| Ok((p.id.to_string(), p.ordinal, text(p)?))).collect::<Result<_, StoreError>>()?;
    sqlx::query(
        "INSERT INTO knowledge_passage (id, document_id, version, ordinal, passage) \
         SELECT value ->> 0, $1, $2, value ->> 1, value ->> 2 FROM json_each($3)",
    )
    .bind(id)
    .bind(i64::from(new.version))
    .bind(text(&rows)?)
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    if new.state == VersionState::Published {
        publish(tx, id, new.version).await?;
    }
    Ok(())
}

/// Numbers the publication; the document now points to it.
async fn publish(tx: &mut Transaction<'_, Driver>, id: &str, version: u32) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE knowledge_version SET published = \
         (SELECT COALESCE(MAX(published), 0) + 1 FROM knowledge_version WHERE document_id = $1) \
         WHERE document_id = $1 AND version = $2",
    )
    .bind(id)
    .bind(i64::from(version))
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    sqlx::query("UPDATE knowledge_document SET version = $2 WHERE id = $1")
        .bind(id)
        .bind(i64::from(version))
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    Ok(())
}

async fn set_draft(tx: &mut Transaction<'_, Driver>, id: &str, change: &DraftChange) -> Result<(), StoreError> {
    match change {
        DraftChange::Keep => {}
        DraftChange::Remove => {
            sqlx::query("DELETE FROM knowledge_draft WHERE document_id = $1")
                .bind(id)
                .execute(&mut **tx)
                .await
                .map_err(backend)?;
        }
        DraftChange::Set(draft) => {
            sqlx::query(
                "INSERT INTO knowledge_draft (document_id, revision, content_hash, meta, body, hands, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (document_id) DO UPDATE SET revision = excluded.revision, \
                 content_hash = excluded.content_hash, meta = excluded.meta, body = excluded.body, hands = excluded.hands, \
                 updated_at = excluded.updated_at",
            )
            .bind(id)
            .bind(i64::from(draft.revision))
            .bind(&draft.content.content_hash)
            .bind(text(&draft.content.meta)?)
            .bind(&draft.content.body)
            .bind(text(&draft.hands)?)
            .bind(draft.updated_at.as_millisecond())
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
        }
    }
    Ok(())
}

/// One move within a transaction. A stale one has written nothing but perhaps the empty row of its document.
async fn apply_in(tx: &mut Transaction<'_, Driver>, change: &Change) -> Result<Applied, StoreError> {
    let id = change.document.as_str();
    let (seen, ms) = (i64::try_from(change.seen).unwrap_or(i64::MAX), change.at.as_millisecond());
    sqlx::query(
        "INSERT INTO knowledge_document (id, version, retired, stored_at) VALUES ($1, 0, 0, $2) ON CONFLICT (id) DO NOTHING",
    )
    .bind(id)
    .bind(ms)
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    let found = sqlx::query("UPDATE knowledge_document SET seq = seq + 1, stored_at = $3 WHERE id = $1 AND seq = $2")
        .bind(id)
        .bind(seen)
        .bind(ms)
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    if found.rows_affected() == 0 {
        return Ok(Applied::Stale);
    }
    sqlx::query(
        "INSERT INTO knowledge_event (document_id, seq, at, actor, actor_name, kind, version, note) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(seen + 1)
    .bind(ms)
    .bind(&change.by.id)
    .bind(&change.by.name)
    .bind(change.kind.as_str())
    .bind(change.version.map(i64::from))
    .bind(&change.note)
    .execute(&mut **tx)
    .await
    .map_err(backend)?;
    set_draft(tx, id, &change.draft).await?;
    if let Some(new) = &change.new {
        insert_version(tx, change, new).await?;
    }
    if let Some((version, state, hands)) = &change.moved {
        sqlx::query("UPDATE knowledge_version SET state = $3, hands = $4 WHERE document_id = $1 AND version = $2")
            .bind(id)
            .bind(i64::from(*version))
            .bind(state.as_str())
            .bind(text(hands)?)
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
        if *state == VersionState::Published {
            publish(tx, id, *version).await?;
        }
    }
    if let Some(retirement) = &change.retirement {
        sqlx::query("UPDATE knowledge_document SET retired = $2, retirement = $3 WHERE id = $1")
            .bind(id)
            .bind(retirement.is_some())
            .bind(retirement.as_ref().map(text).transpose()?)
            .execute(&mut **tx)
            .await
            .map_err(backend)?;
    }
    if let Some(kept) = &change.acknowledged {
        sqlx::query(
            "INSERT INTO knowledge_acknowledgement (document_id, finding, kept) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(&kept.finding)
        .bind(text(kept)?)
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    }
    Ok(Applied::Done)
}

#[async_trait]
impl LifeStore for Sqlite {
    async fn file(&self, id: &str) -> Result<Option<DocumentFile>, StoreError> {
        // One snapshot: nobody writes between these reads.
        let mut tx = self.reader().begin().await.map_err(backend)?;
        let head = sqlx::query("SELECT seq, retirement FROM knowledge_document WHERE id = $1")
            .bind(id)
            .fetch_optional(&mut *tx)
            .await
            .map_err(backend)?;
        let Some(head) = head else { return Ok(None) };
        let versions = sqlx::query(
            "SELECT version, state, meta, content_hash, stored_at, published, hands FROM knowledge_version \
             WHERE document_id = $1 ORDER BY version",
        )
        .bind(id)
        .fetch_all(&mut *tx)
        .await
        .map_err(backend)?;
        let working = sqlx::query(
            "SELECT revision, content_hash, meta, body, hands, updated_at FROM knowledge_draft WHERE document_id = $1",
        )
        .bind(id)
        .fetch_optional(&mut *tx)
        .await
        .map_err(backend)?;
        let kept = sqlx::query("SELECT kept FROM knowledge_acknowledgement WHERE document_id = $1 ORDER BY finding")
            .bind(id)
            .fetch_all(&mut *tx)
            .await
            .map_err(backend)?;
        Ok(Some(DocumentFile {
            id: id.to_owned(),
            seq: sequence(id, get(&head, "seq")?)?,
            draft: working.as_ref().map(|row| draft(id, row)).transpose()?,
            versions: versions.iter().map(|row| version_record(id, row)).collect::<Result<_, _>>()?,
            retirement: retirement(id, &head)?,
            acknowledged: kept
                .iter()
                .map(|row| json::<Acknowledgement>(id, &get::<String>(row, "kept")?))
                .collect::<Result<_, _>>()?,
        }))
    }

    async fn apply(&self, change: Change) -> Result<Applied, StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        let applied = apply_in(&mut tx, &change).await?;
        if applied == Applied::Done {
            tx.commit().await.map_err(backend)?;
        }
        Ok(applied)
    }

    async fn apply_all(&self, changes: Vec<Change>) -> Vec<Result<Applied, StoreError>> {
        let mut out = Vec::with_capacity(changes.len());
        for batch in changes.chunks(BATCH) {
            match self.apply_batch(batch).await {
                Ok(applied) => out.extend(applied.into_iter().map(Ok)),
                // One of them is the cause: each by itself, so that the others are kept.
                Err(_) => {
                    for change in batch {
                        out.push(self.apply(change.clone()).await);
                    }
                }
            }
        }
        out
    }

    async fn any_version(&self, id: &str, version: u32) -> Result<Option<Document>, StoreError> {
        self.read_version(id, i64::from(version)).await
    }

    async fn history(&self, id: &str) -> Result<Vec<Event>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, at, actor, actor_name, kind, version, note FROM knowledge_event WHERE document_id = $1 ORDER BY seq",
        )
        .bind(id)
        .fetch_all(self.reader())
        .await
        .map_err(backend)?;
        rows.iter().map(|row| event(id, row)).collect()
    }

    async fn overview(&self, today: Date) -> Result<Vec<Overview>, StoreError> {
        let windows = self.all_windows().await?;
        let rows = sqlx::query(
            "SELECT d.id, d.version, d.retirement, d.stored_at, v.meta, f.revision, f.meta AS draft_meta, \
             w.version AS waiting, w.meta AS waiting_meta FROM knowledge_document d \
             LEFT JOIN knowledge_version v ON v.document_id = d.id AND v.version = d.version \
             LEFT JOIN knowledge_draft f ON f.document_id = d.id \
             LEFT JOIN knowledge_version w ON w.document_id = d.id AND w.state = 'in_review' \
             ORDER BY d.id",
        )
        .fetch_all(self.reader())
        .await
        .map_err(backend)?;
        let numbered =
            |id: &str, row: &SqliteRow, version: &str, meta: &str| -> Result<Option<(u32, DocumentMeta)>, StoreError> {
                match (get::<Option<i64>>(row, version)?, get::<Option<String>>(row, meta)?) {
                    (Some(n), Some(meta)) => Ok(Some((number(id, n)?, json(id, &meta)?))),
                    _ => Ok(None),
                }
            };
        rows.iter()
            .map(|row| {
                let id: String = get(row, "id")?;
                let answering = windows.get(&id).and_then(|(_, all)| all.iter().find(|(_, w)| w.holds(today)).map(|(v, _)| *v));
                Ok(Overview {
                    newest: numbered(&id, row, "version", "meta")?,
                    answering,
                    draft: numbered(&id, row, "revision", "draft_meta")?,
                    waiting: numbered(&id, row, "waiting", "waiting_meta")?,
                    retirement: retirement(&id, row)?,
                    changed_at: instant(&id, get(row, "stored_at")?)?,
                    id,
                })
            })
            .collect()
    }
}
