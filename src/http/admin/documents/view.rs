//! Shapes of documents, drafts, versions and findings as the office sees them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::conversation::outcome::LawSource;
use crate::http::problem::{Code, FieldProblem, Problem};
use crate::knowledge::authority::Authority;
use crate::knowledge::document::{Audience, DocumentMeta, ParsedDocument, Passage, Shape, Source};
use crate::knowledge::findings::{Finding, Side};
use crate::knowledge::life::diff::{Difference, Line};
use crate::knowledge::life::list::{Due, Row, Standing, Work};
use crate::knowledge::life::record::{DocumentFile, Draft, Event, Hands, VersionRecord};
use crate::knowledge::life::service::OpenFinding;

/// Characters of an id.
const ID_CHARS: usize = 80;

/// Front matter and text of a document.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// In everyday words.
    pub title: String,
    /// `resident`, `gridworker` or `all`.
    pub audience: String,
    /// Where it holds.
    pub area: String,
    /// The matter it belongs to.
    #[serde(default)]
    pub category: String,
    /// Who issued it.
    #[serde(default)]
    pub issuer: String,
    /// Number of the official paper.
    #[serde(default)]
    pub doc_no: Option<String>,
    /// First day of use.
    #[schema(value_type = String, format = Date)]
    pub effective_from: Date,
    /// First day without it.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<Date>,
    /// When it must be looked at again.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub review_by: Option<Date>,
    /// Section and post that keeps it; never a person.
    #[serde(default)]
    pub owner: String,
    /// Everyday words.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Ways of asking.
    #[serde(default)]
    pub questions: Vec<String>,
    /// Articles it rests on.
    #[serde(default)]
    pub sources: Vec<LawSource>,
    /// The document that takes its place.
    #[serde(default)]
    pub superseded_by: Option<String>,
    /// Weight among texts that say the same, 0..1; absent: supposed from name and issuer.
    #[serde(default)]
    pub authority: Option<f32>,
    /// True for unrelated paragraphs that each stand for themselves.
    #[serde(default)]
    pub lines: bool,
    /// Markdown: the conclusion first, then `## ` sections.
    pub body: String,
}

impl Content {
    /// As a document of this id.
    ///
    /// # Errors
    /// The id or a field cannot be used.
    pub fn parsed(self, id: &str) -> Result<ParsedDocument, Problem> {
        let wrong = |field: &str, message: String| Problem {
            errors: vec![FieldProblem { field: field.to_owned(), message: message.clone() }],
            ..Problem::new(Code::InvalidBody).detail(message)
        };
        let usable = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if id.is_empty() || id.chars().count() > ID_CHARS || !id.chars().all(usable) {
            return Err(wrong("id", format!("编号只能用文字、数字和 - _ .，最多{ID_CHARS}个字")));
        }
        let audience = self.audience.parse::<Audience>().map_err(|why| wrong("audience", why))?;
        let authority = self.authority.map(Authority::try_from).transpose().map_err(|why| wrong("authority", why))?;
        let one_line = [
            ("title", &self.title),
            ("area", &self.area),
            ("category", &self.category),
            ("issuer", &self.issuer),
            ("owner", &self.owner),
        ];
        if let Some((field, _)) = one_line.iter().find(|(_, value)| value.contains(['\n', '\r'])) {
            return Err(wrong(field, "只能是一行".to_owned()));
        }
        let given = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        let listed = |all: Vec<String>| -> Vec<String> {
            all.iter().map(|t| t.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|t| !t.is_empty()).collect()
        };
        let meta = DocumentMeta {
            id: id.to_owned(),
            title: self.title.trim().to_owned(),
            audience,
            area: self.area.trim().to_owned(),
            category: self.category.trim().to_owned(),
            issuer: self.issuer.trim().to_owned(),
            doc_no: given(self.doc_no),
            effective_from: self.effective_from,
            expires_on: self.expires_on,
            review_by: self.review_by,
            owner: self.owner.trim().to_owned(),
            keywords: listed(self.keywords),
            questions: listed(self.questions),
            sources: self.sources.into_iter().map(|s| Source { law: s.law, article: s.article, version: s.version }).collect(),
            status: "published".to_owned(),
            superseded_by: given(self.superseded_by),
            shape: if self.lines { Shape::Lines } else { Shape::Guide },
            authority,
        };
        Ok(ParsedDocument::written(meta, &self.body))
    }

    /// Front matter and text as they are.
    #[must_use]
    pub fn of(meta: &DocumentMeta, body: &str) -> Self {
        Self {
            title: meta.title.clone(),
            audience: meta.audience.as_str().to_owned(),
            area: meta.area.clone(),
            category: meta.category.clone(),
            issuer: meta.issuer.clone(),
            doc_no: meta.doc_no.clone(),
            effective_from: meta.effective_from,
            expires_on: meta.expires_on,
            review_by: meta.review_by,
            owner: meta.owner.clone(),
            keywords: meta.keywords.clone(),
            questions: meta.questions.clone(),
            sources: meta
                .sources
                .iter()
                .map(|s| LawSource { law: s.law.clone(), article: s.article.clone(), version: s.version.clone() })
                .collect(),
            superseded_by: meta.superseded_by.clone(),
            authority: meta.authority.map(Authority::value),
            lines: meta.shape == Shape::Lines,
            body: body.to_owned(),
        }
    }
}

