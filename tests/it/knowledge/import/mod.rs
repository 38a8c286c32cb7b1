//! Files into the knowledge base.

mod formats;
mod hostile;
mod jobs;
pub mod make;
mod splitting;

use gridworker::knowledge::document::ParsedDocument;
use gridworker::knowledge::import::extractor::{Extractor, Limits};
use gridworker::knowledge::import::prepare;

use super::defaults;

pub fn extractor() -> Extractor {
    Extractor::new(env!("CARGO_BIN_EXE_gridworker").into(), Limits::default())
}

/// Reads a file as the service would.
pub async fn read(name: &str, bytes: Vec<u8>) -> Result<ParsedDocument, String> {
    prepare::document(name, bytes, &defaults(), &extractor()).await
}

/// The pieces of a document as a person reads them.
pub fn pieces(document: &ParsedDocument) -> String {
    let mut out = format!("{} ({:?})\n", document.meta.title, document.meta.shape);
    for passage in document.passages(1) {
        out.push_str(&format!("[{} | {}]\n{}\n", passage.path, passage.heading, passage.text));
    }
    out
}
