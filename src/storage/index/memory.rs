//! The index in memory: what the contract means, in its plainest form. For tests and measurements.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::knowledge::vector::{
    ChunkPayload, ChunkPoint, Filter, Generation, IndexManifest, Kept, Role, VectorError, VectorHit, VectorQuery, VectorStore,
};
use crate::learn::bm25;

#[derive(Debug)]
struct Room {
    manifest: IndexManifest,
    points: BTreeMap<Uuid, (ChunkPoint, serde_json::Value)>,
    document_frequency: HashMap<u32, usize>,
}

impl Room {
    fn put(&mut self, point: ChunkPoint) -> Result<(), VectorError> {
        if let Some(dense) = &point.dense
            && self.manifest.dimension != Some(dense.len())
        {
            return Err(VectorError::Failed(format!("维数 {} 与索引不符", dense.len())));
        }
        self.remove(point.id);
        for term in &point.sparse.indices {
            *self.document_frequency.entry(*term).or_insert(0) += 1;
        }
        let json = serde_json::to_value(&point.payload).map_err(|e| VectorError::Failed(e.to_string()))?;
        self.points.insert(point.id, (point, json));
        Ok(())
    }

    fn remove(&mut self, id: Uuid) {
        if let Some((old, _)) = self.points.remove(&id) {
            for term in &old.sparse.indices {
                if let Some(df) = self.document_frequency.get_mut(term) {
                    *df -= 1;
                }
            }
        }
    }
}

#[derive(Debug, Default)]
struct Rooms {
    rooms: BTreeMap<u32, Room>,
    live: Option<u32>,
    previous: Option<u32>,
    last: u32,
}

impl Rooms {
    fn room(&self, generation: Generation) -> Result<&Room, VectorError> {
        self.rooms.get(&generation.0).ok_or(VectorError::UnknownGeneration(generation.0))
    }

    fn room_mut(&mut self, generation: Generation) -> Result<&mut Room, VectorError> {
        self.rooms.get_mut(&generation.0).ok_or(VectorError::UnknownGeneration(generation.0))
    }
}

/// The index in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Rooms>);

impl MemoryStore {
    /// An index without any generation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

fn dot(a: &[(u32, f32)], point: &ChunkPoint) -> Option<f32> {
    let (mut i, mut j, mut sum, mut met) = (0, 0, 0f32, false);
    let indices = &point.sparse.indices;
    while i < a.len() && j < indices.len() {
        match a[i].0.cmp(&indices[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                sum += a[i].1 * point.sparse.values[j];
                met = true;
                i += 1;
                j += 1;
            }
        }
    }
    met.then_some(sum)
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
    let norm = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
    let both = norm(a) * norm(b);
    if both == 0.0 { 0.0 } else { dot / both }
}

fn best(mut leg: Vec<(Uuid, f32)>, limit: usize) -> Vec<(Uuid, f32)> {
    leg.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    leg.truncate(limit);
    leg
}

#[async_trait]
impl VectorStore for MemoryStore {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn kept(&self) -> Result<Vec<Kept>, VectorError> {
        let rooms = self.0.lock();
        let role = |number: u32| match () {
            () if rooms.live == Some(number) => Role::Live,
            () if rooms.previous == Some(number) => Role::Previous,
            () => Role::Building,
        };
        let all = rooms.rooms.iter();
        Ok(all.map(|(n, r)| Kept { generation: Generation(*n), role: role(*n), manifest: r.manifest.clone() }).collect())
    }

    async fn begin(&self, manifest: &IndexManifest) -> Result<Generation, VectorError> {
        let mut rooms = self.0.lock();
        rooms.last += 1;
        let number = rooms.last;
        let room = Room { manifest: manifest.clone(), points: BTreeMap::new(), document_frequency: HashMap::new() };
        rooms.rooms.insert(number, room);
        Ok(Generation(number))
    }

    async fn switch_to(&self, generation: Generation) -> Result<(), VectorError> {
        let mut rooms = self.0.lock();
        rooms.room(generation)?;
        if rooms.live == Some(generation.0) {
            return Ok(());
        }
        let old = rooms.live.replace(generation.0);
        let before = std::mem::replace(&mut rooms.previous, old);
        if let Some(before) = before.filter(|n| *n != generation.0) {
            rooms.rooms.remove(&before);
        }
        Ok(())
    }

    async fn discard(&self, generation: Generation) -> Result<(), VectorError> {
        let mut rooms = self.0.lock();
        if rooms.live != Some(generation.0) {
            rooms.rooms.remove(&generation.0);
            rooms.previous = rooms.previous.filter(|n| *n != generation.0);
        }
        Ok(())
    }

    async fn upsert(&self, generation: Generation, points: Vec<ChunkPoint>) -> Result<(), VectorError> {
        let mut rooms = self.0.lock();
        let room = rooms.room_mut(generation)?;
        points.into_iter().try_for_each(|point| room.put(point))
    }

    async fn delete_where(&self, generation: Generation, filter: &Filter) -> Result<(), VectorError> {
        let mut rooms = self.0.lock();
        let room = rooms.room_mut(generation)?;
        let gone: Vec<Uuid> = room.points.values().filter(|(_, json)| filter.holds(json)).map(|(p, _)| p.id).collect();
        for id in gone {
            room.remove(id);
        }
        Ok(())
    }

    async fn search(&self, generation: Generation, query: &VectorQuery) -> Result<Vec<VectorHit>, VectorError> {
        let rooms = self.0.lock();
        let room = rooms.room(generation)?;
        let weighted: Vec<(u32, f32)> = query
            .sparse
            .indices
            .iter()
            .zip(&query.sparse.values)
            .map(|(term, value)| {
                let df = room.document_frequency.get(term).copied().unwrap_or(0);
                (*term, value * bm25::idf(room.points.len(), df))
            })
            .collect();
        let (mut sparse, mut dense) = (Vec::new(), Vec::new());
        for (point, json) in room.points.values() {
            if !query.filter.holds(json) {
                continue;
            }
            if let Some(score) = dot(&weighted, point) {
                sparse.push((point.id, score));
            }
            if let (Some(q), Some(d)) = (&query.dense, &point.dense) {
                dense.push((point.id, cosine(q, d)));
            }
        }
        let mut hits: HashMap<Uuid, (Option<f32>, Option<f32>)> = HashMap::new();
        for (id, score) in best(sparse, query.limit) {
            hits.entry(id).or_default().0 = Some(score);
        }
        for (id, score) in best(dense, query.limit) {
            hits.entry(id).or_default().1 = Some(score);
        }
        Ok(hits.into_iter().map(|(id, (sparse, dense))| VectorHit { id, sparse, dense, learned: None }).collect())
    }

    async fn scroll(
        &self,
        generation: Generation,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<(Uuid, ChunkPayload)>, VectorError> {
        let rooms = self.0.lock();
        let room = rooms.room(generation)?;
        Ok(room
            .points
            .values()
            .filter(|(p, _)| after.is_none_or(|a| p.id > a))
            .take(limit)
            .map(|(p, _)| (p.id, p.payload.clone()))
            .collect())
    }

    async fn count(&self, generation: Generation, filter: &Filter) -> Result<usize, VectorError> {
        let rooms = self.0.lock();
        let room = rooms.room(generation)?;
        Ok(room.points.values().filter(|(_, json)| filter.holds(json)).count())
    }

    async fn flush(&self, generation: Generation) -> Result<(), VectorError> {
        self.0.lock().room(generation).map(|_| ())
    }
}
