//! Where names of the directory stand in a message, rightly or wrongly spelt.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    address::{self, Numbers},
    gazetteer::{Gazetteer, NamedPlace, PlaceKind, Standing},
    likeness::{NearNames, Nearness},
    reading::plain,
    scan::WordScan,
};

/// A message in the form of [`plain`], with its characters and the numbers in it.
#[derive(Debug)]
pub struct Told {
    /// The whole.
    pub text: String,
    /// Its characters.
    pub chars: Vec<char>,
    /// Byte offset of every character, and of the end.
    offsets: Vec<usize>,
    /// The numbered parts of addresses, in order.
    pub stretches: Vec<Numbers>,
}

impl Told {
    /// Reads a message.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let text = plain(text);
        let chars: Vec<char> = text.chars().collect();
        let offsets = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let stretches = address::stretches(&text);
        Self { text, chars, offsets, stretches }
    }

    /// Byte offset of a character.
    #[must_use]
    pub fn byte(&self, char: usize) -> usize {
        self.offsets.get(char).copied().unwrap_or(self.text.len())
    }

    /// The character at a byte offset.
    #[must_use]
    pub fn char(&self, byte: usize) -> usize {
        self.offsets.partition_point(|at| *at < byte)
    }

    /// A stretch of characters as text.
    #[must_use]
    pub fn part(&self, start: usize, end: usize) -> &str {
        &self.text[self.byte(start)..self.byte(end.max(start))]
    }

    /// Where the numbers stand, in characters.
    #[must_use]
    pub fn span(&self, numbers: &Numbers) -> Option<(usize, usize)> {
        numbers.span.map(|(s, e)| (self.char(s), self.char(e)))
    }
}

/// How a name stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spelling {
    /// As in the directory.
    Exact,
    /// With characters that sound or look alike.
    Alike,
    /// Nearly: only worth a question.
    Doubtful,
}

/// A name of the directory in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// First character.
    pub start: usize,
    /// One past its last.
    pub end: usize,
    /// What it stands for on the day; empty for a name that is no longer used.
    pub rows: Vec<Standing>,
    /// As written.
    pub words: String,
    /// How it is written.
    pub spelling: Spelling,
    /// A name of former days: today's is another.
    pub former: bool,
}

/// All names, to be found in messages.
#[derive(Debug)]
pub struct Names {
    /// Each word once, with the rows that it stands for.
    words: Vec<(String, Vec<usize>)>,
    exact: WordScan,
    near: NearNames,
}

impl Names {
    /// Builds the index over a directory.
    #[must_use]
    pub fn new(gazetteer: &Gazetteer) -> Self {
        let mut rows: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut add = |word: String, row: usize| {
            let rows = rows.entry(word).or_default();
            if !rows.contains(&row) {
                rows.push(row);
            }
        };
        for (i, place) in gazetteer.places().iter().enumerate() {
            let name = plain(&place.name);
            for suffix in ["小区", "街道", "区", "镇"] {
                // 「铂金云鼎」 for 铂金云鼎小区; outside names keep their last character when that leaves one.
                if let Some(short) = name.strip_suffix(suffix).filter(|s| s.chars().count() >= 3) {
                    add(short.to_owned(), i);
                }
            }
            add(name, i);
            for alias in &place.aliases {
                add(alias.clone(), i);
            }
        }
        let words: Vec<(String, Vec<usize>)> = rows.into_iter().filter(|(word, _)| !word.is_empty()).collect();
        let exact = WordScan::new(words.iter().enumerate().map(|(id, (word, _))| (word.as_str(), id)));
        let near = NearNames::new(words.iter().enumerate().filter_map(|(id, (word, rows))| {
            let core: Vec<char> = word.trim_end_matches("小区").chars().collect();
            let places = || rows.iter().map(|row| &gazetteer.places()[*row]);
            let names: BTreeSet<&str> = places().map(|p| p.name.as_str()).collect();
            let own = names.len() == 1 && places().all(|p| p.kind != PlaceKind::Outside);
            // A slip away from a general word is mostly another word.
            let own = own && !super::relations::general(word);
            let spoken = core.iter().all(|c| !c.is_ascii_alphanumeric());
            (own && spoken && core.len() >= 3).then_some((core, id))
        }));
        Self { words, exact, near }
    }

