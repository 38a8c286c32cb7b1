//! Positions: the two systems, distances, the map of the grids, and the resident's own position in a draft.

use gridworker::incident::{
    coordinates::{distance_m, in_china, to_gcj02, to_wgs84},
    draft::{By, Draft},
    polygons::{GridMap, Located},
    ticket::{Point, PointSystem, Source},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{DAY, STREET, monday_at};

const fn wgs(lat: f64, lng: f64) -> Point {
    Point { lat, lng, system: PointSystem::Wgs84, accuracy_m: None }
}

const fn gcj(lat: f64, lng: f64) -> Point {
    Point { lat, lng, system: PointSystem::Gcj02, accuracy_m: None }
}

#[test]
fn known_positions_are_converted() {
    // The published example of the approximation: 39.90750, 116.38822 in GCJ-02 for 39.90610, 116.38197 (WGS-84).
    let there = to_gcj02(wgs(39.9061, 116.381_97));
    assert!((there.lat - 39.907_50).abs() < 2e-4 && (there.lng - 116.388_22).abs() < 2e-4, "{there:?}");
    let shift = distance_m(wgs(29.48, 106.48), Point { system: PointSystem::Wgs84, ..to_gcj02(wgs(29.48, 106.48)) });
    assert!((100.0..800.0).contains(&shift), "the offset in Chongqing is some hundred metres, not {shift}");
    assert_eq!(to_gcj02(wgs(48.8584, 2.2945)).lat.to_bits(), 48.8584_f64.to_bits(), "Paris is where it is");
    assert!((distance_m(gcj(29.48, 106.48), to_wgs84(gcj(29.48, 106.48)))).abs() < 0.01, "one place in two systems");
    // A quarter of a meridian.
    assert!((distance_m(wgs(0.0, 0.0), wgs(90.0, 0.0)) - 10_007_557.0).abs() < 100.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::cases(1000)))]

    #[test]
    fn there_and_back_is_the_same_place(lat in 3.0f64..54.0, lng in 73.0f64..136.0) {
        let back = to_wgs84(to_gcj02(wgs(lat, lng)));
        prop_assert!(distance_m(back, wgs(lat, lng)) < 0.5, "{lat} {lng} came back as {back:?}");
        let there = to_gcj02(to_wgs84(gcj(lat, lng)));
        prop_assert!(distance_m(there, gcj(lat, lng)) < 0.5, "{lat} {lng} came back as {there:?}");
    }

    #[test]
    fn outside_of_china_nothing_moves(lat in -90.0f64..90.0, lng in -180.0f64..180.0) {
        prop_assume!(!in_china(lat, lng));
        prop_assert_eq!(to_gcj02(wgs(lat, lng)).lat.to_bits(), lat.to_bits());
        prop_assert_eq!(to_wgs84(gcj(lat, lng)).lng.to_bits(), lng.to_bits());
    }

    #[test]
    fn distances_are_those_of_a_metric(a in (29.4f64..29.6, 106.4f64..106.6), b in (29.4f64..29.6, 106.4f64..106.6), c in (29.4f64..29.6, 106.4f64..106.6)) {
        let [a, b, c] = [a, b, c].map(|(lat, lng)| wgs(lat, lng));
        prop_assert!(distance_m(a, a) < 1e-6);
        prop_assert!((distance_m(a, b) - distance_m(b, a)).abs() < 1e-6);
        prop_assert!(distance_m(a, c) <= distance_m(a, b) + distance_m(b, c) + 1e-6);
    }

    #[test]
    fn a_position_is_in_at_most_one_grid_and_sure_only_away_from_borders(lat in 29.466f64..29.492, lng in 106.466f64..106.516) {
        let here = |accuracy| Point { accuracy_m: accuracy, ..gcj(lat, lng) };
        let places = STREET.places.on(DAY);
        let exact = places.locate(here(Some(0.0)));
        match &exact {
            Located::Choices(codes) => prop_assert!(codes.len() < 2, "grids overlap at {lat} {lng}: {codes:?}"),
            Located::Sure(_) | Located::Nowhere => {}
        }
        if let Located::Sure(code) = places.locate(here(None)) {
            prop_assert_eq!(&exact, &Located::Sure(code.clone()), "a vaguer position knows no more");
            // Whatever the position really is within its accuracy, it is the same grid.
            for (north, east) in [(20.0, 0.0), (-20.0, 0.0), (0.0, 20.0), (0.0, -20.0), (14.0, 14.0), (-14.0, -14.0)] {
                let moved = gcj(lat + north / 111_195.0, lng + east / 96_800.0);
                prop_assert_eq!(places.locate(Point { accuracy_m: Some(0.0), ..moved }), Located::Sure(code.clone()));
            }
        }
    }
}

