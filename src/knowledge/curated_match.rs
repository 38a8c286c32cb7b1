//! Which fixed answer, if any, answers this question for this asker: exact words at once, else a measured similarity.
//!
//! A negative question that is at least as close refuses its answer. Audience, area and validity are enforced here, for the answer and for
//! everything it cites; an answer whose source was changed, retired or has run out is not given until a person has looked at it.

use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::knowledge::catalog::Catalog;
use crate::knowledge::curated::{Cited, Content, Curated};
use crate::knowledge::document::Audience;
use crate::knowledge::lexicon::Lexicon;
use crate::knowledge::search::Scope;
use crate::knowledge::similar::{self, Phrase};

/// How many answers are told to have been considered.
const TOLD: usize = 5;

/// Why a fixed answer was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// Too unlike.
    Unlike,
    /// A negative question is as close or closer.
    Negative,
    /// For other people.
    Audience,
    /// Holds elsewhere.
    Area,
    /// Not in force on that day, or something it cites is not.
    Validity,
    /// A cited passage was changed or taken out of use since.
    Outdated,
    /// Another one fits better.
    Outdone,
}

/// A fixed answer beside a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Considered {
    /// The fixed answer.
    pub id: Uuid,
    /// Its version.
    pub version: u32,
    /// The question of it that is closest.
    pub question: String,
    /// Probability (0..1) that both ask the same.
    pub probability: f32,
    /// The same words.
    pub exact: bool,
    /// The closest negative question.
    pub negative: Option<String>,
    /// Probability (0..1) that the negative one is meant.
    pub negative_probability: f32,
    /// `None` = it is the answer.
    pub refused: Option<Refused>,
}

/// The answer to give.
#[derive(Debug, Clone)]
pub struct Given {
    /// Which.
    pub id: Uuid,
    /// Its version.
    pub version: u32,
    /// Probability (0..1) that it was asked for.
    pub probability: f32,
    /// What is said.
    pub content: Arc<Content>,
}

/// What came of looking.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The answer, if there is one.
    pub given: Option<Given>,
    /// The closest ones, closest first.
    pub considered: Vec<Considered>,
}

#[derive(Debug)]
struct Entry {
    id: Uuid,
    version: u32,
    content: Arc<Content>,
    positive: Vec<(String, Phrase)>,
    negative: Vec<(String, Phrase)>,
    /// Of each citation: the days on which the text stands in the knowledge as it was cited.
    standing: Vec<Vec<(Date, Option<Date>)>>,
}

/// The live fixed answers, prepared against one state of the knowledge base.
#[derive(Debug, Default)]
pub struct CuratedIndex {
    entries: Vec<Entry>,
}

impl CuratedIndex {
    /// Prepares what is live.
    #[must_use]
    pub fn new(all: &[Curated], catalog: &Catalog, lexicon: &Lexicon) -> Self {
        let live = all.iter().filter_map(|c| c.live.as_ref().map(|v| (c.id, v.version, &v.content)));
        Self::of(live, catalog, lexicon)
    }

