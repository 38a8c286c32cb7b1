//! Fixed answers, groups of gaps, training pairs, question sets as files: the pure parts.

use std::collections::BTreeSet;
use std::path::Path;

use gridworker::knowledge::catalog::Catalog;
use gridworker::knowledge::cluster::{self, Item};
use gridworker::knowledge::curated::{Cited, Content, markers};
use gridworker::knowledge::curated_match::{CuratedIndex, Refused};
use gridworker::knowledge::document::{Audience, Document};
use gridworker::knowledge::gaps::{self, Cluster, ClusterState, Gap};
use gridworker::knowledge::lexicon::Lexicon;
use gridworker::knowledge::pairs::{self, Origin, Pair};
use gridworker::knowledge::question_files::{self, Format};
use gridworker::knowledge::question_sets::{SetQuestion, Use};
use gridworker::knowledge::search::Scope;
use gridworker::knowledge::similar::{self, FEATURES, Phrase};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde::Deserialize;
use uuid::Uuid;

use super::{DAY, guide, parse};
use crate::support::app::root;

#[derive(Deserialize)]
struct Groups {
    group: Vec<Labelled>,
}

#[derive(Deserialize)]
struct Labelled {
    known: String,
    same: Vec<String>,
    other: Vec<String>,
}

fn labelled() -> Vec<Labelled> {
    let text = std::fs::read_to_string(root().join("tests/fixtures/similar.toml")).expect("the fixture");
    toml::from_str::<Groups>(&text).expect("groups").group
}

/// The shipped guides: how telling a term is there is what the service measures with.
fn shipped() -> (Catalog, Lexicon) {
    fn walk(folder: &Path, out: &mut Vec<Document>) {
        let mut paths: Vec<_> = std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                walk(&path, out);
            } else {
                out.push(parse("x.md", &std::fs::read_to_string(&path).expect("a guide")).as_version(1));
            }
        }
    }
    let mut documents = Vec::new();
    walk(&root().join("knowledge/policies"), &mut documents);
    let lexicon = Lexicon::read(&root().join("knowledge/street/lexicon.csv")).expect("the lexicon");
    (Catalog::new(documents), lexicon)
}

#[test]
fn the_same_question_in_other_words_is_met_and_a_near_miss_is_not() {
    let (catalog, lexicon) = shipped();
    let phrase = |text: &str| Phrase::new(text, &lexicon, &|term| catalog.idf(term));
    let groups = labelled();
    let mut halves: [Vec<(Phrase, Phrase, bool)>; 2] = [Vec::new(), Vec::new()];
    for (number, group) in groups.iter().enumerate() {
        let half = &mut halves[number % 2];
        let known = phrase(&group.known);
        half.extend(group.same.iter().map(|q| (phrase(q), known.clone(), true)));
        half.extend(group.other.iter().map(|q| (phrase(q), known.clone(), false)));
        let others = groups.iter().enumerate().filter(|(n, _)| n % 2 == number % 2 && *n != number);
        half.extend(others.map(|(_, other)| (phrase(&other.known), known.clone(), false)));
    }
    let count = |half: &[(Phrase, Phrase, bool)], weights: &[f32; FEATURES], bias: f32| {
        let mut met = [(0usize, 0usize); 2];
        for (asked, known, same) in half {
            let features = similar::features(asked, known);
            let said = asked.is_exactly(known)
                || (!similar::vetoed(asked, known, &features)
                    && similar::logistic(&features, weights, bias) >= similar::THRESHOLD);
            let slot = &mut met[usize::from(*same)];
            *slot = (slot.0 + usize::from(said), slot.1 + 1);
        }
        met
    };
    let (mut right, mut all, mut wrong, mut others) = (0, 0, 0, 0);
    for (train, measured) in [(0, 1), (1, 0)] {
        let examples: Vec<([f32; FEATURES], bool)> =
            halves[train].iter().map(|(a, k, same)| (similar::features(a, k), *same)).collect();
        let (weights, bias) = similar::fit(&examples);
        let [(w, o), (r, a)] = count(&halves[measured], &weights, bias);
        (right, all, wrong, others) = (right + r, all + a, wrong + w, others + o);
    }
    let shipped = halves.concat();
    let [(shipped_wrong, _), (shipped_right, _)] = count(&shipped, &similar::WEIGHTS, similar::BIAS);
    let told = format!(
        "fitted on one half, measured on the other: {right}/{all} met, {wrong}/{others} met wrongly; as shipped, on all: {shipped_right} and {shipped_wrong}"
    );
    assert!(right * 100 >= all * 50, "half of the rewordings at least: {told}");
    assert!(wrong * 1000 <= others * 15, "of other questions 1.5 % at most, near misses among them: {told}");
    assert!(shipped_right * 100 >= all * 55 && shipped_wrong * 1000 <= others * 12, "{told}");
}

