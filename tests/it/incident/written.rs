//! Places as residents write them (`written_places*.csv`), counted: right, asked although clear, and confidently wrong.
//!
//! `wanted` is a grid code, `ask` (several places may be meant, or none is named), `outside:` with the name of the other
//! body's ground, or `refuse` (asked about or outside; only a grid would be wrong). `building` and `unit`: empty or `*` is
//! not looked at, `-` must be absent.

use std::collections::BTreeMap;

use gridworker::incident::place::{Certainty, PlaceFinder, PlaceMatch};
use serde::Deserialize;

use super::{DAY, STREET};

/// One written-out place.
#[derive(Debug, Deserialize)]
struct Line {
    words: String,
    wanted: String,
    building: String,
    unit: String,
    group: String,
}

/// What became of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Right,
    /// Safe, but not what was wanted: asked where it was clear, or the other way round of refusing.
    Missed,
    /// The grid is right, the building or unit is not.
    Parts,
    /// A grid where another or none was meant.
    Wrong,
}

fn lines(text: &str) -> Vec<Line> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(|row| row.expect("every line of the set has its five columns"))
        .collect()
}

/// `7栋` against `7`.
fn part_holds(wanted: &str, found: Option<&str>, ending: &str) -> bool {
    match wanted {
        "" | "*" => true,
        "-" => found.is_none(),
        value => found == Some(format!("{value}{ending}").as_str()),
    }
}

fn judge(line: &Line, found: &PlaceMatch, finder: &PlaceFinder) -> Outcome {
    let parts = || {
        let fits = part_holds(&line.building, found.place.building.as_deref(), "栋")
            && part_holds(&line.unit, found.place.unit.as_deref(), "单元");
        if fits { Outcome::Right } else { Outcome::Parts }
    };
    let asked = matches!(found.certainty, Certainty::Ambiguous(_) | Certainty::Unknown);
    match (&found.certainty, line.wanted.as_str()) {
        (Certainty::Sure, wanted) if found.place.grid_code.as_deref() == Some(wanted) => parts(),
        (Certainty::Sure, _) => Outcome::Wrong,
        (_, "ask") if asked => parts(),
        (_, "refuse") => Outcome::Right,
        (Certainty::Outside(body), wanted) => {
            let named =
                wanted.strip_prefix("outside:").and_then(|name| finder.gazetteer().places().iter().find(|p| p.name == name));
            // Sending somebody away who belongs here is as wrong as a wrong grid.
            named.map_or(Outcome::Wrong, |place| if place.body == *body { Outcome::Right } else { Outcome::Missed })
        }
        _ => Outcome::Missed,
    }
}

/// Prints the table by groups and returns (lines, right, wrong) with the lines that are not right.
fn measure(name: &str, text: &str) -> (usize, usize, usize, Vec<String>) {
    let set = lines(text);
    let mut groups: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut left = Vec::new();
    for line in &set {
        let found = STREET.places.on(DAY).find(&line.words);
        let outcome = judge(line, &found, &STREET.places);
        groups.entry(&line.group).or_default()[outcome as usize] += 1;
        if outcome != Outcome::Right {
            let p = &found.place;
            left.push(format!(
                "  {outcome:?}: {} ({}) wanted {} {} {}, got {:?} {:?} {:?} {:?} {:?} by {:?}",
                line.words,
                line.group,
                line.wanted,
                line.building,
                line.unit,
                found.certainty,
                p.grid_code,
                p.building,
                p.unit,
                found.remark,
                p.matched_by
            ));
        }
    }
    let sum = |i: usize| groups.values().map(|g| g[i]).sum::<usize>();
    eprintln!("{name}: {} lines, {} right, {} missed, {} parts, {} wrong", set.len(), sum(0), sum(1), sum(2), sum(3));
    for (group, [right, missed, parts, wrong]) in &groups {
        eprintln!("  {group}: {right} right, {missed} missed, {parts} parts, {wrong} wrong");
    }
    (set.len(), sum(0), sum(3), left)
}

fn holds(name: &str, text: &str, least: usize) {
    let (all, right, wrong, left) = measure(name, text);
    assert!(all >= least, "{name} has only {all} lines");
    assert_eq!(wrong, 0, "{name}: a confident wrong place is worse than a question:\n{}", left.join("\n"));
    assert!(right * 100 >= all * 95, "{name}: {right} of {all} are right:\n{}", left.join("\n"));
}

#[test]
fn places_as_residents_write_them() {
    holds("written_places.csv", include_str!("written_places.csv"), 320);
}

/// Written after the first set was mended, and run once before anything was changed for it.
#[test]
fn places_that_nobody_mended_for() {
    holds("written_places_2.csv", include_str!("written_places_2.csv"), 60);
}
