//! What a file is, by its content. A name only says what somebody hoped.

use std::io::Cursor;
use std::path::Path;

use super::text;

/// A format that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Markdown with or without front matter.
    Markdown,
    /// Plain text.
    Text,
    /// Comma- or tab-separated values.
    Csv,
    /// A page of the web.
    Html,
    /// Word, 2007 and later.
    Docx,
    /// PDF.
    Pdf,
    /// Excel, 2007 and later.
    Xlsx,
    /// Excel, up to 2003.
    Xls,
    /// An `OpenDocument` table.
    Ods,
    /// An archive of files.
    Zip,
}

impl Format {
    /// The word for a child process.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Docx => "docx",
            Self::Pdf => "pdf",
            Self::Xlsx => "xlsx",
            Self::Xls => "xls",
            Self::Ods => "ods",
            Self::Zip => "zip",
        }
    }

    /// Is it read by somebody else's parser? Then a process of its own does it.
    #[must_use]
    pub fn is_foreign(self) -> bool {
        matches!(self, Self::Html | Self::Docx | Self::Pdf | Self::Csv | Self::Xlsx | Self::Xls | Self::Ods)
    }
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        [Self::Markdown, Self::Text, Self::Csv, Self::Html, Self::Docx, Self::Pdf, Self::Xlsx, Self::Xls, Self::Ods, Self::Zip]
            .into_iter()
            .find(|f| f.as_str() == s)
            .ok_or_else(|| format!("没有“{s}”这种格式"))
    }
}

/// Extensions whose owners mean a document: such a file that cannot be read is a failure, another is passed over.
const DOCUMENTS: [&str; 25] = [
    "md", "markdown", "txt", "text", "csv", "tsv", "htm", "html", "xhtml", "mht", "mhtml", "doc", "docx", "docm", "wps", "rtf",
    "odt", "pdf", "xls", "xlsx", "xlsm", "et", "ods", "zip", "ofd",
];

/// The extension in lower case.
#[must_use]
pub fn extension(name: &str) -> String {
    Path::new(name).extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Does the name claim a document?
#[must_use]
pub fn claims_document(name: &str) -> bool {
    DOCUMENTS.contains(&extension(name).as_str())
}

/// Bytes that are enough to tell most formats.
pub const HEAD: usize = 64 * 1024;

const PICTURE: &str = "没有文字层，请上传 docx、可以复制文字的 pdf，或把文字录入后再上传";

/// Tells the format of `bytes` (the whole file); `name` decides only between kinds of text.
///
/// # Errors
/// In Chinese: what it is instead, and what to do.
pub fn sniff(name: &str, bytes: &[u8]) -> Result<Format, String> {
    let head = &bytes[..bytes.len().min(HEAD)];
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("文件是空的".to_owned());
    }
    let starts = |magic: &[u8]| head.starts_with(magic);
    if head[..head.len().min(1024)].windows(5).any(|w| w == b"%PDF-") {
        return Ok(Format::Pdf);
    }
    if starts(b"PK\x03\x04") {
        return zipped(bytes);
    }
    if starts(b"PK\x05\x06") {
        return Err("压缩包是空的".to_owned());
    }
    if starts(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
        return compound(bytes);
    }
    let picture = [
        (&b"\x89PNG"[..], "PNG"),
        (b"\xFF\xD8\xFF", "JPEG"),
        (b"GIF8", "GIF"),
        (b"BM", "BMP"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
    ];
    let named_picture = ["bmp", "dib"].contains(&extension(name).as_str());
    if let Some((_, kind)) =
        picture.iter().find(|(magic, kind)| starts(magic) && (*kind != "BMP" || named_picture || head.contains(&0)))
    {
        return Err(format!("这是图片（{kind}），{PICTURE}"));
    }
    if starts(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Err(format!("这是图片（WebP），{PICTURE}"));
    }
    if starts(b"{\\rtf") {
        return Err("这是 RTF 文件，请用 Word 或 WPS 另存为 docx 后再上传".to_owned());
    }
    let archive =
        [(&b"Rar!"[..], "RAR"), (b"7z\xBC\xAF\x27\x1C", "7z"), (b"\x1F\x8B", "gz"), (b"BZh", "bz2"), (b"\xFD7zXZ", "xz")];
    if let Some((_, kind)) = archive.iter().find(|(magic, _)| starts(magic)) {
        return Err(format!("这是 {kind} 压缩包，请改用 zip 压缩，或解压后上传"));
    }
    if starts(b"\x7FELF") || (starts(b"MZ") && head.contains(&0)) {
        return Err("这是程序文件，不能导入".to_owned());
    }
    let text = text::decode(head)
        .ok_or_else(|| "文件不是文字，也不是认识的格式；可以导入 md、txt、docx、pdf、xlsx、csv、html 和 zip".to_owned())?;
    Ok(worded(name, &text))
}

/// Which kind of text.
fn worded(name: &str, text: &str) -> Format {
    let extension = extension(name);
    let begin: String = text.trim_start().chars().take(2000).collect::<String>().to_lowercase();
    let page = ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| begin.starts_with(tag))
        || (begin.starts_with("<?xml") && begin.contains("<html"))
        || (begin.starts_with("<!--") && begin.contains("<html"))
        || (begin.starts_with("<meta") || begin.starts_with("<table") || begin.starts_with("<div"));
    if page || (["htm", "html", "xhtml"].contains(&extension.as_str()) && begin.contains('<')) {
        return Format::Html;
    }
    match extension.as_str() {
        "csv" | "tsv" => Format::Csv,
        "md" | "markdown" => Format::Markdown,
        _ if begin.starts_with("+++\n") || begin.starts_with("# ") => Format::Markdown,
        _ => Format::Text,
    }
}

