//! `/api/v1/admin/street`: the street's own files in versions. One file per verb; the rules are `incident::street`.

pub mod activate;
pub mod check;
pub mod create;
pub mod file;
pub mod list;
pub mod trial;

use std::sync::Arc;

use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::http::body::{JsonBody, parse};
use crate::http::problem::{Code, Problem};
use crate::identity::Caller;
use crate::incident::street::desk::{Desk, DeskError, MAX_FILE};
use crate::incident::street::store::Author;
use crate::knowledge::import::text;

/// Bytes of a body with files.
pub const MAX_BODY: usize = 24 * 1024 * 1024;

/// Files and fields, as JSON or as a form; the form's files are named by their file names, and may be written in UTF-8 or GB18030.
#[derive(Debug)]
pub struct Handed<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Handed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
            return JsonBody::from_request(request, state).await.map(|JsonBody(body)| Self(body));
        }
        let form = Multipart::from_request(request, state).await;
        let form =
            form.map_err(|_| Problem::new(Code::UnsupportedMediaType).detail("文件须以 multipart/form-data 或 JSON 上传"))?;
        let JsonBody(body) = parse(fields(form).await?.to_string().as_bytes())?;
        Ok(Self(body))
    }
}

async fn fields(mut form: Multipart) -> Result<Value, Problem> {
    let broken = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Code::TooLarge),
        _ => Problem::new(Code::InvalidBody).detail("文件没有传完整，请重试"),
    };
    let mut files = Map::new();
    let mut out = Map::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if let Some(file) = field.file_name().map(str::to_owned) {
            let bytes = field.bytes().await.map_err(broken)?;
            if files.insert(file.clone(), Value::from(decode(&file, &bytes)?)).is_some() {
                return Err(Problem::new(Code::InvalidBody).detail(format!("{file} 传了两次")));
            }
        } else {
            let words = field.text().await.map_err(broken)?;
            // A form knows only words: what stands for a number or a yes is one.
            let value = match (name.as_str(), words.trim()) {
                ("note", _) => Value::from(words),
                (_, "true") => Value::from(true),
                (_, "false") => Value::from(false),
                (_, number) => number.parse::<u64>().map_or_else(|_| Value::from(words.clone()), Value::from),
            };
            out.insert(name, value);
        }
    }
    out.insert("files".to_owned(), Value::Object(files));
    Ok(Value::Object(out))
}

/// The text of a file as a spreadsheet or an editor writes it.
fn decode(file: &str, bytes: &[u8]) -> Result<String, Problem> {
    let refused = |why: &str| Err(Problem::new(Code::InvalidBody).detail(format!("{file}：{why}")));
    if bytes.len() > MAX_FILE {
        return Err(Problem::new(Code::TooLarge).detail(format!("{file} 太大，最多{}MB", MAX_FILE / 1024 / 1024)));
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return refused("这是表格软件的工作簿，请在表格软件里“另存为”CSV（逗号分隔）后再上传");
    }
    match text::decode_whole(bytes) {
        Some(text) => Ok(text),
        None => refused("有无法识别的文字，请另存为 UTF-8 编码的 CSV 后再上传"),
    }
}

/// Who acts, as the versions show it.
fn author(caller: &Caller) -> Author {
    let id = if caller.account_id.is_nil() { String::new() } else { caller.account_id.to_string() };
    Author { id, name: caller.name.clone() }
}

fn problem(error: DeskError) -> Problem {
    match error {
        DeskError::Problems(report) => {
            let first = report.problems.first().map(crate::incident::street::check::Problem::words).unwrap_or_default();
            let words = match report.problems.len() {
                1 => first,
                many => format!("共{many}处问题，第一处：{first}"),
            };
            let problem = Problem::new(Code::StreetRefused).detail(words);
            let problem = problem.with("problems", json!(report.problems));
            problem.with("missing_codes", json!(report.missing_codes))
        }
        DeskError::Stale(active) => Problem::new(Code::StreetChanged)
            .detail(format!("正在使用的已经是第{active}版，请在它的基础上重新修改"))
            .with("active", json!(active)),
        DeskError::Unknown(_) => Problem::new(Code::NotFound).detail(error.to_string()),
        DeskError::Invalid(why) => Problem::new(Code::InvalidBody).detail(why),
        DeskError::Base(cause) => Problem::internal(&cause),
        DeskError::Store(cause) => Problem::unavailable(&cause),
    }
}

/// Runs what reads and compares whole tables where it holds nobody up.
async fn apart<T, F, W>(desk: &Arc<Desk>, work: W) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Future<Output = Result<T, DeskError>>,
    W: FnOnce(Arc<Desk>) -> F + Send + 'static,
{
    let (desk, here) = (Arc::clone(desk), tokio::runtime::Handle::current());
    let done = tokio::task::spawn_blocking(move || here.block_on(work(desk))).await;
    done.map_err(|e| Problem::internal(&e))?.map_err(problem)
}
