//! A Qdrant server of our own for the tests: the wire protocol as qdrant-client generates it, the embedded engine behind it.
//!
//! It knows what the adapter uses (collections, aliases, points, batch queries) and says "unimplemented" to the rest.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use ::qdrant_client::qdrant as wire;
use ::qdrant_client::qdrant::collections_server::{Collections, CollectionsServer};
use ::qdrant_client::qdrant::points_server::{Points, PointsServer};
use ::qdrant_client::qdrant::qdrant_server::{Qdrant as Health, QdrantServer};
use ::qdrant_client::qdrant::*;
use qdrant_edge as edge;
use qdrant_edge::EdgeShard;
use tonic::{Request, Response, Status};

type Reply<'f, T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send + 'f>>;

// The generated traits are written for `async_trait`, which cannot look into macros: these write what it would write.
macro_rules! answered {
    ($($name:ident($request:ty) -> $reply:ty = $work:ident;)*) => {$(
        fn $name<'l, 'f>(&'l self, request: Request<$request>) -> Reply<'f, $reply>
        where
            'l: 'f,
            Self: 'f,
        {
            Box::pin(async move { self.$work(request.into_inner()).map(Response::new) })
        }
    )*};
}

macro_rules! absent {
    ($($name:ident($request:ty) -> $reply:ty;)*) => {$(
        fn $name<'l, 'f>(&'l self, _: Request<$request>) -> Reply<'f, $reply>
        where
            'l: 'f,
            Self: 'f,
        {
            Box::pin(async { Err(Status::unimplemented(stringify!($name))) })
        }
    )*};
}

struct Collection {
    shard: EdgeShard,
    metadata: HashMap<String, Value>,
    _folder: tempfile::TempDir,
}

#[derive(Default)]
struct State {
    collections: BTreeMap<String, Arc<Collection>>,
    aliases: BTreeMap<String, String>,
}

#[derive(Clone, Default)]
struct Engine(Arc<Mutex<State>>);

/// A running stand-in; it ends with the value.
pub struct Standin {
    pub url: String,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Standin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts a stand-in on a free port of the loopback.
pub async fn start() -> Standin {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let engine = Engine::default();
    let server = tonic::transport::Server::builder()
        .add_service(QdrantServer::new(engine.clone()))
        .add_service(CollectionsServer::new(engine.clone()))
        .add_service(PointsServer::new(engine));
    let incoming = futures::stream::unfold(listener, |listener| async {
        let next = listener.accept().await.map(|(stream, _)| stream);
        Some((next, listener))
    });
    let task = tokio::spawn(async move { server.serve_with_incoming(Box::pin(incoming)).await.expect("serve") });
    Standin { url, task }
}

fn broken(e: impl std::fmt::Display) -> Status {
    Status::internal(e.to_string())
}

fn done() -> CollectionOperationResponse {
    CollectionOperationResponse { result: true, time: 0.0 }
}

fn completed() -> PointsOperationResponse {
    let result = UpdateResult { operation_id: None, status: UpdateStatus::Completed as i32 };
    PointsOperationResponse { result: Some(result), ..PointsOperationResponse::default() }
}

fn edge_id(id: Option<PointId>) -> Result<edge::PointId, Status> {
    match id.and_then(|id| id.point_id_options) {
        Some(point_id::PointIdOptions::Uuid(text)) => text.parse().map(edge::PointId::Uuid).map_err(broken),
        Some(point_id::PointIdOptions::Num(n)) => Ok(edge::PointId::NumId(n)),
        None => Err(Status::invalid_argument("no id")),
    }
}

fn wire_id(id: edge::PointId) -> PointId {
    match id {
        edge::PointId::Uuid(id) => id.to_string().into(),
        edge::PointId::NumId(n) => n.into(),
    }
}

fn wire_payload(payload: Option<edge::Payload>) -> HashMap<String, Value> {
    payload.map(|p| p.0.into_iter().map(|(k, v)| (k, Value::from(v))).collect()).unwrap_or_default()
}

fn edge_filter(filter: Option<wire::Filter>) -> Result<Option<edge::Filter>, Status> {
    let Some(filter) = filter else { return Ok(None) };
    let list = |conditions: Vec<wire::Condition>| -> Result<Option<Vec<edge::Condition>>, Status> {
        // An empty list on the wire is the same as none: this is why the adapter must not send an empty `should`.
        if conditions.is_empty() {
            return Ok(None);
        }
        conditions.into_iter().map(edge_condition).collect::<Result<Vec<_>, _>>().map(Some)
    };
    Ok(Some(edge::Filter {
        should: list(filter.should)?,
        min_should: None,
        must: list(filter.must)?,
        must_not: list(filter.must_not)?,
    }))
}

fn edge_condition(condition: wire::Condition) -> Result<edge::Condition, Status> {
    use condition::ConditionOneOf;
    use r#match::MatchValue;
    match condition.condition_one_of {
        Some(ConditionOneOf::Filter(inner)) => Ok(edge::Condition::Filter(edge_filter(Some(inner))?.unwrap_or_default())),
        Some(ConditionOneOf::HasId(ids)) => {
            let ids = ids.has_id.into_iter().map(|id| edge_id(Some(id))).collect::<Result<Vec<_>, _>>()?;
            Ok(edge::Condition::HasId(ids.into_iter().collect()))
        }
        Some(ConditionOneOf::Field(field)) => {
            let key = field.key.as_str().try_into().map_err(|()| Status::invalid_argument("key"))?;
            if let Some(range) = field.range {
                let number = |n: Option<f64>| n.map(edge::external::ordered_float::OrderedFloat);
                let range =
                    edge::Range { lt: number(range.lt), gt: number(range.gt), gte: number(range.gte), lte: number(range.lte) };
                return Ok(edge::Condition::Field(edge::FieldCondition::new_range(key, range)));
            }
            let value = match field.r#match.and_then(|m| m.match_value) {
                Some(MatchValue::Keyword(k)) => edge::Match::new_value(edge::ValueVariants::String(k)),
                Some(MatchValue::Boolean(b)) => edge::Match::new_value(edge::ValueVariants::Bool(b)),
                Some(MatchValue::Keywords(any)) => {
                    edge::Match::new_any(edge::AnyVariants::Strings(any.strings.into_iter().collect()))
                }
                other => return Err(Status::unimplemented(format!("match {other:?}"))),
            };
            Ok(edge::Condition::Field(edge::FieldCondition::new_match(key, value)))
        }
        other => Err(Status::unimplemented(format!("condition {other:?}"))),
    }
}

fn edge_vectors(vectors: Option<wire::Vectors>) -> Result<edge::Vectors, Status> {
    let Some(vectors::VectorsOptions::Vectors(named)) = vectors.and_then(|v| v.vectors_options) else {
        return Err(Status::invalid_argument("named vectors only"));
    };
    let mut out = Vec::new();
    for (name, vector) in named.vectors {
        out.push((
            name,
            match vector.vector {
                Some(vector::Vector::Dense(d)) => edge::Vector::new_dense(d.data),
                Some(vector::Vector::Sparse(s)) => edge::Vector::new_sparse(s.indices, s.values).map_err(broken)?,
                other => return Err(Status::unimplemented(format!("vector {other:?}"))),
            },
        ));
    }
    Ok(edge::Vectors::new_named(out))
}

#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "`answered!` calls all of them alike"
)]
impl Engine {
    fn open(&self, name: &str) -> Result<Arc<Collection>, Status> {
        let state = self.0.lock().expect("state");
        let name = state.aliases.get(name).map_or(name, String::as_str);
        state.collections.get(name).cloned().ok_or_else(|| Status::not_found(format!("Collection `{name}` doesn't exist!")))
    }