/// Two squares that touch at 106.01, in the system and with the second one moved east.
fn two_squares(system: &str, east: f64) -> String {
    let square = |code: &str, west: f64| {
        json!({"type": "Feature", "properties": {"grid_code": code}, "geometry": {"type": "Polygon", "coordinates":
            [[[west, 29.0], [west + 0.01, 29.0], [west + 0.01, 29.01], [west, 29.01], [west, 29.0]]]}})
    };
    json!({"type": "FeatureCollection", "coordinate_system": system,
        "features": [square("CH-JF-01", 106.0), square("CH-JF-02", 106.01 + east)]})
    .to_string()
}

#[test]
fn near_a_border_a_position_offers_choices() {
    let gazetteer = STREET.places.gazetteer();
    let map = GridMap::from_geojson(&two_squares("wgs84", 0.0), gazetteer).expect("two squares that touch");
    let at = |lat: f64, lng: f64, accuracy_m| map.locate(Point { accuracy_m, ..wgs(lat, lng) }, DAY, gazetteer);
    let both = Located::Choices(vec!["CH-JF-01".to_owned(), "CH-JF-02".to_owned()]);
    assert_eq!(at(29.005, 106.005, None), Located::Sure("CH-JF-01".to_owned()), "in the middle");
    assert_eq!(at(29.005, 106.0099, None), both, "10 m from the border");
    assert_eq!(at(29.005, 106.0099, Some(5.0)), Located::Sure("CH-JF-01".to_owned()), "10 m away with 5 m accuracy");
    assert_eq!(at(29.005, 106.005, Some(600.0)), both, "a vague position");
    assert_eq!(at(28.9999, 106.005, None), Located::Choices(vec!["CH-JF-01".to_owned()]), "11 m outside: a choice");
    assert_eq!(at(28.99, 106.005, None), Located::Nowhere, "a kilometre outside");
    let same = to_gcj02(wgs(29.005, 106.005));
    assert_eq!(map.locate(same, DAY, gazetteer), Located::Sure("CH-JF-01".to_owned()), "the same place in GCJ-02");
}