fn cited(catalog: &Catalog, document: &str) -> Cited {
    let unit = catalog.units().iter().find(|u| u.meta.id == document).expect("the document");
    let document = Document {
        meta: unit.meta.as_ref().clone(),
        version: 1,
        content_hash: String::new(),
        body: String::new(),
        passages: unit.passages.iter().map(|p| p.as_ref().clone()).collect(),
    };
    Cited::of(1, &document, &document.passages[0])
}

fn content(question: &str, similar: &[&str], negative: &[&str]) -> Content {
    Content {
        question: question.to_owned(),
        similar: similar.iter().map(|q| (*q).to_owned()).collect(),
        negative: negative.iter().map(|q| (*q).to_owned()).collect(),
        answer: "到社区便民服务窗口办。".to_owned(),
        citations: Vec::new(),
        audience: Audience::Resident,
        area: "全国".to_owned(),
        effective_from: date(2026, 1, 1),
        expires_on: None,
        review_by: None,
        owner: "民政岗".to_owned(),
        by_model: false,
    }
}

fn small() -> Catalog {
    let guides = [
        guide("dibao", "低保怎么申请", &["没有收入怎么申请低保"], "", "**结论**：向街道申请。\n\n## 找谁\n民政窗口。"),
        guide("quanzhi", "养狗办证", &["养狗要办什么证"], "", "**结论**：养犬要登记。"),
    ];
    Catalog::new(guides.iter().map(|g| parse("x.md", g).as_version(1)).collect())
}

fn resident(on: Date) -> Scope {
    Scope { audiences: vec![Audience::Resident, Audience::All], areas: vec!["全国".to_owned()], on }
}

const ID: Uuid = Uuid::from_u128(7);

#[test]
fn audience_area_days_and_sources_decide_whether_an_answer_is_given() {
    let (catalog, lexicon) = (small(), Lexicon::default());
    let find = |content: &Content, scope: &Scope| {
        let index = CuratedIndex::of(std::iter::once((ID, 1, content)), &catalog, &lexicon);
        let found = index.find("低保怎么申请？", scope, &catalog, &lexicon);
        (found.given.is_some(), found.considered.first().and_then(|c| c.refused))
    };
    let plain = content("低保怎么申请", &[], &[]);
    assert_eq!(find(&plain, &resident(DAY)), (true, None), "the same words");
    for (what, change, refused) in [
        ("for gridworkers", Content { audience: Audience::Gridworker, ..plain.clone() }, Refused::Audience),
        ("elsewhere", Content { area: "上海市".to_owned(), ..plain.clone() }, Refused::Area),
        ("not yet", Content { effective_from: date(2027, 1, 1), ..plain.clone() }, Refused::Validity),
        ("no longer", Content { expires_on: Some(DAY), ..plain.clone() }, Refused::Validity),
    ] {
        assert_eq!(find(&change, &resident(DAY)), (false, Some(refused)), "{what}");
    }
    let resting = Content { citations: vec![cited(&catalog, "dibao")], ..plain.clone() };
    assert_eq!(find(&resting, &resident(DAY)), (true, None), "its source stands");
    let mut changed = resting.clone();
    changed.citations[0].quote = "向社区申请。".to_owned();
    assert_eq!(find(&changed, &resident(DAY)), (false, Some(Refused::Outdated)), "the source says something else now");
    let mut gone = resting.clone();
    gone.citations[0].document_id = "gone".to_owned();
    assert_eq!(find(&gone, &resident(DAY)), (false, Some(Refused::Outdated)), "the source is not in use");
    let mut leaking = resting;
    leaking.citations[0].audience = Audience::Gridworker;
    assert_eq!(find(&leaking, &resident(DAY)), (false, Some(Refused::Audience)), "nor by way of a quotation");
    assert!(leaking.faults().iter().any(|(field, _)| *field == "citations"), "which cannot even be saved");
}