/// Who had it in hand.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandsView {
    /// Everybody who wrote on it; none of them may approve it.
    pub authors: Vec<String>,
    /// Who handed it in.
    pub submitted_by: String,
    /// Who decided on it.
    pub reviewed_by: Option<String>,
    /// The published version it was begun from; 0 = none.
    pub based_on: u32,
    /// The version whose content it brings back.
    pub rolls_back_to: Option<u32>,
    /// What the author says about the change.
    pub note: String,
}

impl From<&Hands> for HandsView {
    fn from(hands: &Hands) -> Self {
        Self {
            authors: hands.authors.iter().cloned().collect(),
            submitted_by: hands.submitted_by.clone(),
            reviewed_by: hands.reviewed_by.clone(),
            based_on: hands.based_on,
            rolls_back_to: hands.rolls_back_to,
            note: hands.note.clone(),
        }
    }
}

/// The working copy.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftView {
    /// To be named in `If-Match` when it is changed.
    pub revision: u32,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Who wrote on it.
    pub hands: HandsView,
    /// What it says.
    pub content: Content,
}

impl From<&Draft> for DraftView {
    fn from(draft: &Draft) -> Self {
        Self {
            revision: draft.revision,
            updated_at: draft.updated_at,
            hands: HandsView::from(&draft.hands),
            content: Content::of(&draft.content.meta, &draft.content.body),
        }
    }
}

/// A version without its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionView {
    /// Its number.
    pub version: u32,
    /// `in_review`, `returned`, `withdrawn` or `published`.
    pub state: &'static str,
    /// Its title.
    pub title: String,
    /// When it was handed in or imported.
    #[schema(value_type = String, format = DateTime)]
    pub stored_at: Timestamp,
    /// SHA-256 of its content.
    pub content_hash: String,
    /// First day on which it answers; null when it answers on none.
    #[schema(value_type = Option<String>, format = Date)]
    pub answers_from: Option<Date>,
    /// First day on which it no longer answers; null = open.
    #[schema(value_type = Option<String>, format = Date)]
    pub answers_until: Option<Date>,
    /// Who had it in hand.
    pub hands: HandsView,
}

impl VersionView {
    fn new(file: &DocumentFile, version: &VersionRecord) -> Self {
        let window = file.windows().into_iter().find(|(v, _)| *v == version.version).map(|(_, w)| w);
        Self {
            version: version.version,
            state: version.state.as_str(),
            title: version.meta.title.clone(),
            stored_at: version.stored_at,
            content_hash: version.content_hash.clone(),
            answers_from: window.map(|w| w.from),
            answers_until: window.and_then(|w| w.until),
            hands: HandsView::from(&version.hands),
        }
    }

    /// All versions of a document, oldest first.
    #[must_use]
    pub fn all(file: &DocumentFile) -> Vec<Self> {
        file.versions.iter().map(|v| Self::new(file, v)).collect()
    }
}

/// Why it is out of use.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetirementView {
    /// In words.
    pub reason: String,
    /// The document that took its place.
    pub successor: Option<String>,
    /// First day without it; null = it should never have answered.
    #[schema(value_type = Option<String>, format = Date)]
    pub ended_on: Option<Date>,
}

/// A document with its draft and versions.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentView {
    /// Stable id.
    pub id: String,
    /// The version that answers today.
    pub answering: Option<u32>,
    /// The version that waits for review.
    pub waiting: Option<u32>,
    /// The working copy.
    pub draft: Option<DraftView>,
    /// Oldest first.
    pub versions: Vec<VersionView>,
    /// Set when it is out of use.
    pub retired: Option<RetirementView>,
}

impl DocumentView {
    /// As of `today`.
    #[must_use]
    pub fn new(file: &DocumentFile, today: Date) -> Self {
        Self {
            id: file.id.clone(),
            answering: file.windows().into_iter().find(|(_, w)| w.holds(today)).map(|(v, _)| v),
            waiting: file.waiting().map(|v| v.version),
            draft: file.draft.as_ref().map(DraftView::from),
            versions: VersionView::all(file),
            retired: file.retirement.as_ref().map(|r| RetirementView {
                reason: r.reason.clone(),
                successor: r.successor.clone(),
                ended_on: r.ended_on,
            }),
        }
    }
}

