//! Whether two tickets may be about the same thing: words, place, category and time together.
//!
//! Each part is 0..1. A pair is worth showing from [`SHOWN`] on: the same building and the same category are enough by
//! themselves, the same category elsewhere in the grid is not without words that agree.

use jiff::{SignedDuration, Timestamp};

use crate::incident::coordinates::distance_m;
use crate::incident::taxonomy::Leaf;
use crate::incident::ticket::{Place, Point};

/// From this score on a candidate is shown.
pub const SHOWN: f32 = 0.5;
/// What place, category and words count for.
const SHARES: [f32; 3] = [0.35, 0.30, 0.35];
/// From this cosine on the words agree as far as different people's words do.
const WORDS_AGREE: f32 = 0.4;
/// What is lost towards the end of the window.
const FADES: f32 = 0.3;

/// A position that may be wrong by more metres than this says nothing about nearness.
const VAGUE_M: f64 = 200.0;

/// What is compared of a ticket or a draft.
#[derive(Debug, Clone, Copy)]
pub struct Matter<'a> {
    /// Code of the category, six digits.
    pub category: &'a str,
    /// Where.
    pub place: &'a Place,
    /// When it was reported.
    pub at: Timestamp,
}

/// How two places belong together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Where {
    /// The same building of the same estate.
    SameBuilding,
    /// The same estate, and at least one of them names no building.
    SameEstate,
    /// The same estate, another building: only words can say more.
    OtherBuilding,
    /// So many metres apart, within the category's radius.
    Near(f64),
    /// The same grid, and nothing that says more.
    SameGrid,
}

/// How two categories belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The same leaf.
    SameLeaf,
    /// The same second level.
    SameBranch,
    /// The same first level.
    SameRoot,
    /// Nothing in common.
    Other,
}

/// Why a ticket is a candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearness {
    /// 0..1, at least [`SHOWN`] for what is shown.
    pub score: f32,
    /// Place.
    pub place: Where,
    /// Category.
    pub category: What,
    /// Cosine of the words, 0..1.
    pub words: f32,
    /// How long ago the known one was reported.
    pub age: SignedDuration,
    /// Metres, when both have a point.
    pub distance_m: Option<f64>,
}

/// Compares a draft with a known ticket. `None` when the category does not look for duplicates (radius or window 0), when the
/// known one is older than the window, or when the places have nothing to do with each other.
#[must_use]
pub fn compare(said: Matter<'_>, known: Matter<'_>, words: f32, leaf: &Leaf) -> Option<Nearness> {
    if leaf.duplicate_radius_m == 0 || leaf.duplicate_window_h == 0 {
        return None;
    }
    let window = SignedDuration::from_hours(i64::from(leaf.duplicate_window_h));
    let age = said.at.duration_since(known.at).max(SignedDuration::ZERO);
    if age > window {
        return None;
    }
    let metres = precise(said.place).zip(precise(known.place)).map(|(a, b)| distance_m(a, b));
    let radius = f64::from(leaf.duplicate_radius_m);
    let place = places(said.place, known.place, metres, radius)?;
    let category = categories(said.category, known.category);
    let by_place = match place {
        Where::SameBuilding => 1.0,
        Where::SameEstate => 0.8,
        Where::OtherBuilding => 0.0,
        Where::Near(metres) => 1.0 - 0.5 * (metres / radius) as f32,
        Where::SameGrid => 0.5,
    };
    let by_category = match category {
        What::SameLeaf => 1.0,
        What::SameBranch => 0.6,
        What::SameRoot => 0.3,
        What::Other => 0.0,
    };
    let by_words = (words / WORDS_AGREE).clamp(0.0, 1.0);
    let fresh = 1.0 - FADES * (age.as_secs_f64() / window.as_secs_f64()) as f32;
    let score = fresh * (SHARES[0] * by_place + SHARES[1] * by_category + SHARES[2] * by_words);
    Some(Nearness { score, place, category, words, age, distance_m: metres })
}

fn places(said: &Place, known: &Place, metres: Option<f64>, radius: f64) -> Option<Where> {
    let both = |a: &Option<String>, b: &Option<String>| a.as_ref().zip(b.as_ref()).map(|(a, b)| a == b);
    let near = metres.filter(|m| *m <= radius).map(Where::Near);
    match both(&said.estate, &known.estate) {
        Some(true) => Some(match both(&said.building, &known.building) {
            Some(true) => Where::SameBuilding,
            Some(false) => near.unwrap_or(Where::OtherBuilding),
            None => Where::SameEstate,
        }),
        // Two named places are two places, unless the devices say that they are next to each other.
        Some(false) => near,
        None if near.is_some() => near,
        // Known to be far apart, or told with other words and known no better than by the grid.
        None if metres.is_some() => None,
        None => both(&said.grid_code, &known.grid_code).filter(|same| *same).map(|_| Where::SameGrid),
    }
}

fn categories(a: &str, b: &str) -> What {
    let same = |digits: usize| a.get(..digits).is_some() && a.get(..digits) == b.get(..digits);
    if a == b {
        What::SameLeaf
    } else if same(4) {
        What::SameBranch
    } else if same(2) {
        What::SameRoot
    } else {
        What::Other
    }
}

/// The point of a place, when it is worth measuring from.
fn precise(place: &Place) -> Option<Point> {
    place.point.filter(|p| p.accuracy_m.is_none_or(|metres| metres <= VAGUE_M))
}

/// `刚刚`, `20分钟前`, `3小时前`, `5天前`.
#[must_use]
pub fn ago(age: SignedDuration) -> String {
    match age.as_mins() {
        ..=4 => "刚刚".to_owned(),
        minutes @ 5..60 => format!("{minutes}分钟前"),
        minutes @ 60..1440 => format!("{}小时前", minutes / 60),
        minutes => format!("{}天前", minutes / 1440),
    }
}
