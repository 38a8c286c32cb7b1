//! Does a text say again, or otherwise, what is published already? Findings with both passages side by side.
//!
//! Three things are looked for among what answers at the same time, in the same area, for the same readers: the same
//! document twice (that is never published), near copies and another version of the same law, and sentences that say of
//! the same thing another figure. Only figures are compared as statements; the rest is for people to read.

pub mod figures;
pub mod guard;
pub mod shingles;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::knowledge::area::Areas;
use crate::knowledge::document::{Audience, Document, DocumentMeta, ParsedDocument, Passage};
use crate::knowledge::lexicon;
use crate::knowledge::life::window::Window;
use figures::Stated;

/// Whole texts this alike are the same document.
const SAME: f32 = 0.8;
/// Whole texts this alike are near copies.
const NEAR: f32 = 0.45;
/// A passage of which this much stands in another is a copy of it.
const COPIED: f32 = 0.85;
/// Shorter passages (bare characters) say the same by chance: a telephone number, an office's hours.
const LONG_ENOUGH: usize = 48;
/// A passage that this many documents have is a fixed phrase of the house.
const HOUSE_PHRASE: usize = 3;
/// When this much of the shorter title (pairs of characters) stands in the other, they are about the same matter.
const SAME_MATTER: f32 = 0.5;
/// Texts with fewer runs than this are indexed whole.
const SHORT: usize = 400;
/// A title of so many characters is a name; a shorter one (低保) may head different texts.
const NAMED: usize = 4;
/// Findings of one kind against one document that are shown; more help nobody.
const SHOWN: usize = 5;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The same document would answer twice.
    SameDocument,
    /// Another version of the same law is referred to.
    OtherLawVersion,
    /// Another figure for the same thing.
    Contradiction,
    /// Much of the text stands in another document.
    NearDuplicate,
    /// The canonical questions lose right answers by it.
    AnswersLost,
}

impl FindingKind {
    fn word(self) -> &'static str {
        match self {
            Self::SameDocument => "same_document",
            Self::OtherLawVersion => "other_law_version",
            Self::Contradiction => "contradiction",
            Self::NearDuplicate => "near_duplicate",
            Self::AnswersLost => "answers_lost",
        }
    }
}

/// What follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is published while it stands.
    Blocking,
    /// Published once somebody says that it may stand.
    Acknowledge,
}

/// One of the two passages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The document.
    pub document: String,
    /// Its version; 0 = the text that is being checked.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// The clause.
    pub clause: String,
    /// The words.
    pub text: String,
    /// First day on which it answers.
    pub effective_from: Date,
    /// First day without.
    pub expires_on: Option<Date>,
}

/// Something to look at before publishing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The same for the same words on both sides: an acknowledgement refers to it.
    pub id: String,
    /// What.
    pub kind: FindingKind,
    /// What follows.
    pub severity: Severity,
    /// In Chinese.
    pub message: String,
    /// The text that is being checked.
    pub ours: Side,
    /// What is published.
    pub theirs: Side,
}

/// A published version that answers on some day.
#[derive(Debug)]
struct Known {
    meta: DocumentMeta,
    version: u32,
    window: Window,
    passages: Vec<Arc<Passage>>,
    /// Runs that the index keeps of it.
    indexed: usize,
    key: String,
}

/// What is published, prepared for comparing. Building it reads every text once; a check then reads only what is alike.
#[derive(Debug, Default)]
pub struct Checker {
    areas: Areas,
    known: Vec<Known>,
    by_hash: HashMap<u64, Vec<u32>>,
    by_key: HashMap<String, Vec<u32>>,
    by_number: HashMap<String, Vec<u32>>,
    by_law: HashMap<String, Vec<u32>>,
}

impl Checker {
    /// Prepares what answers on some day, as [`crate::knowledge::store::KnowledgeStore::live`] returns it.
    #[must_use]
    pub fn new(areas: Areas, live: Vec<Document>) -> Self {
        let mut out = Self { areas, ..Self::default() };
        for document in live {
            out.add(document);
        }
        out
    }

