//! The directory over time: boundaries that were redrawn, names that were given up, and what a building's micro-grid is.

use gridworker::incident::{
    gazetteer::Gazetteer,
    micro_grids::MicroGrids,
    place::{Certainty, PlaceFinder, PlaceMatch},
};
use jiff::civil::{Date, date};

use super::{DAY, STREET};

const BEFORE: Date = date(2025, 6, 30);
const AFTER: Date = date(2025, 7, 1);

fn code(found: &PlaceMatch) -> Option<&str> {
    found.place.grid_code.as_deref()
}

#[test]
fn a_redrawn_boundary_counts_from_its_day_on() {
    for (day, building, want) in
        [(BEFORE, 14, "CH-BH-07"), (BEFORE, 15, "CH-BH-08"), (AFTER, 15, "CH-BH-07"), (DAY, 20, "CH-BH-07")]
    {
        let found = STREET.places.on(day).find(&format!("华新新村{building}栋"));
        assert_eq!(code(&found), Some(want), "华新新村{building}栋 on {day}: {found:?}");
    }
    let split = STREET.places.on(BEFORE).find("华新新村门口");
    assert!(matches!(&split.certainty, Certainty::Ambiguous(c) if c.len() == 2), "it was in two grids: {split:?}");
    assert_eq!(code(&STREET.places.on(AFTER).find("华新新村门口")), Some("CH-BH-07"), "now it is in one");
}

#[test]
fn a_former_name_leads_to_todays() {
    let was = STREET.places.on(date(2023, 12, 31)).find("红砖新村3栋");
    assert_eq!((code(&was), was.place.estate.as_deref()), (Some("CH-GY-01"), Some("红砖新村")), "its last day");
    let now = STREET.places.on(DAY).find("红砖厂宿舍3栋");
    assert_eq!((code(&now), now.place.estate.as_deref()), (Some("CH-GY-01"), Some("桂语花园")), "{now:?}");
    assert!(now.place.matched_by.contains(&"现为桂语花园".to_owned()), "how it was understood is kept: {now:?}");
}

#[test]
fn a_name_with_several_successors_is_asked_about_and_one_without_is_not_guessed() {
    let two = STREET.places.on(DAY).find("和平老街有人堆垃圾");
    let names: Vec<&str> = two.candidates.iter().map(|c| c.name.as_str()).collect();
    assert!(matches!(two.certainty, Certainty::Ambiguous(_)), "{two:?}");
    assert_eq!(names, ["幸福家园", "和平新居"].map(|n| names.iter().find(|m| **m == n).copied().unwrap_or_default()), "{two:?}");
    assert_eq!(names.len(), 2, "{two:?}");
    let none = STREET.places.on(DAY).find("向阳煤球店门口");
    assert_eq!((code(&none), &none.certainty), (None, &Certainty::Unknown), "it was pulled down: {none:?}");
    assert!(STREET.places.on(date(2022, 12, 31)).find("向阳煤球店门口").place.grid_code.is_some(), "it stood there once");
}

#[test]
fn a_grid_that_was_merged_leads_to_what_took_its_ground_over() {
    for (day, words, want) in [
        (BEFORE, "桂语社区第六网格", Some("CH-GY-06")),
        (AFTER, "桂语社区第六网格", Some("CH-GY-05")),
        (BEFORE, "向阳里社区第七网格", Some("CH-XY-07")),
        (AFTER, "向阳里社区第七网格", None),
        (BEFORE, "向阳文化站门口", Some("CH-XY-07")),
        (AFTER, "向阳文化站门口", None),
    ] {
        let found = STREET.places.on(day).find(words);
        assert_eq!(code(&found), want, "{words} on {day}: {found:?}");
        if want.is_none() {
            let codes: Vec<&str> = found.candidates.iter().map(|c| c.grid_code.as_str()).collect();
            assert_eq!(codes, ["CH-XY-05", "CH-XY-06"], "its ground went to two grids, both are choices: {found:?}");
        }
    }
}

#[test]
fn mistakes_in_dates_and_successors_are_found_at_load() {
    let grids = |row: &str| {
        format!(
            "grid_code,street,community,grid,kind,handler_post,valid_from,valid_until,followed_by\nA-1,某街道,甲社区,第一网格,普通,岗,,,\n{row}\n"
        )
    };
    let places = |row: &str| {
        format!(
            "name,kind,aliases,community,grid_code,buildings,body,valid_from,valid_until,followed_by\n甲苑,estate,,甲社区,A-1,1-3,,,,\n{row}\n"
        )
    };
    let good = grids("A-2,某街道,甲社区,第二网格,普通,岗,,2024-12-31,A-1");
    assert!(Gazetteer::from_csv(&good, &places("乙苑,estate,,,A-1,,,,2024-12-31,甲苑")).is_ok());
    for (grid, words) in [
        ("A-2,某街道,甲社区,第二网格,普通,岗,,2024-12-31,A-9", "不存在"),
        ("A-2,某街道,甲社区,第二网格,普通,岗,,,A-1", "没有写失效日期"),
        ("A-2,某街道,甲社区,第二网格,普通,岗,,2024-12-31,A-2", "它自己"),
        ("A-2,某街道,甲社区,第二网格,普通,岗,2025-01-01,2024-12-31,", "晚于"),
        ("A-2,某街道,甲社区,第二网格,普通,岗,去年,,", "日期"),
    ] {
        let error = Gazetteer::from_csv(&grids(grid), &places("")).expect_err(grid).to_string();
        assert!(error.contains(words), "{grid}: {error}");
    }
    for (place, words) in [
        ("乙苑,estate,,,A-1,,,,2024-12-31,丙苑", "不在表里"),
        ("乙苑,estate,,,A-1,,,,,甲苑", "没有失效日期"),
        ("乙苑,estate,,,A-1,,,,2024-12-31,乙苑", "它自己"),
        ("乙苑,estate,,,A-1,,,2025-02-30,,", "日期"),
    ] {
        let error = Gazetteer::from_csv(&good, &places(place)).expect_err(place).to_string();
        assert!(error.contains(words), "{place}: {error}");
    }
}

