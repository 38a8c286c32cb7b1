//! [`GapStore`] on `SQLite`. What is recorded in a turn comes through the conversation room's port; here it is worked on.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::Sqlite;
use super::rows::{backend, count, get, id, maybe_id, maybe_time, time};
use crate::knowledge::document::Audience;
use crate::knowledge::gaps::{Asker, Cluster, ClusterChange, ClusterState, Gap, GapStore, Regrouping};
use crate::knowledge::store::StoreError;

fn audience(row: &SqliteRow, name: &str) -> Result<Audience, StoreError> {
    get::<&str>(row, name)?.parse().map_err(|reason| StoreError::Damaged { id: name.to_owned(), reason })
}

fn gap(row: &SqliteRow) -> Result<Gap, StoreError> {
    Ok(Gap {
        id: id(row, "id")?,
        question: get(row, "question")?,
        reason: get(row, "reason")?,
        comment: get(row, "comment")?,
        created_at: time(row, "created_at")?,
        audience: audience(row, "audience")?,
        conversation_id: maybe_id(row, "conversation_id")?,
        turn_id: maybe_id(row, "turn_id")?,
        cluster_id: maybe_id(row, "cluster_id")?,
    })
}

fn cluster(row: &SqliteRow) -> Result<Cluster, StoreError> {
    let damaged = |reason: String| StoreError::Damaged { id: "gap_cluster".to_owned(), reason };
    let state: &str = get(row, "state")?;
    let due: Option<&str> = get(row, "due")?;
    Ok(Cluster {
        id: id(row, "id")?,
        label: get(row, "label")?,
        state: ClusterState::from_word(state).ok_or_else(|| damaged(format!("状态“{state}”")))?,
        owner: get(row, "owner")?,
        due: due.map(|d| d.parse().map_err(|_| damaged(format!("日期“{d}”")))).transpose()?,
        document_id: get(row, "document_id")?,
        curated_id: maybe_id(row, "curated_id")?,
        reason: get(row, "reason")?,
        asked: count(row, "asked")?,
        conversations: count(row, "conversations")?,
        thumbs_down: count(row, "thumbs_down")?,
        asked_again: count(row, "asked_again")?,
        told: count(row, "told")?,
        first_at: time(row, "first_at")?,
        last_at: maybe_time(row, "last_at")?,
        answered_at: maybe_time(row, "answered_at")?,
    })
}

const CLUSTERS: &str = "SELECT c.*, COUNT(g.id) + c.forgotten AS asked, COUNT(DISTINCT g.conversation_id) AS conversations, \
    COALESCE(SUM(g.reason = 'thumbs_down'), 0) AS thumbs_down, COALESCE(SUM(g.created_at > c.answered_at), 0) AS asked_again, \
    (SELECT COUNT(*) FROM gap_told t WHERE t.cluster_id = c.id) AS told, MAX(g.created_at) AS last_at \
    FROM gap_cluster c LEFT JOIN gaps g ON g.cluster_id = c.id ";

#[async_trait]
impl GapStore for Sqlite {
    async fn gaps(&self) -> Result<Vec<Gap>, StoreError> {
        let rows = sqlx::query("SELECT * FROM gaps ORDER BY created_at, id").fetch_all(self.reader()).await.map_err(backend)?;
        rows.iter().map(gap).collect()
    }

    async fn gaps_of(&self, wanted: Uuid) -> Result<Vec<Gap>, StoreError> {
        let rows = sqlx::query("SELECT * FROM gaps WHERE cluster_id = $1 ORDER BY created_at DESC, id")
            .bind(wanted.to_string())
            .fetch_all(self.reader())
            .await
            .map_err(backend)?;
        rows.iter().map(gap).collect()
    }

    async fn ungrouped(&self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT COUNT(*) AS n FROM gaps WHERE cluster_id IS NULL")
            .fetch_one(self.reader())
            .await
            .map_err(backend)?;
        count(&row, "n")
    }

    async fn clusters(&self) -> Result<Vec<Cluster>, StoreError> {
        let sql = [CLUSTERS, "GROUP BY c.id ORDER BY asked DESC, c.first_at, c.id"].concat();
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(self.reader()).await.map_err(backend)?;
        rows.iter().map(cluster).collect()
    }