    /// Knows one more from now on.
    pub fn add(&mut self, document: Document) {
        let Document { meta, version, passages, .. } = document;
        let number = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let window = passages.first().map_or(Window { from: meta.effective_from, until: meta.expires_on }, |p| Window {
            from: p.effective_from,
            until: p.expires_on,
        });
        // Full sets are only needed of what turns out to be alike: the sampled ones find it. A short text keeps all.
        let mut indexed = shingles::shingles(&whole(passages.iter()));
        if indexed.len() > SHORT {
            indexed.retain(|h| shingles::sampled(*h));
        }
        for hash in &indexed {
            self.by_hash.entry(*hash).or_default().push(number);
        }
        let key = title_key(&meta.title);
        self.by_key.entry(key.clone()).or_default().push(number);
        if let Some(doc_no) = meta.doc_no.as_deref().map(bare).filter(|n| !n.is_empty()) {
            self.by_number.entry(doc_no).or_default().push(number);
        }
        let laws: HashSet<&str> = meta.sources.iter().map(|s| s.law.as_str()).collect();
        for law in laws {
            self.by_law.entry(law.to_owned()).or_default().push(number);
        }
        let passages = passages.into_iter().map(Arc::new).collect();
        self.known.push(Known { meta, version, window, passages, indexed: indexed.len(), key });
    }

    /// No longer knows any version of this document.
    pub fn forget(&mut self, document: &str) {
        for known in self.known.iter_mut().filter(|k| k.meta.id == document) {
            known.window.until = Some(known.window.from);
        }
    }

    /// What is to be looked at before `document` is published. Versions of the same document are no findings: a new version
    /// takes the place of the old.
    #[must_use]
    pub fn check(&self, document: &ParsedDocument) -> Vec<Finding> {
        let meta = &document.meta;
        let own = Ours::new(document);
        let stated = own.stated();
        let mut out = Vec::new();
        let near = self.alike(&own);
        let laws: HashSet<&str> = meta.sources.iter().map(|s| s.law.as_str()).collect();
        let citing = laws.iter().filter_map(|law| self.by_law.get(*law)).flatten();
        let related: BTreeSet<u32> = self.candidates(&own, &near).into_iter().chain(citing.copied()).collect();
        let copies = self.copied_passages(&own, meta);
        for number in related {
            let Some(known) = self.meeting(number, &own, meta) else { continue };
            let likeness = near.get(&number).copied().unwrap_or(0.0);
            if let Some(finding) = same_document(&own, known, likeness) {
                out.push(finding);
            } else {
                out.extend(near_copy(&own, known, likeness, &copies));
                out.extend(other_version(&own, meta, known));
                out.extend(contradictions(&own, &stated, meta, known));
            }
        }
        out.sort_by(|a, b| (a.severity, a.kind, &a.theirs.document, &a.id).cmp(&(b.severity, b.kind, &b.theirs.document, &b.id)));
        out.dedup_by(|a, b| a.id == b.id);
        out
    }

    /// What would answer twice if `document` were let in: a published document that is the same one. This alone is looked for, so it
    /// costs little beside [`Self::check`], also among thousands of documents that are somewhat alike.
    #[must_use]
    pub fn twin(&self, document: &ParsedDocument) -> Option<Finding> {
        let own = Ours::new(document);
        let near = self.alike(&own);
        let likeness = |number: u32| near.get(&number).copied().unwrap_or(0.0);
        let candidates = self.candidates(&own, &near).into_iter();
        let mut known = candidates.filter_map(|n| self.meeting(n, &own, &document.meta).map(|known| (n, known)));
        known.find_map(|(n, known)| same_document(&own, known, likeness(n)))
    }

    /// What is alike, has the same title or the same number.
    fn candidates(&self, own: &Ours, near: &BTreeMap<u32, f32>) -> BTreeSet<u32> {
        let named = self.by_key.get(&own.key).into_iter().flatten();
        let numbered = own.number.as_ref().and_then(|n| self.by_number.get(n)).into_iter().flatten();
        near.keys().chain(named).chain(numbered).copied().collect()
    }

