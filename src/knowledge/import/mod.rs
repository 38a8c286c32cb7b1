//! Files into the knowledge base: one bad file spoils neither the others nor the service.
//!
//! ```text
//! collect   paths → sources: folders walked, archives opened
//! sniff     bytes → format, by content; or a reason in Chinese that says what to do
//! prepare   source → document: words are read here, formats with foreign parsers by extractor → child process (extract)
//!           docx, pdf, html, sheet → outline → Markdown, cut by knowledge::split
//! work      jobs: a row a wish, a row a file; whoever holds the index works them off and goes on where they stood
//! ```
//!
//! To add a format: recognise it in `sniff`, read it to an [`outline::Outline`] in a file of its own, name it in `extract`.

pub mod archive;
pub mod collect;
pub mod desk;
pub mod docx;
pub mod extract;
pub mod extractor;
pub mod html;
pub mod memory;
pub mod outline;
pub mod pdf;
pub mod prepare;
pub mod sheet;
pub mod sniff;
pub mod store;
pub mod text;
pub mod work;

pub use collect::texts as collect;

/// Files larger than this are refused (bytes); archives have a limit of their own.
pub const MAX_FILE_BYTES: u64 = 50 * 1024 * 1024;
/// Words in one file at most (bytes).
pub const MAX_TEXT_BYTES: usize = 20 * 1024 * 1024;
/// Passages of one document at most.
pub const MAX_PASSAGES: usize = 20_000;

fn too_large(size: u64) -> String {
    format!("文件有 {} MB，超过 {} MB 的上限，请拆分后上传", size.div_ceil(1024 * 1024), MAX_FILE_BYTES / 1024 / 1024)
}

fn cannot_read(e: &std::io::Error) -> String {
    match e.kind() {
        std::io::ErrorKind::NotFound => "文件不存在".to_owned(),
        std::io::ErrorKind::PermissionDenied => "没有读取这个文件的权限".to_owned(),
        _ => format!("文件无法读取：{e}"),
    }
}