    fn create_collection(&self, request: CreateCollection) -> Result<CollectionOperationResponse, Status> {
        let mut config = edge::EdgeConfig::builder();
        for (name, params) in request.sparse_vectors_config.map(|c| c.map).unwrap_or_default() {
            let idf = params.modifier == Some(wire::Modifier::Idf as i32);
            let modifier = if idf { edge::Modifier::Idf } else { edge::Modifier::None };
            config = config.sparse_vector(name, edge::EdgeSparseVectorParams::builder().modifier(modifier).build());
        }
        if let Some(vectors_config::Config::ParamsMap(map)) = request.vectors_config.and_then(|c| c.config) {
            for (name, params) in map.map {
                assert_eq!(params.distance, wire::Distance::Cosine as i32, "only cosine is expected");
                let size = usize::try_from(params.size).map_err(broken)?;
                config = config.vector(name, edge::EdgeVectorParams::builder(size, edge::Distance::Cosine).build());
            }
        }
        let folder = tempfile::tempdir().map_err(broken)?;
        let shard = EdgeShard::new(folder.path(), config.build()).map_err(broken)?;
        let mut state = self.0.lock().expect("state");
        if state.collections.contains_key(&request.collection_name) {
            return Err(Status::already_exists(request.collection_name));
        }
        let collection = Collection { shard, metadata: request.metadata, _folder: folder };
        state.collections.insert(request.collection_name, Arc::new(collection));
        Ok(done())
    }