#[test]
fn faults_are_named() {
    let mut wrong = content("低保怎么申请", &["低保咋申请"], &["低保咋申请？"]);
    wrong.answer = "见〔2〕。".to_owned();
    wrong.expires_on = Some(date(2025, 1, 1));
    let fields: BTreeSet<&str> = wrong.faults().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, BTreeSet::from(["answer", "expires_on", "negative"]));
    assert_eq!(markers("甲〔2〕乙〔1〕丙〔2〕〔x〕"), [1, 2]);
    let mut untidy = content(" 低保怎么申请 ", &["低保怎么申请？", "", "怎么办低保", "怎么办低保"], &[]);
    untidy.tidy();
    assert_eq!((untidy.question.as_str(), untidy.similar.as_slice()), ("低保怎么申请", &["怎么办低保".to_owned()][..]));
}

/// Questions made of a few words, so that they meet.
fn question() -> impl Strategy<Value = String> {
    let who = prop::sample::select(vec!["低保", "居住证", "高龄津贴", "养狗证", "公租房", "残疾证"]);
    let how = prop::sample::select(vec!["怎么申请", "多少钱", "在哪里办", "要什么材料", "多久能办好", "丢了怎么补"]);
    let before = prop::sample::select(vec!["", "请问", "我妈的", "老人的", "外地人的"]);
    (before, who, how).prop_map(|(b, w, h)| format!("{b}{w}{h}"))
}

