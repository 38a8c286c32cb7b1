//! Imports: files handed in become a job, its documents drafts for review. Originals are kept for a month.

pub mod cancel;
pub mod create;
pub mod get;
pub mod list;
pub mod pieces;
pub mod preview;
pub mod retry;

use axum::extract::Multipart;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::callers;
use crate::http::problem::{Code, Problem};
use crate::http::state::Api;
use crate::knowledge::document::{Audience, ParsedDocument, Shape};
use crate::knowledge::import::desk::{DeskError, HandIn};
use crate::knowledge::import::store::{Counts, FileOutcome, ImportFile, ImportJob};

/// Fields of a hand-in.
#[derive(Debug, ToSchema)]
#[schema(as = ImportUpload)]
pub struct Upload {
    /// `resident` (default), `gridworker`, `all`: for files that do not say it themselves.
    pub audience: Option<String>,
    /// One or more files; a zip is opened.
    #[schema(value_type = Vec<String>, format = Binary)]
    pub file: Vec<u8>,
}

/// How many files came to what.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountsView {
    /// In all, as far as known.
    pub files: u32,
    /// Without a result yet.
    pub waiting: u32,
    /// Drafts and new versions.
    pub imported: u32,
    /// Nothing to do.
    pub unchanged: u32,
    /// No documents.
    pub skipped: u32,
    /// Not taken.
    pub failed: u32,
}

/// A job.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobView {
    /// Its id; sorts by creation.
    pub id: Uuid,
    /// `queued`, `running`, `done`, `cancelled`.
    pub state: &'static str,
    /// For files that do not say it themselves.
    pub audience: &'static str,
    /// What is imported becomes a draft.
    pub drafts: bool,
    /// The account that wished it; empty = the operator at the command line.
    pub by: String,
    /// Who that is, as shown.
    pub by_name: String,
    /// What its files came to so far.
    pub counts: CountsView,
    /// When it was wished.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

impl From<ImportJob> for JobView {
    fn from(job: ImportJob) -> Self {
        let Counts { files, waiting, imported, unchanged, skipped, failed } = job.counts;
        Self {
            id: job.id,
            state: job.state.as_str(),
            audience: job.audience.as_str(),
            drafts: job.drafts,
            by: job.by.id,
            by_name: job.by.name,
            counts: CountsView { files, waiting, imported, unchanged, skipped, failed },
            created_at: job.created_at,
            finished_at: job.finished_at,
        }
    }
}

/// A file of a job.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileView {
    /// From 0.
    pub number: u32,
    /// As it was handed in; inside an archive after `!`.
    pub name: String,
    /// `imported`, `drafted`, `unchanged`, `skipped`, `failed`; null while it waits.
    pub outcome: Option<&'static str>,
    /// The document it became.
    pub document: Option<String>,
    /// Its new version, when it was published.
    pub version: Option<u32>,
    /// Pieces it was cut into.
    pub pieces: Option<usize>,
    /// Why not, or why only as a draft, and what to do.
    pub reason: Option<String>,
}

impl From<ImportFile> for FileView {
    fn from(file: ImportFile) -> Self {
        let outcome = file.outcome.as_ref().map(FileOutcome::word);
        let (document, version, pieces, reason) = match file.outcome {
            None => (None, None, None, None),
            Some(FileOutcome::Imported { document, version, passages }) => (Some(document), Some(version), Some(passages), None),
            Some(FileOutcome::Drafted { document, passages, why }) => (Some(document), None, Some(passages), why),
            Some(FileOutcome::Unchanged { document }) => (Some(document), None, None, None),
            Some(FileOutcome::Skipped { reason } | FileOutcome::Failed { reason }) => (None, None, None, Some(reason)),
        };
        Self { number: file.number, name: file.source.name, outcome, document, version, pieces, reason }
    }
}

/// A piece as it would be found and cited.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportedPiece)]
pub struct PieceView {
    /// From 0.
    pub ordinal: u32,
    /// The headings above, `›` between them.
    pub path: String,
    /// The clause.
    pub heading: String,
    /// Its text.
    pub text: String,
    /// Characters.
    pub chars: usize,
}

/// A document as it would be cut.
#[derive(Debug, Serialize, ToSchema)]
pub struct PiecesView {
    /// The id it would have.
    pub document: String,
    /// Its title.
    pub title: String,
    /// `guide` = found as a whole; `lines`, `clauses` = each piece by itself.
    pub shape: &'static str,
    /// In order.
    pub pieces: Vec<PieceView>,
}

impl From<&ParsedDocument> for PiecesView {
    fn from(document: &ParsedDocument) -> Self {
        let piece = |p: crate::knowledge::document::Passage| PieceView {
            ordinal: p.ordinal,
            chars: p.text.chars().count(),
            path: p.path,
            heading: p.heading,
            text: p.text,
        };
        Self {
            document: document.meta.id.clone(),
            title: document.meta.title.clone(),
            shape: match document.meta.shape {
                Shape::Guide => "guide",
                Shape::Lines => "lines",
                Shape::Clauses => "clauses",
            },
            pieces: document.passages(1).into_iter().map(piece).collect(),
        }
    }
}

fn problem(error: DeskError) -> Problem {
    match error {
        DeskError::Refused(reason) => Problem::new(Code::InvalidBody).detail(reason),
        DeskError::TooLarge => Problem::new(Code::TooLarge).detail(error.to_string()),
        DeskError::Disk(e) => Problem::unavailable(&e),
        DeskError::Store(e) => Problem::unavailable(&e),
    }
}

async fn job(api: &Api, id: &str) -> Result<ImportJob, Problem> {
    let found = api.imports.importer().store().job(callers::id(id)?).await;
    found.map_err(|e| Problem::unavailable(&e))?.ok_or_else(|| Problem::new(Code::NotFound))
}

/// Takes the files of a form to disk as they come.
async fn received(api: &Api, form: Result<Multipart, MultipartRejection>) -> Result<(HandIn, Audience), Problem> {
    let form = form.map_err(|_| Problem::new(Code::UnsupportedMediaType).detail("文件须以 multipart/form-data 上传"))?;
    let mut hand_in = api.imports.open().await.map_err(problem)?;
    match fields(form, &mut hand_in).await {
        Ok(audience) => Ok((hand_in, audience)),
        Err(refusal) => {
            api.imports.discard(hand_in).await;
            Err(refusal)
        }
    }
}

async fn fields(mut form: Multipart, hand_in: &mut HandIn) -> Result<Audience, Problem> {
    let broken = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => problem(DeskError::TooLarge),
        _ => Problem::new(Code::InvalidBody).detail("文件没有传完整，请重试"),
    };
    let mut audience = Audience::Resident;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("audience") => {
                let word = field.text().await.map_err(broken)?;
                audience = word.trim().parse().map_err(|why: String| Problem::new(Code::InvalidBody).detail(why))?;
            }
            Some("file") => {
                let name = field.file_name().unwrap_or_default().to_owned();
                hand_in.begin(&name).await.map_err(problem)?;
                while let Some(chunk) = field.chunk().await.map_err(broken)? {
                    hand_in.write(&chunk).await.map_err(problem)?;
                }
            }
            _ => {}
        }
    }
    Ok(audience)
}
