//! `/api/v1/admin/system/endpoints`: where the models are, and a real call to each.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::conversation::endpoints::{Endpoint, Kind, NotTested, Tested};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// A model outside the house.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndpointView {
    /// What it is for.
    pub kind: Kind,
    /// The same for people.
    pub title: &'static str,
    /// What it does, and what happens without it.
    pub purpose: &'static str,
    /// Scheme, host, port and path; none = not configured.
    pub address: Option<String>,
    /// The model's name there.
    pub model: String,
    /// Whether a key is sent. The key itself is shown to nobody.
    pub has_key: bool,
    /// Whether it is asked now.
    pub state: crate::conversation::endpoints::State,
    /// When one that is left alone is tried again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub tries_again_at: Option<Timestamp>,
}

/// Every kind of model.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndpointList {
    /// Also those that are not configured.
    pub endpoints: Vec<EndpointView>,
}

/// How a test went.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndpointTest {
    /// It answered as it should.
    pub ok: bool,
    /// `ok`, or the failure's stable label, as in the metrics.
    pub outcome: &'static str,
    /// Milliseconds.
    pub took_ms: u64,
    /// What came, or what is wrong and what to look at.
    pub words: String,
}

/// The models outside the house.
#[utoipa::path(get, path = "/api/v1/admin/system/endpoints", tag = "系统", security(("session" = []), ("key" = [])),
    responses((status = 200, body = EndpointList), (status = 403, body = ProblemBody)))]
pub async fn list_endpoints(State(api): State<ApiState>) -> Json<EndpointList> {
    let view = |Endpoint { kind, address, model, has_key, state, tries_again_at }| EndpointView {
        kind,
        title: kind.title(),
        purpose: kind.purpose(),
        address,
        model,
        has_key,
        state,
        tries_again_at,
    };
    Json(EndpointList { endpoints: api.system.endpoints.list().into_iter().map(view).collect() })
}

/// Makes a real call with harmless words. It may cost what one short call costs.
#[utoipa::path(post, path = "/api/v1/admin/system/endpoints/{kind}/test", tag = "系统", security(("session" = []), ("key" = [])),
    params(("kind" = String, Path, description = "chat、embedder、reranker 或 transcriber")),
    responses((status = 200, body = EndpointTest), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn test_endpoint(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(kind): Path<String>,
) -> Result<Json<EndpointTest>, Problem> {
    let kind = Kind::from_word(&kind).ok_or_else(|| Problem::new(Code::NotFound).detail("没有这种模型"))?;
    let tested = api.system.endpoints.test(kind).await.map_err(|why| match why {
        NotTested::Absent => Problem::new(Code::NotFound).detail("没有配置这个模型，不能测试"),
        NotTested::Busy => Problem::new(Code::Conflict).detail("正在测试，请等这一次结束"),
    })?;
    let Tested { ok, outcome, took_ms, words } = tested;
    let detail = json!({ "outcome": outcome, "took_ms": took_ms });
    api.audit.record(&caller, "endpoint.test", ("endpoint", kind.word()), detail).await.map_err(|e| Problem::unavailable(&e))?;
    Ok(Json(EndpointTest { ok, outcome, took_ms, words }))
}