    async fn cluster(&self, wanted: Uuid) -> Result<Option<Cluster>, StoreError> {
        let sql = [CLUSTERS, "WHERE c.id = $1 GROUP BY c.id"].concat();
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(wanted.to_string())
            .fetch_optional(self.reader())
            .await
            .map_err(backend)?;
        row.as_ref().map(cluster).transpose()
    }

    async fn regroup(&self, regrouping: &Regrouping, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.quick().await.map_err(backend)?;
        for (group, label, first) in &regrouping.groups {
            sqlx::query(
                "INSERT INTO gap_cluster (id, label, state, first_at, updated_at) VALUES ($1, $2, 'open', $3, $4) \
                 ON CONFLICT (id) DO UPDATE SET label = CASE WHEN state = 'open' THEN excluded.label ELSE label END, \
                 first_at = MIN(first_at, excluded.first_at)",
            )
            .bind(group.to_string())
            .bind(label)
            .bind(first.as_millisecond())
            .bind(at.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        }
        for (gap, group) in &regrouping.moves {
            sqlx::query("UPDATE gaps SET cluster_id = $2 WHERE id = $1")
                .bind(gap.to_string())
                .bind(group.to_string())
                .execute(&mut *tx)
                .await
                .map_err(backend)?;
        }
        sqlx::query(
            "DELETE FROM gap_cluster WHERE state = 'open' AND NOT EXISTS (SELECT 1 FROM gaps WHERE cluster_id = gap_cluster.id)",
        )
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }

    async fn change_cluster(
        &self,
        wanted: Uuid,
        from: ClusterState,
        change: &ClusterChange,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        let changed = sqlx::query(
            "UPDATE gap_cluster SET state = COALESCE($3, state), owner = CASE WHEN $4 THEN $5 ELSE owner END, \
             due = CASE WHEN $6 THEN $7 ELSE due END, document_id = COALESCE($8, document_id), curated_id = COALESCE($9, curated_id), \
             reason = COALESCE($10, reason), answered_at = COALESCE($11, answered_at), updated_at = $12 WHERE id = $1 AND state = $2",
        )
        .bind(wanted.to_string())
        .bind(from.word())
        .bind(change.state.map(ClusterState::word))
        .bind(change.owner.is_some())
        .bind(change.owner.clone().flatten())
        .bind(change.due.is_some())
        .bind(change.due.flatten().map(|d| d.to_string()))
        .bind(change.document_id.as_deref())
        .bind(change.curated_id.map(|c| c.to_string()))
        .bind(change.reason.as_deref())
        .bind(change.answered_at.map(Timestamp::as_millisecond))
        .bind(at.as_millisecond())
        .execute(&mut *tx)
        .await
        .map_err(backend)?
        .rows_affected();
        tx.commit().await.map_err(backend)?;
        Ok(changed > 0)
    }

    async fn askers(&self, wanted: Uuid) -> Result<Vec<Asker>, StoreError> {
        // With a bare column beside MAX, SQLite takes the row of the maximum: the last question of each conversation.
        let rows = sqlx::query(
            "SELECT g.conversation_id, c.audience, g.question, MAX(g.created_at) FROM gaps g \
             JOIN conversations c ON c.id = g.conversation_id \
             WHERE g.cluster_id = $1 AND NOT EXISTS \
             (SELECT 1 FROM gap_told t WHERE t.cluster_id = $1 AND t.conversation_id = g.conversation_id) \
             GROUP BY g.conversation_id ORDER BY g.conversation_id",
        )
        .bind(wanted.to_string())
        .fetch_all(self.reader())
        .await
        .map_err(backend)?;
        rows.iter()
            .map(|row| {
                Ok(Asker {
                    conversation_id: id(row, "conversation_id")?,
                    audience: audience(row, "audience")?,
                    question: get(row, "question")?,
                })
            })
            .collect()
    }

    async fn mark_told(&self, wanted: Uuid, conversation: Uuid, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        sqlx::query("INSERT INTO gap_told (cluster_id, conversation_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(wanted.to_string())
            .bind(conversation.to_string())
            .bind(at.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        tx.commit().await.map_err(backend)
    }
}
