//! Categories from everyday sentences.

use gridworker::incident::taxonomy::Taxonomy;

use super::{STREET, all_hold};

const SENTENCES: &[(&str, &str)] = &[
    ("楼顶有瓷砖掉下来了", "010101"),
    ("3栋2单元有人飞线充电", "040104"),
    ("楼下烧烤店油烟太大窗户都不敢开", "030401"),
    ("古渡春色7栋车行交会处的挡土墙裂开了", "010103"),
    ("路灯坏了三天没人修", "020103"),
    ("井盖不见了", "020101"),
    ("楼道里堆满了纸箱子", "040103"),
    ("消防通道停满了车", "040101"),
    ("有人把电瓶车推进电梯", "040105"),
    ("楼上往下扔烟头", "040201"),
    ("广场舞音响太大了", "030304"),
    ("隔壁装修从早上六点就开始打钻", "030301"),
    ("工地半夜还在打混凝土", "030302"),
    ("垃圾桶满出来了好几天没人清", "030101"),
    ("下水道堵了污水冒出来", "020202"),
    ("我家停水了", "020301"),
    ("电梯坏了一个星期", "010201"),
    ("小区门口有人摆摊占道", "030201"),
    ("有人遛狗不牵绳", "030601"),
    ("树倒了把路堵了", "030502"),
    ("有人在楼顶搭违建", "010303"),
    ("楼上漏水漏到我家天花板", "010301"),
    ("物业收了钱不管事", "060101"),
    ("一辆破车停在小区两年没动过", "050102"),
    ("电线杆上贴满小广告", "030203"),
    ("健身器材坏了", "010401"),
    ("好多老鼠和蟑螂", "030603"),
    ("有人在禁放区放鞭炮", "040106"),
    ("路面塌了一个坑", "020102"),
    ("红绿灯不亮了", "020105"),
];

#[test]
fn everyday_sentences_find_their_category() {
    let mut failures = Vec::new();
    for (text, code) in SENTENCES {
        let ranked = STREET.taxonomy.classify(text);
        if ranked.first().is_none_or(|s| s.code != *code) {
            let top: Vec<_> = ranked.iter().take(3).map(|s| format!("{} {:.2} {:?}", s.code, s.score, s.matched_words)).collect();
            failures.push(format!("  {text} → {top:?}, wanted {code}"));
        }
    }
    all_hold(&failures, SENTENCES.len());
}

#[test]
fn own_examples_are_mostly_recognised_and_scores_repeat_to_the_bit() {
    let mut right = 0usize;
    let mut total = 0usize;
    for leaf in STREET.taxonomy.leaves() {
        for example in &leaf.examples {
            let first = STREET.taxonomy.classify(example);
            assert_eq!(first, STREET.taxonomy.classify(example), "the same sentence scores the same: {example}");
            total += 1;
            right += usize::from(first.first().is_some_and(|s| s.code == leaf.code));
        }
    }
    assert!(right * 100 >= total * 95, "{right} of {total} examples find their own category");
}

