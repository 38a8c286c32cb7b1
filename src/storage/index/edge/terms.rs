//! What we say and hear in the terms of the embedded engine.

use qdrant_edge::{
    AnyVariants, Condition, FieldCondition, Filter as EngineFilter, HasIdCondition, Match, OperationError, Payload, PointId,
    PointStruct, Range, ValueVariants, Vector, Vectors,
};
use uuid::Uuid;

use crate::knowledge::vector::{ChunkPayload, ChunkPoint, DENSE_LEG, Filter, SPARSE_LEG, VectorError};

#[expect(clippy::needless_pass_by_value, reason = "used as the argument of map_err")]
pub(super) fn failed(e: OperationError) -> VectorError {
    VectorError::Failed(e.to_string())
}

/// Our filter in the engine's terms.
///
/// # Errors
/// A field name is not a path of the engine.
pub fn engine_filter(filter: &Filter) -> Result<EngineFilter, VectorError> {
    let key = |field: &str| field.try_into().map_err(|()| VectorError::Failed(format!("字段名“{field}”不能用于过滤")));
    let list =
        |filters: &[Filter]| filters.iter().map(|f| engine_filter(f).map(Condition::Filter)).collect::<Result<Vec<_>, _>>();
    // The engine takes an empty `should` for no condition at all; an empty id list is what matches nothing.
    let never = || EngineFilter::new_must(Condition::HasId(std::iter::empty::<PointId>().collect::<HasIdCondition>()));
    Ok(match filter {
        Filter::All(all) => EngineFilter { should: None, min_should: None, must: Some(list(all)?), must_not: None },
        Filter::Any(any) if any.is_empty() => never(),
        Filter::Any(any) => EngineFilter { should: Some(list(any)?), min_should: None, must: None, must_not: None },
        Filter::Not(inner) => EngineFilter::new_must_not(Condition::Filter(engine_filter(inner)?)),
        Filter::Keyword { any_of, .. } if any_of.is_empty() => never(),
        Filter::Keyword { field, any_of } => {
            let any = AnyVariants::Strings(any_of.iter().cloned().collect());
            EngineFilter::new_must(Condition::Field(FieldCondition::new_match(key(field)?, Match::new_any(any))))
        }
        Filter::Int { field, gte, lt } => {
            let number = |n: &i64| qdrant_edge::external::ordered_float::OrderedFloat(*n as f64);
            let range = Range { lt: lt.as_ref().map(number), gt: None, gte: gte.as_ref().map(number), lte: None };
            let condition = FieldCondition::new_range(key(field)?, range);
            EngineFilter::new_must(Condition::Field(condition))
        }
        Filter::Flag { field, is } => {
            let value = Match::new_value(ValueVariants::Bool(*is));
            EngineFilter::new_must(Condition::Field(FieldCondition::new_match(key(field)?, value)))
        }
    })
}

pub(super) fn engine_point(point: &ChunkPoint) -> Result<PointStruct, VectorError> {
    // The struct is an object, which is what the engine insists on (it panics on anything else).
    let payload = serde_json::to_value(&point.payload).map_err(|e| VectorError::Failed(e.to_string()))?;
    let sparse = Vector::new_sparse(point.sparse.indices.clone(), point.sparse.values.clone()).map_err(failed)?;
    let mut named = vec![(SPARSE_LEG, sparse)];
    if let Some(dense) = &point.dense {
        named.push((DENSE_LEG, Vector::new_dense(dense.clone())));
    }
    Ok(PointStruct::new(PointId::Uuid(point.id), Vectors::new_named(named), payload))
}

pub(super) fn our_payload(payload: Option<Payload>) -> Result<ChunkPayload, VectorError> {
    let map = payload.map(|p| p.0).unwrap_or_default();
    serde_json::from_value(serde_json::Value::Object(map)).map_err(|e| VectorError::Failed(e.to_string()))
}

pub(super) fn our_id(id: PointId) -> Result<Uuid, VectorError> {
    match id {
        PointId::Uuid(id) => Ok(id),
        PointId::NumId(n) => Err(VectorError::Failed(format!("索引里有不认识的编号 {n}"))),
    }
}
