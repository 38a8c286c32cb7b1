//! `POST /api/v1/admin/curated`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{SavedCurated, WishedContent};
use crate::conversation::afterwards::PastAnswer;
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::identity::{Caller, Permission};
use crate::knowledge::curated::{Content, CuratedError};
use crate::knowledge::document::Audience;
use crate::knowledge::gaps::{Cluster, ClusterChange, ClusterState};

/// A new fixed answer: written, or taken over from a past reply in one step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCurated {
    /// What is written.
    #[serde(default)]
    pub content: Option<WishedContent>,
    /// Id of a past reply: without `content` its question (personal data replaced), words and citations are taken over. With it,
    /// the words are known to come from there, and a gap of that turn is answered when this is published.
    #[serde(default)]
    pub from_message: Option<Uuid>,
}

/// Makes a fixed answer as a draft. Another person publishes it.
#[utoipa::path(post, path = "/api/v1/admin/curated", tag = "固定答复", security(("session" = []), ("key" = [])), request_body = CreateCurated,
    responses((status = 201, body = SavedCurated), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn create_curated(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    JsonBody(wish): JsonBody<CreateCurated>,
) -> Result<(StatusCode, Json<SavedCurated>), Problem> {
    let past = match wish.from_message {
        Some(message) => Some(past_reply(&api, &caller, message).await?),
        None => None,
    };
    let content = match (wish.content, &past) {
        (Some(content), None) => super::content(&api, content).await?,
        (Some(written), Some(past)) => {
            let mut content = super::content(&api, written).await?;
            // A model's words keep their label for as long as nobody has rewritten them.
            content.by_model = past.past.reply.generated && content.answer.trim() == past.past.reply.text.trim();
            content
        }
        (None, Some(past)) => suggested(&api, past).await.map_err(super::refusal)?,
        (None, None) => return Err(Problem::new(Code::InvalidBody).detail("请给出 content 或 from_message")),
    };
    // What puts a reply right answers the gap that it left, too.
    let group = match &past {
        Some(past) if caller.may(Permission::GapAssign) => open_gap(&api, past).await?,
        _ => None,
    };
    let (now, today) = (api.clock.now(), crate::http::admin::today(&api));
    let saved = api.curation.save(None, content, &caller.name, group.as_ref().map(|g| g.id), now, today).await;
    let (curated, warnings) = saved.map_err(super::refusal)?;
    if let Some(group) = group {
        let change =
            ClusterChange { state: Some(ClusterState::Drafted), curated_id: Some(curated.id), ..ClusterChange::default() };
        api.curation.gaps().change_cluster(group.id, group.state, &change, now).await.map_err(|e| Problem::unavailable(&e))?;
    }
    super::audit(&api, &caller, "curated.create", &curated, json!({ "from_message": wish.from_message })).await?;
    Ok((StatusCode::CREATED, Json(SavedCurated { curated, warnings })))
}

/// A past reply. What people asked may be seen by those only who may see questions.
async fn past_reply(api: &Api, caller: &Caller, message: Uuid) -> Result<PastAnswer, Problem> {
    if !caller.may(Permission::ConversationRead) {
        return Err(Problem::new(Code::Forbidden).detail("查看提问记录的权限不足"));
    }
    let found = api.conversations.past_reply(message).await.map_err(|e| Problem::unavailable(&e))?;
    found.ok_or_else(|| Problem::new(Code::NotFound).detail("没有这条回复，可能已随会话删除"))
}

/// The group of gaps of a past reply that nobody has written an answer for yet.
async fn open_gap(api: &Api, past: &PastAnswer) -> Result<Option<Cluster>, Problem> {
    api.curation.gather(api.clock.now()).await.map_err(|e| Problem::unavailable(&e))?;
    let line = api.conversations.question(past.past.turn_id).await.map_err(|e| Problem::unavailable(&e))?;
    let Some(group) = line.and_then(|l| l.gap_id) else { return Ok(None) };
    let group = api.curation.gaps().cluster(group).await.map_err(|e| Problem::unavailable(&e))?;
    Ok(group.filter(|g| matches!(g.state, ClusterState::Open | ClusterState::Assigned)))
}

/// A past reply as the content of a fixed answer: what its correction begins with.
///
/// # Errors
/// What it cites is not there any more; the rows fail.
pub(in crate::http::admin) async fn suggested(api: &Api, found: &PastAnswer) -> Result<Content, CuratedError> {
    let reply = &found.past.reply;
    let wanted: Vec<(u32, String, Option<u32>, String)> =
        reply.citations.iter().map(|c| (c.n, c.document_id.clone(), Some(c.version), c.clause.clone())).collect();
    let citations = api.curation.cite(&wanted).await?;
    let worker = found.past.audience == crate::conversation::store::Audience::Gridworker;
    // An honest no is no answer to keep.
    let answered = reply.finish != Some(crate::conversation::outcome::Finish::Refused);
    let end = citations.iter().filter_map(|c| c.expires_on).min();
    // It holds where the narrowest of its sources holds.
    let area = citations.iter().map(|c| c.area.clone()).find(|a| a != "全国").unwrap_or_else(|| "全国".to_owned());
    Ok(Content {
        question: found.question.clone(),
        similar: Vec::new(),
        negative: Vec::new(),
        answer: if answered { reply.text.clone() } else { String::new() },
        citations,
        audience: if worker { Audience::Gridworker } else { Audience::Resident },
        area,
        effective_from: crate::http::admin::today(api),
        expires_on: end,
        review_by: None,
        owner: String::new(),
        by_model: reply.generated,
    })
}
