//! The index on a Qdrant server or cluster: one collection a generation, an alias names the live one.
//!
//! `create_alias` over an existing alias is atomic on the server: the switch is that one call, never delete and create.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use qdrant_client::qdrant::{
    Condition, CountPointsBuilder, CreateAliasBuilder, CreateCollectionBuilder, CreateFieldIndexCollectionBuilder,
    DeletePointsBuilder, Distance, FieldType, Filter as WireFilter, Modifier, NamedVectors, PointId, PointStruct, Query,
    QueryBatchPointsBuilder, QueryPoints, QueryPointsBuilder, Range, ScoredPoint, ScrollPointsBuilder, SparseVectorParamsBuilder,
    SparseVectorsConfigBuilder, UpsertPointsBuilder, Value, Vector, VectorInput, VectorParamsBuilder, VectorsConfigBuilder,
    point_id::PointIdOptions,
};
use qdrant_client::{Payload, Qdrant, QdrantError};
use uuid::Uuid;

use super::edge::join;
use crate::knowledge::vector::{
    ChunkPayload, ChunkPoint, DENSE_LEG, Filter, Generation, IndexManifest, Kept, Role, SPARSE_LEG, VectorError, VectorHit,
    VectorQuery, VectorStore,
};

/// Where the manifest stands in a collection's metadata, as JSON text.
const MANIFEST_KEY: &str = "gridworker_manifest";
/// Points in one request.
const BATCH: usize = 128;

/// How to reach the server.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// gRPC address, e.g. `http://127.0.0.1:6334`.
    pub url: String,
    /// The alias that answers; collections are named after it.
    pub alias: String,
    /// Longest wait for one call.
    pub timeout: Duration,
}

/// The index on a server.
pub struct ServerStore {
    client: Qdrant,
    alias: String,
    // What this process is building; what another one left half-built is swept away when the next is begun.
    building: Mutex<HashSet<u32>>,
}

impl std::fmt::Debug for ServerStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerStore").field("alias", &self.alias).finish_non_exhaustive()
    }
}

/// Only the code and the server's words: the error's own text would also print the response's headers.
#[expect(clippy::needless_pass_by_value, reason = "used as the argument of map_err")]
fn failed(e: QdrantError) -> VectorError {
    // `tonic` is a dependency of the tests alone; its codes compare as their numbers.
    const TRANSIENT: [i32; 5] = [1, 4, 8, 10, 14];
    match &e {
        QdrantError::ResourceExhaustedError { status, .. } => VectorError::Unavailable(status.message().to_owned()),
        QdrantError::ResponseError { status } => {
            let text = format!("{:?} {}", status.code(), status.message());
            if TRANSIENT.contains(&i32::from(status.code())) { VectorError::Unavailable(text) } else { VectorError::Failed(text) }
        }
        QdrantError::Io(e) => VectorError::Unavailable(e.to_string()),
        other => VectorError::Failed(other.to_string()),
    }
}

impl ServerStore {
    /// Prepares the client; nothing is sent before the first call.
    ///
    /// # Errors
    /// The address is not one.
    pub fn connect(settings: &ServerSettings, api_key: Option<String>) -> Result<Self, VectorError> {
        let client = Qdrant::from_url(&settings.url)
            .api_key(api_key)
            .timeout(settings.timeout)
            .connect_timeout(Duration::from_secs(2))
            // The check would block this thread and print to the console; readiness asks `healthy` instead.
            .skip_compatibility_check()
            .build()
            .map_err(failed)?;
        Ok(Self { client, alias: settings.alias.clone(), building: Mutex::new(HashSet::new()) })
    }

    /// Does the server answer?
    ///
    /// # Errors
    /// It does not.
    pub async fn healthy(&self) -> Result<String, VectorError> {
        self.client.health_check().await.map(|reply| reply.version).map_err(failed)
    }

    fn name_of(&self, number: u32) -> String {
        format!("{}_g{number:04}", self.alias)
    }

    fn number_of(&self, collection: &str) -> Option<u32> {
        collection.strip_prefix(&self.alias)?.strip_prefix("_g")?.parse().ok()
    }

    fn previous_alias(&self) -> String {
        format!("{}_previous", self.alias)
    }

