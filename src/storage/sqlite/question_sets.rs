//! [`QuestionSetStore`] on `SQLite`.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use super::Sqlite;
use super::rows::{backend, get, json, time, to_json, version};
use crate::knowledge::question_sets::{NewVersion, QuestionSet, QuestionSetStore, SetQuestion, SetSummary, Use};
use crate::knowledge::store::StoreError;

fn set(row: &SqliteRow) -> Result<QuestionSet, StoreError> {
    Ok(QuestionSet {
        id: get(row, "id")?,
        title: get(row, "title")?,
        canonical: get(row, "canonical")?,
        version: version(row, "version")?,
        questions: json(row, "questions")?,
        author: get(row, "author")?,
        note: get(row, "note")?,
        at: time(row, "at")?,
    })
}

const SETS: &str = "SELECT s.id, s.title, s.canonical, v.version, v.questions, v.author, v.note, v.at \
    FROM question_set s JOIN question_set_version v ON v.set_id = s.id ";

impl Sqlite {
    async fn sets_in_use(&self) -> Result<Vec<QuestionSet>, StoreError> {
        let sql = [SETS, "AND v.version = s.latest WHERE s.retired = 0 ORDER BY s.id"].concat();
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(self.reader()).await.map_err(backend)?;
        rows.iter().map(set).collect()
    }
}

#[async_trait]
impl QuestionSetStore for Sqlite {
    async fn question_sets(&self) -> Result<Vec<SetSummary>, StoreError> {
        let sets = self.sets_in_use().await?;
        Ok(sets
            .into_iter()
            .map(|s| SetSummary {
                tests: s.questions.iter().filter(|q| q.purpose == Use::Test).count() as u64,
                questions: s.questions.len() as u64,
                id: s.id,
                title: s.title,
                canonical: s.canonical,
                version: s.version,
                author: s.author,
                at: s.at,
            })
            .collect())
    }

    async fn question_set(&self, id: &str, which: Option<u32>) -> Result<Option<QuestionSet>, StoreError> {
        let sql = [SETS, "AND v.version = COALESCE($2, s.latest) WHERE s.id = $1"].concat();
        let row =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).bind(which).fetch_optional(self.reader()).await.map_err(backend)?;
        row.as_ref().map(set).transpose()
    }

    async fn save_question_set(&self, new: &NewVersion<'_>) -> Result<u32, StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        let questions = to_json(&new.questions)?;
        let newest = sqlx::query(
            "SELECT v.version, v.questions FROM question_set s \
             JOIN question_set_version v ON v.set_id = s.id AND v.version = s.latest WHERE s.id = $1",
        )
        .bind(new.id)
        .fetch_optional(&mut *tx)
        .await
        .map_err(backend)?;
        let mut next = 1;
        let mut changed = true;
        if let Some(row) = newest {
            next = version(&row, "version")?;
            changed = get::<&str>(&row, "questions")? != questions;
            next += u32::from(changed);
        }
        if new.canonical {
            sqlx::query("UPDATE question_set SET canonical = 0").execute(&mut *tx).await.map_err(backend)?;
        }
        sqlx::query(
            "INSERT INTO question_set (id, title, canonical, latest) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET title = excluded.title, canonical = excluded.canonical, latest = excluded.latest, retired = 0",
        )
        .bind(new.id)
        .bind(new.title)
        .bind(new.canonical)
        .bind(next)
        .execute(&mut *tx)
        .await
        .map_err(backend)?;
        if changed {
            sqlx::query(
                "INSERT INTO question_set_version (set_id, version, questions, author, note, at) VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(new.id)
            .bind(next)
            .bind(questions)
            .bind(new.author)
            .bind(new.note)
            .bind(new.at.as_millisecond())
            .execute(&mut *tx)
            .await
            .map_err(backend)?;
        }
        tx.commit().await.map_err(backend)?;
        Ok(next)
    }

    async fn retire_question_set(&self, id: &str) -> Result<bool, StoreError> {
        let mut tx = self.durable().await.map_err(backend)?;
        let changed = sqlx::query("UPDATE question_set SET retired = 1, canonical = 0 WHERE id = $1 AND retired = 0")
            .bind(id)
            .execute(&mut *tx)
            .await
            .map_err(backend)?
            .rows_affected();
        tx.commit().await.map_err(backend)?;
        Ok(changed > 0)
    }

    async fn canonical_set(&self) -> Result<Option<QuestionSet>, StoreError> {
        Ok(self.sets_in_use().await?.into_iter().find(|s| s.canonical))
    }

    async fn questions_for(&self, purpose: Use) -> Result<Vec<SetQuestion>, StoreError> {
        let sets = self.sets_in_use().await?;
        Ok(sets.into_iter().flat_map(|s| s.questions).filter(|q| q.purpose == purpose).collect())
    }
}