proptest! {
    /// Whatever is asked: where a negative question is at least as close as every similar one, the answer is not given.
    #[test]
    fn a_negative_question_beats_a_similar_one(
        asked in question(),
        similar in prop::collection::vec(question(), 1..4),
        negative in prop::collection::vec(question(), 1..4),
    ) {
        let (catalog, lexicon) = (small(), Lexicon::default());
        let positive: Vec<&str> = similar.iter().skip(1).map(String::as_str).collect();
        let negatives: Vec<&str> = negative.iter().map(String::as_str).collect();
        let content = content(&similar[0], &positive, &negatives);
        let index = CuratedIndex::of(std::iter::once((ID, 1, &content)), &catalog, &lexicon);
        let found = index.find(&asked, &resident(DAY), &catalog, &lexicon);
        let phrase = |text: &str| Phrase::new(text, &lexicon, &|term| catalog.idf(term));
        let asked = phrase(&asked);
        let best = |list: &[String]| list.iter().map(|q| similar::probability(&asked, &phrase(q))).fold(0f32, f32::max);
        if negative.iter().any(|q| asked.is_exactly(&phrase(q))) {
            prop_assert!(found.given.is_none(), "word for word a negative question");
        } else if !similar.iter().any(|q| asked.is_exactly(&phrase(q))) && best(&negative) >= best(&similar) {
            prop_assert!(found.given.is_none(), "a negative one is closer");
        }
        if let Some(given) = &found.given {
            prop_assert!(given.probability >= similar::THRESHOLD);
        }
    }

    /// Groups depend on the questions, not on their order; each question is in one group; nobody's work is torn apart or mixed.
    #[test]
    fn groups_do_not_depend_on_the_order(
        texts in prop::collection::vec((question(), prop::option::weighted(0.2, 0usize..3)), 1..40),
        seed in any::<u64>(),
    ) {
        let catalog = small();
        let partition = |texts: &[(String, Option<usize>)]| {
            let items: Vec<Item<'_>> = texts.iter().map(|(text, pinned)| Item { text, pinned: *pinned }).collect();
            let groups = cluster::group(&items, &|term| catalog.idf(term));
            let mut met = vec![0; texts.len()];
            for group in &groups {
                group.members.iter().for_each(|m| met[*m] += 1);
                assert!(group.members.contains(&group.central), "the label is one of the group's own questions");
                let pins: BTreeSet<usize> = group.members.iter().filter_map(|m| texts[*m].1).collect();
                assert!(pins.len() <= 1, "two pieces of work are never mixed");
            }
            assert!(met.iter().all(|n| *n == 1), "each question once");
            let mut words: Vec<(String, Vec<String>)> = groups
                .iter()
                .map(|g| {
                    let mut members: Vec<String> = g.members.iter().map(|m| format!("{:?}", texts[*m])).collect();
                    members.sort();
                    (texts[g.central].0.clone(), members)
                })
                .collect();
            words.sort();
            words
        };
        let mut shuffled = texts.clone();
        let mut state = seed | 1;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(i, usize::try_from(state >> 33).unwrap_or(0) % (i + 1));
        }
        prop_assert_eq!(partition(&texts), partition(&shuffled));
    }

    /// No pair to train on equals or nearly copies a test question, wherever it came from.
    #[test]
    fn test_questions_never_train(
        pool in prop::collection::vec(question(), 1..30),
        tests in prop::collection::vec(question(), 0..6),
        polite in any::<bool>(),
    ) {
        let pair = |(number, question): (usize, &String)| Pair {
            origin: [Origin::FrontMatter, Origin::Curated, Origin::QuestionSet, Origin::Confirmed][number % 4],
            document: "d".to_owned(),
            clause: None,
            question: if polite { format!("{question}？") } else { question.clone() },
        };
        let all: Vec<Pair> = pool.iter().enumerate().map(pair).collect();
        let given = all.iter().collect::<BTreeSet<_>>().len();
        let cleaned = pairs::clean(all.clone(), &tests);
        let plain = |q: &str| q.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        for pair in &cleaned.pairs {
            prop_assert!(!tests.iter().any(|t| plain(t) == plain(&pair.question)), "{} trains and tests", pair.question);
        }
        prop_assert_eq!(cleaned.pairs.len() + cleaned.near_copies, given, "what is left out is counted");
        let mut reversed = all;
        reversed.reverse();
        prop_assert_eq!(pairs::clean(reversed, &tests), cleaned, "the order is their own");
    }
}

fn gap(number: u128, question: &str, cluster: Option<Uuid>) -> Gap {
    Gap {
        id: Uuid::from_u128(number),
        question: question.to_owned(),
        reason: "no_passage".to_owned(),
        comment: None,
        created_at: Timestamp::from_second(i64::try_from(number).expect("small")).expect("valid"),
        audience: Audience::Resident,
        conversation_id: None,
        turn_id: None,
        cluster_id: cluster,
    }
}

