//! The list that a curator works from: where each document stands, what is due, sorted and in pages.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::knowledge::document::{Audience, DocumentMeta};
use crate::knowledge::life::store::Overview;

/// Where a document stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing of it was published; somebody writes it.
    Draft,
    /// Nothing of it was published; it waits for review.
    InReview,
    /// Published for a later day.
    Scheduled,
    /// A version of it answers.
    Published,
    /// What was published has ended.
    Expired,
    /// Taken out of use.
    Retired,
}

/// What is going on besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// There is a draft.
    Draft,
    /// A version waits for review.
    InReview,
}

/// When it must be looked at again: its review date or its end, whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// The day has passed.
    Overdue,
    /// The day is near.
    Soon,
    /// Not now.
    Later,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Versions, draft and dates.
    pub overview: Overview,
    /// The front matter to show: of what is published, else of what waits, else of the draft.
    pub meta: DocumentMeta,
    /// Where it stands.
    pub standing: Standing,
    /// What is going on besides.
    pub work: Option<Work>,
    /// When it must be looked at again.
    pub due: Due,
}

/// What to sort by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Id.
    #[default]
    Id,
    /// Title.
    Title,
    /// Review date; without one last.
    ReviewBy,
    /// Expiry; without one last.
    ExpiresOn,
    /// Last change.
    ChangedAt,
    /// Owner.
    Owner,
}

/// Which documents are wanted; nothing set = all.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Standing, or the work of that name.
    pub standing: Option<Standing>,
    /// Overdue, or due within [`Self::within_days`].
    pub due: Option<Due>,
    /// Days that are near.
    pub within_days: u16,
    /// Part of the owner.
    pub owner: Option<String>,
    /// Area.
    pub area: Option<String>,
    /// Audience.
    pub audience: Option<Audience>,
    /// Matter.
    pub category: Option<String>,
    /// In title, id, number or keywords.
    pub text: Option<String>,
    /// Sort by.
    pub sort: Sort,
    /// The other way round.
    pub descending: bool,
}

/// A value that occurs, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Tally {
    /// As it is written; empty = not given.
    pub value: String,
    /// Documents.
    pub count: usize,
}

/// What there is to choose from, over all documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Facets {
    /// All documents.
    pub total: usize,
    /// Matters.
    pub categories: Vec<Tally>,
    /// Areas.
    pub areas: Vec<Tally>,
    /// Owners.
    pub owners: Vec<Tally>,
    /// A version of it waits for review.
    pub in_review: usize,
    /// The day to look again has passed.
    pub overdue: usize,
    /// That day is near.
    pub soon: usize,
}

/// Counts what there is to choose from.
#[must_use]
pub fn facets(all: &[Overview], within_days: u16, today: Date) -> Facets {
    let mut out = Facets::default();
    let (mut categories, mut areas, mut owners) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for row in all.iter().filter_map(|o| Row::new(o.clone(), today, within_days)) {
        out.total += 1;
        for (counts, value) in [(&mut categories, row.meta.category), (&mut areas, row.meta.area), (&mut owners, row.meta.owner)]
        {
            *counts.entry(value).or_insert(0_usize) += 1;
        }
        out.in_review += usize::from(row.overview.waiting.is_some());
        out.overdue += usize::from(row.due == Due::Overdue);
        out.soon += usize::from(row.due == Due::Soon);
    }
    let told = |counts: BTreeMap<String, usize>| counts.into_iter().map(|(value, count)| Tally { value, count }).collect();
    Facets { categories: told(categories), areas: told(areas), owners: told(owners), ..out }
}

impl Row {
    /// `None` for a document of which nothing is left but its history (a draft that was thrown away).
    #[must_use]
    pub fn new(overview: Overview, today: Date, within_days: u16) -> Option<Self> {
        let meta = overview.newest.as_ref().or(overview.waiting.as_ref()).or(overview.draft.as_ref()).map(|(_, m)| m)?.clone();
        let work = match (&overview.draft, &overview.waiting) {
            (Some(_), _) => Some(Work::Draft),
            (None, Some(_)) => Some(Work::InReview),
            (None, None) => None,
        };
        let standing = if overview.retirement.is_some() {
            Standing::Retired
        } else if overview.answering.is_some() {
            Standing::Published
        } else if overview.newest.is_some() {
            if meta.effective_from > today { Standing::Scheduled } else { Standing::Expired }
        } else if work == Some(Work::InReview) {
            Standing::InReview
        } else {
            Standing::Draft
        };
        let in_use = matches!(standing, Standing::Published | Standing::Scheduled | Standing::Expired);
        let near = today.checked_add(i32::from(within_days).days()).unwrap_or(Date::MAX);
        // Whichever comes first: what has ended must be renewed or taken out as well.
        let first = meta.review_by.into_iter().chain(meta.expires_on).min();
        let due = match first.filter(|_| in_use) {
            Some(day) if day < today => Due::Overdue,
            _ if in_use && meta.expires_on.is_some_and(|end| end <= today) => Due::Overdue,
            Some(day) if day <= near => Due::Soon,
            _ => Due::Later,
        };
        Some(Self { overview, meta, standing, work, due })
    }
}

/// The lines that are wanted, sorted.
#[must_use]
pub fn select(all: Vec<Overview>, wanted: &Wanted, today: Date) -> Vec<Row> {
    let within = |text: &Option<String>, value: &str| text.as_deref().is_none_or(|t| value.contains(t.trim()));
    let named = |row: &Row| {
        wanted.text.as_deref().map(str::trim).filter(|t| !t.is_empty()).is_none_or(|t| {
            let meta = &row.meta;
            meta.title.contains(t)
                || meta.id.contains(t)
                || meta.doc_no.as_deref().is_some_and(|n| n.contains(t))
                || meta.keywords.iter().any(|k| k.contains(t))
        })
    };
    let stands = |row: &Row| {
        wanted.standing.is_none_or(|s| {
            row.standing == s
                || s == Standing::Draft && row.work == Some(Work::Draft)
                || s == Standing::InReview && row.work == Some(Work::InReview)
        })
    };
    let mut rows: Vec<Row> = all
        .into_iter()
        .filter_map(|o| Row::new(o, today, wanted.within_days))
        .filter(|r| stands(r) && named(r))
        .filter(|r| wanted.due.is_none_or(|d| r.due == d))
        .filter(|r| within(&wanted.owner, &r.meta.owner))
        .filter(|r| wanted.area.as_deref().is_none_or(|a| r.meta.area == a))
        .filter(|r| wanted.category.as_deref().is_none_or(|c| r.meta.category == c))
        .filter(|r| wanted.audience.is_none_or(|a| r.meta.audience == a))
        .collect();
    let last = |day: Option<Date>| day.unwrap_or(Date::MAX);
    match wanted.sort {
        Sort::Id => rows.sort_by(|a, b| a.overview.id.cmp(&b.overview.id)),
        Sort::Title => rows.sort_by(|a, b| a.meta.title.cmp(&b.meta.title)),
        Sort::ReviewBy => rows.sort_by_key(|r| last(r.meta.review_by)),
        Sort::ExpiresOn => rows.sort_by_key(|r| last(r.meta.expires_on)),
        Sort::ChangedAt => rows.sort_by_key(|r| r.overview.changed_at),
        Sort::Owner => rows.sort_by(|a, b| a.meta.owner.cmp(&b.meta.owner)),
    }
    if wanted.descending {
        rows.reverse();
    }
    rows
}