    fn delete_collection(&self, request: DeleteCollection) -> Result<CollectionOperationResponse, Status> {
        let mut state = self.0.lock().expect("state");
        state.collections.remove(&request.collection_name);
        state.aliases.retain(|_, target| *target != request.collection_name);
        Ok(done())
    }

    fn list_collections(&self, _: ListCollectionsRequest) -> Result<ListCollectionsResponse, Status> {
        let state = self.0.lock().expect("state");
        let collections = state.collections.keys().map(|name| CollectionDescription { name: name.clone() }).collect();
        Ok(ListCollectionsResponse { collections, time: 0.0 })
    }

    fn collection_info(&self, request: GetCollectionInfoRequest) -> Result<GetCollectionInfoResponse, Status> {
        let collection = self.open(&request.collection_name)?;
        let config = CollectionConfig { metadata: collection.metadata.clone(), ..CollectionConfig::default() };
        let result = CollectionInfo { config: Some(config), ..CollectionInfo::default() };
        Ok(GetCollectionInfoResponse { result: Some(result), time: 0.0 })
    }

    fn change_aliases(&self, request: ChangeAliases) -> Result<CollectionOperationResponse, Status> {
        let mut state = self.0.lock().expect("state");
        for action in request.actions {
            match action.action {
                Some(alias_operations::Action::CreateAlias(alias)) => {
                    if !state.collections.contains_key(&alias.collection_name) {
                        return Err(Status::not_found(alias.collection_name));
                    }
                    // As the server does: an existing alias is overwritten under the lock.
                    state.aliases.insert(alias.alias_name, alias.collection_name);
                }
                other => return Err(Status::unimplemented(format!("alias action {other:?}: never delete and create"))),
            }
        }
        Ok(done())
    }

    fn all_aliases(&self, _: ListAliasesRequest) -> Result<ListAliasesResponse, Status> {
        let state = self.0.lock().expect("state");
        let describe =
            |(alias, name): (&String, &String)| AliasDescription { alias_name: alias.clone(), collection_name: name.clone() };
        Ok(ListAliasesResponse { aliases: state.aliases.iter().map(describe).collect(), time: 0.0 })
    }

    fn upsert_points(&self, request: UpsertPoints) -> Result<PointsOperationResponse, Status> {
        let collection = self.open(&request.collection_name)?;
        assert_eq!(request.wait, Some(true), "the adapter waits for its writes");
        let mut points = Vec::new();
        for point in request.points {
            let payload = serde_json::Value::from(::qdrant_client::Payload::from(point.payload));
            points.push(edge::PointStruct::new(edge_id(point.id)?, edge_vectors(point.vectors)?, payload).into());
        }
        let operation = edge::PointOperations::UpsertPoints(edge::PointInsertOperations::PointsList(points));
        collection.shard.update(edge::UpdateOperation::PointOperation(operation)).map_err(broken)?;
        Ok(completed())
    }