#[test]
fn a_group_keeps_its_id_and_work_is_not_regrouped() {
    let catalog = small();
    let idf = |term| catalog.idf(term);
    let mut next = 100u128;
    let mut new_id = || {
        next += 1;
        Uuid::from_u128(next)
    };
    let mut gaps = vec![gap(1, "充电桩怎么申请安装", None), gap(2, "小区充电桩怎么申请安装", None), gap(3, "狗叫扰民", None)];
    let first = gaps::regroup(&gaps, &[], &idf, &mut new_id);
    assert_eq!((first.groups.len(), first.moves.len()), (2, 3), "{first:?}");
    for (id, cluster) in &first.moves {
        gaps.iter_mut().find(|g| g.id == *id).expect("a gap").cluster_id = Some(*cluster);
    }
    let cluster = |id: Uuid, state| Cluster {
        id,
        label: "x".to_owned(),
        state,
        owner: None,
        due: None,
        document_id: None,
        curated_id: None,
        reason: None,
        asked: 1,
        conversations: 0,
        thumbs_down: 0,
        asked_again: 0,
        told: 0,
        first_at: Timestamp::UNIX_EPOCH,
        last_at: None,
        answered_at: None,
    };
    let known: Vec<Cluster> = first.groups.iter().map(|(id, ..)| cluster(*id, ClusterState::Open)).collect();
    gaps.push(gap(4, "充电桩怎么申请安装呢", None));
    let again = gaps::regroup(&gaps, &known, &idf, &mut new_id);
    assert_eq!(again.moves, [(Uuid::from_u128(4), gaps[0].cluster_id.expect("grouped"))], "only the new one moves, to its like");
    let mut working = known;
    for c in &mut working {
        c.state = ClusterState::Drafted;
    }
    let worked = gaps::regroup(&gaps, &working, &idf, &mut new_id);
    assert_eq!(worked.moves, again.moves, "and joins what somebody works on");
}

fn set_question(id: &str, question: &str) -> SetQuestion {
    serde_json::from_value(serde_json::json!({ "id": id, "question": question })).expect("a question")
}

#[test]
fn sets_survive_every_format() {
    let mut with_documents = set_question("a-1", "低保，\"怎么\"申请\n要快");
    with_documents.expect = vec!["dibao".to_owned(), "x".to_owned()];
    with_documents.purpose = Use::Train;
    with_documents.on = Some(date(2026, 3, 1));
    let mut with_route = set_question("a-2", "着火了 <快来> & 救命");
    with_route.route = Some("emergency".to_owned());
    with_route.audience = Some(Audience::Gridworker);
    let mut with_curated = set_question("a-3", "狗证");
    with_curated.curated = Some(ID);
    let set = vec![with_documents, with_route, with_curated, set_question("a-4", "=1+1 等于几")];
    for format in [Format::Jsonl, Format::Csv, Format::Xlsx] {
        let bytes = question_files::write(&set, format).expect("written");
        let mut back = question_files::read(&bytes, format).unwrap_or_else(|e| panic!("{format:?}: {e:?}"));
        // A spreadsheet must not run a question as a formula.
        if format == Format::Csv {
            assert_eq!(back[3].question, "'=1+1 等于几");
            back[3].question.remove(0);
        }
        assert_eq!(back, set, "{format:?}");
    }
    let shipped = std::fs::read(root().join("knowledge/questions/resident.jsonl")).expect("the shipped set");
    assert!(question_files::read(&shipped, Format::Jsonl).expect("reads").len() >= 300, "the file of `eval questions` is a set");
    let wrong = "question,route,expect\n,ask,\n好,teleport,a\n好,,\n";
    let faults = question_files::read(wrong.as_bytes(), Format::Csv).expect_err("faults");
    assert!(faults.iter().any(|(line, why)| *line == 2 && why.contains("缺少问题")), "by the lines of the file: {faults:?}");
    assert!(faults.iter().any(|(line, why)| *line == 3 && why.contains("去向只能是")), "{faults:?}");
    for garbage in [&b"PK\x03\x04rubbish"[..], b"", b"\xff\xfe\x00", b"a,b\n1,2\n"] {
        for format in [Format::Jsonl, Format::Csv, Format::Xlsx] {
            assert!(question_files::read(garbage, format).is_err(), "{format:?} {garbage:?}");
        }
    }
}
