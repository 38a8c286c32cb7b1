//! The embedding trained on the spot: the same every time, small when stored, and nearer to what belongs together.

use std::sync::LazyLock;

use gridworker::learn::embedding::train::{Lesson, Piece, Refining, least_frequency, refine, train};
use gridworker::learn::embedding::{DIM, Matrix, Rounded, Table, Vector, dot};
use proptest::prelude::*;

const TOPICS: [(&str, [&str; 4]); 3] = [
    ("养犬管理", ["养犬人应当为犬只办理登记", "犬只出户应当使用牵引绳", "禁止犬只进入公共场所", "犬只应当注射狂犬病疫苗"]),
    (
        "电梯安全",
        ["电梯使用单位应当定期检验", "电梯困人时应当拨打救援电话", "电梯维护保养每半个月一次", "乘坐电梯应当遵守安全要求"],
    ),
    ("医疗保险", ["参保人员享受医疗保险待遇", "门诊费用由医疗保险基金支付", "异地就医应当办理备案", "医疗保险缴费年限累计计算"]),
];

/// Some hundred passages about three matters, each in its own words.
fn texts() -> Vec<(String, String, u64)> {
    let mut out = Vec::new();
    for round in 0..12u64 {
        for (topic, (title, sentences)) in (0u64..).zip(TOPICS) {
            for n in 0..4usize {
                let text =
                    format!("{}。{}；{}。", sentences[n], sentences[(n + 1) % 4], sentences[(n + round as usize % 3 + 1) % 4]);
                out.push((format!("{title}办法"), text, topic + 3 * round));
            }
        }
    }
    out.sort_by_key(|(_, _, document)| *document);
    out
}

fn pieces(texts: &[(String, String, u64)]) -> Vec<Piece<'_>> {
    texts.iter().map(|(title, text, document)| Piece { title, heading: "第一章 总则", text, document: *document }).collect()
}

#[test]
fn the_same_passages_give_the_same_table_whatever_the_number_of_threads() {
    let texts = texts();
    let learnt = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let own = train(&pieces(&texts), 7, |_| {});
            let lessons = vec![Lesson { question: "狗要不要牵绳子", right: vec![1], wrong: vec![9, 20, 40] }];
            (own.to_bytes(), refine(&own, &pieces(&texts), &lessons, &Refining::default()).to_bytes())
        })
    };
    let one = learnt(1);
    assert!(one == learnt(3), "the number of threads changed the table");
    let other = train(&pieces(&texts), 8, |_| {}).to_bytes();
    assert!(one.0 != other, "the seed changed nothing");
}

#[test]
fn passages_of_one_matter_are_nearer_than_passages_of_two() {
    let texts = texts();
    let pieces = pieces(&texts);
    let mut done = 0.0;
    let table = train(&pieces, 1, |share| {
        assert!(share > done);
        done = share;
    });
    assert!((done - 1.0f32).abs() < 1e-6);
    let of = |text: &str| table.embed(text);
    let (dog, dog2, lift) = (of("犬只应当登记"), of("牵引绳与狂犬病疫苗"), of("电梯定期检验与维护保养"));
    assert!(dot(&dog, &dog2) > dot(&dog, &lift) + 0.1, "{} {}", dot(&dog, &dog2), dot(&dog, &lift));
}

#[test]
fn a_question_moves_towards_the_passage_that_answers_it() {
    let texts = texts();
    let pieces = pieces(&texts);
    let own = train(&pieces, 1, |_| {});
    let question = "参保后异地看病";
    let right = texts.iter().position(|(_, text, _)| text.starts_with("犬只出户")).expect("a passage");
    let lessons = vec![Lesson { question, right: vec![right], wrong: (0..texts.len()).filter(|n| *n != right).collect() }];
    let taught = refine(&own, &pieces, &lessons, &Refining::default());
    let cosine = |table: &Table| {
        dot(&table.embed(question), &table.embed_parts([pieces[right].title, pieces[right].heading, pieces[right].text]))
    };
    assert!(cosine(&taught) > cosine(&own) + 0.1, "{} → {}", cosine(&own), cosine(&taught));
}

#[test]
#[expect(clippy::float_cmp, reason = "the very same values")]
fn a_stored_table_reads_back_and_a_damaged_one_is_refused() {
    let texts = texts();
    let table = train(&pieces(&texts), 1, |_| {});
    let bytes = table.to_bytes();
    let again = Table::from_bytes(&bytes).expect("its own bytes");
    assert_eq!(again.embed("犬只登记"), table.embed("犬只登记"));
    assert_eq!(again.fingerprint(), table.fingerprint());
    for at in [0, 9, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(Table::from_bytes(&damaged).is_err(), "byte {at}");
    }
    assert!(Table::from_bytes(&bytes[..bytes.len() - 3]).is_err());
    assert!(Table::from_bytes(&[]).is_err());
}

#[test]
fn nothing_to_learn_from_is_no_accident() {
    let table = train(&[], 1, |_| {});
    assert!(table.embed("电梯").iter().all(|x| *x == 0.0));
    let one = train(&[Piece { title: "", heading: "", text: "只有一段", document: 0 }], 1, |_| {});
    assert!(one.embed("只有一段").iter().all(|x| x.is_finite()));
    assert_eq!(least_frequency(100), 2);
    assert_eq!(least_frequency(58_541), 8);
}

static TABLE: LazyLock<Table> = LazyLock::new(|| train(&pieces(&texts()), 1, |_| {}));

proptest! {
    #[test]
    fn every_text_has_a_vector_of_unit_length_or_none(text in "[电梯犬医保a-z0-9。 ]{0,60}") {
        let v = TABLE.embed(&text);
        let length = dot(&v, &v).sqrt();
        prop_assert!(length < 1e-6 || (length - 1.0).abs() < 1e-4, "{}", length);
    }

    #[test]
    fn int8_cosines_are_near_the_exact_ones(seed in proptest::collection::vec(-1f32..1.0, 2 * DIM)) {
        let unit = |part: &[f32]| -> Vector {
            let mut v: Vector = std::array::from_fn(|i| part[i]);
            gridworker::learn::embedding::normalise(&mut v);
            v
        };
        let (a, b) = (unit(&seed[..DIM]), unit(&seed[DIM..]));
        // Components of a random unit vector of 128 numbers stay far below the cut at ½.
        let matrix = Matrix::new(&[b]);
        prop_assert!((matrix.cosine(&Rounded::new(&a), 0) - dot(&a, &b)).abs() < 0.02);
    }
}