    /// Another document that answers on a day, in an area and for readers for which this one would, too.
    fn meeting(&self, number: u32, own: &Ours, meta: &DocumentMeta) -> Option<&Known> {
        self.known.get(number as usize).filter(|known| {
            known.meta.id != meta.id
                && known.window.meets(&own.window)
                && readers_meet(known.meta.audience, meta.audience)
                && self.areas.meet(&known.meta.area, &meta.area)
        })
    }

    /// Documents that share sampled runs, with the share of the smaller one (0..1).
    fn alike(&self, own: &Ours) -> BTreeMap<u32, f32> {
        let mut shared: BTreeMap<u32, usize> = BTreeMap::new();
        for hash in &own.all {
            for number in self.by_hash.get(hash).into_iter().flatten() {
                *shared.entry(*number).or_insert(0) += 1;
            }
        }
        let share = |(number, count): (u32, usize)| {
            let known = self.known.get(number as usize)?;
            let ours = if known.indexed > SHORT { own.all.len() / shingles::SAMPLE as usize } else { own.all.len() };
            let share = count as f32 / known.indexed.min(ours).max(1) as f32;
            // A handful of shared runs is a phrase.
            (count >= 3 && share >= 0.05).then_some((number, share))
        };
        shared.into_iter().filter_map(share).collect()
    }

    /// Our longer passages, except fixed phrases of the house, with their runs.
    fn copied_passages<'a>(&self, own: &'a Ours, meta: &DocumentMeta) -> Vec<(&'a Passage, Vec<u64>)> {
        let long = own.passages.iter().filter(|p| shingles::bare(&p.text).len() >= LONG_ENOUGH);
        long.map(|p| (p, shingles::shingles(&p.text)))
            .filter(|(_, set)| {
                let mut holders: HashMap<u32, usize> = HashMap::new();
                for hash in set {
                    for number in self.by_hash.get(hash).into_iter().flatten() {
                        *holders.entry(*number).or_insert(0) += 1;
                    }
                }
                let holds = |(number, count): (&u32, &usize)| {
                    self.known.get(*number as usize).is_some_and(|k| {
                        let expected = if k.indexed > SHORT { set.len() / shingles::SAMPLE as usize } else { set.len() };
                        k.meta.id != meta.id && *count * 4 > expected * 3
                    })
                };
                holders.iter().filter(|h| holds(*h)).count() < HOUSE_PHRASE
            })
            .collect()
    }
}

/// The text that is being checked.
struct Ours {
    window: Window,
    passages: Vec<Passage>,
    all: Vec<u64>,
    key: String,
    number: Option<String>,
}

impl Ours {
    fn new(document: &ParsedDocument) -> Self {
        let meta = &document.meta;
        let passages = document.passages(0);
        let all = shingles::shingles(&whole(passages.iter()));
        Self {
            window: Window { from: meta.effective_from, until: meta.expires_on },
            all,
            passages,
            key: title_key(&meta.title),
            number: meta.doc_no.as_deref().map(bare).filter(|n| !n.is_empty()),
        }
    }

    /// What the text says in figures, with the place of the passage.
    fn stated(&self) -> Vec<(usize, Stated)> {
        let of = |(place, passage): (usize, &Passage)| -> Vec<(usize, Stated)> {
            figures::stated(&passage.text).into_iter().map(|stated| (place, stated)).collect()
        };
        self.passages.iter().enumerate().flat_map(of).collect()
    }

    fn side(&self, passage: usize, words: Option<&str>) -> Side {
        side(self.passages.get(passage), words, 0, self.window)
    }
}

fn side(passage: Option<&Passage>, words: Option<&str>, version: u32, window: Window) -> Side {
    let of = |read: fn(&Passage) -> &str| passage.map(read).unwrap_or_default().to_owned();
    Side {
        document: of(|p| &p.document_id),
        version,
        title: of(|p| &p.title),
        clause: of(|p| &p.heading),
        text: words.map_or_else(|| of(|p| &p.text), str::to_owned),
        effective_from: window.from,
        expires_on: window.until,
    }
}

impl Known {
    fn side(&self, passage: usize, words: Option<&str>) -> Side {
        side(self.passages.get(passage).map(Arc::as_ref), words, self.version, self.window)
    }

    fn whole(&self) -> Vec<u64> {
        shingles::shingles(&whole(self.passages.iter().map(Arc::as_ref)))
    }
}