/// A line of the list.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentRow {
    /// Stable id.
    pub id: String,
    /// In everyday words.
    pub title: String,
    /// Where it stands today.
    pub state: Standing,
    /// What is going on besides.
    pub work: Option<Work>,
    /// When it must be looked at again.
    pub due: Due,
    /// The version published last.
    pub version: Option<u32>,
    /// The version that answers today.
    pub answering: Option<u32>,
    /// `resident`, `gridworker` or `all`.
    pub audience: &'static str,
    /// Where it holds.
    pub area: String,
    /// The matter.
    pub category: String,
    /// Who issued it.
    pub issuer: String,
    /// Its number.
    pub doc_no: Option<String>,
    /// Section and post that keeps it.
    pub owner: String,
    /// First day of use.
    #[schema(value_type = String, format = Date)]
    pub effective_from: Date,
    /// First day without it.
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<Date>,
    /// When it must be looked at again.
    #[schema(value_type = Option<String>, format = Date)]
    pub review_by: Option<Date>,
    /// The last change.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
}

impl From<Row> for DocumentRow {
    fn from(row: Row) -> Self {
        let Row { overview, meta, standing, work, due } = row;
        Self {
            id: overview.id,
            title: meta.title,
            state: standing,
            work,
            due,
            version: overview.newest.map(|(v, _)| v),
            answering: overview.answering,
            audience: meta.audience.as_str(),
            area: meta.area,
            category: meta.category,
            issuer: meta.issuer,
            doc_no: meta.doc_no,
            owner: meta.owner,
            effective_from: meta.effective_from,
            expires_on: meta.expires_on,
            review_by: meta.review_by,
            changed_at: overview.changed_at,
        }
    }
}

/// A piece as it will be found and cited.
#[derive(Debug, Serialize, ToSchema)]
pub struct PieceView {
    /// Place in the document, from 0.
    pub ordinal: u32,
    /// The clause.
    pub heading: String,
    /// Plain text.
    pub text: String,
    /// Characters.
    pub chars: usize,
    /// The articles it rests on.
    pub sources: Vec<LawSource>,
}

impl From<Passage> for PieceView {
    fn from(p: Passage) -> Self {
        Self {
            ordinal: p.ordinal,
            chars: p.text.chars().count(),
            heading: p.heading,
            text: p.text,
            sources: p.sources.into_iter().map(|s| LawSource { law: s.law, article: s.article, version: s.version }).collect(),
        }
    }
}

/// A line of the history.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventView {
    /// From 1.
    pub seq: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What.
    pub kind: &'static str,
    /// The version it is about.
    pub version: Option<u32>,
    /// Reason or remark.
    pub note: String,
}

impl From<Event> for EventView {
    fn from(e: Event) -> Self {
        Self { seq: e.seq, at: e.at, by: e.by.name, kind: e.kind.as_str(), version: e.version, note: e.note }
    }
}

/// One of two passages side by side.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SideView {
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
    #[schema(value_type = String, format = Date)]
    pub effective_from: Date,
    /// First day without.
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<Date>,
}

impl From<Side> for SideView {
    fn from(s: Side) -> Self {
        let Side { document, version, title, clause, text, effective_from, expires_on } = s;
        Self { document, version, title, clause, text, effective_from, expires_on }
    }
}

/// Something to look at before publishing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FindingView {
    /// To be named when it is acknowledged.
    pub id: String,
    /// `same_document`, `other_law_version`, `contradiction` or `near_duplicate`.
    #[schema(value_type = String)]
    pub kind: crate::knowledge::findings::FindingKind,
    /// `blocking` or `acknowledge`.
    #[schema(value_type = String)]
    pub severity: crate::knowledge::findings::Severity,
    /// In words.
    pub message: String,
    /// The text that is being checked.
    pub ours: SideView,
    /// What is published.
    pub theirs: SideView,
    /// Who says that it may stand; null = nobody yet.
    pub acknowledged_by: Option<String>,
    /// Why it may stand.
    pub acknowledged_note: Option<String>,
}

impl From<Finding> for FindingView {
    fn from(f: Finding) -> Self {
        let Finding { id, kind, severity, message, ours, theirs } = f;
        Self {
            id,
            kind,
            severity,
            message,
            ours: ours.into(),
            theirs: theirs.into(),
            acknowledged_by: None,
            acknowledged_note: None,
        }
    }
}

impl From<OpenFinding> for FindingView {
    fn from(open: OpenFinding) -> Self {
        let mut view = Self::from(open.finding);
        if let Some(kept) = open.acknowledged {
            view.acknowledged_by = Some(kept.by.name);
            view.acknowledged_note = Some(kept.note);
        }
        view
    }
}

/// A field that changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldChangeView {
    /// Its name.
    pub field: &'static str,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
}

/// What differs between two texts.
#[derive(Debug, Serialize, ToSchema)]
pub struct DifferenceView {
    /// Changed fields.
    pub fields: Vec<FieldChangeView>,
    /// Changed lines with three around each.
    pub lines: Vec<Line>,
}

impl From<Difference> for DifferenceView {
    fn from(d: Difference) -> Self {
        let field = |f: crate::knowledge::life::diff::FieldChange| FieldChangeView { field: f.field, old: f.old, new: f.new };
        Self { fields: d.fields.into_iter().map(field).collect(), lines: d.lines }
    }
}
