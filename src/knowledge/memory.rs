//! The knowledge base without a database: for measurements, which never open the data folder, and for tests.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::knowledge::document::{Document, ParsedDocument};
use crate::knowledge::store::{DocumentSummary, IngestJob, JobState, KnowledgeStore, StoreError, Stored};

#[derive(Debug, Default)]
struct Shelf {
    versions: Vec<(Document, Timestamp)>,
    retired: bool,
}

/// Documents and jobs in memory.
#[derive(Debug, Default)]
pub struct MemoryKnowledge {
    shelves: Mutex<BTreeMap<String, Shelf>>,
    jobs: Mutex<BTreeMap<Uuid, IngestJob>>,
}

#[async_trait]
impl KnowledgeStore for MemoryKnowledge {
    async fn put(&self, document: &ParsedDocument, at: Timestamp) -> Result<Stored, StoreError> {
        let mut shelves = self.shelves.lock();
        let shelf = shelves.entry(document.meta.id.clone()).or_default();
        if let Some((newest, _)) = shelf.versions.last()
            && !shelf.retired
            && newest.content_hash == document.content_hash
        {
            return Ok(Stored::Unchanged { version: newest.version });
        }
        let version = shelf.versions.last().map_or(1, |(d, _)| d.version + 1);
        shelf.versions.push((document.as_version(version), at));
        shelf.retired = false;
        Ok(Stored::New { version })
    }

    async fn document(&self, id: &str, version: Option<u32>) -> Result<Option<Document>, StoreError> {
        Ok(self.shelves.lock().get(id).and_then(|shelf| {
            shelf.versions.iter().rev().find(|(d, _)| version.is_none_or(|v| v == d.version)).map(|(d, _)| d.clone())
        }))
    }

    async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<DocumentSummary>, StoreError> {
        Ok(self
            .shelves
            .lock()
            .iter()
            .filter(|(id, _)| after.is_none_or(|a| id.as_str() > a))
            .filter_map(|(_, shelf)| shelf.versions.last().map(|v| (v, shelf.retired)))
            .take(limit as usize)
            .map(|((d, at), retired)| DocumentSummary { meta: d.meta.clone(), version: d.version, stored_at: *at, retired })
            .collect())
    }

    async fn live(&self) -> Result<Vec<Document>, StoreError> {
        let shelves = self.shelves.lock();
        Ok(shelves.values().filter(|s| !s.retired).filter_map(|s| s.versions.last().map(|(d, _)| d.clone())).collect())
    }

    async fn retire(&self, id: &str, _at: Timestamp) -> Result<bool, StoreError> {
        Ok(self.shelves.lock().get_mut(id).is_some_and(|shelf| !std::mem::replace(&mut shelf.retired, true)))
    }

    async fn save_job(&self, job: &IngestJob) -> Result<(), StoreError> {
        self.jobs.lock().insert(job.id, job.clone());
        Ok(())
    }

    async fn next_job(&self) -> Result<Option<IngestJob>, StoreError> {
        let mut jobs = self.jobs.lock();
        Ok(jobs.values_mut().find(|j| j.state != JobState::Done).map(|job| {
            job.state = JobState::Running;
            job.clone()
        }))
    }

    async fn job(&self, id: Uuid) -> Result<Option<IngestJob>, StoreError> {
        Ok(self.jobs.lock().get(&id).cloned())
    }
}
