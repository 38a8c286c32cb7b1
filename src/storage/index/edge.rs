//! The embedded engine: one folder a generation, `CURRENT` names the live one and below it the one before, a lock keeps
//! other processes out.
//!
//! Everything here can be rebuilt from storage. A generation that does not load is moved aside, never deleted, and the
//! index then says that there is none.

mod terms;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use parking_lot::Mutex;
use qdrant_edge::{
    CountRequest, CreateIndex, Distance, EdgeConfig, EdgeOptimizersConfig, EdgeShard, EdgeSparseVectorParams, EdgeVectorParams,
    FieldIndexOperations, Filter as EngineFilter, Modifier, NamedQuery, PayloadFieldSchema, PayloadSchemaType, PointId,
    PointInsertOperations, PointOperations, QueryEnum, QueryRequest, ScoringQuery, ScrollRequest, UpdateOperation, Vector,
    WalOptions, WithPayloadInterface, WithVector,
};
use uuid::Uuid;

use terms::{engine_filter, engine_point, failed, our_id, our_payload};

use crate::knowledge::vector::{
    ChunkPayload, ChunkPoint, DENSE_LEG, Filter, Generation, IndexManifest, Kept, Role, SPARSE_LEG, VectorError, VectorHit,
    VectorQuery, VectorStore,
};

const CURRENT: &str = "CURRENT";
const MANIFEST: &str = "manifest.json";
/// One write-ahead segment; an import writes batches of a few hundred kilobytes.
const WAL_SEGMENT_BYTES: usize = 8 * 1024 * 1024;
/// Points in one engine operation.
const BATCH: usize = 64;
/// Points after which what was written is sealed. For each value that it appends, the engine walks back over the whole of a list
/// that can still be written, so one open segment costs the square of its points; sealed ones are left alone.
const SEAL: usize = 6000;
/// Size (kB of vectors) from which the engine seals a segment when it is told to; below what `SEAL` points have.
const SEALED_KB: usize = 2000;
/// Sealed segments that stand beside each other while much is being written, before the engine begins to merge them.
const SEGMENTS: usize = 12;
/// How often a flush that met an optimisation is tried again, and how long it waits before it does.
const FLUSH_TRIES: usize = 40;
/// How often a generation is tried to be opened before it counts as damaged.
const LOAD_TRIES: usize = 6;
const FLUSH_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

/// One generation. Leaves the disk when it is retired and the last search lets it go.
struct Room {
    number: u32,
    folder: PathBuf,
    manifest: IndexManifest,
    shard: Option<EdgeShard>,
    // The engine's flush panics when it meets a writer (it tries locks): writers and flushes take turns here.
    writing: Mutex<()>,
    // Points written since the last sealing.
    open: AtomicUsize,
    retired: AtomicBool,
    // True when the engine has let go of the folder: only then may it be opened again.
    gone: Arc<AtomicBool>,
}

impl Drop for Room {
    fn drop(&mut self) {
        // The engine flushes when it is dropped and panics when it cannot, e.g. because the folder is gone or the disk full.
        let shard = self.shard.take();
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(shard))).is_err() {
            tracing::error!(folder = %self.folder.display(), "the index could not be flushed; what is missing is repaired at the next start");
        }
        if self.retired.load(Ordering::Acquire)
            && let Err(e) = fs::remove_dir_all(&self.folder)
        {
            tracing::warn!(folder = %self.folder.display(), error = %e, "an old index generation could not be removed");
        }
        self.gone.store(true, Ordering::Release);
    }
}

impl Room {
    fn shard(&self) -> Result<&EdgeShard, VectorError> {
        self.shard.as_ref().ok_or(VectorError::NoGeneration)
    }

    fn update(&self, operation: UpdateOperation) -> Result<(), VectorError> {
        let _turn = self.writing.lock();
        self.shard()?.update(operation).map_err(failed)
    }

