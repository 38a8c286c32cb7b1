//! Words, place, category and time together: what is shown and what is not.

use gridworker::incident::duplicates::nearby::{Matter, Nearness, SHOWN, Where, ago, compare};
use gridworker::incident::taxonomy::{Leaf, Taxonomy};
use gridworker::incident::ticket::{Place, Point, PointSystem};
use jiff::{SignedDuration, Timestamp};

use crate::incident::{STREET, all_hold, monday_at};

const TILES: &str = "010101";

fn leaf() -> &'static Leaf {
    STREET.taxonomy.get(TILES).expect("the street has façades")
}

fn near(said: (&str, &str), known: (&str, &str), words: f32, hours: i64) -> Option<Nearness> {
    let (here, there) =
        (STREET.places_at(monday_at("12:00")).find(said.1).place, STREET.places_at(monday_at("12:00")).find(known.1).place);
    assert!(here.grid_code.is_some() && there.grid_code.is_some(), "{said:?} and {known:?} are places of the street");
    let now = monday_at("15:00");
    let said = Matter { category: said.0, place: &here, at: now };
    let known = Matter { category: known.0, place: &there, at: now - SignedDuration::from_hours(hours) };
    compare(said, known, words, leaf())
}

#[test]
fn what_is_shown_follows_from_all_four() {
    // What, said (category, place), known, cosine of the words, hours ago, shown.
    let cases = [
        ("same building and matter need no words", (TILES, "铂金云鼎小区7栋"), (TILES, "铂金云鼎小区7栋"), 0.0, 2, true),
        (
            "nearly at the end of the window they still do",
            (TILES, "铂金云鼎小区7栋"),
            (TILES, "铂金云鼎小区7栋"),
            0.05,
            600,
            true,
        ),
        ("beyond the window nothing does", (TILES, "铂金云鼎小区7栋"), (TILES, "铂金云鼎小区7栋"), 1.0, 721, false),
        ("same matter somewhere in the estate", (TILES, "铂金云鼎小区"), (TILES, "铂金云鼎小区7栋"), 0.05, 2, true),
        ("another building needs words", (TILES, "铂金云鼎小区3栋"), (TILES, "铂金云鼎小区7栋"), 0.1, 2, false),
        ("and has them", (TILES, "铂金云鼎小区3栋"), (TILES, "铂金云鼎小区7栋"), 0.35, 2, true),
        ("another matter in the same building", (TILES, "铂金云鼎小区7栋"), ("030401", "铂金云鼎小区7栋"), 0.05, 2, false),
        (
            "read as another category, but in the same words",
            (TILES, "铂金云鼎小区7栋"),
            ("030401", "铂金云鼎小区7栋"),
            0.4,
            2,
            true,
        ),
        ("another estate", (TILES, "铂金云鼎小区7栋"), (TILES, "古渡春色小区7栋"), 0.9, 2, false),
    ];
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|(what, said, known, words, hours, shown)| {
            let found = near(*said, *known, *words, *hours);
            let is = found.is_some_and(|n| n.score >= SHOWN);
            (is != *shown).then(|| format!("{what}: {found:?}"))
        })
        .collect();
    all_hold(&failures, cases.len());
}

#[test]
fn every_part_pulls_its_own_way() {
    let base = near((TILES, "铂金云鼎小区"), (TILES, "铂金云鼎小区7栋"), 0.1, 24).expect("near").score;
    let better = [
        ("words", near((TILES, "铂金云鼎小区"), (TILES, "铂金云鼎小区7栋"), 0.2, 24)),
        ("place", near((TILES, "铂金云鼎小区7栋"), (TILES, "铂金云鼎小区7栋"), 0.1, 24)),
        ("time", near((TILES, "铂金云鼎小区"), (TILES, "铂金云鼎小区7栋"), 0.1, 1)),
    ];
    for (what, found) in better {
        assert!(found.is_some_and(|n| n.score > base), "{what} raises {base}: {found:?}");
    }
    let branch = near((TILES, "铂金云鼎小区"), ("010102", "铂金云鼎小区7栋"), 0.1, 24).expect("near").score;
    let root = near((TILES, "铂金云鼎小区"), ("010999", "铂金云鼎小区7栋"), 0.1, 24).expect("near").score;
    assert!(base > branch && branch > root, "leaf {base}, branch {branch}, first level {root}");
}

fn at(lat: f64, lng: f64, system: PointSystem, grid: &str) -> Place {
    Place { point: Some(Point { lat, lng, system, accuracy_m: None }), grid_code: Some(grid.to_owned()), ..Place::default() }
}

