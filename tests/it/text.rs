use gridworker::core::numerals::{Ratio, building_number, parse, parse_range};
use gridworker::core::text::{Token, bigram_jaccard, for_matching, normalize, sentences, tokens, truncate_chars};
use proptest::prelude::*;

#[test]
fn one_normal_form_for_what_people_type() {
    for (raw, normal) in [
        ("ＡＢＣ１２３％", "ABC123%"),
        ("電梯壞了，請問找誰？", "电梯坏了，请问找谁？"),
        ("著作权法、乾隆", "著作权法、乾隆"),
        ("零\u{200b}宽\u{202e}字\u{feff}符\u{0007}", "零宽字符"),
        ("  多   空\t格  ", "多 空 格"),
        ("一\r\n\r\n\r\n二\n三", "一\n\n二\n三"),
        ("面积５０㎡", "面积50m2"),
        ("（示例）；！", "（示例）；！"),
    ] {
        assert_eq!(normalize(raw), normal, "normal form of {raw:?}");
    }
    assert_eq!(for_matching("７ 栋 Ａ座 飞 线 充电（严重）！"), "7 栋 a座飞线充电(严重)!");
}

#[test]
fn tokens_are_characters_runs_and_pairs_inside_cjk_runs() {
    let u = |t: &str| Token::Unigram(t.to_owned());
    let b = |t: &str| Token::Bigram(t.to_owned());
    assert_eq!(tokens("第3条，Wi-Fi网络"), vec![u("第"), u("3"), u("条"), u("wi"), u("fi"), u("网"), b("网络"), u("络")]);
}

#[test]
fn sentences_keep_their_marks() {
    assert_eq!(sentences("甲。乙！”丙；丁\n戊"), ["甲。", "乙！”", "丙；", "丁\n", "戊"]);
    assert!(sentences("").is_empty());
    assert_eq!(truncate_chars("网格员", 2), "网格");
    assert_eq!(truncate_chars("网格员", 9), "网格员");
    assert!((bigram_jaccard("飞线充电", "飞线充电") - 1.0).abs() < f32::EPSILON);
    assert!(bigram_jaccard("飞线充电", "井盖缺失") < f32::EPSILON);
}

#[test]
fn numerals_are_equal_by_value() {
    let n = |v: i64| Ratio::whole(v);
    let f = |a: i128, b: i128| Ratio::new(a, b).expect("no zero below");
    for (text, value) in [
        ("1.2万", n(12000)),
        ("12000", n(12000)),
        ("一万二千", n(12000)),
        ("一万二", n(12000)),
        ("12,000", n(12000)),
        ("１２０００", n(12000)),
        ("壹万贰仟", n(12000)),
        ("十二", n(12)),
        ("一百零五", n(105)),
        ("二十四", n(24)),
        ("一百五", n(150)),
        ("一百五十", n(150)),
        ("一百一十五", n(115)),
        ("两千三百", n(2300)),
        ("二〇二四", n(2024)),
        ("二零二四", n(2024)),
        ("三亿", n(300_000_000)),
        ("1亿2000万", n(120_000_000)),
        ("一亿零五百", n(100_000_500)),
        ("十万", n(100_000)),
        ("二十万零三百", n(200_300)),
        ("百分之三十", f(3, 10)),
        ("30%", f(3, 10)),
        ("三成", f(3, 10)),
        ("三成半", f(35, 100)),
        ("千分之五", f(5, 1000)),
        ("5‰", f(5, 1000)),
        ("三分之二", f(2, 3)),
        ("半", f(1, 2)),
        ("3.50", f(7, 2)),
        ("一点二万", n(12000)),
        ("0.5", f(1, 2)),
        ("3千5百", n(3500)),
        ("两百", n(200)),
        ("一千零一十", n(1010)),
    ] {
        assert_eq!(parse(text), Some(value), "value of {text}");
    }
    for text in ["", "一般", "统一", "百", "万", "1.2.3", "三栋", "一百零", "12,00", "两三"] {
        assert_eq!(parse(text), None, "{text} is no numeral");
    }
    for (text, low, high) in [
        ("450-500", 450, 500),
        ("3～5", 3, 5),
        ("三至五", 3, 5),
        ("3-5万", 30000, 50000),
        ("500-1万", 500, 10000),
        ("两三", 2, 3),
        ("3 到 5", 3, 5),
        ("一千至三千", 1000, 3000),
    ] {
        assert_eq!(parse_range(text), Some((n(low), n(high))), "range {text}");
    }
    for (text, number) in [("七栋", "7"), ("第7幢", "7"), ("７号楼", "7"), ("十二栋", "12"), ("A3栋", "A3"), ("b座", "B")]
    {
        assert_eq!(building_number(text).as_deref(), Some(number), "building {text}");
    }
    assert_eq!(building_number("小区门口"), None);
}

proptest! {
    #[test]
    fn normal_form_is_stable_and_sentences_lose_nothing(text in "\\PC{0,60}") {
        let once = normalize(&text);
        prop_assert_eq!(normalize(&once), once.clone(), "normalize must be idempotent");
        prop_assert_eq!(sentences(&text).concat(), text);
    }

    #[test]
    fn every_whole_number_reads_back(n in 0i64..1_000_000_000) {
        prop_assert_eq!(parse(&n.to_string()), Some(Ratio::whole(n)));
        prop_assert_eq!(parse(&in_words(n)), Some(Ratio::whole(n)), "{} in words is {}", n, in_words(n));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = (parse(&text), parse_range(&text), building_number(&text), tokens(&text), for_matching(&text));
    }
}

/// The number as it is read aloud.
fn in_words(n: i64) -> String {
    const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    fn section(n: i64) -> String {
        let mut out = String::new();
        let mut gap = false;
        for (unit, name) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
            let d = n / unit % 10;
            if d == 0 {
                gap = !out.is_empty();
                continue;
            }
            if gap {
                out.push('零');
                gap = false;
            }
            out.push_str(DIGITS[usize::try_from(d).expect("a digit")]);
            out.push_str(name);
        }
        out
    }
    if n == 0 {
        return "零".to_owned();
    }
    let mut out = String::new();
    for (unit, name) in [(100_000_000, "亿"), (10_000, "万"), (1, "")] {
        let part = n / unit % 10_000;
        if part == 0 {
            continue;
        }
        if !out.is_empty() && (part < 1000 || n / (unit * 10_000) % 10_000 == 0) {
            out.push('零');
        }
        out.push_str(&section(part));
        out.push_str(name);
    }
    out
}
