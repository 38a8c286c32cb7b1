//! Rows of imports without a database, for tests.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use jiff::Timestamp;
use parking_lot::Mutex;
use uuid::Uuid;

use super::store::{Counts, FileOutcome, ImportFile, ImportJob, ImportStore, JobState, Mark, Settled, Source};
use crate::knowledge::store::StoreError;

#[derive(Debug, Default)]
struct Books {
    jobs: BTreeMap<Uuid, (ImportJob, Vec<ImportFile>)>,
    marks: HashMap<String, Mark>,
}

/// Jobs, files and marks in memory.
#[derive(Debug, Default)]
pub struct MemoryImports(Mutex<Books>);

fn counted(job: &ImportJob, files: &[ImportFile]) -> ImportJob {
    let mut counts = Counts { files: u32::try_from(files.len()).unwrap_or(u32::MAX), ..Counts::default() };
    for file in files {
        match &file.outcome {
            None => counts.waiting += 1,
            Some(FileOutcome::Imported { .. } | FileOutcome::Drafted { .. }) => counts.imported += 1,
            Some(FileOutcome::Unchanged { .. }) => counts.unchanged += 1,
            Some(FileOutcome::Skipped { .. }) => counts.skipped += 1,
            Some(FileOutcome::Failed { .. }) => counts.failed += 1,
        }
    }
    ImportJob { counts, ..job.clone() }
}

#[async_trait]
impl ImportStore for MemoryImports {
    async fn wish(&self, job: &ImportJob) -> Result<(), StoreError> {
        self.0.lock().jobs.insert(job.id, (job.clone(), Vec::new()));
        Ok(())
    }

    async fn next_job(&self) -> Result<Option<ImportJob>, StoreError> {
        let mut books = self.0.lock();
        let open = books.jobs.values_mut().find(|(job, _)| matches!(job.state, JobState::Queued | JobState::Running));
        Ok(open.map(|(job, files)| {
            job.state = JobState::Running;
            counted(job, files)
        }))
    }

    async fn job(&self, id: Uuid) -> Result<Option<ImportJob>, StoreError> {
        Ok(self.0.lock().jobs.get(&id).map(|(job, files)| counted(job, files)))
    }

    async fn jobs(&self, before: Option<Uuid>, limit: u32) -> Result<Vec<ImportJob>, StoreError> {
        let books = self.0.lock();
        let newest = books.jobs.iter().rev().filter(|(id, _)| before.is_none_or(|b| **id < b));
        Ok(newest.take(limit as usize).map(|(_, (job, files))| counted(job, files)).collect())
    }

    async fn collected(&self, job: Uuid, sources: &[Source]) -> Result<(), StoreError> {
        if let Some((job, files)) = self.0.lock().jobs.get_mut(&job)
            && !job.collected
        {
            job.collected = true;
            *files =
                (0..).zip(sources).map(|(number, source)| ImportFile { number, source: source.clone(), outcome: None }).collect();
        }
        Ok(())
    }

    async fn files(&self, job: Uuid, from: u32, limit: u32, waiting: bool) -> Result<Vec<ImportFile>, StoreError> {
        let books = self.0.lock();
        let files = books.jobs.get(&job).map(|(_, files)| files.as_slice()).unwrap_or_default();
        let wanted = files.iter().filter(|f| f.number >= from && (!waiting || f.outcome.is_none()));
        Ok(wanted.take(limit as usize).cloned().collect())
    }

    async fn settle(&self, job: Uuid, results: &[Settled]) -> Result<(), StoreError> {
        let mut books = self.0.lock();
        for result in results {
            if let Some(mark) = &result.mark {
                books.marks.insert(result.name.clone(), mark.clone());
            }
            if let Some((_, files)) = books.jobs.get_mut(&job)
                && let Some(file) = files.iter_mut().find(|f| f.number == result.number)
            {
                file.outcome = Some(result.outcome.clone());
            }
        }
        Ok(())
    }

    async fn finish(&self, job: Uuid, at: Timestamp) -> Result<(), StoreError> {
        if let Some((job, _)) = self.0.lock().jobs.get_mut(&job)
            && job.state == JobState::Running
        {
            job.state = JobState::Done;
            job.finished_at = Some(at);
        }
        Ok(())
    }

    async fn cancel(&self, job: Uuid, at: Timestamp) -> Result<bool, StoreError> {
        Ok(match self.0.lock().jobs.get_mut(&job) {
            Some((job, _)) if matches!(job.state, JobState::Queued | JobState::Running) => {
                job.state = JobState::Cancelled;
                job.finished_at = Some(at);
                true
            }
            _ => false,
        })
    }

    async fn retry(&self, job: Uuid) -> Result<u32, StoreError> {
        let mut books = self.0.lock();
        let Some((job, files)) = books.jobs.get_mut(&job) else { return Ok(0) };
        if !matches!(job.state, JobState::Done | JobState::Cancelled) {
            return Ok(0);
        }
        let mut again = 0;
        for file in files.iter_mut().filter(|f| f.outcome.is_none() || matches!(f.outcome, Some(FileOutcome::Failed { .. }))) {
            file.outcome = None;
            again += 1;
        }
        if again > 0 || !job.collected {
            job.state = JobState::Queued;
            job.finished_at = None;
        }
        Ok(again)
    }

    async fn marks(&self, names: &[String]) -> Result<HashMap<String, Mark>, StoreError> {
        let books = self.0.lock();
        Ok(names.iter().filter_map(|name| Some((name.clone(), books.marks.get(name)?.clone()))).collect())
    }
}