    /// Seals what was written and lets sealed segments stand side by side (`segments`, 0 = as the engine sees fit); the engine puts
    /// what is written meanwhile beside them, so the turn of the writers is not taken.
    fn seal(&self, segments: usize) -> Result<bool, VectorError> {
        self.open.store(0, Ordering::Relaxed);
        let optimizers = EdgeOptimizersConfig {
            indexing_threshold: Some(SEALED_KB),
            default_segment_number: Some(segments),
            ..EdgeOptimizersConfig::default()
        };
        let shard = self.shard()?;
        shard.set_optimizers_config(optimizers).map_err(failed)?;
        shard.optimize().map_err(failed)
    }

    fn flush(&self) -> Result<(), VectorError> {
        let _turn = self.writing.lock();
        let shard = self.shard()?;
        // A background optimisation takes the segments' lock for a moment now and then: the engine panics when it meets that.
        for _ in 0..FLUSH_TRIES {
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| shard.flush())).is_ok() {
                return Ok(());
            }
            std::thread::sleep(FLUSH_PAUSE);
        }
        Err(VectorError::Failed("索引无法写回磁盘".to_owned()))
    }
}

/// What `CURRENT` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Pointers {
    live: Option<u32>,
    previous: Option<u32>,
}

impl Pointers {
    fn text(self) -> String {
        let names: Vec<String> = [self.live, self.previous].into_iter().flatten().map(folder_name).collect();
        names.join("\n")
    }
}

/// A closed room that a search may still hold, and whether it is gone.
type Closed = (Weak<Room>, Arc<AtomicBool>);

/// The index in a folder of this machine.
pub struct EdgeStore {
    folder: PathBuf,
    pointers: Mutex<Pointers>,
    // Open generations: the live one, those being built, and the previous one while it is used.
    rooms: Mutex<HashMap<u32, Arc<Room>>>,
    // Rooms that were closed may still be held by a search; the engine's lock lets a folder be opened once only.
    closed: Mutex<HashMap<u32, Closed>>,
    // Rooms are opened one at a time.
    opening: tokio::sync::Mutex<()>,
    // Held for as long as the store lives; the operating system lets go of it when the process dies.
    _lock: File,
}

impl std::fmt::Debug for EdgeStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EdgeStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> VectorError {
    let path = path.display().to_string();
    move |e| VectorError::Failed(format!("{path}：{e}"))
}

fn folder_name(number: u32) -> String {
    format!("gen-{number:04}")
}

fn engine_config(manifest: &IndexManifest) -> EdgeConfig {
    let wal = WalOptions { segment_capacity: WAL_SEGMENT_BYTES, ..WalOptions::default() };
    // What has been optimised is read from mapped files: the system keeps what is asked for and may let go of the rest.
    let sparse = EdgeSparseVectorParams::builder().modifier(Modifier::Idf).on_disk(true).build();
    let config = EdgeConfig::builder().sparse_vector(SPARSE_LEG, sparse).on_disk_payload(true).wal_options(wal);
    match manifest.dimension {
        Some(size) => config.vector(DENSE_LEG, EdgeVectorParams::builder(size, Distance::Cosine).build()).build(),
        None => config.build(),
    }
}

impl EdgeStore {
    /// Opens the index in `folder` (made when missing). A live generation that does not load is moved to `damaged-…`.
    ///
    /// # Errors
    /// Another process holds the folder, or it cannot be written.
    pub async fn open(folder: PathBuf) -> Result<Self, VectorError> {
        tokio::task::spawn_blocking(move || Self::open_blocking(folder)).await.map_err(|e| VectorError::Failed(e.to_string()))?
    }

