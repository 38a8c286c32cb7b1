//! Fixed answers in a turn: words that people approved, given as they are, past model and gate. Duties come first: this is reached only
//! on the way of a question, after emergencies, lawful channels and an open draft had their say.

use super::followup;
use super::outcome::{Citation, Finish, Grounding, LawSource};
use super::redact::{self, Vault};
use super::service::Conversations;
use super::turn::{Said, Turn};
use crate::knowledge::curated::Cited;
use crate::knowledge::curated_match::{Found, Given};
use crate::knowledge::search::Scope;
use crate::knowledge::trace::Trace;

impl Conversations {
    /// Looks for a fixed answer to what was said. What leans on the question before it is no question of its own.
    pub(super) fn look_for_fixed(&self, question: &str, scope: &Scope) -> Found {
        if followup::leans_by_word(question) { Found::default() } else { self.parts.curation.find(question, scope) }
    }

    /// Says it.
    pub(super) fn give(turn: &mut Turn<'_>, given: &Given) -> Said {
        turn.log.delta(&given.content.answer);
        let quotes: Vec<&str> = given.content.citations.iter().map(|c| c.quote.as_str()).collect();
        let figures = super::figures::check(&given.content.answer, &quotes).figures.len();
        metrics::counter!("curated_answers_total").increment(1);
        Said {
            citations: given.content.citations.iter().map(citation).collect(),
            card: Some(Self::offers(turn)),
            finish: Finish::Complete,
            generated: given.content.by_model,
            grounding: Grounding { figures_checked: u32::try_from(figures).unwrap_or(u32::MAX), figures_dropped: 0 },
        }
    }

    /// How a question was answered, as it is kept: without personal data.
    pub(super) fn trace(question: &str, known: &Vault, scope: &Scope, found: &Found) -> Trace {
        // A name that was told three turns ago is a name here, too.
        Trace::new(redact::redact(question, &mut known.clone()), scope, found)
    }
}

/// A citation of a fixed answer as every citation looks.
pub(super) fn citation(cited: &Cited) -> Citation {
    let source = |s: &crate::knowledge::document::Source| LawSource {
        law: s.law.clone(),
        article: s.article.clone(),
        version: s.version.clone(),
    };
    Citation {
        n: cited.n,
        document_id: cited.document_id.clone(),
        version: cited.version,
        title: cited.title.clone(),
        issuer: cited.issuer.clone(),
        doc_no: cited.doc_no.clone(),
        clause: cited.clause.clone(),
        quote: cited.quote.clone(),
        effective_from: cited.effective_from,
        expires_on: cited.expires_on,
        sources: cited.sources.iter().map(source).collect(),
    }
}