#[test]
fn a_sentence_that_is_not_in_the_table_still_finds_its_category() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/street/taxonomy.csv");
    let text = std::fs::read_to_string(path).expect("the shipped table is there");
    let (mut first, mut among_three, mut sure_wrong, mut total) = (0usize, 0usize, 0usize, 0usize);
    for turn in 0..4 {
        // The table without the turn-th example of each leaf; those are then asked for.
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().expect("a header").clone();
        let column = |name: &str| header.iter().position(|h| h == name).expect("a column of the table");
        let (code_at, examples_at) = (column("code"), column("examples"));
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&header).expect("writes to memory");
        let mut held = Vec::new();
        for record in reader.records() {
            let record = record.expect("a row of the table");
            let mut examples: Vec<&str> = record[examples_at].split('|').collect();
            if examples.len() > turn + 1 {
                held.push((record[code_at].to_owned(), examples.remove(turn).to_owned()));
            }
            let joined = examples.join("|");
            let cells: Vec<&str> =
                record.iter().enumerate().map(|(i, c)| if i == examples_at { joined.as_str() } else { c }).collect();
            writer.write_record(cells).expect("writes to memory");
        }
        let csv = String::from_utf8(writer.into_inner().expect("flushes to memory")).expect("the table is UTF-8");
        let taxonomy = Taxonomy::from_csv(&csv).expect("the reduced table loads");
        for (code, sentence) in held {
            let verdict = taxonomy.decide(&sentence);
            total += 1;
            let right = verdict.ranked.first().is_some_and(|s| s.code == code);
            first += usize::from(right);
            among_three += usize::from(verdict.ranked.iter().take(3).any(|s| s.code == code));
            sure_wrong += usize::from(verdict.sure && !right);
            if !right {
                let top: Vec<_> = verdict.ranked.iter().take(3).map(|s| format!("{} {:.2}", s.code, s.score)).collect();
                eprintln!("held out: {sentence} ({code}) → {top:?} sure {}", verdict.sure);
            }
        }
    }
    eprintln!("held-out examples: {first}/{total} first, {among_three}/{total} in three, {sure_wrong} surely wrong");
    assert!(first * 100 >= total * 75, "{first} of {total} held-out examples find their category");
    assert!(among_three * 100 >= total * 88, "{among_three} of {total} held-out examples have it among three");
    assert!(sure_wrong * 100 <= total * 8, "{sure_wrong} of {total} are sure and wrong");
}

#[test]
fn what_is_no_matter_is_not_sure() {
    for text in ["", "你好", "嗯嗯", "这个怎么说呢", "abc", "今天天气不错"] {
        let verdict = STREET.taxonomy.decide(text);
        assert!(!verdict.sure, "「{text}」 must not be sure: {:?}", verdict.ranked.first());
    }
}

#[test]
fn the_five_groups_hold_every_leaf() {
    let groups = STREET.taxonomy.groups();
    assert_eq!(groups.len(), 5);
    let sum: usize = groups.iter().map(|(_, leaves)| leaves.len()).sum();
    assert_eq!(sum, STREET.taxonomy.leaves().len());
    assert!(groups.iter().all(|(name, leaves)| !leaves.is_empty() && !name.is_empty()), "no group is empty");
    assert!(sum >= 160, "at least 160 categories are shipped, there are {sum}");
}

const HEADER: &str = "code,level1,level2,name,group,kind,words,examples,negative_words,required_phone,anonymous_allowed,section,post,first_receiver,community_duty,urgency,urgent_words,clock,gb30428,code12345,stopper,legal_basis,confidentiality,photo_wanted\n";

#[test]
fn a_wrong_table_names_file_and_line() {
    let good = "010101,房屋,安全,瓷砖,安全与消防,求助,瓷砖,瓷砖掉了,,false,true,平安法治,应急岗,街道,false,一般,,yiban-5d,,,,,普通,false\n";
    assert!(Taxonomy::from_csv(&format!("{HEADER}{good}")).is_ok());
    let wrong = [
        (good.replace("010101", "0101"), "6位数字"),
        (good.replace("安全与消防", "别的"), "分组"),
        (good.replace("求助", "喊话"), "诉求类型"),
        (good.replace("街道,false", "社区,false"), "四清单"),
        (good.replace("街道,false", "市里,false"), "首接单位"),
        (good.replace("一般,,", "马上,,"), "紧急程度"),
        (good.replace("false,true", "也许,true"), "required_phone"),
        (good.replace("瓷砖,瓷砖掉了", ",瓷砖掉了"), "词语"),
        (good.replace("普通", "绝密"), "保密要求"),
        (good.replace("普通,false", "普通,好"), "photo_wanted"),
        (good.replace("yiban-5d,,,,,", "yiban-5d,,,,民法典第一条,"), "法律依据"),
    ];
    for (line, word) in wrong {
        let text = format!("{HEADER}{}{line}", good.replace("010101", "020202"));
        let message = Taxonomy::from_csv(&text).expect_err("a wrong line is refused").to_string();
        assert!(message.contains("taxonomy.csv 第3行"), "file and line in: {message}");
        assert!(message.contains(word), "「{word}」 in: {message}");
    }
    let twice = Taxonomy::from_csv(&format!("{HEADER}{good}{good}")).expect_err("a code twice is refused").to_string();
    assert!(twice.contains("重复"), "{twice}");
}