    fn open_blocking(folder: PathBuf) -> Result<Self, VectorError> {
        fs::create_dir_all(&folder).map_err(io(&folder))?;
        let lock_path = folder.join("LOCK");
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(VectorError::Held(folder.display().to_string())),
            Err(fs::TryLockError::Error(e)) => return Err(io(&lock_path)(e)),
        }
        let current = folder.join(CURRENT);
        let text = match fs::read_to_string(&current) {
            Ok(text) => Some(text),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            Err(e) => return Err(io(&current)(e)),
        };
        let mut lines = text.iter().flat_map(|t| t.lines()).map(str::trim);
        let live = match lines.next() {
            Some(name) => load(&folder, name)?,
            None => None,
        };
        let number = |name: &str| name.strip_prefix("gen-").and_then(|n| n.parse::<u32>().ok());
        let mut previous = lines.next().and_then(number).filter(|n| folder.join(folder_name(*n)).join(MANIFEST).exists());
        let live = match (live, previous) {
            // The one before it still knows most of what the damaged one knew; it is repaired from the rows.
            (None, Some(before)) => {
                previous = None;
                load(&folder, &folder_name(before))?
            }
            (live, _) => live,
        };
        let pointers = Pointers {
            live: live.as_ref().map(|room| room.number),
            previous: previous.filter(|n| live.as_ref().is_some_and(|room| room.number != *n)),
        };
        if let Some(text) = text.filter(|t| *t != pointers.text()) {
            tracing::debug!(was = %text, "CURRENT is brought in step with what loads");
            if live.is_none() {
                fs::remove_file(&current).map_err(io(&current))?;
            } else {
                write_atomically(&current, pointers.text().as_bytes())?;
            }
        }
        sweep(&folder, pointers);
        Ok(Self {
            folder,
            pointers: Mutex::new(pointers),
            rooms: Mutex::new(live.into_iter().map(|room| (room.number, Arc::new(room))).collect()),
            closed: Mutex::new(HashMap::new()),
            opening: tokio::sync::Mutex::new(()),
            _lock: lock,
        })
    }

    /// The open room of a generation. The previous one is opened when it is asked for; that reads its files.
    async fn room(&self, generation: Generation) -> Result<Arc<Room>, VectorError> {
        let number = generation.0;
        let open = || self.rooms.lock().get(&number).cloned();
        if let Some(room) = open() {
            return Ok(room);
        }
        let unknown = || VectorError::UnknownGeneration(number);
        let _turn = self.opening.lock().await;
        if let Some(room) = open() {
            return Ok(room);
        }
        if self.pointers.lock().previous != Some(number) {
            return Err(unknown());
        }
        let closed = self.closed.lock().remove(&number);
        let room = if let Some(room) = closed.as_ref().and_then(|(weak, _)| weak.upgrade()) {
            room
        } else {
            // The last search to hold it has let go; the engine may still be writing it back.
            if let Some((_, gone)) = closed {
                for _ in 0..FLUSH_TRIES * 5 {
                    if gone.load(Ordering::Acquire) {
                        break;
                    }
                    tokio::time::sleep(FLUSH_PAUSE).await;
                }
            }
            let folder = self.folder.clone();
            let loaded = tokio::task::spawn_blocking(move || load(&folder, &folder_name(number))).await;
            Arc::new(loaded.map_err(|e| VectorError::Failed(e.to_string()))??.ok_or_else(unknown)?)
        };
        self.rooms.lock().insert(number, Arc::clone(&room));
        Ok(room)
    }

    /// Lets go of a room; with `retire` its folder leaves the disk when the last search has let go of it too.
    fn close(&self, number: u32, retire: bool) {
        let open = self.rooms.lock().remove(&number);
        let kept = open.or_else(|| self.closed.lock().remove(&number).and_then(|(weak, _)| weak.upgrade()));
        match kept {
            Some(room) => {
                if retire {
                    room.retired.store(true, Ordering::Release);
                } else {
                    self.closed.lock().insert(number, (Arc::downgrade(&room), Arc::clone(&room.gone)));
                }
                // The engine writes back when it is let go of, which takes its time.
                tokio::task::spawn_blocking(move || drop(room));
            }
            None if retire => {
                let folder = self.folder.join(folder_name(number));
                if let Err(e) = fs::remove_dir_all(&folder)
                    && e.kind() != std::io::ErrorKind::NotFound
                {
                    tracing::warn!(folder = %folder.display(), error = %e, "an old index generation could not be removed");
                }
            }
            None => {}
        }
    }

    /// Runs engine work, which blocks, away from the async threads.
    async fn run<T: Send + 'static>(
        &self,
        generation: Generation,
        work: impl FnOnce(&Room) -> Result<T, VectorError> + Send + 'static,
    ) -> Result<T, VectorError> {
        let room = self.room(generation).await?;
        tokio::task::spawn_blocking(move || work(&room)).await.map_err(|e| VectorError::Failed(e.to_string()))?
    }
}

