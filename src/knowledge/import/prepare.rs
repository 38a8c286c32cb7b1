//! One source to one document, not stored yet.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::extractor::Extractor;
use super::outline::Outline;
use super::sniff::{self, Format};
use super::store::Source;
use super::{MAX_FILE_BYTES, MAX_PASSAGES, MAX_TEXT_BYTES, archive, cannot_read, text, too_large};
use crate::knowledge::document::{ImportDefaults, ParsedDocument};

/// Changes whenever the same file would be read differently: then it is read again though its bytes are the same.
const IMPORTER: u32 = 1;

/// Reads the bytes of a source. Blocks.
///
/// # Errors
/// In Chinese: it cannot be read, or is too large.
pub fn load(source: &Source) -> Result<Vec<u8>, String> {
    if let Some(reason) = &source.refused {
        return Err(reason.clone());
    }
    if !source.place.is_empty() {
        return archive::read(archive::file(&source.path)?, &source.place);
    }
    let size = std::fs::metadata(&source.path).map_err(|e| cannot_read(&e))?;
    if !size.is_file() {
        return Err("不是文件，或文件夹无法打开".to_owned());
    }
    if size.len() > MAX_FILE_BYTES {
        return Err(too_large(size.len()));
    }
    std::fs::read(&source.path).map_err(|e| cannot_read(&e))
}

/// What tells this source from itself after a change: its bytes, what it is read under, and the importer.
#[must_use]
pub fn fingerprint(bytes: &[u8], defaults: &ImportDefaults, drafts: bool) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{IMPORTER}\n{}\n{}\n{drafts}\n", defaults.audience.as_str(), defaults.area));
    hash.update(bytes);
    hex::encode(hash.finalize())
}

/// Reads a source's bytes as a document, by what they are and not by what they are called.
///
/// # Errors
/// In Chinese: why it is no document, and what to do.
pub async fn document(
    name: &str,
    bytes: Vec<u8>,
    defaults: &ImportDefaults,
    extractor: &Extractor,
) -> Result<ParsedDocument, String> {
    let (label, settings) = (name.to_owned(), defaults.clone());
    // What is foreign goes to a child; everything else is read here, off the threads that answer.
    let begun = tokio::task::spawn_blocking(move || begin(&label, bytes, &settings)).await;
    let parsed = match begun.map_err(|e| format!("读取时出错：{e}"))?? {
        Begun::Document(document) => *document,
        Begun::Foreign(format, bytes) => {
            let outline = extractor.extract(format, &bytes).await?;
            drop(bytes);
            let (label, settings) = (name.to_owned(), defaults.clone());
            let built = tokio::task::spawn_blocking(move || from_outline(&label, &outline, &settings)).await;
            built.map_err(|e| format!("读取时出错：{e}"))??
        }
    };
    Ok(parsed)
}

enum Begun {
    Document(Box<ParsedDocument>),
    Foreign(Format, Vec<u8>),
}

fn begin(name: &str, bytes: Vec<u8>, defaults: &ImportDefaults) -> Result<Begun, String> {
    let format = sniff::sniff(name, &bytes)?;
    match format {
        Format::Zip => {
            archive::list(std::io::Cursor::new(&bytes))?;
            Err(if name.contains('!') {
                "压缩包里套了太多层压缩包，请解压后上传"
            } else {
                "压缩包里没有可以导入的文件"
            }
            .to_owned())
        }
        Format::Markdown | Format::Text => {
            if bytes.len() > MAX_TEXT_BYTES {
                return Err(format!(
                    "文字有 {} MB，超过 {} MB 的上限，请拆分后上传",
                    bytes.len() / 1024 / 1024,
                    MAX_TEXT_BYTES / 1024 / 1024
                ));
            }
            let text = text::decode(&bytes).ok_or("文字编码无法识别，请另存为 UTF-8 编码后再上传")?;
            drop(bytes);
            let document = ParsedDocument::parse(Path::new(last_part(name)), &text, defaults).map_err(|e| e.to_string())?;
            checked(document).map(|d| Begun::Document(Box::new(d)))
        }
        Format::Html | Format::Docx | Format::Pdf | Format::Csv | Format::Xlsx | Format::Xls | Format::Ods => {
            Ok(Begun::Foreign(format, bytes))
        }
    }
}

/// The file's own name, without folders and archives.
fn last_part(name: &str) -> &str {
    name.rsplit(['/', '!']).next().unwrap_or(name)
}

/// A document of an outline.
///
/// # Errors
/// In Chinese: there is nothing in it, or too much.
pub fn from_outline(name: &str, outline: &Outline, defaults: &ImportDefaults) -> Result<ParsedDocument, String> {
    let file = Path::new(last_part(name));
    let stem = file.file_stem().map_or_else(|| "文件".to_owned(), |s| s.to_string_lossy().into_owned());
    let title = outline.title_or(&stem);
    let markdown = outline.to_markdown(&title);
    let document = ParsedDocument::parse(file, &markdown, defaults).map_err(|e| e.reason)?;
    checked(if outline.is_questions() { document.standing_alone() } else { document })
}

fn checked(document: ParsedDocument) -> Result<ParsedDocument, String> {
    match document.passages(1).len() {
        0 => Err("文件里没有可以引用的文字".to_owned()),
        n if n > MAX_PASSAGES => Err(format!("文件切成了 {n} 段，超过 {MAX_PASSAGES} 段的上限，请拆分后上传")),
        _ => Ok(document),
    }
}
