//! Zip archives, also within each other, with names in GBK; and what makes a bomb of them.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;

use zip::ZipArchive;

use super::MAX_FILE_BYTES;
use super::sniff;
use encoding_rs::GB18030;

/// Files of one archive, inner archives included, at most.
pub const MAX_ENTRIES: usize = 5000;
/// Bytes of one archive, unpacked, at most.
pub const MAX_UNPACKED: u64 = 2 * 1024 * 1024 * 1024;
/// Bytes of one archive, packed, at most.
pub const MAX_BYTES: u64 = 1024 * 1024 * 1024;
/// An archive in an archive in an archive is one too many.
pub const MAX_DEPTH: usize = 2;
/// Honest text shrinks to a hundredth at best; only what is large by itself is looked at.
const MAX_RATIO: u64 = 300;
const SUSPICIOUS: u64 = 4 * 1024 * 1024;

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The way to it: its number in the archive, and for inner archives in those.
    pub place: Vec<usize>,
    /// Its name as people see it, `/` between folders and after inner archives `!`.
    pub name: String,
    /// Set when it is not worth opening: why.
    pub refused: Option<String>,
}

const BROKEN: &str = "压缩包已损坏，请重新压缩后再上传";

/// The files of an archive that may be documents, in order.
///
/// # Errors
/// In Chinese: it is broken, or too much.
pub fn list<R: Read + Seek>(archive: R) -> Result<Vec<Entry>, String> {
    let mut out = Vec::new();
    let mut unpacked = 0;
    walk(archive, &mut Vec::new(), "", &mut out, &mut unpacked)?;
    Ok(out)
}

fn walk<R: Read + Seek>(
    archive: R,
    place: &mut Vec<usize>,
    prefix: &str,
    out: &mut Vec<Entry>,
    unpacked: &mut u64,
) -> Result<(), String> {
    let mut archive = open(archive)?;
    if archive.len() > MAX_ENTRIES {
        return Err(too_many());
    }
    for number in 0..archive.len() {
        let (name, declared, packed, locked) = {
            let file = archive.by_index_raw(number).map_err(|_| BROKEN.to_owned())?;
            if file.is_dir() {
                continue;
            }
            (file_name(file.name_raw()), file.size(), file.compressed_size(), file.encrypted())
        };
        if is_passed_over(&name) {
            continue;
        }
        if out.len() >= MAX_ENTRIES {
            return Err(too_many());
        }
        let shown = format!("{prefix}{name}");
        place.push(number);
        let mut entry = Entry { place: place.clone(), name: shown.clone(), refused: None };
        if locked {
            entry.refused = Some("压缩包加了密码，请去掉密码后再上传".to_owned());
        } else if declared > MAX_FILE_BYTES {
            entry.refused = Some(super::too_large(declared));
        } else if declared > SUSPICIOUS && declared / packed.max(1) > MAX_RATIO {
            entry.refused = Some(bomb());
        } else {
            *unpacked = unpacked.saturating_add(declared);
            if *unpacked > MAX_UNPACKED {
                return Err(format!("压缩包解开后超过 {} MB，请拆成几个压缩包后上传", MAX_UNPACKED / 1024 / 1024));
            }
            if sniff::extension(&name) == "zip" {
                if place.len() >= MAX_DEPTH {
                    entry.refused = Some("压缩包里套了太多层压缩包，请解压后上传".to_owned());
                } else {
                    match entry_bytes(&mut archive, number) {
                        Err(reason) => entry.refused = Some(reason),
                        Ok(inner) if sniff::sniff(&name, &inner) == Ok(sniff::Format::Zip) => {
                            match walk(Cursor::new(inner), place, &format!("{shown}!"), out, unpacked) {
                                Ok(()) => {
                                    place.pop();
                                    continue;
                                }
                                Err(reason) => entry.refused = Some(reason),
                            }
                        }
                        // A docx that is called zip is a docx.
                        Ok(_) => {}
                    }
                }
            }
        }
        out.push(entry);
        place.pop();
    }
    Ok(())
}

/// The bytes of one file.
///
/// # Errors
/// In Chinese: it is broken, larger than it said, or a bomb.
pub fn read<R: Read + Seek>(archive: R, place: &[usize]) -> Result<Vec<u8>, String> {
    let (first, rest) = place.split_first().ok_or(BROKEN)?;
    let mut bytes = entry_bytes(&mut open(archive)?, *first)?;
    for number in rest {
        bytes = entry_bytes(&mut open(Cursor::new(bytes))?, *number)?;
    }
    Ok(bytes)
}

/// An archive on disk, for [`list`] and [`read`].
///
/// # Errors
/// In Chinese: it cannot be opened.
pub fn file(path: &Path) -> Result<BufReader<File>, String> {
    File::open(path).map(BufReader::new).map_err(|e| super::cannot_read(&e))
}

fn open<R: Read + Seek>(archive: R) -> Result<ZipArchive<R>, String> {
    ZipArchive::new(archive).map_err(|_| BROKEN.to_owned())
}

fn entry_bytes<R: Read + Seek>(archive: &mut ZipArchive<R>, number: usize) -> Result<Vec<u8>, String> {
    let file = archive.by_index(number).map_err(|e| match e {
        zip::result::ZipError::UnsupportedArchive(_) => "压缩方式不支持或加了密码，请用 zip 默认方式重新压缩".to_owned(),
        _ => BROKEN.to_owned(),
    })?;
    let packed = file.compressed_size().max(1);
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|_| "压缩包里的这个文件已损坏，请重新压缩后再上传".to_owned())?;
    let size = bytes.len() as u64;
    if size > SUSPICIOUS && size / packed > MAX_RATIO {
        return Err(bomb());
    }
    if size > MAX_FILE_BYTES {
        return Err(super::too_large(size));
    }
    Ok(bytes)
}

fn bomb() -> String {
    "文件的压缩比异常（疑似压缩炸弹），没有解开".to_owned()
}

fn too_many() -> String {
    format!("压缩包里的文件超过 {MAX_ENTRIES} 个，请拆成几个压缩包后上传")
}

/// A name without `..`, drive or root: it is a label here and never a path, but it is shown and kept.
fn file_name(raw: &[u8]) -> String {
    // 通知 in GBK happens to be UTF-8 as well, of letters that no file is called by.
    let text = match std::str::from_utf8(raw) {
        Ok(text) if text.is_ascii() || text.chars().any(crate::core::text::is_cjk) => text.to_owned(),
        utf8 => match (utf8, GB18030.decode_without_bom_handling(raw)) {
            (Ok(text), (_, true)) => text.to_owned(),
            (_, (text, _)) => text.into_owned(),
        },
    };
    let parts: Vec<String> = text
        .split(['/', '\\'])
        .map(|part| part.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned())
        .filter(|part| !part.is_empty() && part != "." && part != ".." && !part.ends_with(':'))
        .collect();
    let name = parts.join("/");
    let name: String = name.chars().take(400).collect();
    if name.is_empty() { "（无名文件）".to_owned() } else { name }
}

/// What nobody means to import: what systems and editors leave lying about, and notes on the folder.
#[must_use]
pub fn is_passed_over(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with('.') || part.starts_with("~$") || part == "__MACOSX")
        || name.rsplit('/').next().is_some_and(|last| matches!(last, "README.md" | "Thumbs.db" | "desktop.ini" | "Desktop.ini"))
}
