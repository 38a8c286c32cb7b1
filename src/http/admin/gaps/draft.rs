//! `POST /api/v1/admin/gaps/{id}/draft`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::identity::Caller;
use crate::knowledge::curated::Content;
use crate::knowledge::document::{Audience, ImportDefaults, ParsedDocument};
use crate::knowledge::gaps::{Cluster, ClusterChange, ClusterState};
use crate::knowledge::life::service::LifeError;

/// Questions that a draft begins with, at most.
const QUESTIONS: usize = 20;

/// What a group of gaps is turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DraftAs {
    /// A fixed answer whose similar questions are the group's.
    Curated,
    /// A document whose front matter holds the group's questions.
    Document,
}

/// What to make of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftGap {
    /// A fixed answer or a document.
    #[serde(rename = "as")]
    pub kind: DraftAs,
}

/// The draft that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapDraft {
    /// The group.
    pub group: Cluster,
    /// The fixed answer, as a draft.
    pub curated_id: Option<Uuid>,
    /// The document, as a draft.
    pub document_id: Option<String>,
}

/// Turns a group into a draft in one step. What is published in the end answers the group.
#[utoipa::path(post, path = "/api/v1/admin/gaps/{id}/draft", tag = "知识缺口", security(("session" = []), ("key" = [])), request_body = DraftGap,
    params(("id" = Uuid, Path)),
    responses((status = 201, body = GapDraft), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)))]
pub async fn draft_gap(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<DraftGap>,
) -> Result<(StatusCode, Json<GapDraft>), Problem> {
    let group = super::cluster(&api, &id).await?;
    if !matches!(group.state, ClusterState::Open | ClusterState::Assigned) {
        return Err(Problem::new(Code::Conflict).detail("这个缺口已经有草稿，或已经处理完"));
    }
    let questions = api.curation.questions_of(&group, QUESTIONS).await.map_err(|e| Problem::unavailable(&e))?;
    let gaps = api.curation.gaps().gaps_of(group.id).await.map_err(|e| Problem::unavailable(&e))?;
    // What only gridworkers asked is answered for gridworkers.
    let workers = !gaps.is_empty() && gaps.iter().all(|g| g.audience == Audience::Gridworker);
    let audience = if workers { Audience::Gridworker } else { Audience::Resident };
    let mut change = ClusterChange { state: Some(ClusterState::Drafted), ..ClusterChange::default() };
    match wish.kind {
        DraftAs::Curated => change.curated_id = Some(curated(&api, &caller, &group, questions, audience).await?),
        DraftAs::Document => change.document_id = Some(document(&api, &caller, &group, &questions, audience).await?),
    }
    let (curated_id, document_id) = (change.curated_id, change.document_id.clone());
    let changed = api.curation.gaps().change_cluster(group.id, group.state, &change, api.clock.now()).await;
    if !changed.map_err(|e| Problem::unavailable(&e))? {
        return Err(Problem::new(Code::Conflict).detail("这个缺口刚刚被别人处理过，请重新查看"));
    }
    super::audit(&api, &caller, "gap.draft", group.id, json!({ "curated": curated_id, "document": document_id })).await?;
    let group = super::cluster(&api, &id).await?;
    Ok((StatusCode::CREATED, Json(GapDraft { group, curated_id, document_id })))
}

async fn curated(
    api: &Api,
    caller: &Caller,
    group: &Cluster,
    mut questions: Vec<String>,
    audience: Audience,
) -> Result<Uuid, Problem> {
    let question = questions.remove(0);
    let today = crate::http::admin::today(api);
    let content = Content {
        question,
        similar: questions,
        negative: Vec::new(),
        answer: String::new(),
        citations: Vec::new(),
        audience,
        area: "全国".to_owned(),
        effective_from: today,
        expires_on: None,
        review_by: None,
        owner: String::new(),
        by_model: false,
    };
    let saved = api.curation.save(None, content, &caller.name, Some(group.id), api.clock.now(), today).await;
    Ok(saved.map_err(crate::http::admin::curated::refusal)?.0.id)
}

async fn document(
    api: &Api,
    caller: &Caller,
    group: &Cluster,
    questions: &[String],
    audience: Audience,
) -> Result<String, Problem> {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let simple = group.id.simple().to_string();
    let id = format!("gap-{}", simple.get(20..).unwrap_or(&simple));
    let today = crate::http::admin::today(api);
    let asked: Vec<String> = questions.iter().map(|q| format!("  {},\n", quoted(q))).collect();
    let text = format!(
        "+++\nid = {}\ntitle = {}\naudience = \"{}\"\narea = \"全国\"\ncategory = \"\"\nissuer = \"\"\neffective_from = {today}\n\
         owner = {}\nkeywords = []\nquestions = [\n{}]\nsources = []\nstatus = \"draft\"\n+++\n\n**结论**：\n\n## 怎么办\n待写。\n\n## 找谁\n待写。\n",
        quoted(&id),
        quoted(&group.label),
        audience.as_str(),
        quoted(group.owner.as_deref().unwrap_or_default()),
        asked.concat(),
    );
    let defaults = ImportDefaults { audience, area: "全国".to_owned(), effective_from: today };
    let parsed = ParsedDocument::parse(std::path::Path::new("gap.md"), &text, &defaults);
    let parsed = parsed.map_err(|e| Problem::new(Code::InvalidBody).detail(e.to_string()))?;
    let said = format!("由知识缺口“{}”起草", group.label);
    let by = crate::http::admin::actor(caller);
    match api.life.create(parsed, &by, &said).await {
        Ok(_) => {}
        Err(LifeError::Store(e)) => return Err(Problem::unavailable(&e)),
        Err(LifeError::Knowledge(e)) => return Err(Problem::unavailable(&e)),
        Err(other) => return Err(Problem::new(Code::Conflict).detail(other.to_string())),
    }
    let written = api.audit.record(caller, "document.create", ("document", &id), json!({ "gap": group.id })).await;
    written.map_err(|e| Problem::unavailable(&e))?;
    Ok(id)
}
