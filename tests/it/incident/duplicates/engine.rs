//! The engine: what it says depends on the messages that are there and on nothing else.

use std::collections::BTreeMap;

use gridworker::incident::duplicates::groups::Groups;
use gridworker::incident::duplicates::{COPY, Index, Match, SAME_INCIDENT, grams, why};
use proptest::prelude::*;

const PLACES: [&str; 5] = ["铂金云鼎小区", "锦凤苑", "凤鸣花园", "古渡春色小区", "梧桐里"];
const MATTERS: [&str; 6] = [
    "外墙瓷砖掉下来砸到过道",
    "路灯坏了好几天晚上看不见",
    "楼道堆满杂物走不过去",
    "电梯停运老人下不了楼",
    "烧烤店油烟熏得开不了窗",
    "垃圾桶满了没有人来收",
];

fn text(place: usize, matter: usize, more: u8) -> String {
    format!(
        "{}{}，{}栋的住户反映了{}次",
        PLACES[place % PLACES.len()],
        MATTERS[matter % MATTERS.len()],
        more % 9 + 1,
        more % 5 + 1
    )
}

fn message() -> impl Strategy<Value = String> {
    (0..PLACES.len(), 0..MATTERS.len(), any::<u8>()).prop_map(|(p, m, more)| text(p, m, more))
}

fn filled<'a>(messages: impl IntoIterator<Item = (&'a u32, &'a String)>) -> Index<u32> {
    let mut index = Index::default();
    for (key, text) in messages {
        index.add(*key, "", text);
    }
    index
}

#[test]
fn copies_and_incidents_are_told_apart_from_other_matters() {
    let mut index = Index::default();
    for (number, (place, matter)) in (0..5).flat_map(|p| (0..6).map(move |m| (p, m))).enumerate() {
        index.add(number, "", &text(place, matter, 0));
    }
    index.add(
        100,
        "凤鸣花园旁边建搅拌站扰民",
        "凤鸣花园旁边新修了混凝土搅拌站，粉尘大，夜里机器响，老人小孩都睡不好，请相关部门来管一管。",
    );
    let cases = [
        (
            "the same words",
            "凤鸣花园旁边建搅拌站扰民",
            "凤鸣花园旁边新修了混凝土搅拌站，粉尘大，夜里机器响，老人小孩都睡不好，请相关部门来管一管！",
            true,
            true,
        ),
        (
            "the same thing in other words",
            "凤鸣花园附近的搅拌站",
            "孩子咳嗽半个月了，凤鸣花园门口那个搅拌站什么时候搬走？灰尘到处飞。",
            true,
            false,
        ),
        ("another matter", "社保卡丢了怎么补", "社保卡找不到了，想问下去哪里补办，要带什么材料。", false, false),
    ];
    for (what, topic, text, incident, copy) in cases {
        let like = index.likeness(topic, text, &100).expect("it is here");
        assert_eq!((like.incident >= SAME_INCIDENT, like.copy >= COPY), (incident, copy), "{what}: {like:?}");
        let first = index.find(topic, text).into_iter().next();
        assert_eq!(first.is_some_and(|m| m.key == 100), incident, "{what}");
    }
}

#[test]
fn background_makes_the_first_answers_less_blind() {
    let common = ["请帮忙看一下", "请帮忙看一下路灯", "请帮忙看一下垃圾", "请帮忙看一下电梯"];
    let (mut blind, mut seeing) = (Index::default(), Index::with_background(common));
    for index in [&mut blind, &mut seeing] {
        index.add(1, "", "请帮忙看一下门口的井盖");
    }
    let said = "请帮忙看一下楼上漏水";
    let of = |index: &Index<i32>| index.likeness("", said, &1).expect("it is here").incident;
    assert!(of(&seeing) < of(&blind), "what everybody says tells nothing: {} against {}", of(&seeing), of(&blind));
    assert!(seeing.find("", "请帮忙").iter().all(|m| m.key == 1), "the background itself is never found");
}