    fn delete_points(&self, request: DeletePoints) -> Result<PointsOperationResponse, Status> {
        let collection = self.open(&request.collection_name)?;
        let Some(points_selector::PointsSelectorOneOf::Filter(filter)) = request.points.and_then(|p| p.points_selector_one_of)
        else {
            return Err(Status::unimplemented("delete by filter only"));
        };
        let filter = edge_filter(Some(filter))?.unwrap_or_default();
        let operation = edge::PointOperations::DeletePointsByFilter(filter);
        collection.shard.update(edge::UpdateOperation::PointOperation(operation)).map_err(broken)?;
        Ok(completed())
    }

    fn index_field(&self, request: CreateFieldIndexCollection) -> Result<PointsOperationResponse, Status> {
        let collection = self.open(&request.collection_name)?;
        let kind = match request.field_type {
            Some(t) if t == FieldType::Keyword as i32 => edge::PayloadSchemaType::Keyword,
            Some(t) if t == FieldType::Integer as i32 => edge::PayloadSchemaType::Integer,
            other => return Err(Status::unimplemented(format!("field type {other:?}"))),
        };
        let create = edge::FieldIndexOperations::CreateIndex(edge::CreateIndex {
            field_name: request.field_name.as_str().try_into().map_err(|()| Status::invalid_argument("field"))?,
            field_schema: Some(edge::PayloadFieldSchema::FieldType(kind)),
        });
        collection.shard.update(edge::UpdateOperation::FieldIndexOperation(create)).map_err(broken)?;
        Ok(completed())
    }

    fn scroll_points(&self, request: ScrollPoints) -> Result<ScrollResponse, Status> {
        let collection = self.open(&request.collection_name)?;
        let offset = request.offset.map(|id| edge_id(Some(id))).transpose()?;
        let scroll = edge::ScrollRequest {
            offset,
            limit: request.limit.map(|l| l as usize),
            filter: edge_filter(request.filter)?,
            ..edge::ScrollRequest::default()
        };
        let (records, next) = collection.shard.scroll(scroll).map_err(broken)?;
        let result = records
            .into_iter()
            .map(|r| RetrievedPoint { id: Some(wire_id(r.id)), payload: wire_payload(r.payload), ..RetrievedPoint::default() })
            .collect();
        Ok(ScrollResponse { next_page_offset: next.map(wire_id), result, ..ScrollResponse::default() })
    }

    fn count_points(&self, request: CountPoints) -> Result<CountResponse, Status> {
        let collection = self.open(&request.collection_name)?;
        let count = edge::CountRequest { filter: edge_filter(request.filter)?, exact: true };
        let count = collection.shard.count(count).map_err(broken)? as u64;
        Ok(CountResponse { result: Some(CountResult { count }), ..CountResponse::default() })
    }

    fn query_all(&self, request: QueryBatchPoints) -> Result<QueryBatchResponse, Status> {
        let collection = self.open(&request.collection_name)?;
        let mut result = Vec::new();
        for query in request.query_points {
            let Some(query::Variant::Nearest(input)) = query.query.and_then(|q| q.variant) else {
                return Err(Status::unimplemented("nearest only"));
            };
            let vector = match input.variant {
                Some(vector_input::Variant::Dense(d)) => edge::Vector::new_dense(d.data),
                Some(vector_input::Variant::Sparse(s)) => edge::Vector::new_sparse(s.indices, s.values).map_err(broken)?,
                other => return Err(Status::unimplemented(format!("input {other:?}"))),
            };
            let nearest = edge::NamedQuery { query: vector.0, using: query.using };
            let search = edge::QueryRequest {
                prefetches: Vec::new(),
                query: Some(edge::ScoringQuery::Vector(edge::QueryEnum::Nearest(nearest))),
                filter: edge_filter(query.filter)?,
                score_threshold: None,
                limit: usize::try_from(query.limit.unwrap_or(10)).map_err(broken)?,
                offset: 0,
                params: None,
                with_vector: edge::WithVector::Bool(false),
                with_payload: edge::WithPayloadInterface::Bool(true),
            };
            let points = collection.shard.query(search).map_err(broken)?;
            let points = points
                .into_iter()
                .map(|p| ScoredPoint {
                    id: Some(wire_id(p.id)),
                    payload: wire_payload(p.payload),
                    score: p.score,
                    ..ScoredPoint::default()
                })
                .collect();
            result.push(BatchResult { result: points });
        }
        Ok(QueryBatchResponse { result, ..QueryBatchResponse::default() })
    }

