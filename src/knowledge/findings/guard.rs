//! The check while files are imported one after another: what was just let in counts for the next.

use super::Checker;
use crate::knowledge::document::ParsedDocument;

/// Lets documents in that are not live already under another id.
#[derive(Debug, Default)]
pub struct Guard {
    checker: Checker,
}

impl Guard {
    /// Over what is published.
    #[must_use]
    pub fn new(checker: Checker) -> Self {
        Self { checker }
    }

    /// Lets a document in; from now on it counts as published.
    ///
    /// # Errors
    /// It would be live twice: in words, for the result of the file.
    pub fn admit(&mut self, document: &ParsedDocument) -> Result<(), String> {
        if document.meta.status != "published" {
            return Ok(());
        }
        if let Some(twin) = self.checker.twin(document) {
            return Err(twin.message);
        }
        self.checker.forget(&document.meta.id);
        self.checker.add(document.as_version(0));
        Ok(())
    }
}