    /// The numbers that the two aliases name: (live, previous).
    async fn pointers(&self) -> Result<(Option<u32>, Option<u32>), VectorError> {
        let reply = self.client.list_aliases().await.map_err(failed)?;
        let of = |alias: &str| {
            let found = reply.aliases.iter().find(|a| a.alias_name == alias);
            found.and_then(|a| self.number_of(&a.collection_name))
        };
        let live = of(&self.alias);
        Ok((live, of(&self.previous_alias()).filter(|n| Some(*n) != live)))
    }

    async fn own_collections(&self) -> Result<Vec<u32>, VectorError> {
        let reply = self.client.list_collections().await.map_err(failed)?;
        let mut numbers: Vec<u32> = reply.collections.into_iter().filter_map(|c| self.number_of(&c.name)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// `None` for a collection of someone else's making under our name: it counts as none.
    async fn manifest(&self, number: u32) -> Result<Option<IndexManifest>, VectorError> {
        let info = self.client.collection_info(self.name_of(number)).await.map_err(|e| on_collection(Generation(number), e))?;
        let metadata = info.result.and_then(|i| i.config).map(|c| c.metadata).unwrap_or_default();
        Ok(metadata.get(MANIFEST_KEY).and_then(|v| v.as_str()).and_then(|text| serde_json::from_str(text).ok()))
    }

    /// Removes every collection of ours that nothing names and nobody here is building.
    async fn sweep(&self) -> Result<(), VectorError> {
        let (live, previous) = self.pointers().await?;
        for number in self.own_collections().await? {
            let wanted = Some(number) == live || Some(number) == previous || self.building.lock().contains(&number);
            if !wanted && let Err(e) = self.client.delete_collection(self.name_of(number)).await {
                tracing::warn!(collection = %self.name_of(number), error = %failed(e), "an old index collection could not be removed");
            }
        }
        Ok(())
    }
}

/// A server says "not found" for a collection that does not exist (any more).
fn on_collection(generation: Generation, e: QdrantError) -> VectorError {
    const NOT_FOUND: i32 = 5;
    match &e {
        QdrantError::ResponseError { status } if i32::from(status.code()) == NOT_FOUND => {
            VectorError::UnknownGeneration(generation.0)
        }
        _ => failed(e),
    }
}

/// Our filter in the server's terms.
#[must_use]
pub fn wire_filter(filter: &Filter) -> WireFilter {
    let list = |filters: &[Filter]| filters.iter().map(|f| Condition::from(wire_filter(f))).collect::<Vec<_>>();
    // The server takes an empty `should` for no condition at all; an empty id list is what matches nothing.
    let never = || WireFilter::must([Condition::has_id(Vec::<PointId>::new())]);
    match filter {
        Filter::All(all) => WireFilter::must(list(all)),
        Filter::Any(any) if any.is_empty() => never(),
        Filter::Any(any) => WireFilter::should(list(any)),
        Filter::Not(inner) => WireFilter::must_not([Condition::from(wire_filter(inner))]),
        Filter::Keyword { any_of, .. } if any_of.is_empty() => never(),
        Filter::Keyword { field, any_of } => WireFilter::must([Condition::matches(field.clone(), any_of.clone())]),
        Filter::Int { field, gte, lt } => {
            let number = |n: i64| n as f64;
            let range = Range { gte: gte.map(number), lt: lt.map(number), ..Range::default() };
            WireFilter::must([Condition::range(field.clone(), range)])
        }
        Filter::Flag { field, is } => WireFilter::must([Condition::matches(field.clone(), *is)]),
    }
}

fn wire_point(point: &ChunkPoint) -> Result<PointStruct, VectorError> {
    let json = serde_json::to_value(&point.payload).map_err(|e| VectorError::Failed(e.to_string()))?;
    let payload = Payload::try_from(json).map_err(failed)?;
    let sparse = Vector::new_sparse(point.sparse.indices.clone(), point.sparse.values.clone());
    let mut vectors = NamedVectors::default().add_vector(SPARSE_LEG, sparse);
    if let Some(dense) = &point.dense {
        vectors = vectors.add_vector(DENSE_LEG, Vector::new_dense(dense.clone()));
    }
    Ok(PointStruct::new(point.id.to_string(), vectors, payload))
}

fn our_payload(payload: HashMap<String, Value>) -> Result<ChunkPayload, VectorError> {
    let json = serde_json::Value::from(Payload::from(payload));
    serde_json::from_value(json).map_err(|e| VectorError::Failed(e.to_string()))
}

fn our_id(id: Option<PointId>) -> Result<Uuid, VectorError> {
    match id.and_then(|id| id.point_id_options) {
        Some(PointIdOptions::Uuid(text)) => text.parse().map_err(|_| VectorError::Failed(format!("编号“{text}”不是 UUID"))),
        other => Err(VectorError::Failed(format!("索引里有不认识的编号 {other:?}"))),
    }
}

fn hits(points: Vec<ScoredPoint>) -> Result<Vec<(Uuid, f32)>, VectorError> {
    points.into_iter().map(|p| Ok((our_id(p.id)?, p.score))).collect()
}

#[async_trait]
impl VectorStore for ServerStore {
    fn kind(&self) -> &'static str {
        "server"
    }

    async fn kept(&self) -> Result<Vec<Kept>, VectorError> {
        let (live, previous) = self.pointers().await?;
        let mut out = Vec::new();
        for number in self.own_collections().await? {
            let role = match () {
                () if Some(number) == live => Role::Live,
                () if Some(number) == previous => Role::Previous,
                () if self.building.lock().contains(&number) => Role::Building,
                () => continue,
            };
            if let Some(manifest) = self.manifest(number).await? {
                out.push(Kept { generation: Generation(number), role, manifest });
            }
        }
        Ok(out)
    }

    async fn begin(&self, manifest: &IndexManifest) -> Result<Generation, VectorError> {
        self.sweep().await?;
        let number = self.own_collections().await?.into_iter().max().unwrap_or(0) + 1;
        let name = self.name_of(number);
        let mut sparse = SparseVectorsConfigBuilder::default();
        sparse.add_named_vector_params(SPARSE_LEG, SparseVectorParamsBuilder::default().modifier(Modifier::Idf));
        let text = serde_json::to_string(manifest).map_err(|e| VectorError::Failed(e.to_string()))?;
        let metadata = HashMap::from([(MANIFEST_KEY.to_owned(), serde_json::Value::String(text))]);
        let mut create = CreateCollectionBuilder::new(&name).sparse_vectors_config(sparse).metadata(metadata);
        if let Some(size) = manifest.dimension {
            let mut dense = VectorsConfigBuilder::default();
            let size = u64::try_from(size).unwrap_or(u64::MAX);
            dense.add_named_vector_params(DENSE_LEG, VectorParamsBuilder::new(size, Distance::Cosine));
            create = create.vectors_config(dense);
        }
        self.client.create_collection(create).await.map_err(failed)?;
        for (field, is_number) in ChunkPayload::INDEXED {
            let kind = if is_number { FieldType::Integer } else { FieldType::Keyword };
            let index = CreateFieldIndexCollectionBuilder::new(&name, field, kind).wait(true);
            self.client.create_field_index(index).await.map_err(failed)?;
        }
        self.building.lock().insert(number);
        Ok(Generation(number))
    }

    async fn switch_to(&self, generation: Generation) -> Result<(), VectorError> {
        let name = self.name_of(generation.0);
        self.client.collection_info(&name).await.map_err(|e| on_collection(generation, e))?;
        let (live, _) = self.pointers().await?;
        if live == Some(generation.0) {
            return Ok(());
        }
        // First what is gone back to, then the switch itself: a crash between the two loses the way back, never the answers.
        if let Some(old) = live {
            let previous = CreateAliasBuilder::new(self.name_of(old), self.previous_alias());
            self.client.create_alias(previous).await.map_err(failed)?;
        }
        self.client.create_alias(CreateAliasBuilder::new(&name, &self.alias)).await.map_err(failed)?;
        self.building.lock().remove(&generation.0);
        self.sweep().await
    }

    async fn discard(&self, generation: Generation) -> Result<(), VectorError> {
        let (live, _) = self.pointers().await?;
        if live == Some(generation.0) || !self.own_collections().await?.contains(&generation.0) {
            return Ok(());
        }
        self.building.lock().remove(&generation.0);
        self.client.delete_collection(self.name_of(generation.0)).await.map_err(failed)?;
        Ok(())
    }

    async fn upsert(&self, generation: Generation, points: Vec<ChunkPoint>) -> Result<(), VectorError> {
        let collection = self.name_of(generation.0);
        for batch in points.chunks(BATCH) {
            let batch: Vec<_> = batch.iter().map(wire_point).collect::<Result<_, _>>()?;
            let request = UpsertPointsBuilder::new(&collection, batch).wait(true);
            self.client.upsert_points(request).await.map_err(|e| on_collection(generation, e))?;
        }
        Ok(())
    }

    async fn delete_where(&self, generation: Generation, filter: &Filter) -> Result<(), VectorError> {
        let request = DeletePointsBuilder::new(self.name_of(generation.0)).points(wire_filter(filter)).wait(true);
        self.client.delete_points(request).await.map_err(|e| on_collection(generation, e))?;
        Ok(())
    }

    async fn search(&self, generation: Generation, query: &VectorQuery) -> Result<Vec<VectorHit>, VectorError> {
        let collection = self.name_of(generation.0);
        let filter = wire_filter(&query.filter);
        let limit = u64::try_from(query.limit).unwrap_or(u64::MAX);
        let ask = |leg: &str, input: VectorInput| -> QueryPoints {
            QueryPointsBuilder::new(&collection)
                .query(Query::new_nearest(input))
                .using(leg)
                .filter(filter.clone())
                .limit(limit)
                .with_payload(false)
                .build()
        };
        let mut legs = Vec::new();
        if !query.sparse.is_empty() && query.limit > 0 {
            let input = VectorInput::new_sparse(query.sparse.indices.clone(), query.sparse.values.clone());
            legs.push((SPARSE_LEG, ask(SPARSE_LEG, input)));
        }
        if let Some(dense) = query.dense.clone().filter(|_| query.limit > 0) {
            legs.push((DENSE_LEG, ask(DENSE_LEG, VectorInput::new_dense(dense))));
        }
        let (names, requests): (Vec<_>, Vec<_>) = legs.into_iter().unzip();
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let request = QueryBatchPointsBuilder::new(&collection, requests);
        let reply = self.client.query_batch(request).await.map_err(|e| on_collection(generation, e))?;
        let (mut sparse, mut dense) = (Vec::new(), Vec::new());
        for (leg, result) in names.into_iter().zip(reply.result) {
            let found = hits(result.result)?;
            if leg == SPARSE_LEG {
                sparse = found;
            } else {
                dense = found;
            }
        }
        Ok(join(sparse, dense))
    }

    async fn scroll(
        &self,
        generation: Generation,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<(Uuid, ChunkPayload)>, VectorError> {
        // The server's offset is inclusive; ours is not.
        let page = u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(u32::from(after.is_some()));
        let mut request = ScrollPointsBuilder::new(self.name_of(generation.0)).limit(page).with_payload(true);
        if let Some(after) = after {
            request = request.offset(PointId::from(after.to_string()));
        }
        let reply = self.client.scroll(request).await.map_err(|e| on_collection(generation, e))?;
        let mut out = Vec::with_capacity(reply.result.len());
        for point in reply.result {
            let id = our_id(point.id)?;
            if Some(id) != after {
                out.push((id, our_payload(point.payload)?));
            }
        }
        out.truncate(limit);
        Ok(out)
    }

    async fn count(&self, generation: Generation, filter: &Filter) -> Result<usize, VectorError> {
        let request = CountPointsBuilder::new(self.name_of(generation.0)).filter(wire_filter(filter)).exact(true);
        let reply = self.client.count(request).await.map_err(|e| on_collection(generation, e))?;
        Ok(reply.result.map_or(0, |r| usize::try_from(r.count).unwrap_or(usize::MAX)))
    }

    async fn flush(&self, _generation: Generation) -> Result<(), VectorError> {
        // Every write waited for the server, which keeps its own write-ahead log.
        Ok(())
    }
}
