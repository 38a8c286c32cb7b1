//! Files into the knowledge base: one bad file spoils neither the others nor the service.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::core::clock::Clock;
use crate::knowledge::document::{ImportDefaults, ParsedDocument};
use crate::knowledge::search::{Knowledge, KnowledgeError};
use crate::knowledge::store::{FileOutcome, FileResult, IngestJob, JobState, KnowledgeStore, Stored};

/// Files larger than this are refused (bytes).
pub const MAX_FILE_BYTES: u64 = 5 * 1024 * 1024;

/// How far an import is: files done, files in all, the file just done.
pub type Progress<'a> = &'a (dyn Fn(usize, usize, &FileResult) + Send + Sync);

/// The `.md` and `.txt` files under `paths` in name order; a path that is named itself is always taken.
/// `README.md` and hidden files in folders are passed over.
#[must_use]
pub fn collect(paths: &[PathBuf]) -> Vec<PathBuf> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(folder) else {
            out.push(folder.to_owned());
            return;
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with('.') || name == "README.md" {
                continue;
            }
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "md" || e == "txt") {
                out.push(path);
            }
        }
    }
    let mut out = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, &mut out);
        } else {
            out.push(path.clone());
        }
    }
    out
}

/// Reads one file as a document.
///
/// # Errors
/// In Chinese: the file cannot be read, is too large, is no UTF-8 text, or is not a document.
pub fn read(path: &Path, defaults: &ImportDefaults) -> Result<ParsedDocument, String> {
    let size = std::fs::metadata(path).map_err(|e| cannot_read(&e))?.len();
    if size > MAX_FILE_BYTES {
        return Err(format!("文件有 {} MB，超过 {} MB 的上限", size / 1024 / 1024, MAX_FILE_BYTES / 1024 / 1024));
    }
    if !path.extension().is_some_and(|e| e == "md" || e == "txt") {
        return Err("只能导入 .md 和 .txt 文件".to_owned());
    }
    let bytes = std::fs::read(path).map_err(|e| cannot_read(&e))?;
    let text = String::from_utf8(bytes).map_err(|_| "文件不是 UTF-8 编码的文本".to_owned())?;
    let document = ParsedDocument::parse(path, &text, defaults).map_err(|e| e.to_string())?;
    if document.passages(1).is_empty() {
        return Err("文件里没有可以引用的文字".to_owned());
    }
    Ok(document)
}

fn cannot_read(e: &std::io::Error) -> String {
    match e.kind() {
        std::io::ErrorKind::NotFound => "文件不存在".to_owned(),
        std::io::ErrorKind::PermissionDenied => "没有读取这个文件的权限".to_owned(),
        _ => format!("文件无法读取：{e}"),
    }
}

async fn take(
    store: &dyn KnowledgeStore,
    path: &Path,
    defaults: &ImportDefaults,
    clock: &dyn Clock,
    seen: &mut HashMap<String, PathBuf>,
) -> FileOutcome {
    let (owned, settings) = (path.to_owned(), defaults.clone());
    let parsed = match tokio::task::spawn_blocking(move || read(&owned, &settings)).await {
        Ok(Ok(parsed)) => parsed,
        Ok(Err(reason)) => return FileOutcome::Failed { reason },
        Err(e) => return FileOutcome::Failed { reason: format!("读取时出错：{e}") },
    };
    // The second file of one id would silently replace the first.
    if let Some(first) = seen.get(&parsed.meta.id) {
        return FileOutcome::Failed { reason: format!("编号“{}”与 {} 相同", parsed.meta.id, first.display()) };
    }
    seen.insert(parsed.meta.id.clone(), path.to_owned());
    match store.put(&parsed, clock.now()).await {
        Ok(Stored::Unchanged { .. }) => FileOutcome::Unchanged { document: parsed.meta.id },
        Ok(Stored::New { version }) => {
            FileOutcome::Imported { passages: parsed.passages(version).len(), document: parsed.meta.id, version }
        }
        // Kept, though nothing answers from it.
        Ok(Stored::Drafted { .. }) => FileOutcome::Imported { passages: 0, document: parsed.meta.id, version: 0 },
        Ok(Stored::Retired { version }) => FileOutcome::Imported { passages: 0, document: parsed.meta.id, version },
        Err(e) => FileOutcome::Failed { reason: e.to_string() },
    }
}

/// Imports files and brings the index in step once at the end. Doing it again changes nothing.
///
/// # Errors
/// The index or the rows fail as a whole; failures of single files are in the results.
pub async fn import(
    knowledge: &Knowledge,
    files: &[PathBuf],
    defaults: &ImportDefaults,
    clock: &dyn Clock,
    progress: Progress<'_>,
) -> Result<Vec<FileResult>, KnowledgeError> {
    let mut out: Vec<FileResult> = Vec::with_capacity(files.len());
    let mut seen = HashMap::new();
    for path in files {
        let outcome = take(knowledge.store().as_ref(), path, defaults, clock, &mut seen).await;
        let result = FileResult { path: path.display().to_string(), outcome };
        out.push(result);
        if let Some(result) = out.last() {
            progress(out.len(), files.len(), result);
        }
    }
    knowledge.refresh().await?;
    Ok(out)
}

/// Works off every open job. Only the holder of the index may call this.
///
/// # Errors
/// The rows or the index fail; the job stays open and is done at the next call.
pub async fn work_off(
    knowledge: &Knowledge,
    defaults: &ImportDefaults,
    clock: &dyn Clock,
    progress: Progress<'_>,
) -> Result<Vec<IngestJob>, KnowledgeError> {
    let mut out = Vec::new();
    while let Some(mut job) = knowledge.store().next_job().await? {
        let paths: Vec<PathBuf> = job.paths.iter().map(PathBuf::from).collect();
        let files = tokio::task::spawn_blocking(move || collect(&paths)).await.unwrap_or_default();
        let defaults = ImportDefaults { audience: job.audience, ..defaults.clone() };
        job.files = import(knowledge, &files, &defaults, clock, progress).await?;
        job.state = JobState::Done;
        knowledge.store().save_job(&job).await?;
        out.push(job);
    }
    Ok(out)
}
