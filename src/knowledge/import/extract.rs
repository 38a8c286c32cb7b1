//! Bytes of a known format to an [`Outline`]; and the same as the life of a child process.

use std::io::{Read as _, Write as _};
use std::panic::AssertUnwindSafe;

use serde::{Deserialize, Serialize};

use super::outline::Outline;
use super::sniff::Format;
use super::{MAX_FILE_BYTES, docx, html, pdf, sheet};

/// What a child writes to its standard output, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extracted {
    /// The structure of the file.
    Outline(Outline),
    /// Why there is none, in Chinese.
    Refused(String),
}

/// Stack of the thread that parses: deeply nested pages must not end the process.
const STACK: usize = 128 * 1024 * 1024;

/// Reads the structure of a file that is not plain words.
///
/// # Errors
/// In Chinese: what is wrong with the file, and what to do.
///
/// # Panics
/// The parsers of other people may; call it where that is contained ([`child`]).
pub fn outline(format: Format, bytes: &[u8]) -> Result<Outline, String> {
    match format {
        Format::Html => html::read(bytes),
        Format::Docx => docx::read(bytes),
        Format::Pdf => pdf::read(bytes),
        Format::Xlsx | Format::Xls | Format::Ods => sheet::workbook(format, bytes),
        Format::Csv => sheet::csv(bytes),
        Format::Markdown | Format::Text | Format::Zip => Err("这种文件不需要解析".to_owned()),
    }
}

/// [`outline`] with a panic of a parser as a reason.
///
/// # Errors
/// As [`outline`].
pub fn contained(format: Format, bytes: &[u8]) -> Result<Outline, String> {
    std::panic::catch_unwind(AssertUnwindSafe(|| outline(format, bytes))).unwrap_or_else(|_| Err(odd(format)))
}

/// What is said when a parser gave up in a way of its own.
#[must_use]
pub(super) fn odd(format: Format) -> String {
    match format {
        Format::Pdf => "这个 pdf 读不出来（字体或结构特殊），请上传 docx 版本，或用 Word/WPS 重新导出 pdf".to_owned(),
        Format::Html => "这个网页读不出来，请把正文存为 docx 或 txt 后再上传".to_owned(),
        _ => "这个文件读不出来（已损坏或结构特殊），请用 Word、Excel 或 WPS 打开后重新另存再上传".to_owned(),
    }
}

/// The whole life of `gridworker extract FORMAT`: limits, bytes from standard input, JSON to standard output.
///
/// # Errors
/// Standard input or output fail.
pub fn child(format: Format, memory: u64, cpu_seconds: u64) -> std::io::Result<()> {
    use rlimit::Resource;
    Resource::CORE.set(0, 0)?;
    Resource::FSIZE.set(0, 0)?;
    Resource::CPU.set(cpu_seconds, cpu_seconds + 1)?;
    Resource::AS.set(memory, memory)?;
    // A parser's last words are for nobody; the parent says what people need.
    std::panic::set_hook(Box::new(|_| {}));
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    let parsed = std::thread::Builder::new().stack_size(STACK).spawn(move || contained(format, &bytes))?.join();
    let said = match parsed {
        Ok(Ok(outline)) => Extracted::Outline(outline),
        Ok(Err(reason)) => Extracted::Refused(reason),
        Err(_) => Extracted::Refused(odd(format)),
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer(&mut out, &said)?;
    out.flush()
}
