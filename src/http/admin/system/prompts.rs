//! `GET /api/v1/admin/system/prompts`: what models are told.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::conversation::prompts::PromptFile;
use crate::http::problem::ProblemBody;
use crate::http::state::ApiState;

/// A message of a rendered prompt.
#[derive(Debug, Serialize, ToSchema)]
pub struct PromptMessage {
    /// `system`, `user`, `assistant`.
    pub role: &'static str,
    /// The words.
    pub content: String,
}

/// A prompt.
#[derive(Debug, Serialize, ToSchema)]
pub struct PromptView {
    /// Its name; the file is `prompts/<name>.md`.
    pub name: &'static str,
    /// What it is for, as its file says.
    pub purpose: String,
    /// True when it is the copy in the program, word for word.
    pub is_shipped: bool,
    /// SHA-256 of the file in use: its version.
    pub sha256: String,
    /// SHA-256 of the copy in the program.
    pub shipped_sha256: String,
    /// The file in use.
    pub text: String,
    /// The copy in the program, when the file in use is another.
    pub shipped: Option<&'static str>,
    /// 0 to 2.
    pub temperature: f32,
    /// Longest answer in tokens.
    pub max_tokens: u32,
    /// What a model would see, with values that stand for nobody.
    pub preview: Vec<PromptMessage>,
    /// Why there is no preview.
    pub problem: Option<String>,
}

/// Every prompt.
#[derive(Debug, Serialize, ToSchema)]
pub struct PromptList {
    /// Those in use.
    pub prompts: Vec<PromptView>,
}

/// What models are told.
#[utoipa::path(get, path = "/api/v1/admin/system/prompts", tag = "系统", security(("session" = []), ("key" = [])),
    responses((status = 200, body = PromptList), (status = 403, body = ProblemBody)))]
pub async fn list_prompts(State(api): State<ApiState>) -> Json<PromptList> {
    let prompts = &api.system.prompts;
    let view = |file: PromptFile| {
        let PromptFile { name, purpose, text, sha256, is_shipped, shipped, shipped_sha256, temperature, max_tokens } = file;
        let rendered = prompts.preview(name);
        let problem = rendered.as_ref().err().map(ToString::to_string);
        let preview = rendered.unwrap_or_default().into_iter().map(|(role, content)| PromptMessage { role, content }).collect();
        PromptView {
            name,
            purpose,
            is_shipped,
            sha256,
            shipped_sha256,
            text,
            shipped: (!is_shipped).then_some(shipped),
            temperature,
            max_tokens,
            preview,
            problem,
        }
    };
    Json(PromptList { prompts: prompts.files().into_iter().map(view).collect() })
}
