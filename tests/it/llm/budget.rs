//! Token counts, cuts and packing.

use std::path::Path;
use std::sync::OnceLock;

use gridworker::llm::Message;
use gridworker::llm::budget::{BudgetError, MAX_VOCAB, Parts, TokenCounter, pack, train_tokenizer};
use gridworker::llm::settings::LlmSettings;
use proptest::prelude::*;

/// Sentences of the kind that the knowledge is made of.
fn sentences() -> impl Iterator<Item = String> + Send {
    let who = ["物业服务企业", "居民委员会", "业主大会", "街道办事处", "公安机关"];
    let does = ["应当在五个工作日内答复", "不得占用消防通道", "可以申请临时救助", "负责维修公共照明", "受理投诉并登记"];
    let place = ["楼道", "地下车库", "小区出入口", "屋顶和外墙", "电梯轿厢"];
    who.into_iter().flat_map(move |who| {
        place.into_iter().flat_map(move |place| {
            does.into_iter().map(move |does| format!("{who}对{place}{does}。No. {}", who.len() * place.len()))
        })
    })
}

fn trained(vocab: usize, out: &Path) -> Vec<u8> {
    train_tokenizer(sentences(), vocab, out).expect("the sentences make a tokenizer");
    std::fs::read(out).expect("the file was written")
}

fn counter() -> &'static TokenCounter {
    static COUNTER: OnceLock<TokenCounter> = OnceLock::new();
    COUNTER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        TokenCounter::approximate(&trained(600, &folder.path().join("t.json"))).expect("a tokenizer that was just trained loads")
    })
}

#[test]
fn training_gives_the_same_small_file_each_time() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = trained(500, &folder.path().join("a.json"));
    assert!(first == trained(500, &folder.path().join("b.json")), "two trainings from the same texts differ");
    assert!(first.len() < 400_000, "{} bytes", first.len());
    let model: serde_json::Value = serde_json::from_slice(&first).expect("a tokenizer is JSON");
    let tokens = model["model"]["vocab"].as_object().map_or(0, serde_json::Map::len);
    assert!((257..=500).contains(&tokens), "{tokens} tokens");
}

#[test]
fn a_vocabulary_has_limits_and_a_file_must_be_a_tokenizer() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("t.json");
    for vocab in [0, 256, MAX_VOCAB + 1] {
        assert!(matches!(train_tokenizer(sentences(), vocab, &out), Err(BudgetError::Tokenizer(_))), "{vocab}");
    }
    assert!(matches!(TokenCounter::exact(&out), Err(BudgetError::File(_))), "there is no such file");
    std::fs::write(&out, "{}").expect("a temporary file");
    assert!(matches!(TokenCounter::exact(&out), Err(BudgetError::Tokenizer(_))), "an empty object is no tokenizer");
}

#[test]
fn counts_are_raised_unless_the_tokenizer_is_the_models_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("t.json");
    let json = trained(600, &out);
    let text = sentences().take(20).collect::<String>();
    let exact = TokenCounter::exact(&out).expect("a tokenizer").count(&text);
    let approximate = TokenCounter::approximate(&json).expect("a tokenizer").count(&text);
    assert_eq!(approximate, (exact * 120).div_ceil(100));
    let settings = LlmSettings { tokenizer_path: Some(out), ..LlmSettings::default() };
    assert_eq!(TokenCounter::new(&settings).expect("a tokenizer").count(&text), exact, "a configured file is the model's own");
    assert_eq!(settings.prompt_tokens(), 7_200);
    assert!(
        exact < text.chars().count(),
        "a trained tokenizer joins characters: {exact} tokens for {} characters",
        text.chars().count()
    );
    assert_eq!(
        TokenCounter::rule_of_thumb().count("物业 abcdefg"),
        5,
        "two characters and two fours of ASCII, raised by a fifth"
    );
    assert!(TokenCounter::built_in().count("物业") > 0);
}