#[test]
fn a_message_under_the_same_key_replaces_the_one_before() {
    let mut index = Index::default();
    index.add(1, "路灯", "路灯不亮");
    index.add(1, "电梯", "电梯停运");
    assert_eq!(index.len(), 1);
    assert_eq!(index.get(&1), Some(("电梯", "电梯停运")));
    assert!(index.find("路灯", "路灯不亮").is_empty(), "nothing of it is left");
    assert!(index.remove(&1) && !index.remove(&1) && index.is_empty());
}

#[test]
fn grams_stay_inside_runs_and_count_the_topic_twice() {
    let grams = grams::of("路灯", "路灯，A栋");
    let id = |word: &str| word.chars().fold(0u64, |id, c| id << 21 | u64::from(u32::from(c)));
    let found: BTreeMap<u64, (u16, u16)> = grams.iter().map(|g| (g.id, (g.incident, g.copy))).collect();
    assert_eq!(found, BTreeMap::from([(id("路灯"), (3, 1)), (id("a栋"), (1, 1))]), "no pair across the comma");
    assert!(grams.iter().all(|g| g.is_pair()));
    assert!(grams::of("", "路灯坏").iter().any(|g| !g.is_pair()), "and triples");
}

#[test]
fn the_reasons_are_the_longest_runs_that_both_have() {
    let words = why::shared_runs("丽景路的路灯坏了，丽景路很黑", "丽景路上的路灯坏了三天", 3);
    assert_eq!(words, ["的路灯坏了", "丽景路"]);
    assert!(why::shared_runs("电梯", "路灯", 3).is_empty());
}

#[test]
fn groups_are_named_by_their_first_member_whatever_the_order_of_joining() {
    let pairs = [(0, 3), (4, 3), (1, 2), (5, 1)];
    for turn in 0..pairs.len() {
        let mut groups = Groups::default();
        let numbers: Vec<usize> = (0..6).map(|_| groups.add()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
        pairs.iter().cycle().skip(turn).take(pairs.len()).for_each(|(a, b)| groups.join(*b, *a));
        let names: Vec<usize> = (0..6).map(|n| groups.first(n)).collect();
        assert_eq!(names, [0, 1, 1, 0, 0, 1]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Adding and removing in any order leaves what adding the rest leaves, to the last bit.
    #[test]
    fn only_what_is_there_counts(
        kept in prop::collection::btree_map(0u32..500, message(), 1..25),
        gone in prop::collection::btree_map(500u32..900, message(), 0..15),
        order in any::<u64>(),
        asked in message(),
    ) {
        let fresh = filled(&kept);
        let mut all: Vec<(&u32, &String)> = kept.iter().chain(&gone).collect();
        let mut random = gridworker::learn::random::Random::new(order);
        for at in (1..all.len()).rev() {
            all.swap(at, random.below(at + 1));
        }
        let mut used = filled(all);
        for key in gone.keys() {
            prop_assert!(used.remove(key));
        }
        prop_assert_eq!(used.len(), fresh.len());
        prop_assert_eq!(used.find("", &asked), fresh.find("", &asked));
    }

    /// A message is most like itself, likeness is the same from both sides, and both lie within 0..=1.
    #[test]
    fn likeness_is_a_cosine(a in message(), b in message(), others in prop::collection::vec(message(), 0..10)) {
        let rest: BTreeMap<u32, String> = (10..).zip(others).collect();
        // Both are in it: each is asked while the other and itself are counted.
        let mut index = filled(&rest);
        index.add(1, "", &a);
        index.add(2, "", &b);
        let own: Match<u32> = index.likeness("", &a, &1).expect("it is here");
        prop_assert!(own.incident > 0.999 && own.copy > 0.999, "{own:?}");
        let there = index.likeness("", &a, &2).expect("it is here");
        prop_assert!((0.0..=1.0).contains(&there.incident) && (0.0..=1.0).contains(&there.copy));
        prop_assert!(there.incident <= own.incident);
    }
}
