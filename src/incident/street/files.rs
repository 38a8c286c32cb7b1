//! The files that a street edits, as data. A new file joins by one line of [`FILES`].

use super::super::{
    calendar, channels, clocks, code_changes, dispatch, escalation, gazetteer, micro_grids, news_texts, pauses, polygons,
    questions, standards, stars, taxonomy, urgency,
};

/// How a value of one file names a row of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refers {
    /// The column that names; a list (`a|b`) names each.
    pub column: &'static str,
    /// File and column in one of which it must be found.
    pub to: &'static [(&'static str, &'static str)],
    /// True: the beginning of a value is enough.
    pub prefix: bool,
}

/// The columns of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// What tells its rows apart, together.
    pub key: &'static [&'static str],
    /// Columns that must be there.
    pub must: &'static [&'static str],
    /// Columns that may be there. Others are refused.
    pub may: &'static [&'static str],
    /// Columns that hold whole numbers.
    pub numbers: &'static [&'static str],
    /// Columns that name rows of other files.
    pub refers: &'static [Refers],
}

/// One file that a street edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreetFile {
    /// Its name.
    pub name: &'static str,
    /// What it is about, for people.
    pub title: &'static str,
    /// Its columns; `None` for what is no table.
    pub columns: Option<Columns>,
    /// It need not exist.
    pub optional: bool,
    /// Where tickets go depends on it.
    pub routes: bool,
}

const fn table(name: &'static str, title: &'static str, columns: Columns) -> StreetFile {
    StreetFile { name, title, columns: Some(columns), optional: false, routes: false }
}

const fn routing(name: &'static str, title: &'static str, columns: Columns) -> StreetFile {
    StreetFile { routes: true, ..table(name, title, columns) }
}

const CODE: &[(&str, &str)] = &[(taxonomy::FILE, "code")];

