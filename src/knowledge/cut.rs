//! The documents as one generation of the index has them cut.

use rayon::prelude::*;

use crate::knowledge::document::{Document, Passage, passage_id};
use crate::knowledge::split::{self, SPLITTER_VERSION};

/// How documents are cut for a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The splitter's version. One that this program does not have any more is left as the rows have it.
    pub splitter: u32,
    /// Characters a piece holds at most; 0 = as the splitter has it.
    pub piece_chars: u32,
}

impl Cut {
    /// As this program cuts.
    #[must_use]
    pub fn new(piece_chars: u32) -> Self {
        Self { splitter: SPLITTER_VERSION, piece_chars }
    }

    /// Cuts documents as they come from the rows. The days on which a version answers stay as the rows have them.
    #[must_use]
    pub fn apply(self, documents: Vec<Document>) -> Vec<Document> {
        documents.into_par_iter().map(|document| self.one(document)).collect()
    }

    fn one(self, mut document: Document) -> Document {
        if self.splitter == SPLITTER_VERSION {
            let window = document.passages.first().map(|p| (p.effective_from, p.expires_on));
            document.passages = document.parsed().passages(document.version);
            if let Some((from, until)) = window {
                for passage in &mut document.passages {
                    passage.effective_from = from;
                    passage.expires_on = until;
                }
            }
        }
        if self.piece_chars > 0 {
            document.passages = smaller(&document, self.piece_chars as usize);
        }
        document
    }
}

/// The passages cut on, between sentences, until none is longer; a sentence that is longer itself stays whole.
fn smaller(document: &Document, most: usize) -> Vec<Passage> {
    let mut out: Vec<Passage> = Vec::with_capacity(document.passages.len());
    for passage in &document.passages {
        let mut parts: Vec<String> = Vec::new();
        let mut length = usize::MAX;
        for sentence in split::sentences(&passage.text) {
            let size = sentence.chars().count();
            match parts.last_mut() {
                Some(part) if length + size <= most => {
                    part.push_str(sentence);
                    length += size;
                }
                _ => {
                    parts.push(sentence.to_owned());
                    length = size;
                }
            }
        }
        for text in parts.iter().map(|p| p.trim()).filter(|p| !p.is_empty()) {
            let ordinal = u32::try_from(out.len()).unwrap_or(u32::MAX);
            let id = passage_id(&document.meta.id, document.version, ordinal);
            out.push(Passage { id, ordinal, text: text.to_owned(), ..passage.clone() });
        }
    }
    out
}
