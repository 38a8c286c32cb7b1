//! Where files are handed in: uploads are kept on disk as they come, and become a job whose documents are drafts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::fs;
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use super::prepare;
use super::store::{ImportFile, ImportJob};
use super::work::Importer;
use crate::core::clock::Clock;
use crate::core::ids::Ids;
use crate::knowledge::document::{Audience, ImportDefaults, ParsedDocument};
use crate::knowledge::life::record::Actor;
use crate::knowledge::store::StoreError;

/// Bytes of one hand-in at most, all files together.
pub const MAX_UPLOAD_BYTES: u64 = 256 * 1024 * 1024;
/// Files of one hand-in at most.
pub const MAX_UPLOAD_FILES: usize = 200;
/// Originals are kept this long after their job has ended: until then pieces can be shown and failures tried again.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Why files were not taken.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// For the person who hands in.
    #[error("{0}")]
    Refused(String),
    /// Too many bytes.
    #[error("一次上传的文件超过 {} MB，请分几次上传", MAX_UPLOAD_BYTES / 1024 / 1024)]
    TooLarge,
    /// The disk.
    #[error("上传的文件无法保存：{0}")]
    Disk(#[from] std::io::Error),
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes files in and looks after their originals.
#[derive(Clone)]
pub struct ImportDesk {
    importer: Importer,
    folder: PathBuf,
    defaults: ImportDefaults,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl std::fmt::Debug for ImportDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportDesk").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Files on their way in. Dropped before it became a job, its folder is swept later.
#[derive(Debug)]
pub struct HandIn {
    id: Uuid,
    folder: PathBuf,
    paths: Vec<PathBuf>,
    bytes: u64,
    open: Option<fs::File>,
}

impl HandIn {
    /// Begins a file under the name that its sender gave it.
    ///
    /// # Errors
    /// There are too many, two of the same name, or the disk fails.
    pub async fn begin(&mut self, name: &str) -> Result<(), DeskError> {
        self.end().await?;
        if self.paths.len() >= MAX_UPLOAD_FILES {
            return Err(DeskError::Refused(format!("一次最多上传 {MAX_UPLOAD_FILES} 个文件，请打成 zip 压缩包或分几次上传")));
        }
        let name = kept_name(name);
        let path = self.folder.join(&name);
        if self.paths.contains(&path) {
            return Err(DeskError::Refused(format!("有两个文件都叫“{name}”，请改名或打成压缩包后再上传")));
        }
        self.open = Some(fs::File::create(&path).await?);
        self.paths.push(path);
        Ok(())
    }

    /// Goes on with the file.
    ///
    /// # Errors
    /// Too much in all, or the disk fails.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), DeskError> {
        self.bytes += bytes.len() as u64;
        if self.bytes > MAX_UPLOAD_BYTES {
            return Err(DeskError::TooLarge);
        }
        if let Some(file) = &mut self.open {
            file.write_all(bytes).await?;
        }
        Ok(())
    }

    async fn end(&mut self) -> Result<(), DeskError> {
        if let Some(mut file) = self.open.take() {
            file.flush().await?;
        }
        Ok(())
    }
}

/// The last part of a name, without what a file system or a shell would take for something else, and not too long.
fn kept_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String =
        last.chars().filter(|c| !c.is_control() && !matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|' | '!')).collect();
    let clean = clean.trim().trim_start_matches('.');
    let (stem, extension) = match clean.rsplit_once('.') {
        Some((stem, extension)) if extension.chars().count() <= 8 => (stem, format!(".{extension}")),
        _ => (clean, String::new()),
    };
    let stem: String = stem.chars().take(70).collect();
    if stem.trim().is_empty() { format!("未命名{extension}") } else { format!("{}{extension}", stem.trim()) }
}

impl ImportDesk {
    /// Originals live under `folder`.
    #[must_use]
    pub fn new(importer: Importer, folder: PathBuf, defaults: ImportDefaults, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self { importer, folder, defaults, clock, ids }
    }

    /// The rows and the reading.
    #[must_use]
    pub fn importer(&self) -> &Importer {
        &self.importer
    }

    /// Opens a hand-in.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn open(&self) -> Result<HandIn, DeskError> {
        let id = self.ids.uuid();
        let folder = self.folder.join(id.to_string());
        fs::create_dir_all(&folder).await?;
        Ok(HandIn { id, folder, paths: Vec::new(), bytes: 0, open: None })
    }

    /// Lets a hand-in go that came to nothing.
    pub async fn discard(&self, hand_in: HandIn) {
        drop(hand_in.open);
        if let Err(error) = fs::remove_dir_all(&hand_in.folder).await {
            tracing::warn!(%error, "an upload was left behind");
        }
    }

    /// Makes a job of it; its documents become drafts.
    ///
    /// # Errors
    /// There is no file, or the disk or the rows fail.
    pub async fn submit(&self, mut hand_in: HandIn, audience: Audience, by: Actor) -> Result<ImportJob, DeskError> {
        hand_in.end().await?;
        if hand_in.paths.is_empty() {
            self.discard(hand_in).await;
            return Err(DeskError::Refused("没有收到文件".to_owned()));
        }
        let paths = hand_in.paths.iter().map(|p| p.to_string_lossy().into_owned()).collect();
        let job = ImportJob {
            root: hand_in.folder.to_string_lossy().into_owned(),
            drafts: true,
            by,
            ..ImportJob::new(hand_in.id, paths, audience, self.clock.now())
        };
        self.importer.store().wish(&job).await?;
        Ok(job)
    }

    /// The one file of a hand-in as it would be cut; nothing is kept.
    ///
    /// # Errors
    /// In words for people: why it is no document.
    pub async fn preview(&self, mut hand_in: HandIn, audience: Audience) -> Result<ParsedDocument, DeskError> {
        hand_in.end().await?;
        let read = match hand_in.paths.first() {
            Some(path) => self.pieces_of(path, audience).await,
            None => Err(DeskError::Refused("没有收到文件".to_owned())),
        };
        self.discard(hand_in).await;
        read
    }

    async fn pieces_of(&self, path: &Path, audience: Audience) -> Result<ParsedDocument, DeskError> {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if fs::metadata(path).await?.len() > super::MAX_FILE_BYTES {
            return Err(DeskError::Refused(super::too_large(fs::metadata(path).await?.len())));
        }
        let bytes = fs::read(path).await?;
        let defaults = ImportDefaults { audience, ..self.defaults.clone() };
        self.importer.preview(&name, bytes, &defaults).await.map_err(DeskError::Refused)
    }

    /// A file of a job as it would be cut today.
    ///
    /// # Errors
    /// In words for people: its original is gone, or is no document.
    pub async fn pieces(&self, job: &ImportJob, file: &ImportFile) -> Result<ParsedDocument, DeskError> {
        let source = file.source.clone();
        let loaded = tokio::task::spawn_blocking(move || prepare::load(&source)).await;
        let bytes = loaded.map_err(|e| DeskError::Refused(e.to_string()))?.map_err(DeskError::Refused)?;
        let defaults = ImportDefaults { audience: job.audience, ..self.defaults.clone() };
        self.importer.preview(&file.source.name, bytes, &defaults).await.map_err(DeskError::Refused)
    }

    /// Removes originals whose job ended long ago or never came to be.
    ///
    /// # Errors
    /// The rows or the disk fail.
    pub async fn sweep(&self) -> Result<usize, DeskError> {
        let mut gone = 0;
        let now = self.clock.now();
        let Ok(mut entries) = fs::read_dir(&self.folder).await else { return Ok(0) };
        while let Some(entry) = entries.next_entry().await? {
            let Ok(id) = entry.file_name().to_string_lossy().parse::<Uuid>() else { continue };
            let ended = match self.importer.store().job(id).await? {
                Some(job) => job.finished_at,
                // A hand-in that was broken off: as old as its folder.
                None => entry
                    .metadata()
                    .await?
                    .modified()
                    .ok()
                    .and_then(|t| Timestamp::try_from(t).ok())
                    .map(|t| t - SignedDuration::from_hours(29 * 24)),
            };
            if ended.is_some_and(|at| now.duration_since(at) > KEPT) {
                fs::remove_dir_all(entry.path()).await?;
                gone += 1;
            }
        }
        Ok(gone)
    }
}