#[test]
fn a_number_of_a_grid_is_digits_or_nothing() {
    let grids = |phone: &str| {
        format!("grid_code,street,community,grid,kind,handler_post,phone\nA-1,某街道,甲社区,第一网格,普通,岗,{phone}\n")
    };
    for (phone, good) in
        [("", true), ("02312345678", true), ("12345", true), ("javascript:1", false), ("023-1234", false), ("12", false)]
    {
        let read = Gazetteer::from_csv(&grids(phone), "name,kind\n");
        assert_eq!(read.is_ok(), good, "{phone}: {:?}", read.err());
    }
}

#[test]
fn names_that_follow_each_other_in_a_circle_end() {
    let grids = "grid_code,street,community,grid,kind,handler_post\nA-1,某街道,甲社区,第一网格,普通,岗\n";
    let places = "name,kind,aliases,community,grid_code,buildings,body,valid_from,valid_until,followed_by\n甲家花园,estate,,,A-1,,,,2024-12-31,乙家花园\n乙家花园,estate,,,A-1,,,,2024-12-31,甲家花园\n";
    let finder = PlaceFinder::new(Gazetteer::from_csv(grids, places).expect("the tables load"), 0.6);
    assert_eq!(finder.on(DAY).find("甲家花园3栋").certainty, Certainty::Unknown, "neither holds today");
}

#[test]
fn the_micro_grid_comes_from_building_and_unit() {
    for (words, want) in [
        ("铂金云鼎5栋", Some("第三微网格")),
        ("铂金云鼎小区9栋2单元", Some("第五微网格")),
        ("古渡春色7栋", Some("第一微网格")),
        ("古渡春色5栋", Some("第五微网格")),
        ("天江郡1栋3单元", Some("第二微网格")),
        ("金桂府2栋2单元501", Some("第二微网格")),
        ("天江郡1栋", None),
        ("铂金云鼎", None),
        ("凤鸣花园2栋", None),
    ] {
        let found = STREET.places.on(DAY).find(words);
        assert_eq!(found.place.micro_grid.as_deref(), want, "{words}: {found:?}");
    }
    let first = STREET.places.on(DAY).find("7栋").place;
    let choices = STREET.places.on(DAY).find("古渡春色").candidates;
    let chosen = STREET.places.on(DAY).choose(&first, &choices[1]);
    assert_eq!(chosen.micro_grid.as_deref(), Some("第一微网格"), "a chosen place has one as well: {chosen:?}");
}

#[test]
fn mistakes_in_the_micro_grids_are_found_at_load() {
    let gazetteer = STREET.places.gazetteer();
    let read = |row: &str| MicroGrids::from_csv(&format!("grid_code,name,estate,buildings,units\n{row}\n"), gazetteer);
    assert_eq!(read("CH-JF-07,第一微网格,铂金云鼎小区,1-3,").expect("a good row").len(), 1);
    for (row, words) in [
        ("CH-JF-99,第一微网格,铂金云鼎小区,1,", "不存在"),
        ("CH-JF-07,,铂金云鼎小区,1,", "名称为空"),
        ("CH-JF-07,第一微网格,凤鸣花园,1,", "里没有「凤鸣花园」"),
        ("CH-BH-04,第一微网格,古渡春色小区,6,", "没有6栋"),
        ("CH-JF-07,第一微网格,铂金云鼎小区,东楼,", "无法识别"),
        ("CH-JF-07,第一微网格,铂金云鼎小区,,1", "写楼栋"),
        ("CH-JF-07,第一微网格,铂金云鼎小区,1-3,\nCH-JF-07,第二微网格,铂金云鼎小区,3-4,", "重叠"),
    ] {
        let error = read(row).expect_err(row).to_string();
        assert!(error.contains(words), "{row}: {error}");
    }
}

#[test]
fn every_shipped_row_says_that_it_is_a_sample_or_where_its_name_is_from() {
    for grid in STREET.places.gazetteer().grids() {
        assert!(grid.note.contains("示例"), "{} is not marked", grid.grid_code);
        if let Ok(said) = grid.micro_grids.parse::<usize>() {
            assert!(said > 0, "{} has none", grid.grid_code);
        }
    }
    assert!(STREET.places.micro_grids().len() >= 30, "the sample shows some");
}
