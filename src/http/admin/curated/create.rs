//! `POST /api/v1/admin/curated`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{SavedCurated, WishedContent};
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::identity::{Caller, Permission};
use crate::knowledge::curated::Content;
use crate::knowledge::document::Audience;

/// A new fixed answer: written, or taken over from a past reply in one step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCurated {
    /// What is written; its fields stand over what is taken from a past reply.
    #[serde(default)]
    pub content: Option<WishedContent>,
    /// Id of a past reply: its question (personal data replaced), words and citations are filled in.
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
    let content = match (wish.content, wish.from_message) {
        (Some(content), None) => super::content(&api, content).await?,
        (None, Some(message)) => from_message(&api, &caller, message).await?,
        _ => return Err(Problem::new(Code::InvalidBody).detail("请给出 content 或 from_message 之一")),
    };
    let (now, today) = (api.clock.now(), crate::http::admin::today(&api));
    let saved = api.curation.save(None, content, &caller.name, None, now, today).await;
    let (curated, warnings) = saved.map_err(super::refusal)?;
    super::audit(&api, &caller, "curated.create", &curated, json!({ "from_message": wish.from_message })).await?;
    Ok((StatusCode::CREATED, Json(SavedCurated { curated, warnings })))
}

/// A past reply as a draft. What people asked may be seen by those only who may see questions.
async fn from_message(api: &Api, caller: &Caller, message: Uuid) -> Result<Content, Problem> {
    if !caller.may(Permission::ConversationRead) {
        return Err(Problem::new(Code::Forbidden).detail("查看提问记录的权限不足"));
    }
    let found = api.conversations.past_reply(message).await.map_err(|e| Problem::unavailable(&e))?;
    let found = found.ok_or_else(|| Problem::new(Code::NotFound).detail("没有这条回复，可能已随会话删除"))?;
    let reply = &found.past.reply;
    let wanted: Vec<(u32, String, Option<u32>, String)> =
        reply.citations.iter().map(|c| (c.n, c.document_id.clone(), Some(c.version), c.clause.clone())).collect();
    let citations = api.curation.cite(&wanted).await.map_err(super::refusal)?;
    let worker = found.past.audience == crate::conversation::store::Audience::Gridworker;
    // An honest no is no answer to keep.
    let answered = reply.finish != Some(crate::conversation::outcome::Finish::Refused);
    let end = citations.iter().filter_map(|c| c.expires_on).min();
    // It holds where the narrowest of its sources holds.
    let area = citations.iter().map(|c| c.area.clone()).find(|a| a != "全国").unwrap_or_else(|| "全国".to_owned());
    Ok(Content {
        question: found.question,
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
