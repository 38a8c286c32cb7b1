//! Places in residents' words.

use gridworker::incident::place::{Certainty, PlaceMatch};

use super::{DAY, STREET, all_hold};

/// What a case expects.
enum Want {
    /// Grid code, building, unit, room (`-` for none).
    At(&'static str, &'static str, &'static str, &'static str),
    /// Asked with that many choices at least.
    Choose(usize),
    Outside,
    /// No grid; building as told.
    Open(&'static str),
}
use Want::{At, Choose, Open, Outside};

const CASES: &[(&str, Want)] = &[
    ("铂金云鼎1栋出入平台掉瓷砖了", At("CH-JF-07", "1栋", "-", "-")),
    ("铂金云鼎小区1栋", At("CH-JF-07", "1栋", "-", "-")),
    ("云鼎3幢2单元501室漏水", At("CH-JF-07", "3栋", "2单元", "501")),
    ("柏金云鼎七号楼", At("CH-JF-07", "7栋", "-", "-")),
    ("铂金云顶第七栋", At("CH-JF-07", "7栋", "-", "-")),
    ("铂金云鼎", At("CH-JF-07", "-", "-", "-")),
    ("铂金雲鼎小區二棟", At("CH-JF-07", "2栋", "-", "-")),
    ("铂金云鼎小区 9 栋 1 单元", At("CH-JF-07", "9栋", "1单元", "-")),
    ("铂金云鼎９栋", At("CH-JF-07", "9栋", "-", "-")),
    ("古渡春色7栋车行交会处挡土墙裂了", At("CH-BH-04", "7栋", "-", "-")),
    ("古渡春色小区七栋", At("CH-BH-04", "7栋", "-", "-")),
    ("古渡春色3栋楼下", At("CH-BH-03", "3栋", "-", "-")),
    ("古渡春色12幢2单元", At("CH-BH-04", "12栋", "2单元", "-")),
    ("古渡春色车行交会处", At("CH-BH-04", "-", "-", "-")),
    ("古度春色1栋", At("CH-BH-03", "1栋", "-", "-")),
    ("古渡春涩十一栋", At("CH-BH-04", "11栋", "-", "-")),
    ("锦凤苑5栋301", At("CH-JF-01", "5栋", "-", "301")),
    ("锦凤苑13号楼", At("CH-JF-02", "13栋", "-", "-")),
    ("锦凤苑二十四栋1单元", At("CH-JF-02", "24栋", "1单元", "-")),
    ("凤鸣花园2栋2单元", At("CH-JF-03", "2栋", "2单元", "-")),
    ("我住凤栖雅居8栋", At("CH-JF-04", "8栋", "-", "-")),
    ("锦绣蓝湾11栋12楼", At("CH-JF-05", "11栋", "-", "-")),
    ("梧桐里后门", At("CH-JF-06", "-", "-", "-")),
    ("老厂家属院15栋", At("CH-JF-09", "15栋", "-", "-")),
    ("柏华苑6栋2-501", At("CH-BH-01", "6栋", "2单元", "501")),
    ("春晖花园16栋5-1", At("CH-BH-05", "16栋", "-", "5-1")),
    ("春辉花园十六栋", At("CH-BH-05", "16栋", "-", "-")),
    ("柏溪小筑6栋", At("CH-BH-06", "6栋", "-", "-")),
    ("华新新村20栋", At("CH-BH-07", "20栋", "-", "-")),
    ("锦渝家园14栋楼道", At("CH-JY-01", "14栋", "-", "-")),
    ("渝景天城10栋", At("CH-JY-02", "10栋", "-", "-")),
    ("公租房20栋有人飞线充电", At("CH-JY-04", "20栋", "-", "-")),
    ("锦渝公租房1栋", At("CH-JY-03", "1栋", "-", "-")),
    ("幸福家园3-2-501", At("CH-HY-03", "3栋", "2单元", "501")),
    ("和平安置房18栋", At("CH-HY-05", "18栋", "-", "-")),
    ("向阳里小区9栋", At("CH-XY-02", "9栋", "-", "-")),
    ("向阳里9栋", At("CH-XY-02", "9栋", "-", "-")),
    ("桂湖半岛12栋", At("CH-GY-04", "12栋", "-", "-")),
    ("大润发后门好多垃圾", At("CH-JY-02", "-", "-", "-")),
    ("大润发", At("CH-JY-02", "-", "-", "-")),
    ("锦凤小学门口", At("CH-JF-Z1", "-", "-", "-")),
    ("春晖医院急诊通道", At("CH-BH-Z2", "-", "-", "-")),
    ("滨江公园的椅子坏了", At("CH-JY-06", "-", "-", "-")),
    ("锦渝夜市太吵", At("CH-JY-07", "-", "-", "-")),
    ("和悦路12号门口路灯不亮", At("CH-HY-01", "-", "-", "-")),
    ("春晖路路灯不亮", Choose(2)),
    ("滨江步道护栏断了", At("CH-JY-06", "-", "-", "-")),
    ("锦凤社区第七网格", At("CH-JF-07", "-", "-", "-")),
    ("柏华社区三网格", At("CH-BH-03", "-", "-", "-")),
    ("柏华社区的菜市场", At("CH-BH-07", "-", "-", "-")),
    ("锦凤社区的菜市场", At("CH-JF-02", "-", "-", "-")),
    ("古渡春色", Choose(2)),
    ("锦凤苑门口", Choose(2)),
    ("公租房", Choose(2)),
    ("古渡春色15栋", Choose(2)),
    ("铂金云鼎30栋", Choose(1)),
    ("渝景天城9栋", Choose(1)),
    ("菜市场门口积水", Choose(3)),
    ("小学门口", Choose(3)),
    ("公园里的灯坏了", Choose(3)),
    ("公交站牌倒了", Choose(3)),
    ("加油站旁边", Choose(2)),
    ("广场上跳舞太吵", Choose(2)),
    ("第七网格", Choose(2)),
    // Lists and ranges of buildings: every one of them counts.
    ("古渡春色6、7栋之间的堡坎", Choose(2)),
    ("古渡春色6和7栋停水了", Choose(2)),
    ("锦凤苑10-15栋停电", Choose(2)),
    ("锦凤苑十二到十四栋没有路灯", Choose(2)),
    ("锦凤苑3-5栋停电", At("CH-JF-01", "3栋", "-", "-")),
    ("公租房13、14、15栋没热水", At("CH-JY-04", "13栋", "-", "-")),
    // A day is no building.
    ("锦凤苑15号晚上停电", Choose(2)),
    ("古渡春色10月7号停水", Choose(2)),
    ("锦凤苑二期3栋", Choose(2)),
    ("凤鸣花园二期3栋", At("CH-JF-03", "3栋", "-", "-")),
    ("九宫庙步行街路灯坏了", Outside),
    ("我在渝中区解放碑", Outside),
    ("茄子溪那边有人倒垃圾", Outside),
    ("我们小区有人乱停车", Open("-")),
    ("7栋2单元楼道堆满了东西", Open("7栋")),
    ("楼上漏水", Open("-")),
    ("水漫得到处变成都是水", Open("-")),
    ("有一栋楼的灯坏了", Open("-")),
    ("门口那条路", Open("-")),
    ("锦凤社区", Open("-")),
    ("向阳街道的街上", Open("-")),
    // Words that any town has one of are a place only where they are spoken of as one.
    ("垃圾没人清，街道办也不管", Choose(1)),
    ("街道办门口的地砖松了", At("CH-HY-02", "-", "-", "-")),
    ("江边", At("CH-JY-06", "-", "-", "-")),
    ("有人在江边游泳", At("CH-JY-06", "-", "-", "-")),
    ("园区的企业半夜排烟", Choose(1)),
    ("柏华社区的码头有人钓鱼", At("CH-BH-03", "-", "-", "-")),
];

fn part(value: Option<&str>) -> &str {
    value.unwrap_or("-")
}

fn check(text: &str, want: &Want, found: &PlaceMatch) -> Option<String> {
    let p = &found.place;
    let right = match want {
        At(grid, building, unit, room) => {
            found.certainty == Certainty::Sure
                && part(p.grid_code.as_deref()) == *grid
                && part(p.building.as_deref()) == *building
                && part(p.unit.as_deref()) == *unit
                && part(p.room.as_deref()) == *room
                && p.confidence >= 0.6
                && p.grid.is_some()
                && p.community.is_some()
        }
        Choose(least) => {
            matches!(&found.certainty, Certainty::Ambiguous(c) if c.len() >= *least)
                && p.grid_code.is_none()
                && found.remark.is_some()
        }
        Outside => matches!(&found.certainty, Certainty::Outside(body) if body.contains("12345")) && p.grid_code.is_none(),
        Open(building) => {
            found.certainty == Certainty::Unknown && p.grid_code.is_none() && part(p.building.as_deref()) == *building
        }
    };
    (!right).then(|| format!("  {text} → {found:?}"))
}

#[test]
fn places_are_found_or_asked_about() {
    let failures: Vec<String> =
        CASES.iter().filter_map(|(text, want)| check(text, want, &STREET.places.on(DAY).find(text))).collect();
    all_hold(&failures, CASES.len());
}

#[test]
fn the_residents_words_for_the_place_are_kept_without_the_door() {
    let told = [
        ("古渡春色7栋车行交会处挡土墙裂了", "古渡春色7栋车行交会处"),
        ("铂金云鼎1栋出入平台掉瓷砖了", "铂金云鼎1栋出入平台"),
        ("大润发后门好多垃圾", "大润发后门"),
        ("云鼎3幢2单元501室漏水", "云鼎3幢2单元"),
        ("锦凤苑5栋301有人闹", "锦凤苑5栋"),
    ];
    for (text, want) in told {
        assert_eq!(STREET.places.on(DAY).find(text).place.text, want, "the words for the place in 「{text}」");
    }
}

#[test]
fn a_misspelt_name_is_less_certain_than_the_right_one() {
    let right = STREET.places.on(DAY).find("翠柏华庭2栋").place;
    let wrong = STREET.places.on(DAY).find("翠柏花庭2栋").place;
    assert_eq!(right.grid_code, wrong.grid_code, "one wrong character still finds the estate: {wrong:?}");
    assert!(wrong.confidence < right.confidence, "{} must be below {}", wrong.confidence, right.confidence);
}

#[test]
fn a_building_and_an_estate_from_two_messages_join() {
    let first = STREET.places.on(DAY).find("7栋2单元有人飞线充电").place;
    assert_eq!(first.grid_code, None, "a building alone has no grid: {first:?}");
    let second = STREET.places.on(DAY).find_with("古渡春色", Some(&first)).place;
    assert_eq!(second.grid_code.as_deref(), Some("CH-BH-04"), "the known building decides the grid: {second:?}");
    assert_eq!(second.unit.as_deref(), Some("2单元"), "the unit stays: {second:?}");
    let third = STREET.places.on(DAY).find_with("3栋", Some(&second)).place;
    assert_eq!(third.grid_code.as_deref(), Some("CH-BH-03"), "another building of the known estate: {third:?}");
}

#[test]
fn below_the_threshold_no_grid_is_set() {
    use gridworker::incident::{gazetteer::Gazetteer, place::PlaceFinder};
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/street");
    let read = |f: &str| std::fs::read_to_string(dir.join(f)).expect("the shipped table is there");
    let gazetteer = Gazetteer::from_csv(&read("grids.csv"), &read("places.csv")).expect("the shipped tables load");
    let strict = PlaceFinder::new(gazetteer, 0.97);
    let found = strict.on(DAY).find("凤鸣路路灯不亮");
    assert_eq!(found.place.grid_code, None, "0.97 is more than a road's name can give: {found:?}");
    assert!(matches!(found.certainty, Certainty::Ambiguous(_)), "it is asked instead: {found:?}");
}

mod any_text {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(crate::support::cases(300)))]
        #[test]
        fn never_panics_and_never_sets_a_grid_that_does_not_exist(text in "[\\p{Han}0-9a-z栋幢号楼单元室,，。 -]{0,60}") {
            let found = STREET.places.on(DAY).find(&text);
            if let Some(code) = &found.place.grid_code {
                prop_assert!(STREET.places.gazetteer().grid(code).is_some());
                prop_assert!(found.place.confidence >= 0.6);
            }
        }

        #[test]
        fn every_building_of_every_estate_is_found(row in 0usize..40, pick in 0usize..40, form in 0usize..4) {
            let places = STREET.places.gazetteer().places();
            let estates: Vec<_> = places.iter().filter(|p| !p.buildings.is_empty() && p.validity.holds(DAY)).collect();
            let estate = estates[row % estates.len()];
            let n = estate.buildings[pick % estate.buildings.len()];
            let text = match form {
                0 => format!("{}{n}栋", estate.name),
                1 => format!("{}{n}号楼有人乱扔垃圾", estate.name),
                2 => format!("我住{}，{n}幢", estate.name),
                _ => format!("{}第{}栋", estate.name, gridworker::incident::address::chinese(n)),
            };
            let found = STREET.places.on(DAY).find(&text);
            prop_assert_eq!(found.place.grid_code.as_deref(), Some(estate.grid_code.as_str()), "{}: {:?}", text, found);
        }
    }
}