#[test]
fn packing_prefers_the_best_passages_and_the_newest_words() {
    let counter = TokenCounter::rule_of_thumb();
    let long = |n: usize| "字".repeat(n);
    let fixed = [Message::system(long(10)), Message::user(long(10))];
    let history = [Message::user(long(30)), Message::assistant(long(30)), Message::user(long(10)), Message::assistant(long(10))];
    let passages = [long(50), long(100), long(20)];
    let parts = Parts { fixed: &fixed, passages: &passages, history: &history };
    // Each message costs 1.2 × its characters + 4, each passage 1.2 × + 1: fixed 32; passages 61, 121, 25; history 40, 40, 16, 16.
    let cases = [
        (31, None),
        (32, Some((vec![], 0, 32))),
        (32 + 61 + 25 + 32, Some((vec![0, 2], 2, 32 + 61 + 25 + 32))),
        (32 + 61 + 25 + 31, Some((vec![0, 2], 0, 32 + 61 + 25))),
        (1_000, Some((vec![0, 1, 2], 4, 32 + 61 + 121 + 25 + 112))),
    ];
    for (budget, expected) in cases {
        let packed = pack(&counter, budget, parts);
        let seen = packed.map(|packed| (packed.passages, packed.history.len(), packed.tokens));
        assert_eq!(seen, expected, "budget {budget}");
    }
}

proptest! {
    #[test]
    fn a_cut_text_is_a_beginning_that_fits(text in "[\\PC物业楼道。\n]{0,120}", budget in 0usize..80) {
        for counter in [counter(), &TokenCounter::rule_of_thumb()] {
            let cut = counter.truncate_to(&text, budget);
            prop_assert!(text.starts_with(cut));
            prop_assert!(counter.fits(cut, budget), "{} tokens of {budget}", counter.count(cut));
            prop_assert_eq!(cut.len() == text.len(), counter.fits(&text, budget), "a text that fits is not cut, one that does not is");
        }
    }

    #[test]
    fn what_is_packed_fits_and_is_whole(
        budget in 0usize..400,
        passages in proptest::collection::vec("[物业a ]{0,60}", 0..6),
        words in proptest::collection::vec("[物业a ]{0,40}", 0..8),
    ) {
        let counter = counter();
        let fixed = [Message::system("规则"), Message::user("问题")];
        let history: Vec<Message> = words.iter().enumerate().map(|(n, words)| if n % 2 == 0 { Message::user(words) } else { Message::assistant(words) }).collect();
        let Some(packed) = pack(counter, budget, Parts { fixed: &fixed, passages: &passages, history: &history }) else {
            let needed: usize = fixed.iter().map(|message| counter.count_message(message)).sum();
            prop_assert!(budget < needed, "the fixed parts need {needed} of {budget}");
            return Ok(());
        };
        let tokens: usize = fixed.iter().chain(&packed.history).map(|message| counter.count_message(message)).sum::<usize>()
            + packed.passages.iter().map(|at| counter.count(&passages[*at]) + 1).sum::<usize>();
        prop_assert_eq!(packed.tokens, tokens);
        prop_assert!(tokens <= budget, "{tokens} > {budget}");
        prop_assert!(packed.passages.is_sorted());
        prop_assert!(history.ends_with(&packed.history), "history has no hole");
        prop_assert!(packed.history.first().is_none_or(|message| message.role == gridworker::llm::Role::User), "history begins with the resident");
    }
}

#[test]
fn the_counter_in_the_binary_is_the_trained_one() {
    let counter = TokenCounter::built_in();
    assert!(counter.has_tokenizer(), "assets/tokenizer.json is embedded (gridworker train-tokenizer writes it)");
    let text = "低保由街道办事处受理，自受理之日起三十日内办结。";
    let (count, chars) = (counter.count(text), text.chars().count());
    assert!(count < chars, "{count} tokens for {chars} characters: words of the knowledge are whole tokens");
}
