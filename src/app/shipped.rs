//! `knowledge/` from a folder, or the copy in the binary.

use std::io;
use std::path::{Path, PathBuf};

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "knowledge"]
#[include = "policies/*"]
#[include = "procedures/*"]
#[include = "street/*"]
#[include = "questions/*"]
#[include = "law-index.csv"]
struct Knowledge;

/// Where the shipped files are read from.
#[derive(Debug, Clone)]
pub struct Shipped(Option<PathBuf>);

impl Shipped {
    /// `None` = the copy in the binary.
    #[must_use]
    pub const fn new(folder: Option<PathBuf>) -> Self {
        Self(folder)
    }

    /// A file of the street's own data.
    ///
    /// # Errors
    /// It is not there or not text.
    pub fn street_file(&self, name: &str) -> io::Result<String> {
        self.text(&format!("street/{name}"))
    }

    /// A file by its path below `knowledge/`.
    ///
    /// # Errors
    /// It is not there or not text.
    pub fn text(&self, path: &str) -> io::Result<String> {
        if let Some(folder) = &self.0 {
            std::fs::read_to_string(folder.join(path))
        } else {
            let file = Knowledge::get(path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
            String::from_utf8(file.data.into_owned()).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
        }
    }

    /// Paths of all guides and procedures, sorted.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn documents(&self) -> io::Result<Vec<String>> {
        let mut paths = Vec::new();
        match &self.0 {
            Some(folder) => {
                for part in ["policies", "procedures"] {
                    collect(folder, &folder.join(part), &mut paths)?;
                }
            }
            None => paths.extend(Knowledge::iter().map(|p| p.to_string())),
        }
        paths.retain(|p| Path::new(p).extension().is_some_and(|e| e == "md"));
        paths.sort();
        Ok(paths)
    }
}

fn collect(root: &Path, folder: &Path, paths: &mut Vec<String>) -> io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, paths)?;
        } else if let Ok(below) = path.strip_prefix(root) {
            paths.push(below.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