    /// Prepares these as if they were live.
    #[must_use]
    pub fn of<'a>(live: impl Iterator<Item = (Uuid, u32, &'a Content)>, catalog: &Catalog, lexicon: &Lexicon) -> Self {
        let idf = |term| catalog.idf(term);
        let phrase = |text: &str| (text.to_owned(), Phrase::new(text, lexicon, &idf));
        let mut entries: Vec<Entry> = live
            .map(|(id, version, content)| Entry {
                id,
                version,
                positive: content.positives().map(phrase).collect(),
                negative: content.negative.iter().map(|q| phrase(q)).collect(),
                standing: content.citations.iter().map(|cited| standing(cited, catalog)).collect(),
                content: Arc::new(content.clone()),
            })
            .collect();
        entries.sort_by_key(|e| e.id);
        Self { entries }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when nothing is live.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Ids of answers of which a source does not stand any more on `day`: to be looked at.
    #[must_use]
    pub fn outdated(&self, day: Date) -> Vec<Uuid> {
        self.entries.iter().filter(|e| !e.stands(day)).map(|e| e.id).collect()
    }

    /// Looks for the answer to `question`.
    #[must_use]
    pub fn find(&self, question: &str, scope: &Scope, catalog: &Catalog, lexicon: &Lexicon) -> Found {
        if self.entries.is_empty() {
            return Found::default();
        }
        let asked = Phrase::new(question, lexicon, &|term| catalog.idf(term));
        if asked.is_empty() {
            return Found::default();
        }
        let mut seen: Vec<(&Entry, Considered)> = self.entries.iter().map(|e| (e, e.consider(&asked, scope))).collect();
        // Exact first, then the likelier one; what may not be given stands behind what may; the id decides between equals.
        seen.sort_by(|(_, a), (_, b)| {
            let key = |c: &Considered| (c.refused.is_none(), c.exact);
            key(b).cmp(&key(a)).then(b.probability.total_cmp(&a.probability)).then(a.id.cmp(&b.id))
        });
        let given = seen.first().filter(|(_, c)| c.refused.is_none()).map(|(entry, c)| Given {
            id: entry.id,
            version: entry.version,
            probability: c.probability,
            content: Arc::clone(&entry.content),
        });
        let mut considered: Vec<Considered> = seen.into_iter().map(|(_, c)| c).filter(|c| c.probability > 0.0).collect();
        for other in considered.iter_mut().skip(1).filter(|c| c.refused.is_none()) {
            other.refused = Some(Refused::Outdone);
        }
        considered.truncate(TOLD);
        Found { given, considered }
    }
}

impl Entry {
    /// Does everything that is cited stand in the knowledge on `day` as it was cited?
    fn stands(&self, day: Date) -> bool {
        self.standing.iter().all(|windows| windows.iter().any(|w| contains(*w, day)))
    }

    fn consider(&self, asked: &Phrase, scope: &Scope) -> Considered {
        let closest = |list: &[(String, Phrase)]| {
            let mut best: Option<(String, f32, bool)> = None;
            for (text, phrase) in list {
                let (probability, exact) = (similar::probability(asked, phrase), asked.is_exactly(phrase));
                if best.as_ref().is_none_or(|(_, p, e)| (exact, probability) > (*e, *p)) {
                    best = Some((text.clone(), probability, exact));
                }
            }
            best
        };
        let (question, probability, exact) = closest(&self.positive).unwrap_or_default();
        let negative = closest(&self.negative);
        let (refusing, exactly_refusing) = negative.as_ref().map_or((0.0, false), |(_, p, e)| (*p, *e));
        let may = |audience: Audience| audience == Audience::All || scope.audiences.contains(&audience);
        let here = |area: &String| scope.areas.is_empty() || scope.areas.contains(area);
        let content = &self.content;
        let refused = if probability < similar::THRESHOLD {
            Some(Refused::Unlike)
        } else if exactly_refusing || (!exact && refusing >= probability) {
            Some(Refused::Negative)
        } else if !may(content.audience) || !content.citations.iter().all(|c| may(c.audience)) {
            Some(Refused::Audience)
        } else if !here(&content.area) || !content.citations.iter().all(|c| here(&c.area)) {
            Some(Refused::Area)
        } else if !content.in_force(scope.on) {
            Some(Refused::Validity)
        } else if !self.stands(scope.on) {
            Some(Refused::Outdated)
        } else {
            None
        };
        Considered {
            id: self.id,
            version: self.version,
            question,
            probability,
            exact,
            negative: negative.map(|(text, _, _)| text),
            negative_probability: refusing,
            refused,
        }
    }
}

fn contains((from, until): (Date, Option<Date>), day: Date) -> bool {
    from <= day && until.is_none_or(|end| day < end)
}

/// The days on which a cited text stands in the knowledge in use as it was cited: in whichever version.
fn standing(cited: &Cited, catalog: &Catalog) -> Vec<(Date, Option<Date>)> {
    let of_document = catalog.units().iter().filter(|u| u.meta.id == cited.document_id);
    let same = of_document.flat_map(|u| &u.passages).filter(|p| p.heading == cited.clause && p.text == cited.quote);
    same.map(|p| (p.effective_from, p.expires_on)).collect()
}

/// Does what is cited not stand in the knowledge on `day` any more as it was cited?
#[must_use]
pub fn is_outdated(cited: &Cited, catalog: &Catalog, day: Date) -> bool {
    !standing(cited, catalog).into_iter().any(|w| contains(w, day))
}