#[test]
fn a_place_that_is_asked_about_is_asked_in_one_question() {
    let ask = |words: &str| {
        let mut draft = gridworker::incident::draft::Draft::new(
            uuid::Uuid::from_u128(1),
            gridworker::incident::ticket::Source { channel: "web".to_owned(), conversation_id: uuid::Uuid::from_u128(7) },
            super::monday_at("10:00"),
        );
        draft.apply(words, &STREET, super::monday_at("10:00"));
        draft.asked = draft.next_question(&STREET).map(|q| q.field);
        draft
    };
    for (words, question, answer, grid) in [
        ("大润发对面有人夜间施工吵得很", "大润发对面不一定和大润发在一个网格，先按大润发登记吗？", "是的", Some("CH-JY-02")),
        ("柏华社区铂金云鼎3栋外墙掉瓷砖", "铂金云鼎小区在锦凤社区，不在柏华社区，是铂金云鼎小区吗？", "对头", Some("CH-JF-07")),
        ("锦凤苑15号停水了没人管", "您说的是锦凤苑15栋吗？", "嗯", Some("CH-JF-02")),
        (
            "铂金云鼎12栋外墙掉瓷砖",
            "铂金云鼎小区的楼栋里没有12栋，请再说一下是几栋；没说错的话，回复“没错”。",
            "2栋",
            Some("CH-JF-07"),
        ),
        ("铂金云鼎12栋外墙掉瓷砖", "铂金云鼎小区的楼栋里没有12栋，请再说一下是几栋；没说错的话，回复“没错”。", "是的", None),
        (
            "古渡春色6栋和7栋之间的堡坎裂了",
            "古渡春色小区的这几栋不在同一个网格：1、古渡春色小区1至6栋；2、古渡春色小区7至12栋。是哪一处？",
            "7栋",
            Some("CH-BH-04"),
        ),
        (
            "锦凤苑二期3栋垃圾没人清",
            "锦凤苑在目录里没有分期、分区，要看是哪一处：1、锦凤苑1至12栋；2、锦凤苑13至24栋。是哪一处？",
            "第一个",
            Some("CH-JF-01"),
        ),
    ] {
        let mut draft = ask(words);
        let asked = draft.next_question(&STREET).map(|q| q.text).unwrap_or_default();
        assert_eq!(asked, question, "{words}: {:?}", draft.place);
        draft.apply(answer, &STREET, super::monday_at("10:01"));
        assert_eq!(draft.place.grid_code.as_deref(), grid, "{words} → {answer}: {:?}", draft.place);
    }
}