/// Zip holds the office formats of today, and archives.
fn zipped(bytes: &[u8]) -> Result<Format, String> {
    let archive = zip::ZipArchive::new(Cursor::new(bytes))
        .map_err(|_| "文件已损坏（压缩结构不完整），请重新保存或重新下载后再上传".to_owned())?;
    let mut archive = archive;
    let names: Vec<Vec<u8>> = archive.file_names_raw().take(4000).map(<[u8]>::to_vec).collect();
    let has = |prefix: &[u8]| names.iter().any(|n| n.starts_with(prefix));
    if has(b"[Content_Types].xml") || has(b"_rels/.rels") {
        return if has(b"word/document") {
            Ok(Format::Docx)
        } else if has(b"xl/") {
            Ok(Format::Xlsx)
        } else if has(b"ppt/") {
            Err("这是演示文稿（PPT），请把要用的文字存为 docx 后再上传".to_owned())
        } else {
            Err("是 Office 文件，但里面没有正文，文件可能已损坏，请重新另存为 docx 后再上传".to_owned())
        };
    }
    if has(b"OFD.xml") {
        return Err("这是 OFD 版式文件，请导出为可以复制文字的 pdf 或 docx 后再上传".to_owned());
    }
    if has(b"mimetype") {
        let mut kind = String::new();
        if let Ok(file) = archive.by_name("mimetype") {
            let _read = std::io::Read::read_to_string(&mut std::io::Read::take(file, 200), &mut kind);
        }
        if kind.contains("opendocument.spreadsheet") {
            return Ok(Format::Ods);
        }
        if kind.contains("opendocument") || kind.contains("epub") {
            return Err("这种文档格式（odt、epub）不能直接导入，请另存为 docx 后再上传".to_owned());
        }
    }
    Ok(Format::Zip)
}

/// The office formats up to 2003, and today's behind a password.
fn compound(bytes: &[u8]) -> Result<Format, String> {
    let holds = |word: &str| {
        let wide: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.windows(wide.len()).any(|w| w == wide)
    };
    if holds("EncryptedPackage") {
        return Err("文件加了密码，请去掉密码后再上传".to_owned());
    }
    if holds("WordDocument") {
        return Err("这是旧版 Word 文件（.doc），请用 Word 或 WPS 另存为 docx 后再上传".to_owned());
    }
    if holds("PowerPoint Document") {
        return Err("这是演示文稿（PPT），请把要用的文字存为 docx 后再上传".to_owned());
    }
    if holds("Workbook") || holds("Book") {
        return Ok(Format::Xls);
    }
    Err("是旧版 Office 文件，但里面没有认识的内容，请另存为 docx 或 xlsx 后再上传".to_owned())
}