fn finding(kind: FindingKind, severity: Severity, message: String, ours: Side, theirs: Side) -> Finding {
    let words = [
        kind.word(),
        &ours.document,
        &ours.clause,
        &ours.text,
        &theirs.document,
        &theirs.version.to_string(),
        &theirs.clause,
        &theirs.text,
    ]
    .join("\u{1f}");
    let id = format!("{:016x}", xxhash_rust::xxh3::xxh3_64(words.as_bytes()));
    Finding { id, kind, severity, message, ours, theirs }
}

/// Same number, same title (whatever year stands in it), or the same words: one of the two must end before the other begins.
fn same_document(own: &Ours, known: &Known, likeness: f32) -> Option<Finding> {
    let same_number = own.number.is_some() && own.number == known.meta.doc_no.as_deref().map(bare);
    let same_title = own.key == known.key;
    let alike = likeness >= 0.5;
    let copy = alike && own.all.len() >= LONG_ENOUGH && shingles::jaccard(&own.all, &known.whole()) >= SAME;
    let why = if same_number {
        format!("文号相同（{}）", known.meta.doc_no.as_deref().unwrap_or_default())
    } else if same_title && (alike || own.key.chars().count() >= NAMED) {
        "标题相同".to_owned()
    } else if copy {
        "正文几乎相同".to_owned()
    } else {
        return None;
    };
    let until = known.window.until.map_or_else(|| "至今".to_owned(), |d| format!("到{d}"));
    let message = format!(
        "与已发布的《{}》是同一份资料：{why}。它从{}{until}有效，两份会同时作答。请改为它的新版本，或先让它失效、下架。",
        known.meta.title, known.window.from
    );
    Some(finding(FindingKind::SameDocument, Severity::Blocking, message, own.side(0, None), known.side(0, None)))
}

/// Much of one text stands in the other, or whole passages do.
fn near_copy(own: &Ours, known: &Known, likeness: f32, copies: &[(&Passage, Vec<u64>)]) -> Vec<Finding> {
    if likeness <= 0.0 {
        return Vec::new();
    }
    let whole = known.whole();
    let share = shingles::containment(&own.all, &whole);
    if share >= NEAR && own.all.len() >= LONG_ENOUGH {
        let message = format!("与已发布的《{}》有{:.0}%的文字相同", known.meta.title, share * 100.0);
        let (ours, theirs) = closest(own, known);
        let near =
            finding(FindingKind::NearDuplicate, Severity::Acknowledge, message, own.side(ours, None), known.side(theirs, None));
        return vec![near];
    }
    let mut out = Vec::new();
    for (passage, set) in copies {
        let best = known
            .passages
            .iter()
            .enumerate()
            .map(|(i, p)| (i, shingles::containment(set, &shingles::shingles(&p.text)), p))
            .filter(|(_, _, p)| shingles::bare(&p.text).len() >= LONG_ENOUGH)
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        if let Some((place, share, _)) = best.filter(|(_, share, _)| *share >= COPIED) {
            let message = format!("这一段有{:.0}%的文字与《{}》相同", share * 100.0, known.meta.title);
            let ours = own.side(passage.ordinal as usize, None);
            out.push(finding(FindingKind::NearDuplicate, Severity::Acknowledge, message, ours, known.side(place, None)));
        }
    }
    out.truncate(SHOWN);
    out
}

/// The two passages that share most.
fn closest(own: &Ours, known: &Known) -> (usize, usize) {
    let theirs: Vec<Vec<u64>> = known.passages.iter().map(|p| shingles::shingles(&p.text)).collect();
    let mut best = (0, 0, 0);
    for (i, passage) in own.passages.iter().enumerate() {
        let set = shingles::shingles(&passage.text);
        for (j, other) in theirs.iter().enumerate() {
            let shared = shingles::shared(&set, other);
            if shared > best.0 {
                best = (shared, i, j);
            }
        }
    }
    (best.1, best.2)
}