#[test]
fn metres_decide_where_both_devices_say_where_they_are() {
    use PointSystem::{Gcj02, Wgs84};
    let now = monday_at("15:00");
    let here = at(29.4800, 106.4800, Gcj02, "CH-JF-07");
    let between = |there: &Place| {
        let (said, known) =
            (Matter { category: TILES, place: &here, at: now }, Matter { category: TILES, place: there, at: now });
        compare(said, known, 0.2, leaf())
    };
    let next_door = between(&at(29.48036, 106.4800, Gcj02, "CH-BH-03")).expect("40 m away, in another grid");
    assert!(matches!(next_door.place, Where::Near(m) if (m - 40.0).abs() < 1.0), "{next_door:?}");
    assert!(next_door.distance_m.is_some_and(|m| (m - 40.0).abs() < 1.0));
    assert_eq!(between(&at(29.4900, 106.4800, Gcj02, "CH-JF-07")), None, "over a kilometre away in the same grid");
    let shifted = between(&at(29.4800, 106.4800, Wgs84, "CH-JF-07"));
    assert_eq!(shifted.map(|n| n.place), None, "the same figures of two systems are half a kilometre apart");
    let vague = |there: Place| Place { point: there.point.map(|p| Point { accuracy_m: Some(900.0), ..p }), ..there };
    let unknown = between(&vague(at(29.4900, 106.4800, Gcj02, "CH-JF-07"))).expect("the grid is left");
    assert_eq!((unknown.place, unknown.distance_m), (Where::SameGrid, None), "a vague position says nothing");
}

#[test]
fn radius_and_window_come_from_the_table_and_nought_switches_off() {
    let shipped = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/street/taxonomy.csv"));
    let shipped = shipped.expect("the street's table");
    let mut rows = csv::Reader::from_reader(shipped.as_bytes());
    let heads: Vec<String> = rows.headers().expect("a head").iter().map(str::to_owned).collect();
    let first: Vec<String> = rows.records().next().expect("a row").expect("readable").iter().map(str::to_owned).collect();
    let table = |radius: &str, window: &str| {
        let mut out = csv::Writer::from_writer(Vec::new());
        let own = |name: &String| name != "duplicate_radius_m" && name != "duplicate_window_h";
        let keep: Vec<usize> = (0..heads.len()).filter(|i| own(&heads[*i])).collect();
        let pick = |row: &[String], more: [&str; 2]| -> Vec<String> {
            keep.iter().map(|i| row[*i].clone()).chain(more.map(str::to_owned)).collect()
        };
        out.write_record(pick(&heads, ["duplicate_radius_m", "duplicate_window_h"])).expect("writes");
        out.write_record(pick(&first, [radius, window])).expect("writes");
        Taxonomy::from_csv(&String::from_utf8(out.into_inner().expect("ends")).expect("text"))
    };
    let read = |radius: &str, window: &str| {
        table(radius, window).map(|t| (t.leaves()[0].duplicate_radius_m, t.leaves()[0].duplicate_window_h))
    };
    assert_eq!(read("", "").expect("defaults"), (300, 720));
    assert_eq!(read("50", "24").expect("given"), (50, 24));
    for bad in ["-1", "abc", "1.5"] {
        assert!(read(bad, "").is_err() && read("", bad).is_err(), "「{bad}」 is refused");
    }
    let (place, now) = (STREET.places_at(monday_at("12:00")).find("铂金云鼎小区7栋").place, monday_at("15:00"));
    let same = Matter { category: TILES, place: &place, at: now };
    for (radius, window) in [("0", ""), ("", "0")] {
        let off = table(radius, window).expect("readable");
        assert_eq!(compare(same, same, 1.0, &off.leaves()[0]), None, "radius {radius}, window {window}");
    }
}

#[test]
fn ages_are_said_in_words() {
    let cases = [
        (0, "刚刚"),
        (4, "刚刚"),
        (5, "5分钟前"),
        (59, "59分钟前"),
        (60, "1小时前"),
        (1439, "23小时前"),
        (1440, "1天前"),
        (50_000, "34天前"),
    ];
    for (minutes, words) in cases {
        assert_eq!(ago(SignedDuration::from_mins(minutes)), words);
    }
    assert_eq!(ago(Timestamp::UNIX_EPOCH.duration_since(monday_at("15:00"))), "刚刚", "clocks that disagree do no harm");
}