    /// The names in a message, by position and without overlaps, as they stand on `day`.
    #[must_use]
    pub fn mentions(&self, told: &Told, gazetteer: &Gazetteer, day: Date) -> Vec<Mention> {
        let mut hits: Vec<(usize, usize, &[usize])> = self
            .exact
            .longest(&told.chars)
            .into_iter()
            .filter(|h| !part_of_other_word(told, gazetteer, h.start, h.end))
            .map(|h| (h.start, h.end, h.ids))
            .collect();
        // Of two that share a character the longer one is meant.
        hits.sort_by_key(|h| (usize::MAX - (h.1 - h.0), h.0));
        let mut taken: Vec<(usize, usize, Spelling, Vec<usize>)> = Vec::new();
        for (start, end, ids) in hits {
            if !taken.iter().any(|t| start < t.1 && end > t.0) {
                taken.push((start, end, Spelling::Exact, ids.to_vec()));
            }
        }
        let mut spelt = self.misspelt(told, &taken);
        // The least wrong first, then the longest.
        spelt.sort_by_key(|(near, start, end, _)| (*near, usize::MAX - (end - start), *start));
        for (near, start, end, ids) in spelt {
            let in_the_way = |t: &(usize, usize, Spelling, Vec<usize>)| start < t.1 && end > t.0;
            let stronger = |t: &(usize, usize, Spelling, Vec<usize>)| t.2 != Spelling::Exact || t.1 - t.0 >= end - start;
            if taken.iter().any(|t| in_the_way(t) && stronger(t)) {
                continue;
            }
            taken.retain(|t| !in_the_way(t));
            let spelling = if matches!(near, Nearness::Alike(_)) { Spelling::Alike } else { Spelling::Doubtful };
            taken.push((start, end, spelling, ids));
        }
        taken.sort_by_key(|t| t.0);
        taken
            .into_iter()
            .map(|(start, end, spelling, ids)| {
                let mut own: Vec<usize> = ids.iter().flat_map(|id| self.words[*id].1.iter().copied()).collect();
                if spelling != Spelling::Exact {
                    own = whole_estates(own, gazetteer);
                }
                let (rows, former) = on_day(&own, gazetteer, day);
                Mention { start, end, rows, words: told.part(start, end).to_owned(), spelling, former }
            })
            .collect()
    }

    /// Stretches that may be another spelling of a name: (how near, start, end, words).
    fn misspelt(&self, told: &Told, exact: &[(usize, usize, Spelling, Vec<usize>)]) -> Vec<(Nearness, usize, usize, Vec<usize>)> {
        let count = told.chars.len();
        let numbers: Vec<(usize, usize)> = told.stretches.iter().filter_map(|n| told.span(n)).collect();
        // Whole words of three characters are not taken apart; shorter ones may be the end of a longer, misspelt one.
        let mut closed: Vec<bool> = told.chars.iter().map(|c| !crate::core::text::is_cjk(*c)).collect();
        let whole = exact.iter().filter(|t| t.1 - t.0 >= 3).map(|t| (t.0, t.1));
        for (start, end) in whole.chain(numbers.iter().copied()) {
            closed[start..end.min(count)].fill(true);
        }
        let sounds = NearNames::sounds(&told.chars);
        let mut found = Vec::new();
        for start in 0..count {
            for end in start + 1..=count.min(start + self.near.longest() + 1) {
                if closed[end - 1] {
                    break;
                }
                if end - start < 3 {
                    continue;
                }
                let before_numbers = numbers.iter().any(|(s, _)| {
                    *s >= end && told.part(end, *s).trim_matches(['的', ',', '，', '、']).len() <= "小区".len() && *s <= end + 2
                });
                let near = self.near.find(&told.chars[start..end], &sounds[start..end], before_numbers);
                let Some((best, _)) = near.first().copied() else { continue };
                let ids = near.iter().filter(|(n, _)| *n == best).map(|(_, id)| *id).collect();
                found.push((best, start, end, ids));
            }
        }
        found
    }
}

/// All parts of the estates, also those whose own aliases did not match.
fn whole_estates(rows: Vec<usize>, gazetteer: &Gazetteer) -> Vec<usize> {
    let mut out: Vec<usize> = Vec::new();
    for row in rows {
        let name = &gazetteer.places()[row].name;
        let all = gazetteer.rows_named(name).iter().filter(|i| gazetteer.places()[**i].name == *name);
        for i in all {
            if !out.contains(i) {
                out.push(*i);
            }
        }
    }
    out
}

/// What the rows are on the day, and whether only what followed them is left.
#[must_use]
pub fn on_day(rows: &[usize], gazetteer: &Gazetteer, day: Date) -> (Vec<Standing>, bool) {
    let holds = |row: &usize| gazetteer.places()[*row].validity.holds(day);
    let own: Vec<Standing> = rows.iter().filter(|r| holds(r)).flat_map(|r| gazetteer.on_day(*r, day)).collect();
    // A former name counts only where nothing carries the name today.
    if !own.is_empty() {
        return (own, false);
    }
    let mut followed: Vec<Standing> = rows.iter().flat_map(|r| gazetteer.on_day(*r, day)).collect();
    followed.sort_by(|a, b| (a.row, &a.grid_code).cmp(&(b.row, &b.grid_code)));
    followed.dedup();
    (followed, true)
}

/// A name that is only the beginning of the street's or a community's, or a part of another word.
fn part_of_other_word(told: &Told, gazetteer: &Gazetteer, start: usize, end: usize) -> bool {
    let (word, after) = (told.part(start, end), &told.text[told.byte(end)..]);
    let longer = |names: &[String]| {
        names.iter().any(|n| n.strip_prefix(word).is_some_and(|rest| !rest.is_empty() && after.starts_with(rest)))
    };
    if longer(gazetteer.communities()) || longer(gazetteer.streets()) {
        return true;
    }
    // 「向阳街道办」 is a street's office, not the road 向阳街.
    if word.ends_with('街') && after.starts_with('道') {
        return true;
    }
    // 「变成都是水」 is not Chengdu.
    word.starts_with("成都")
        && start > 0
        && matches!(told.chars[start - 1], '变' | '形' | '造' | '完' | '组' | '当' | '弄' | '搞' | '建' | '修' | '做')
}

/// The rows behind a mention.
pub fn places<'a>(rows: &'a [Standing], gazetteer: &'a Gazetteer) -> impl Iterator<Item = &'a NamedPlace> {
    rows.iter().map(|r| &gazetteer.places()[r.row])
}
