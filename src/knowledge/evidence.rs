//! Does what an answer cited still stand where it was cited? A version is never changed, so it must.

use serde::{Deserialize, Serialize};

use crate::knowledge::document::Document;

/// What became of a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// Word for word in the clause that was named.
    Verbatim,
    /// Word for word, in another clause.
    OtherClause,
    /// The version is there, the words are not.
    Altered,
    /// There is no such version.
    Missing,
}

/// Looks the quote up in the version it was taken from.
#[must_use]
pub fn look_up(version: Option<&Document>, clause: &str, quote: &str) -> Stands {
    let Some(version) = version else { return Stands::Missing };
    let holds = |text: &str| !quote.trim().is_empty() && text.contains(quote.trim());
    if version.passages.iter().any(|p| p.heading == clause && holds(&p.text)) {
        Stands::Verbatim
    } else if version.passages.iter().any(|p| holds(&p.text)) {
        Stands::OtherClause
    } else {
        Stands::Altered
    }
}