#[test]
fn a_map_that_is_wrong_does_not_load() {
    let gazetteer = STREET.places.gazetteer();
    let load = |text: &str| GridMap::from_geojson(text, gazetteer);
    let good = two_squares("gcj02", 0.0);
    assert_eq!(load(&good).expect("touching squares").len(), 2);
    let bow = "[[[106.0,29.0],[106.01,29.01],[106.01,29.0],[106.0,29.01],[106.0,29.0]]]";
    let replaced = |find: &str, by: &str| good.replacen(find, by, 1);
    let mut crossing: Value = serde_json::from_str(&good).expect("the squares are JSON");
    crossing["features"][0]["geometry"]["coordinates"] = serde_json::from_str(bow).expect("a bow tie");
    for (name, text, words) in [
        ("no JSON", "{".to_owned(), "GeoJSON"),
        ("no collection", r#"{"type":"Point","coordinates":[106,29]}"#.to_owned(), "FeatureCollection"),
        ("no system", replaced("coordinate_system", "crs"), "coordinate_system"),
        ("another system", replaced("gcj02", "bd09"), "coordinate_system"),
        ("an unknown grid", replaced("CH-JF-02", "CH-99"), "CH-99"),
        ("a grid twice", replaced("CH-JF-02", "CH-JF-01"), "两次"),
        (
            "a point for a grid",
            {
                let mut v: Value = serde_json::from_str(&good).expect("JSON");
                v["features"][0]["geometry"] = json!({"type": "Point", "coordinates": [106.0, 29.0]});
                v.to_string()
            },
            "Polygon",
        ),
        (
            "latitude first",
            {
                let mut v: Value = serde_json::from_str(&good).expect("JSON");
                v["features"][0]["geometry"]["coordinates"] =
                    json!([[[29.0, 106.0], [29.0, 106.01], [29.01, 106.01], [29.0, 106.0]]]);
                v.to_string()
            },
            "中国境内",
        ),
        ("a bow tie", crossing.to_string(), "自相交"),
        ("an overlap", two_squares("gcj02", -0.001), "重叠"),
    ] {
        let error = load(&text).map(|_| ()).expect_err(name).to_string();
        assert!(error.contains(words), "{name}: {error}");
    }
    assert!(load(&two_squares("wgs84", -0.000_000_1)).is_ok(), "a sliver of a centimetre is drawing, not an overlap");
}

fn draft() -> Draft {
    let source = Source { channel: "web".to_owned(), conversation_id: Uuid::from_u128(7) };
    Draft::new(Uuid::from_u128(1), source, monday_at("10:00"))
}

/// A position well inside a sample grid.
fn inside(code: &str) -> Value {
    let text =
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/street/polygons.geojson"))
            .expect("the map is shipped");
    let map: Value = serde_json::from_str(&text).expect("it is JSON");
    let feature = map["features"].as_array().into_iter().flatten().find(|f| f["properties"]["grid_code"] == code);
    let ring = feature.expect("the grid is drawn")["geometry"]["coordinates"][0].as_array().expect("a ring").clone();
    let mean = |i: usize| ring[..4].iter().filter_map(|p| p[i].as_f64()).sum::<f64>() / 4.0;
    json!({"lat": mean(1), "lng": mean(0), "system": "gcj02", "accuracy_m": 15.0})
}

fn patch(draft: &mut Draft, fields: &Value) {
    draft.patch(fields, By::Resident, &STREET, monday_at("10:01")).unwrap_or_else(|e| panic!("{fields}: {e:?}"));
    draft.asked = draft.next_question(&STREET).map(|q| q.field);
}

#[test]
fn a_position_alone_is_offered_and_not_taken() {
    let mut draft = draft();
    draft.apply("路灯坏了好几天没人修", &STREET, monday_at("10:00"));
    patch(&mut draft, &json!({"place": {"point": inside("CH-BH-03")}}));
    assert_eq!(draft.place.grid_code, None, "a position decides nothing: {:?}", draft.place);
    assert!(draft.missing(&STREET).contains(&"place".to_owned()));
    let card = draft.card(&STREET);
    assert_eq!(card["asking"], "place");
    assert_eq!(card["question"]["text"], "您的定位在柏华社区第三网格，是在这里吗？");
    assert_eq!(card["question"]["options"], json!(["柏华社区第三网格"]));
    assert_eq!(card["draft"]["place"]["point"]["system"], "gcj02");
    for yes in ["是的", "对头", "柏华社区第三网格", "第一个"] {
        let mut draft = draft.clone();
        draft.apply(yes, &STREET, monday_at("10:02"));
        assert_eq!(draft.place.grid_code.as_deref(), Some("CH-BH-03"), "{yes}: {:?}", draft.place);
        assert!(draft.place.point.is_some(), "the position stays");
    }
    let mut other = draft.clone();
    other.apply("不是", &STREET, monday_at("10:02"));
    assert_eq!(other.place.grid_code, None, "no is no: {:?}", other.place);
}

#[test]
fn words_win_over_the_position_and_the_difference_is_kept() {
    let mut draft = draft();
    patch(&mut draft, &json!({"place": {"point": inside("CH-BH-03")}}));
    draft.apply("铂金云鼎3栋外墙掉瓷砖", &STREET, monday_at("10:00"));
    assert_eq!(draft.place.grid_code.as_deref(), Some("CH-JF-07"), "{:?}", draft.place);
    assert!(draft.place.matched_by.contains(&"定位在柏华社区第三网格，与所说地点不同".to_owned()), "{:?}", draft.place);
    patch(&mut draft, &json!({"place": {"point": inside("CH-JF-07")}}));
    assert!(draft.place.matched_by.contains(&"定位相符".to_owned()), "{:?}", draft.place);
    assert_eq!(draft.place.matched_by.iter().filter(|m| m.starts_with("定位")).count(), 1, "the old remark is gone");
}

#[test]
fn among_choices_of_words_the_near_one_comes_first_and_is_still_asked() {
    let mut draft = draft();
    draft.apply("菜市场门口污水横流", &STREET, monday_at("10:00"));
    patch(&mut draft, &json!({"place": {"point": inside("CH-BH-07")}}));
    assert_eq!(draft.place.grid_code, None);
    assert_eq!(draft.place_candidates.first().map(|c| c.grid_code.as_str()), Some("CH-BH-07"), "{:?}", draft.place_candidates);
    assert!(draft.place_candidates.len() >= 3, "the others stay: {:?}", draft.place_candidates);
}

#[test]
fn a_position_off_the_map_or_too_vague_says_nothing_and_can_be_taken_back() {
    let mut draft = draft();
    patch(&mut draft, &json!({"place": {"point": {"lat": 31.23, "lng": 121.47, "system": "wgs84"}}}));
    assert!(draft.place_candidates.is_empty(), "{:?}", draft.place_candidates);
    let mut vague = inside("CH-BH-03");
    vague["accuracy_m"] = json!(5000);
    patch(&mut draft, &json!({"place": {"point": vague}}));
    assert!(draft.place_candidates.is_empty(), "5 km is no position");
    patch(&mut draft, &json!({"place": {"point": inside("CH-BH-03")}}));
    assert_eq!(draft.place_candidates.len(), 1);
    patch(&mut draft, &json!({"place": {"point": null}}));
    assert!(draft.place.point.is_none() && draft.place_candidates.is_empty(), "{:?}", draft.place_candidates);
}

#[test]
fn wrong_positions_are_refused_whole() {
    for (point, words) in [
        (json!({"lng": 106.0, "system": "gcj02"}), "lat"),
        (json!({"lat": 29.0, "lng": 106.0}), "system"),
        (json!({"lat": 29.0, "lng": 106.0, "system": "bd09"}), "system"),
        (json!({"lat": 106.0, "lng": 29.0, "system": "wgs84"}), "经纬度"),
        (json!({"lat": 29.0, "lng": 106.0, "system": "wgs84", "accuracy_m": -1}), "accuracy_m"),
    ] {
        let mut draft = draft();
        let before = draft.clone();
        let errors = draft
            .patch(&json!({"place": {"point": point}}), By::Resident, &STREET, monday_at("10:01"))
            .expect_err("the position is wrong");
        assert!(errors["place"].contains(words), "{point}: {errors:?}");
        assert_eq!(draft, before, "nothing half done");
    }
    let mut draft = draft();
    let _ = draft.patch(&json!({"place": {"point": inside("CH-BH-03")}}), By::Model, &STREET, monday_at("10:01"));
    assert!(draft.place.point.is_none(), "a model has no position");
}
