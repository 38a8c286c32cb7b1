//! The index on a Qdrant server or cluster: one collection a generation, an alias names the live one.
//!
//! `create_alias` over an existing alias is atomic on the server: the switch is that one call, never delete and create.

use std::collections::HashMap;
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
    ChunkPayload, ChunkPoint, DENSE_LEG, Filter, Generation, IndexManifest, SPARSE_LEG, Target, VectorError, VectorHit,
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
    building: Mutex<HashMap<u32, String>>,
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
        Ok(Self { client, alias: settings.alias.clone(), building: Mutex::new(HashMap::new()) })
    }

    /// Does the server answer?
    ///
    /// # Errors
    /// It does not.
    pub async fn healthy(&self) -> Result<String, VectorError> {
        self.client.health_check().await.map(|reply| reply.version).map_err(failed)
    }

    async fn live_collection(&self) -> Result<Option<String>, VectorError> {
        let reply = self.client.list_aliases().await.map_err(failed)?;
        Ok(reply.aliases.into_iter().find(|a| a.alias_name == self.alias).map(|a| a.collection_name))
    }

    fn number_of(&self, collection: &str) -> Option<u32> {
        collection.strip_prefix(&self.alias)?.strip_prefix("_g")?.parse().ok()
    }

    async fn own_collections(&self) -> Result<Vec<(u32, String)>, VectorError> {
        let reply = self.client.list_collections().await.map_err(failed)?;
        Ok(reply.collections.into_iter().filter_map(|c| self.number_of(&c.name).map(|n| (n, c.name))).collect())
    }

    fn collection(&self, target: Target) -> Result<String, VectorError> {
        match target {
            Target::Live => Ok(self.alias.clone()),
            Target::Building(g) => self.building.lock().get(&g.0).cloned().ok_or(VectorError::UnknownGeneration(g.0)),
        }
    }

    /// A server says "not found" for an alias that does not exist: for us, no generation yet.
    fn on_alias(e: QdrantError) -> VectorError {
        const NOT_FOUND: i32 = 5;
        match &e {
            QdrantError::ResponseError { status } if i32::from(status.code()) == NOT_FOUND => VectorError::NoGeneration,
            _ => failed(e),
        }
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

fn hits(points: Vec<ScoredPoint>) -> Result<Vec<(Uuid, f32, ChunkPayload)>, VectorError> {
    points.into_iter().map(|p| Ok((our_id(p.id)?, p.score, our_payload(p.payload)?))).collect()
}

#[async_trait]
impl VectorStore for ServerStore {
    fn kind(&self) -> &'static str {
        "server"
    }

    async fn live(&self) -> Result<Option<IndexManifest>, VectorError> {
        let Some(collection) = self.live_collection().await? else { return Ok(None) };
        let info = self.client.collection_info(collection).await.map_err(failed)?;
        let metadata = info.result.and_then(|i| i.config).map(|c| c.metadata).unwrap_or_default();
        // A collection of someone else's making under our alias counts as none: it will be built anew beside it.
        Ok(metadata.get(MANIFEST_KEY).and_then(|v| v.as_str()).and_then(|text| serde_json::from_str(text).ok()))
    }

    async fn begin_generation(&self, manifest: &IndexManifest) -> Result<Generation, VectorError> {
        let number = self.own_collections().await?.into_iter().map(|(n, _)| n).max().unwrap_or(0) + 1;
        let name = format!("{}_g{number:04}", self.alias);
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
        self.building.lock().insert(number, name);
        Ok(Generation(number))
    }

    async fn publish_generation(&self, generation: Generation) -> Result<(), VectorError> {
        let name = self.collection(Target::Building(generation))?;
        self.client.create_alias(CreateAliasBuilder::new(&name, &self.alias)).await.map_err(failed)?;
        self.building.lock().remove(&generation.0);
        for (number, old) in self.own_collections().await? {
            if number < generation.0
                && let Err(e) = self.client.delete_collection(&old).await
            {
                tracing::warn!(collection = %old, error = %failed(e), "an old index collection could not be removed");
            }
        }
        Ok(())
    }

    async fn upsert(&self, target: Target, points: Vec<ChunkPoint>) -> Result<(), VectorError> {
        let collection = self.collection(target)?;
        for batch in points.chunks(BATCH) {
            let batch: Vec<_> = batch.iter().map(wire_point).collect::<Result<_, _>>()?;
            let request = UpsertPointsBuilder::new(&collection, batch).wait(true);
            self.client.upsert_points(request).await.map_err(Self::on_alias)?;
        }
        Ok(())
    }

    async fn delete_where(&self, filter: &Filter) -> Result<(), VectorError> {
        let request = DeletePointsBuilder::new(&self.alias).points(wire_filter(filter)).wait(true);
        self.client.delete_points(request).await.map_err(Self::on_alias)?;
        Ok(())
    }

    async fn search(&self, query: &VectorQuery) -> Result<Vec<VectorHit>, VectorError> {
        let filter = wire_filter(&query.filter);
        let limit = u64::try_from(query.limit).unwrap_or(u64::MAX);
        let ask = |leg: &str, input: VectorInput| -> QueryPoints {
            QueryPointsBuilder::new(&self.alias)
                .query(Query::new_nearest(input))
                .using(leg)
                .filter(filter.clone())
                .limit(limit)
                .with_payload(true)
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
        let reply = self.client.query_batch(QueryBatchPointsBuilder::new(&self.alias, requests)).await.map_err(Self::on_alias)?;
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

    async fn scroll(&self, after: Option<Uuid>, limit: usize) -> Result<Vec<(Uuid, ChunkPayload)>, VectorError> {
        // The server's offset is inclusive; ours is not.
        let page = u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(u32::from(after.is_some()));
        let mut request = ScrollPointsBuilder::new(&self.alias).limit(page).with_payload(true);
        if let Some(after) = after {
            request = request.offset(PointId::from(after.to_string()));
        }
        let reply = self.client.scroll(request).await.map_err(Self::on_alias)?;
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

    async fn count(&self, filter: &Filter) -> Result<usize, VectorError> {
        let request = CountPointsBuilder::new(&self.alias).filter(wire_filter(filter)).exact(true);
        let reply = self.client.count(request).await.map_err(Self::on_alias)?;
        Ok(reply.result.map_or(0, |r| usize::try_from(r.count).unwrap_or(usize::MAX)))
    }

    async fn flush(&self) -> Result<(), VectorError> {
        // Every write waited for the server, which keeps its own write-ahead log.
        Ok(())
    }
}