    fn health(&self, _: HealthCheckRequest) -> Result<HealthCheckReply, Status> {
        Ok(HealthCheckReply { title: "stand-in".to_owned(), version: "1.18.0".to_owned(), commit: None })
    }
}

impl Health for Engine {
    answered! {
        health_check(HealthCheckRequest) -> HealthCheckReply = health;
    }
}

impl Collections for Engine {
    answered! {
        get(GetCollectionInfoRequest) -> GetCollectionInfoResponse = collection_info;
        list(ListCollectionsRequest) -> ListCollectionsResponse = list_collections;
        create(CreateCollection) -> CollectionOperationResponse = create_collection;
        delete(DeleteCollection) -> CollectionOperationResponse = delete_collection;
        update_aliases(ChangeAliases) -> CollectionOperationResponse = change_aliases;
        list_aliases(ListAliasesRequest) -> ListAliasesResponse = all_aliases;
    }
    absent! {
        update(UpdateCollection) -> CollectionOperationResponse;
        list_collection_aliases(ListCollectionAliasesRequest) -> ListAliasesResponse;
        collection_cluster_info(CollectionClusterInfoRequest) -> CollectionClusterInfoResponse;
        collection_exists(CollectionExistsRequest) -> CollectionExistsResponse;
        update_collection_cluster_setup(UpdateCollectionClusterSetupRequest) -> UpdateCollectionClusterSetupResponse;
        create_shard_key(CreateShardKeyRequest) -> CreateShardKeyResponse;
        delete_shard_key(DeleteShardKeyRequest) -> DeleteShardKeyResponse;
        list_shard_keys(ListShardKeysRequest) -> ListShardKeysResponse;
    }
}

impl Points for Engine {
    answered! {
        upsert(UpsertPoints) -> PointsOperationResponse = upsert_points;
        delete(DeletePoints) -> PointsOperationResponse = delete_points;
        create_field_index(CreateFieldIndexCollection) -> PointsOperationResponse = index_field;
        scroll(ScrollPoints) -> ScrollResponse = scroll_points;
        count(CountPoints) -> CountResponse = count_points;
        query_batch(QueryBatchPoints) -> QueryBatchResponse = query_all;
    }
    absent! {
        get(GetPoints) -> GetResponse;
        update_vectors(UpdatePointVectors) -> PointsOperationResponse;
        delete_vectors(DeletePointVectors) -> PointsOperationResponse;
        set_payload(SetPayloadPoints) -> PointsOperationResponse;
        overwrite_payload(SetPayloadPoints) -> PointsOperationResponse;
        delete_payload(DeletePayloadPoints) -> PointsOperationResponse;
        clear_payload(ClearPayloadPoints) -> PointsOperationResponse;
        delete_field_index(DeleteFieldIndexCollection) -> PointsOperationResponse;
        create_vector_name(CreateVectorNameRequest) -> PointsOperationResponse;
        delete_vector_name(DeleteVectorNameRequest) -> PointsOperationResponse;
        search(SearchPoints) -> SearchResponse;
        search_batch(SearchBatchPoints) -> SearchBatchResponse;
        search_groups(SearchPointGroups) -> SearchGroupsResponse;
        recommend(RecommendPoints) -> RecommendResponse;
        recommend_batch(RecommendBatchPoints) -> RecommendBatchResponse;
        recommend_groups(RecommendPointGroups) -> RecommendGroupsResponse;
        discover(DiscoverPoints) -> DiscoverResponse;
        discover_batch(DiscoverBatchPoints) -> DiscoverBatchResponse;
        update_batch(UpdateBatchPoints) -> UpdateBatchResponse;
        query(QueryPoints) -> QueryResponse;
        query_groups(QueryPointGroups) -> QueryGroupsResponse;
        facet(FacetCounts) -> FacetResponse;
        search_matrix_pairs(SearchMatrixPoints) -> SearchMatrixPairsResponse;
        search_matrix_offsets(SearchMatrixPoints) -> SearchMatrixOffsetsResponse;
    }
}