/// Both rest on the same article of a law, in different versions of the law.
fn other_version(own: &Ours, meta: &DocumentMeta, known: &Known) -> Vec<Finding> {
    let mut laws: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for ours in &meta.sources {
        for theirs in known.meta.sources.iter().filter(|t| t.law == ours.law && t.version != ours.version) {
            laws.entry(&ours.law).or_insert((&ours.version, &theirs.version));
        }
    }
    laws.into_iter()
        .map(|(law, (ours, theirs))| {
            let message = format!("两份资料引用《{law}》的不同版本：这里是{ours}，《{}》是{theirs}", known.meta.title);
            let place = own.passages.iter().position(|p| p.text.contains(law)).unwrap_or(0);
            let other = known.passages.iter().position(|p| p.text.contains(law)).unwrap_or(0);
            finding(FindingKind::OtherLawVersion, Severity::Acknowledge, message, own.side(place, None), known.side(other, None))
        })
        .collect()
}

/// Sentences that say of the same thing another figure, in documents about the same matter.
fn contradictions(own: &Ours, stated: &[(usize, Stated)], meta: &DocumentMeta, known: &Known) -> Vec<Finding> {
    let same_article = meta.sources.iter().any(|s| known.meta.sources.iter().any(|t| t.law == s.law && t.article == s.article));
    if !same_article && title_overlap(&meta.title, &known.meta.title) < SAME_MATTER {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (place, passage) in known.passages.iter().enumerate() {
        for theirs in figures::stated(&passage.text) {
            for (ours_place, ours) in stated {
                // The same sentence with the same figure elsewhere in our text settles it.
                let agrees = stated.iter().any(|(_, s)| s.sentence == theirs.sentence);
                if agrees {
                    continue;
                }
                if let Some((a, b)) = figures::conflict(ours, &theirs) {
                    let message = format!("同一事项的数字不同：这里是“{}”，《{}》是“{}”", a.words, known.meta.title, b.words);
                    let ours = own.side(*ours_place, Some(&ours.sentence));
                    let theirs = known.side(place, Some(&theirs.sentence));
                    out.push(finding(FindingKind::Contradiction, Severity::Acknowledge, message, ours, theirs));
                }
            }
        }
    }
    out.truncate(SHOWN);
    out
}

fn whole<'a>(passages: impl Iterator<Item = &'a Passage>) -> String {
    passages.flat_map(|p| [p.text.as_str(), "\n"]).collect()
}

fn bare(text: &str) -> String {
    shingles::bare(text).into_iter().collect()
}

/// A title without the mark of its version: 「…条例（2019年修正）」 and 「…条例(2023修订)」 are one law. Other brackets tell
/// documents apart: 「…的解释（二）」, 「宪法修正案（2004年）」.
#[must_use]
pub fn title_key(title: &str) -> String {
    const MARKS: [&str; 4] = ["修正", "修订", "试行", "版"];
    let title = title.trim();
    let head = match title.rfind(['（', '(']).map(|at| title.split_at(at)) {
        Some((head, mark)) if !bare(head).is_empty() && MARKS.iter().any(|m| mark.contains(m)) => head,
        _ => title,
    };
    let name = bare(head);
    let name = name.strip_prefix("中华人民共和国").unwrap_or(&name);
    if head.ends_with(['）', ')']) {
        return name.to_owned();
    }
    let shorter = name.trim_end_matches("版").trim_end_matches('年').trim_end_matches(|c: char| c.is_ascii_digit());
    let year = name.chars().count() >= shorter.chars().count() + 4;
    if year && !shorter.is_empty() { shorter.to_owned() } else { name.to_owned() }
}

/// How much of the shorter title's matter, without the words of asking, stands in the other (0..1).
fn title_overlap(a: &str, b: &str) -> f32 {
    let pairs = |title: &str| {
        let matter = lexicon::matter(&crate::core::text::for_matching(title));
        matter.split_whitespace().flat_map(crate::core::text::pairs).collect::<HashSet<(char, char)>>()
    };
    let (a, b) = (pairs(a), pairs(b));
    let smaller = a.len().min(b.len());
    if smaller == 0 { 0.0 } else { a.intersection(&b).count() as f32 / smaller as f32 }
}

fn readers_meet(a: Audience, b: Audience) -> bool {
    a == b || a == Audience::All || b == Audience::All
}