/// Loads a generation; one that is missing or broken is moved aside and `None` returned.
fn load(folder: &Path, name: &str) -> Result<Option<Room>, VectorError> {
    let path = folder.join(name);
    let number = name.strip_prefix("gen-").and_then(|n| n.parse().ok());
    let attempt = || -> Result<Room, String> {
        let number = number.ok_or_else(|| format!("CURRENT names {name:?}"))?;
        let manifest = fs::read(path.join(MANIFEST)).map_err(|e| e.to_string())?;
        let manifest: IndexManifest = serde_json::from_slice(&manifest).map_err(|e| e.to_string())?;
        let config = engine_config(&manifest);
        // A torn file makes the engine panic as easily as it makes it fail.
        let shard = std::panic::catch_unwind(|| EdgeShard::load(&path, Some(config)))
            .map_err(|_| "the engine panicked".to_owned())?
            .map_err(|e| e.to_string())?;
        Ok(Room {
            number,
            folder: path.clone(),
            manifest,
            shard: Some(shard),
            writing: Mutex::new(()),
            open: AtomicUsize::new(0),
            retired: AtomicBool::new(false),
            gone: Arc::default(),
        })
    };
    // A folder that was let go of a moment ago may still be being written back: it is held then, not damaged.
    let loaded = (1..LOAD_TRIES).find_map(|_| {
        attempt().ok().or_else(|| {
            std::thread::sleep(FLUSH_PAUSE);
            None
        })
    });
    match loaded.map_or_else(attempt, Ok) {
        Ok(room) => Ok(Some(room)),
        Err(reason) => {
            tracing::warn!(generation = name, %reason, "the index generation does not load; it is moved aside and will be rebuilt");
            if number.is_some() && path.exists() {
                let aside = (1..=u32::MAX)
                    .map(|n| folder.join(format!("damaged-{name}-{n}")))
                    .find(|p| !p.exists())
                    .ok_or(VectorError::NoGeneration)?;
                fs::rename(&path, &aside).map_err(io(&path))?;
            }
            Ok(None)
        }
    }
}

/// Removes generations that `CURRENT` does not name: left over from a crash during a rebuild. Foreign files stay.
fn sweep(folder: &Path, pointers: Pointers) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(number) = name.strip_prefix("gen-").and_then(|n| n.parse::<u32>().ok()) else { continue };
        if Some(number) != pointers.live
            && Some(number) != pointers.previous
            && let Err(e) = fs::remove_dir_all(entry.path())
        {
            tracing::warn!(folder = %entry.path().display(), error = %e, "a left-over index generation could not be removed");
        }
    }
}

fn write_atomically(path: &Path, content: &[u8]) -> Result<(), VectorError> {
    let draft = path.with_extension("new");
    let mut file = File::create(&draft).map_err(io(&draft))?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(io(&draft))?;
    fs::rename(&draft, path).map_err(io(path))?;
    // The rename itself must reach the disk too.
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|f| f.sync_all()).map_err(io(folder))?;
    }
    Ok(())
}

fn ask(
    shard: &EdgeShard,
    leg: &str,
    vector: Vector,
    filter: &EngineFilter,
    limit: usize,
) -> Result<Vec<(Uuid, f32)>, VectorError> {
    let nearest = NamedQuery { query: vector.0, using: Some(leg.into()) };
    let request = QueryRequest {
        prefetches: Vec::new(),
        query: Some(ScoringQuery::Vector(QueryEnum::Nearest(nearest))),
        filter: Some(filter.clone()),
        score_threshold: None,
        limit,
        offset: 0,
        params: None,
        with_vector: WithVector::Bool(false),
        with_payload: WithPayloadInterface::Bool(false),
    };
    shard.query(request).map_err(failed)?.into_iter().map(|point| Ok((our_id(point.id)?, point.score))).collect()
}

