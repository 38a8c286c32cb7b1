//! One process per data folder: it holds the index and does the imports.

use std::fs::{File, TryLockError};
use std::path::Path;

/// The folder is ours until this is dropped, also when the process is killed.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the folder; `None` when another process has it.
    ///
    /// # Errors
    /// The folder or the lock file cannot be made.
    pub fn take(folder: &Path) -> std::io::Result<Option<Self>> {
        std::fs::create_dir_all(folder)?;
        let file = File::options().create(true).truncate(false).write(true).open(folder.join("gridworker.lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
