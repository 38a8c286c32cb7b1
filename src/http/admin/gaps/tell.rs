//! `POST /api/v1/admin/gaps/{id}/tell`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::knowledge::gaps::ClusterState;

/// Longest words, in characters.
const MAX_WORDS: usize = 500;

/// How those who asked are told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TellAskers {
    /// True: only count, tell nobody.
    #[serde(default = "yes")]
    pub dry_run: bool,
    /// The words; `{question}` and `{answer}` are filled in. The configured ones when absent.
    #[serde(default)]
    pub text: Option<String>,
}

const fn yes() -> bool {
    true
}

/// What telling came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct AskersTold {
    /// Nobody was told, it was only counted.
    pub dry_run: bool,
    /// Conversations that were told, or would be.
    pub conversations: usize,
    /// What one of them reads.
    pub example: String,
    /// The result in words.
    pub text: String,
}

/// Tells the conversations that asked that there is an answer now: as news in the conversation, each once, those that still exist and
/// may know the answer. It must be allowed by the configuration; counting always is.
#[utoipa::path(post, path = "/api/v1/admin/gaps/{id}/tell", tag = "知识缺口", security(("session" = []), ("key" = [])), request_body = TellAskers,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = AskersTold), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn tell_askers(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<TellAskers>,
) -> Result<Json<AskersTold>, Problem> {
    let group = super::cluster(&api, &id).await?;
    if group.state != ClusterState::Answered {
        return Err(Problem::new(Code::Conflict).detail("还没有发布答复，不能通知"));
    }
    if !wish.dry_run && !api.curation_settings.tell_askers {
        return Err(Problem::new(Code::Conflict).detail("没有开启通知（配置 curation.tell_askers）"));
    }
    let words = wish.text.unwrap_or_else(|| api.curation_settings.tell_text.clone());
    let chars = words.trim().chars().count();
    if chars == 0 || chars > MAX_WORDS {
        return Err(Problem::new(Code::InvalidBody).detail(format!("通知的话须为 1 至 {MAX_WORDS} 字")));
    }
    let today = crate::http::admin::today(&api);
    let told = api.conversations.tell_askers(&group, words.trim(), wish.dry_run, today).await;
    let told = told.map_err(|e| Problem::unavailable(&e))?;
    if !wish.dry_run {
        super::audit(&api, &caller, "gap.tell", group.id, json!({ "conversations": told.conversations })).await?;
    }
    let text = if wish.dry_run {
        format!("将通知 {} 个会话。", told.conversations)
    } else {
        format!("已通知 {} 个会话。", told.conversations)
    };
    Ok(Json(AskersTold { dry_run: wish.dry_run, conversations: told.conversations, example: told.example, text }))
}