/// Every file that a street edits, in the order in which people see them.
#[rustfmt::skip] // a file a line or two, as a table
pub const FILES: &[StreetFile] = &[
    routing(taxonomy::FILE, "事件分类", Columns { key: &["code"],
        must: &["code", "level1", "level2", "name", "group", "kind", "words", "examples", "section", "post", "first_receiver", "urgency", "clock"],
        may: &["negative_words", "required_phone", "anonymous_allowed", "community_duty", "urgent_words", "gb30428", "code12345", "stopper",
            "legal_basis", "notice", "confidentiality", "photo_wanted", "duplicate_radius_m", "duplicate_window_h", "open311"],
        numbers: &["duplicate_radius_m", "duplicate_window_h"], refers: &[Refers { column: "clock", to: &[(clocks::FILE, "id")], prefix: false }] }),
    table(questions::FILE, "各类事件的追问", Columns { key: &["category_code", "code"],
        must: &["category_code", "order", "code", "text", "kind"], may: &["required", "options", "stoppers", "notice"],
        numbers: &["order"], refers: &[Refers { column: "category_code", to: CODE, prefix: true }] }),
    table(standards::FILE, "立结案标准", Columns { key: &["category_code", "order"],
        must: &["category_code", "order", "filing", "words", "clock", "closing", "supervisor", "responsible"], may: &["legal_basis", "collection"],
        numbers: &["order"], refers: &[Refers { column: "category_code", to: CODE, prefix: false },
            Refers { column: "clock", to: &[(clocks::FILE, "id")], prefix: false }] }),
    StreetFile { optional: true, ..routing(code_changes::FILE, "停用和更换的分类代码", Columns { key: &["code"],
        must: &["code"], may: &["replaced_by", "note"], numbers: &[],
        refers: &[Refers { column: "replaced_by", to: &[(taxonomy::FILE, "code"), (code_changes::FILE, "code")], prefix: false }] }) },
    routing(gazetteer::GRIDS_FILE, "社区、网格", Columns { key: &["grid_code"],
        must: &["grid_code", "street", "community", "grid", "kind", "handler_post"], may: &["micro_grids", "phone", "note", "valid_from", "valid_until", "followed_by"],
        numbers: &[], refers: &[Refers { column: "followed_by", to: &[(gazetteer::GRIDS_FILE, "grid_code")], prefix: false }] }),
    table(gazetteer::PLACES_FILE, "地名", Columns { key: &["name", "grid_code", "valid_from"],
        must: &["name", "kind"],
        may: &["aliases", "community", "grid_code", "buildings", "body", "note", "valid_from", "valid_until", "followed_by"], numbers: &[],
        refers: &[Refers { column: "grid_code", to: &[(gazetteer::GRIDS_FILE, "grid_code")], prefix: false }] }),
    StreetFile { optional: true, ..table(micro_grids::FILE, "微网格", Columns { key: &["grid_code", "name", "estate"],
        must: &["grid_code", "name"], may: &["estate", "buildings", "units", "note"], numbers: &[],
        refers: &[Refers { column: "grid_code", to: &[(gazetteer::GRIDS_FILE, "grid_code")], prefix: false },
            Refers { column: "estate", to: &[(gazetteer::PLACES_FILE, "name")], prefix: false }] }) },
    StreetFile { name: polygons::FILE, title: "网格边界", columns: None, optional: true, routes: false },
    routing(dispatch::FILE, "流转调度规则", Columns { key: &["id"],
        must: &["id", "priority", "reason"], may: &["category_prefix", "urgency", "grid_kind", "words", "section", "post", "first_receiver", "co_units"],
        numbers: &["priority"], refers: &[Refers { column: "category_prefix", to: CODE, prefix: true }] }),
    table(clocks::FILE, "受理与办结时限", Columns { key: &["id"],
        must: &["id", "urgency", "accept_minutes", "resolve_hours", "counting", "basis"], may: &["note"],
        numbers: &["accept_minutes", "resolve_hours"], refers: &[] }),
    table(escalation::FILE, "催办与督办", Columns { key: &["applies_to", "clock", "offset_minutes", "to"],
        must: &["applies_to", "clock", "offset_minutes", "counting", "step", "to", "words"], may: &["note"],
        numbers: &["offset_minutes"], refers: &[] }),
    table(escalation::POSTS_FILE, "岗位的A岗、B岗与值班领导", Columns { key: &["section", "post"],
        must: &["section", "post", "a_title", "b_title", "leader_title", "centre_title"], may: &["note"], numbers: &[], refers: &[] }),
    table(pauses::FILE, "可以暂停计时的事由", Columns { key: &["id"],
        must: &["id", "title", "max_days", "words"], may: &["note"], numbers: &["max_days"], refers: &[] }),
    table(news_texts::FILE, "各状态对居民的说法", Columns { key: &["state"],
        must: &["state", "sentence", "news", "joined"], may: &[], numbers: &[], refers: &[] }),
    table(calendar::FILE, "节假日与调休", Columns { key: &["date"],
        must: &["date", "kind"], may: &["name", "note"], numbers: &[], refers: &[] }),
    table(urgency::FILE, "正在发生的险情", Columns { key: &["id"],
        must: &["id", "words", "label", "tel", "advice"], may: &["exclude_words", "category_code", "urgency"], numbers: &[], refers: &[Refers { column: "category_code", to: CODE, prefix: false }] }),
    StreetFile { optional: true, ..table(stars::FILE, "三级五星的指标和达标线", Columns { key: &["measure"],
        must: &["measure", "title", "weight", "threshold", "at_least"], may: &["note"], numbers: &["weight", "at_least"], refers: &[] }) },
    table(channels::FILE, "法定途径与非街道职责", Columns { key: &["id"],
        must: &["id", "kind", "text"], may: &["wish_words", "question_words", "body", "tel", "basis"], numbers: &[], refers: &[] }),
];

/// The file with this name.
#[must_use]
pub fn file(name: &str) -> Option<&'static StreetFile> {
    FILES.iter().find(|f| f.name == name)
}

/// What of `known` is written most like `word`; `None` when nothing is like it.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.trim().to_lowercase();
    let best = known.into_iter().map(|k| (steps(&word, &k.to_lowercase()), k)).min_by_key(|(n, _)| *n)?;
    // More than half of it written otherwise is another word.
    (best.0 * 2 <= word.chars().count().max(best.1.chars().count())).then_some(best.1)
}

/// How many characters must be changed, added or taken away (Levenshtein).
fn steps(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let kept = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = kept.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