/// Joins the hits of both legs, one entry a point.
pub(crate) fn join(sparse: Vec<(Uuid, f32)>, dense: Vec<(Uuid, f32)>) -> Vec<VectorHit> {
    let mut at: HashMap<Uuid, usize> = HashMap::new();
    let mut out: Vec<VectorHit> = Vec::with_capacity(sparse.len() + dense.len());
    for (id, score) in sparse {
        at.insert(id, out.len());
        out.push(VectorHit { id, sparse: Some(score), dense: None, learned: None });
    }
    for (id, score) in dense {
        match at.get(&id) {
            Some(known) => out[*known].dense = Some(score),
            None => out.push(VectorHit { id, sparse: None, dense: Some(score), learned: None }),
        }
    }
    out
}

#[async_trait]
impl VectorStore for EdgeStore {
    fn kind(&self) -> &'static str {
        "edge"
    }

    async fn kept(&self) -> Result<Vec<Kept>, VectorError> {
        let pointers = *self.pointers.lock();
        let mut numbers: Vec<u32> = self.rooms.lock().keys().copied().chain(pointers.previous).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut out = Vec::new();
        for number in numbers {
            let role = match () {
                () if pointers.live == Some(number) => Role::Live,
                () if pointers.previous == Some(number) => Role::Previous,
                () => Role::Building,
            };
            let open = self.rooms.lock().get(&number).map(|room| room.manifest.clone());
            let manifest = open.or_else(|| {
                let text = fs::read(self.folder.join(folder_name(number)).join(MANIFEST)).ok()?;
                serde_json::from_slice(&text).ok()
            });
            if let Some(manifest) = manifest {
                out.push(Kept { generation: Generation(number), role, manifest });
            }
        }
        Ok(out)
    }

    async fn begin(&self, manifest: &IndexManifest) -> Result<Generation, VectorError> {
        let (root, manifest) = (self.folder.clone(), manifest.clone());
        let taken = self.kept().await?.iter().map(|k| k.generation.0).max().unwrap_or(0);
        let room = tokio::task::spawn_blocking(move || -> Result<Room, VectorError> {
            // A retired generation may still be on disk while a search holds it.
            let number =
                (taken + 1..=u32::MAX).find(|n| !root.join(folder_name(*n)).exists()).ok_or(VectorError::NoGeneration)?;
            let folder = root.join(folder_name(number));
            fs::create_dir_all(&folder).map_err(io(&folder))?;
            let text = serde_json::to_vec_pretty(&manifest).map_err(|e| VectorError::Failed(e.to_string()))?;
            write_atomically(&folder.join(MANIFEST), &text)?;
            let shard = EdgeShard::new(&folder, engine_config(&manifest)).map_err(failed)?;
            let room = Room {
                number,
                folder,
                manifest,
                shard: Some(shard),
                writing: Mutex::new(()),
                open: AtomicUsize::new(0),
                retired: AtomicBool::new(false),
                gone: Arc::default(),
            };
            for (field, is_number) in ChunkPayload::INDEXED {
                let kind = if is_number { PayloadSchemaType::Integer } else { PayloadSchemaType::Keyword };
                let field_name = field.try_into().map_err(|()| VectorError::Failed(field.to_owned()))?;
                room.update(UpdateOperation::FieldIndexOperation(FieldIndexOperations::CreateIndex(CreateIndex {
                    field_name,
                    field_schema: Some(PayloadFieldSchema::FieldType(kind)),
                })))?;
            }
            Ok(room)
        })
        .await
        .map_err(|e| VectorError::Failed(e.to_string()))??;
        let number = room.number;
        self.rooms.lock().insert(number, Arc::new(room));
        Ok(Generation(number))
    }

    async fn switch_to(&self, generation: Generation) -> Result<(), VectorError> {
        let room = self.room(generation).await?;
        let old = *self.pointers.lock();
        if old.live == Some(generation.0) {
            return Ok(());
        }
        let new = Pointers { live: Some(generation.0), previous: old.live };
        let current = self.folder.join(CURRENT);
        tokio::task::spawn_blocking(move || -> Result<(), VectorError> {
            room.flush()?;
            write_atomically(&current, new.text().as_bytes())
        })
        .await
        .map_err(|e| VectorError::Failed(e.to_string()))??;
        *self.pointers.lock() = new;
        if let Some(before) = old.live {
            self.close(before, false);
        }
        if let Some(oldest) = old.previous.filter(|n| *n != generation.0) {
            self.close(oldest, true);
        }
        Ok(())
    }

    async fn discard(&self, generation: Generation) -> Result<(), VectorError> {
        let old = *self.pointers.lock();
        if old.live == Some(generation.0) {
            return Ok(());
        }
        if old.previous == Some(generation.0) {
            let new = Pointers { previous: None, ..old };
            write_atomically(&self.folder.join(CURRENT), new.text().as_bytes())?;
            *self.pointers.lock() = new;
        } else if !self.rooms.lock().contains_key(&generation.0) {
            return Ok(());
        }
        self.close(generation.0, true);
        Ok(())
    }

    async fn upsert(&self, generation: Generation, points: Vec<ChunkPoint>) -> Result<(), VectorError> {
        self.run(generation, move |room| {
            for batch in points.chunks(BATCH) {
                let batch: Vec<_> = batch.iter().map(|p| engine_point(p).map(Into::into)).collect::<Result<_, _>>()?;
                room.update(UpdateOperation::PointOperation(PointOperations::UpsertPoints(PointInsertOperations::PointsList(
                    batch,
                ))))?;
            }
            if room.open.fetch_add(points.len(), Ordering::Relaxed) + points.len() >= SEAL {
                room.seal(SEGMENTS)?;
            }
            Ok(())
        })
        .await
    }

    async fn delete_where(&self, generation: Generation, filter: &Filter) -> Result<(), VectorError> {
        let filter = engine_filter(filter)?;
        self.run(generation, move |room| {
            room.update(UpdateOperation::PointOperation(PointOperations::DeletePointsByFilter(filter)))
        })
        .await
    }

    async fn search(&self, generation: Generation, query: &VectorQuery) -> Result<Vec<VectorHit>, VectorError> {
        let query = query.clone();
        self.run(generation, move |room| {
            let shard = room.shard()?;
            let filter = engine_filter(&query.filter)?;
            let sparse = if query.sparse.is_empty() || query.limit == 0 {
                Vec::new()
            } else {
                let vector = Vector::new_sparse(query.sparse.indices, query.sparse.values).map_err(failed)?;
                ask(shard, SPARSE_LEG, vector, &filter, query.limit)?
            };
            let dense = match query.dense {
                Some(dense) if room.manifest.dimension.is_some() && query.limit > 0 => {
                    ask(shard, DENSE_LEG, Vector::new_dense(dense), &filter, query.limit)?
                }
                _ => Vec::new(),
            };
            Ok(join(sparse, dense))
        })
        .await
    }

    async fn scroll(
        &self,
        generation: Generation,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<(Uuid, ChunkPayload)>, VectorError> {
        self.run(generation, move |room| {
            // The engine's offset is inclusive; ours is not.
            let request = ScrollRequest {
                offset: after.map(PointId::Uuid),
                limit: Some(limit + usize::from(after.is_some())),
                ..ScrollRequest::default()
            };
            let (records, _next) = room.shard()?.scroll(request).map_err(failed)?;
            let mut out = Vec::with_capacity(records.len());
            for record in records {
                let id = our_id(record.id)?;
                if Some(id) != after {
                    out.push((id, our_payload(record.payload)?));
                }
            }
            out.truncate(limit);
            Ok(out)
        })
        .await
    }

    async fn count(&self, generation: Generation, filter: &Filter) -> Result<usize, VectorError> {
        let filter = engine_filter(filter)?;
        self.run(generation, move |room| room.shard()?.count(CountRequest { filter: Some(filter), exact: true }).map_err(failed))
            .await
    }

    async fn flush(&self, generation: Generation) -> Result<(), VectorError> {
        self.run(generation, Room::flush).await
    }

    async fn optimize(&self, generation: Generation) -> Result<bool, VectorError> {
        self.run(generation, |room| room.seal(0)).await
    }
}
