//! The knowledge base without a database: for measurements, which never open the data folder, and for tests.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use parking_lot::Mutex;

use crate::knowledge::document::{Document, ParsedDocument};
use crate::knowledge::life::moves;
use crate::knowledge::life::record::Actor;
use crate::knowledge::life::record::{Acknowledgement, DocumentFile, Event, VersionRecord, VersionState};
use crate::knowledge::life::store::{Applied, Change, DraftChange, LifeStore, Overview};
use crate::knowledge::store::{DocumentSummary, KnowledgeStore, StoreError, Stored};

#[derive(Debug)]
struct Shelf {
    file: DocumentFile,
    texts: BTreeMap<u32, Document>,
    history: Vec<Event>,
    changed_at: Timestamp,
}

/// Documents in memory.
#[derive(Debug, Default)]
pub struct MemoryKnowledge {
    shelves: Mutex<BTreeMap<String, Shelf>>,
}

#[async_trait]
impl LifeStore for MemoryKnowledge {
    async fn file(&self, id: &str) -> Result<Option<DocumentFile>, StoreError> {
        Ok(self.shelves.lock().get(id).map(|s| s.file.clone()))
    }

    async fn apply(&self, change: Change) -> Result<Applied, StoreError> {
        let mut shelves = self.shelves.lock();
        let seen = shelves.get(&change.document).map_or(0, |s| s.file.seq);
        if seen != change.seen {
            return Ok(Applied::Stale);
        }
        let shelf = shelves.entry(change.document.clone()).or_insert_with(|| Shelf {
            file: DocumentFile::new(&change.document),
            texts: BTreeMap::new(),
            history: Vec::new(),
            changed_at: change.at,
        });
        let file = &mut shelf.file;
        file.seq += 1;
        shelf.changed_at = change.at;
        shelf.history.push(Event {
            seq: file.seq,
            at: change.at,
            by: change.by,
            kind: change.kind,
            version: change.version,
            note: change.note,
        });
        match change.draft {
            DraftChange::Keep => {}
            DraftChange::Set(draft) => file.draft = Some(*draft),
            DraftChange::Remove => file.draft = None,
        }
        let next = file.versions.iter().filter_map(|v| v.published).max().unwrap_or(0) + 1;
        if let Some(new) = change.new {
            let text = new.content.as_version(new.version);
            file.versions.push(VersionRecord {
                version: new.version,
                state: new.state,
                meta: text.meta.clone(),
                content_hash: text.content_hash.clone(),
                stored_at: change.at,
                published: (new.state == VersionState::Published).then_some(next),
                hands: new.hands,
            });
            shelf.texts.insert(new.version, text);
        }
        if let Some((number, state, hands)) = change.moved
            && let Some(version) = file.versions.iter_mut().find(|v| v.version == number)
        {
            version.state = state;
            version.hands = hands;
            if state == VersionState::Published {
                version.published = Some(next);
            }
        }
        if let Some(retirement) = change.retirement {
            file.retirement = retirement;
        }
        let known = |a: &Acknowledgement| file.acknowledged.iter().any(|k| k.finding == a.finding);
        if let Some(acknowledged) = change.acknowledged.filter(|a| !known(a)) {
            file.acknowledged.push(acknowledged);
        }
        Ok(Applied::Done)
    }

    async fn any_version(&self, id: &str, version: u32) -> Result<Option<Document>, StoreError> {
        Ok(self.shelves.lock().get(id).and_then(|s| s.texts.get(&version).cloned()))
    }

    async fn history(&self, id: &str) -> Result<Vec<Event>, StoreError> {
        Ok(self.shelves.lock().get(id).map(|s| s.history.clone()).unwrap_or_default())
    }

    async fn overview(&self, today: Date) -> Result<Vec<Overview>, StoreError> {
        let line = |(id, shelf): (&String, &Shelf)| {
            let file = &shelf.file;
            Overview {
                id: id.clone(),
                newest: file.newest().map(|v| (v.version, v.meta.clone())),
                answering: shelf.file.windows().into_iter().find(|(_, w)| w.holds(today)).map(|(version, _)| version),
                draft: file.draft.as_ref().map(|d| (d.revision, d.content.meta.clone())),
                waiting: file.waiting().map(|v| (v.version, v.meta.clone())),
                retirement: file.retirement.clone(),
                changed_at: shelf.changed_at,
            }
        };
        Ok(self.shelves.lock().iter().map(line).collect())
    }
}

#[async_trait]
impl KnowledgeStore for MemoryKnowledge {
    async fn put(&self, document: &ParsedDocument, at: Timestamp) -> Result<Stored, StoreError> {
        moves::put(self, document, &Actor::operator(), at).await
    }

    async fn put_all(&self, documents: &[ParsedDocument], by: &Actor, at: Timestamp) -> Vec<Result<Stored, StoreError>> {
        moves::put_all(self, documents, by, at).await
    }

    async fn document(&self, id: &str, version: Option<u32>) -> Result<Option<Document>, StoreError> {
        Ok(self.shelves.lock().get(id).and_then(|shelf| {
            let published = |number: u32| shelf.file.version(number).is_some_and(|v| v.published.is_some());
            let number = match version {
                Some(number) => Some(number).filter(|n| published(*n)),
                None => shelf.file.newest().map(|v| v.version),
            };
            shelf.texts.get(&number?).cloned()
        }))
    }

    async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<DocumentSummary>, StoreError> {
        Ok(self
            .shelves
            .lock()
            .iter()
            .filter(|(id, _)| after.is_none_or(|a| id.as_str() > a))
            .filter_map(|(_, shelf)| shelf.file.newest().map(|v| (v, shelf.file.retirement.is_some())))
            .take(limit as usize)
            .map(|(v, retired)| DocumentSummary { meta: v.meta.clone(), version: v.version, stored_at: v.stored_at, retired })
            .collect())
    }

    async fn live(&self) -> Result<Vec<Document>, StoreError> {
        let shelves = self.shelves.lock();
        let of = |shelf: &Shelf| -> Vec<Document> {
            let windows = shelf.file.windows().into_iter();
            let successor = shelf.file.retirement.as_ref().and_then(|r| r.successor.as_deref());
            windows
                .filter_map(|(v, w)| Some(shelf.texts.get(&v)?.clone().within(w.from, w.until).followed_by(successor)))
                .collect()
        };
        Ok(shelves.values().flat_map(of).collect())
    }

    async fn revision(&self) -> Result<Option<u64>, StoreError> {
        Ok(Some(self.shelves.lock().values().map(|s| s.file.seq).sum()))
    }

    async fn retire(&self, id: &str, at: Timestamp) -> Result<bool, StoreError> {
        moves::retire(self, id, at).await
    }
}
