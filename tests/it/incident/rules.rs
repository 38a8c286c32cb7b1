//! The shipped tables together, and who acts.

use gridworker::incident::{
    dispatch::Dispatch,
    place::PlaceFinder,
    rules::IncidentRules,
    ticket::{Place, Urgency},
};
use proptest::prelude::*;

use super::STREET;

#[test]
fn a_missing_file_is_named() {
    let error = IncidentRules::load(std::path::Path::new("/nonexistent-street")).expect_err("nothing is there");
    assert!(error.to_string().contains("street.toml"), "{error}");
}

#[test]
fn a_clock_that_does_not_exist_is_found_out() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/street");
    let error = IncidentRules::read(|file| {
        let text = std::fs::read_to_string(dir.join(file))?;
        Ok(if file == "taxonomy.csv" { text.replacen("jinji-24h", "no-such-clock", 1) } else { text })
    })
    .expect_err("the tables contradict each other");
    assert!(error.to_string().contains("no-such-clock"), "{error}");
}

#[test]
fn a_section_of_posts_that_does_not_exist_is_found_out() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/street");
    let error = IncidentRules::read(|file| {
        let text = std::fs::read_to_string(dir.join(file))?;
        Ok(if file == "posts.csv" { text.replace("民生服务,", "民生事务,") } else { text })
    })
    .expect_err("nobody would be found for that section");
    assert!(error.to_string().contains("posts.csv") && error.to_string().contains("民生事务"), "{error}");
}

#[test]
fn the_last_rule_must_catch_everything() {
    let head = "id,priority,category_prefix,urgency,grid_kind,words,section,post,first_receiver,co_units,reason\n";
    let open = Dispatch::from_csv(&format!("{head}a,1,01,,,,s,p,街道,,r\n"), "街道");
    assert!(open.expect_err("no catch-all").to_string().contains("流转调度岗"));
}

/// A table that would push everything down, to see that the guard holds whatever the table says.
fn pushing_down() -> Dispatch {
    let head = "id,priority,category_prefix,urgency,grid_kind,words,section,post,first_receiver,co_units,reason\n";
    let rows = "a,1,,一般,,,民生服务,社区网格员岗,社区,,先交社区\nb,2,,,,,民生服务,网格员岗,网格,,先交网格\n";
    Dispatch::from_csv(&format!("{head}{rows}"), "某街道").expect("the table loads")
}

fn places(finder: &PlaceFinder) -> Vec<Place> {
    finder.gazetteer().grids().iter().map(|g| Place { grid_code: Some(g.grid_code.clone()), ..Place::default() }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::cases(400)))]

    /// 四清单: whatever the rules say, what is no community's duty is handled by no community and no grid.
    #[test]
    fn no_community_handles_what_is_not_its_duty(leaf in 0usize..500, grid in 0usize..500, urgent in 0usize..3, pushing: bool, text in "[\\p{Han}]{0,12}") {
        let leaves = STREET.taxonomy.leaves();
        let leaf = &leaves[leaf % leaves.len()];
        let all = places(&STREET.places);
        let place = &all[grid % all.len()];
        let urgency = [Urgency::一般, Urgency::紧急, Urgency::特急][urgent];
        let pushing_down = pushing_down();
        let dispatch = if pushing { &pushing_down } else { &STREET.dispatch };
        let route = dispatch.route(leaf, place, urgency, &text, STREET.places.gazetteer());
        prop_assert!(!route.post.is_empty() && !route.section.is_empty() && !route.first_receiver.is_empty() && !route.reason.is_empty());
        if !leaf.community_duty {
            for handler in [&route.post, &route.first_receiver] {
                prop_assert!(!handler.contains("社区") && !handler.contains("网格"), "{}: {:?}", leaf.name, route);
            }
        }
    }
}

#[test]
fn a_category_of_its_own_kind_goes_to_its_own_post() {
    let place = Place { grid_code: Some("CH-JF-07".to_owned()), ..Place::default() };
    for (code, post) in [
        ("010306", "城市更新岗"),
        ("030307", "物业管理岗"),
        ("030605", "应急岗"),
        ("040206", "综治调解岗"),
        ("040309", "综治调解岗"),
        ("080110", "妇联岗"),
        ("090108", "社保岗"),
    ] {
        let leaf = STREET.taxonomy.get(code).expect("the category is shipped");
        assert_eq!(leaf.post, post, "{}", leaf.name);
        let route = STREET.dispatch.route(leaf, &place, Urgency::一般, "", STREET.places.gazetteer());
        assert_eq!(route.post, post, "{}: {route:?}", leaf.name);
    }
}

#[test]
fn the_guard_says_that_it_acted() {
    let leaf = STREET.taxonomy.get("010103").expect("挡土墙 is shipped");
    assert!(!leaf.community_duty);
    let place = Place { grid_code: Some("CH-BH-04".to_owned()), ..Place::default() };
    let route = pushing_down().route(leaf, &place, Urgency::紧急, "", STREET.places.gazetteer());
    assert_eq!(route.post, leaf.post);
    assert!(route.reason.contains("不在社区职责清单内"), "{}", route.reason);
}

#[test]
fn a_communitys_duty_goes_to_the_grids_own_post() {
    let leaf = STREET.taxonomy.get("040103").expect("楼道堆物 is shipped");
    let place = Place { grid_code: Some("CH-JF-07".to_owned()), ..Place::default() };
    let route = STREET.dispatch.route(leaf, &place, Urgency::一般, "楼道堆物", STREET.places.gazetteer());
    let named =
        route.first_receiver.contains("锦凤社区第七网格") || route.co_units.iter().any(|u| u.contains("锦凤社区第七网格"));
    assert!(named, "the grid's post takes part: {route:?}");
}

#[test]
fn every_shipped_category_finds_a_post_and_every_clock_its_rule() {
    for leaf in STREET.taxonomy.leaves() {
        assert!(STREET.clocks.get(&leaf.clock).is_some(), "{}", leaf.name);
        assert!(leaf.questions.iter().filter(|q| q.required).count() <= 2, "{} asks too much", leaf.name);
    }
    assert!(STREET.other().is_some_and(|l| l.name.contains("其他")));
}
