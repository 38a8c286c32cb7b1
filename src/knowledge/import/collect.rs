//! Which files an import is about: folders are walked, archives are opened.

use std::path::{Path, PathBuf};

use super::MAX_FILE_BYTES;
use super::archive;
use super::sniff::{self, Format};
use super::store::Source;

/// Folders within folders at most.
const MAX_DEPTH: usize = 32;
/// Files of one job at most.
pub const MAX_FILES: usize = 100_000;

/// The `.md` and `.txt` files under `paths` in name order, for editors; a path that is named itself is always taken.
/// `README.md` and hidden files in folders are passed over.
#[must_use]
pub fn texts(paths: &[PathBuf]) -> Vec<PathBuf> {
    files(paths)
        .into_iter()
        .filter(|(path, named)| *named || path.extension().is_some_and(|e| e == "md" || e == "txt"))
        .map(|(path, _)| path)
        .collect()
}

/// Every source under `paths`, in name order: files of folders, files of archives. `root` is left out of their names.
#[must_use]
pub fn sources(paths: &[PathBuf], root: &str) -> Vec<Source> {
    let mut out = Vec::new();
    for (path, named) in files(paths) {
        let name = shown(&path, root);
        let source = Source { path: path.clone(), place: Vec::new(), name: name.clone(), named, refused: None };
        match entries(&path) {
            // Broken ones are told about when they are read.
            None | Some(Err(_)) => out.push(source),
            Some(Ok(entries)) if entries.is_empty() => {
                out.push(Source { refused: Some("压缩包里没有可以导入的文件".to_owned()), ..source });
            }
            Some(Ok(entries)) => out.extend(entries.into_iter().map(|entry| Source {
                path: path.clone(),
                place: entry.place,
                name: format!("{name}!{}", entry.name),
                named: false,
                refused: entry.refused,
            })),
        }
        if out.len() >= MAX_FILES {
            out.truncate(MAX_FILES);
            break;
        }
    }
    out
}

fn shown(path: &Path, root: &str) -> String {
    let below = if root.is_empty() { path } else { path.strip_prefix(root).unwrap_or(path) };
    below.display().to_string()
}

/// The files of an archive; `None` when it is none.
fn entries(path: &Path) -> Option<Result<Vec<archive::Entry>, String>> {
    use std::io::Read as _;
    let mut head = [0u8; 4];
    let mut file = std::fs::File::open(path).ok()?;
    file.read_exact(&mut head).ok()?;
    if &head != b"PK\x03\x04" {
        return None;
    }
    let size = file.metadata().ok()?.len();
    if size <= MAX_FILE_BYTES {
        let bytes = std::fs::read(path).ok()?;
        if !matches!(sniff::sniff(&path.to_string_lossy(), &bytes), Ok(Format::Zip)) {
            return None;
        }
        return Some(archive::list(std::io::Cursor::new(bytes)));
    }
    (size <= archive::MAX_BYTES && sniff::extension(&path.to_string_lossy()) == "zip")
        .then(|| archive::file(path).and_then(archive::list))
}

/// Files with whether a person named them.
fn files(paths: &[PathBuf]) -> Vec<(PathBuf, bool)> {
    fn walk(folder: &Path, depth: usize, out: &mut Vec<(PathBuf, bool)>) {
        let Ok(entries) = std::fs::read_dir(folder) else {
            out.push((folder.to_owned(), true));
            return;
        };
        let mut entries: Vec<_> = entries.flatten().collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            if archive::is_passed_over(&entry.file_name().to_string_lossy()) || out.len() >= MAX_FILES {
                continue;
            }
            // A link to a folder could lead back here.
            let is_folder = entry.file_type().is_ok_and(|t| t.is_dir());
            if is_folder {
                if depth < MAX_DEPTH {
                    walk(&path, depth + 1, out);
                }
            } else if path.is_file() {
                out.push((path, false));
            }
        }
    }
    let mut out = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, 0, &mut out);
        } else {
            out.push((path.clone(), true));
        }
    }
    out
}
