//! From a file to clauses.

use gridworker::knowledge::document::{ParsedDocument, Shape, passage_id};
use gridworker::knowledge::split;
use proptest::prelude::*;

use super::{defaults, guide, parse};

#[test]
fn a_guide_is_cut_at_its_headings_and_loses_its_marks() {
    let body = "**结论**：先看 `说明`。\n\n## 怎么办\n- 第一步，[登记](https://example.org)。\n- 第二步。（《甲法》第二条）\n\n### 细节\n仍属本节。\n\n## 找谁办\n打12345。";
    let document = parse("a.md", &guide("a", "甲事", &["怎么办甲事"], "", body));
    let got: Vec<(String, String)> = document.passages(3).into_iter().map(|p| (p.heading, p.text)).collect();
    let expected = [
        ("结论", "先看 说明。"),
        ("怎么办", "· 第一步，登记。\n· 第二步。（《甲法》第二条）\n\n细节\n仍属本节。"),
        ("找谁办", "打12345。"),
    ];
    assert_eq!(got, expected.map(|(h, t)| (h.to_owned(), t.to_owned())));
}

#[test]
fn an_unknown_field_is_an_error_with_file_and_line() {
    let text = guide("a", "甲事", &["问"], "colour = \"red\"\n", "**结论**：好。");
    let error = ParsedDocument::parse(std::path::Path::new("policies/a.md"), &text, &defaults()).expect_err("unknown field");
    assert_eq!((error.line, error.reason.as_str()), (15, "文首信息里有不认识的字段“colour”"), "{error}");
    assert!(error.to_string().starts_with("policies/a.md 第 15 行"), "{error}");
}

#[test]
fn broken_front_matter_says_what_is_missing() {
    for (from, to, expected) in [
        ("issuer = \"街道知识库（示例）\"\n", "", "缺少字段“issuer”"),
        ("effective_from = 2026-01-01", "effective_from = 12:00:00", "必须是日期"),
        ("audience = \"resident\"", "audience = \"cats\"", "无法读取"),
    ] {
        let text = guide("a", "甲事", &["问"], "", "**结论**：好。").replace(from, to);
        let error = ParsedDocument::parse(std::path::Path::new("a.md"), &text, &defaults()).expect_err(expected);
        assert!(error.reason.contains(expected), "{error}");
    }
    let open = ParsedDocument::parse(std::path::Path::new("a.md"), "+++\nid = \"a\"\n没有结束", &defaults()).expect_err("no end");
    assert!(open.reason.contains("没有以单独一行"), "{open}");
}

#[test]
fn plain_text_is_a_clause_a_line_and_plain_markdown_a_clause_a_heading() {
    let lines = parse("kb.txt", "居住证申领:半年以上可办。\n\n身份证换领:期满前三个月。\n");
    assert_eq!(lines.meta.shape, Shape::Lines);
    let headings: Vec<String> = lines.passages(1).into_iter().map(|p| p.heading).collect();
    assert_eq!(headings, ["居住证申领", "身份证换领"]);
    let markdown = parse("办法.md", "# 某某办法\n总的说明。\n## 第一条\n内容。\n");
    assert_eq!(
        (markdown.meta.title.as_str(), markdown.meta.shape, markdown.meta.id.as_str()),
        ("某某办法", Shape::Guide, "办法")
    );
    assert_eq!(markdown.passages(1)[1].heading, "第一条");
}

#[test]
fn a_passage_keeps_its_id_and_another_version_gets_another() {
    assert_eq!(passage_id("a", 1, 0), passage_id("a", 1, 0));
    assert_ne!(passage_id("a", 1, 0), passage_id("a", 2, 0));
    assert_ne!(passage_id("a", 1, 11), passage_id("a", 11, 1));
}

#[test]
fn a_passage_names_the_articles_it_cites() {
    let text = guide("a", "甲事", &["问"], "", "**结论**：好。\n\n## 一\n甲。（《甲法》第二条）\n\n## 二\n乙。（《甲法》第二条之一、第三条）")
        .replace("sources = []", "sources = [{ law = \"甲法\", article = \"第二条\", version = \"2020-01-01\" }, { law = \"甲法\", article = \"第三条\", version = \"2020-01-01\" }]");
    let passages = parse("a.md", &text).passages(1);
    let articles = |n: usize| passages[n].sources.iter().map(|s| s.article.as_str()).collect::<Vec<_>>();
    assert_eq!(articles(0), ["第二条", "第三条"], "a passage that cites nothing rests on all");
    assert_eq!(articles(1), ["第二条"]);
    assert_eq!(articles(2), ["第三条"], "第二条之一 is another article than 第二条");
}

proptest! {
    #[test]
    fn no_clause_is_too_long_and_no_character_is_lost(text in "([一-龥，、（）《》]{0,60}[。！？；\n]){0,40}[一-龥]{0,900}") {
        let sections = split::sections(&text);
        for section in &sections {
            prop_assert!(section.text.chars().count() <= split::MAX_CHARS, "{} characters", section.text.chars().count());
        }
        let kept: String = sections.iter().flat_map(|s| s.text.chars()).filter(|c| !c.is_whitespace()).collect();
        let given: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        prop_assert_eq!(kept, given);
    }

    #[test]
    fn any_text_is_cut_without_panic(text in "\\PC{0,300}") {
        let _ = split::sections(&text);
        let _ = split::lines(&text);
        prop_assert_eq!(split::sentences(&text).concat().split_whitespace().collect::<String>(), text.split_whitespace().collect::<String>());
    }
}
