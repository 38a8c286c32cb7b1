//! Cutting: by article, item, row and paragraph; nothing is lost, nothing is too long.

use gridworker::knowledge::document::Shape;
use gridworker::knowledge::split::{self, blocks, clauses, numbering, pack};
use proptest::prelude::*;

use super::super::parse;
use super::pieces;

const LAW: &str = "\
# 养犬条例

（2024年3月1日通过）

目录

第一章 总则
第二章 罚则
附件

第一章　总则

第一条　为了规范养犬，制定本条例。

**第二条** 养犬人应当遵守下列规定：

（一）接种疫苗；
（二）第三条规定的义务；

违反的，依照第五条处理。

第三条所称养犬人，包括单位。

第二章　罚则

## 第一节 一般规定

第三条 罚款二百元。

第四条之一　本条例自2025年1月1日起施行。

附件：登记表式样

姓名、住址。
";

#[test]
fn a_law_is_cut_by_article_under_its_headings() {
    insta::assert_snapshot!(pieces(&parse("条例.md", LAW)), @r"
    养犬条例 (Clauses)
    [ | 题注]
    （2024年3月1日通过）
    [第一章　总则 | 第一条]
    为了规范养犬，制定本条例。
    [第一章　总则 | 第二条]
    养犬人应当遵守下列规定：
    （一）接种疫苗；
    （二）第三条规定的义务；
    违反的，依照第五条处理。
    第三条所称养犬人，包括单位。
    [第二章　罚则 › 第一节 一般规定 | 第三条]
    罚款二百元。
    [第二章　罚则 › 第一节 一般规定 | 第四条之一]
    本条例自2025年1月1日起施行。
    [ | 附件：登记表式样]
    姓名、住址。
    ");
}

#[test]
fn the_items_of_a_long_article_keep_their_lead() {
    let items: String = (0..12)
        .map(|n| {
            format!(
                "（{}）第{n}种情形，{}；\n",
                ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"][n],
                "甲乙丙丁".repeat(14)
            )
        })
        .collect::<Vec<_>>()
        .concat();
    let law = format!("第一条 目的。\n第二条 {}有下列情形之一的，处二百元罚款：\n{items}第三条 施行。\n", "前情。".repeat(5));
    let document = parse("长条.md", &law);
    assert_eq!(document.meta.shape, Shape::Clauses);
    let passages = document.passages(1);
    let second: Vec<_> = passages.iter().filter(|p| p.heading == "第二条").collect();
    assert_eq!(second.len(), 3, "{}", pieces(&document));
    for passage in &second[1..] {
        assert!(passage.text.starts_with("有下列情形之一的，处二百元罚款：\n（"), "{}", passage.text);
    }
}

#[test]
fn articles_are_told_from_citations() {
    let begins = |line: &str, expected| numbering::article(line, expected).map(|a| (a.name, a.rest.to_owned()));
    let of = |name: &str, rest: &str| Some((name.to_owned(), rest.to_owned()));
    assert_eq!(begins("第一百零二条　甲", None), of("第一百零二条", "甲"));
    assert_eq!(begins("### 第十条 【目的】甲", None), of("第十条", "【目的】甲"));
    assert_eq!(begins("**第3条** 甲", None), of("第3条", "甲"));
    assert_eq!(begins("第二百九十一条之二 高空抛物", None), of("第二百九十一条之二", "高空抛物"));
    assert_eq!(begins("第五条为了加强管理", Some(5)), of("第五条", "为了加强管理"), "taken from PDF, the space is gone");
    for citation in ["第五条规定的罚款", "第五条、第六条的处罚", "第五条至第八条", "第五条第二款", "第五条之规定"]
    {
        assert_eq!(begins(citation, Some(5)), None, "{citation}");
    }
    assert_eq!(begins("第五条为了加强管理", Some(9)), None);
    for (line, rank) in [
        ("第一编 总则", Some(1)),
        ("第二分编 物权", Some(2)),
        ("第十二章", Some(3)),
        ("第三节　监护", Some(4)),
        ("第三章规定的内容适用本条。", None),
    ] {
        assert_eq!(numbering::structure(line), rank, "{line}");
    }
}

#[test]
fn a_guide_with_a_long_table_keeps_its_head_in_every_piece() {
    let rows: String = (0..30).map(|n| format!("| 第{n}号窗口 | 办理第{n}类事项，周一到周五 |\n")).collect::<Vec<_>>().concat();
    let document = parse("窗口.md", &format!("# 窗口\n\n## 窗口一览\n下表列出各窗口。\n\n| 窗口 | 事项 |\n|---|---|\n{rows}\n"));
    assert_eq!(document.meta.shape, Shape::Guide);
    let passages = document.passages(1);
    assert!(passages.len() > 1);
    for passage in &passages {
        assert!(passage.text.contains("| 窗口 | 事项 |\n| 第"), "{}", passage.text);
        assert!(!passage.text.contains("---"), "{}", passage.text);
    }
}

#[test]
fn a_row_too_wide_for_a_piece_says_each_column_with_its_name() {
    let wide = "很长的说明。".repeat(60);
    let table = blocks::Table {
        header: vec!["事项".into(), "条件".into(), "备注".into()],
        rows: vec![vec!["低保".into(), wide.clone(), wide]],
    };
    let document = parse("宽.md", &format!("# 宽\n\n## 表\n\n{}", blocks::table_markdown(&table)));
    for passage in document.passages(1).iter().skip(1) {
        assert!(passage.text.starts_with("低保\n") || passage.text.starts_with("事项：低保"), "{}", passage.text);
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// A line of a made-up law.
fn line() -> impl Strategy<Value = String> {
    let words = "[甲乙丙丁，、]{1,12}";
    prop_oneof![
        4 => "[甲乙丙丁，。；]{0,40}[甲乙丙丁][：。；]",
        2 => "[甲乙丙丁，]{380,900}。",
        4 => (1usize..13, "[甲乙丙丁，]{1,200}[；：。]").prop_map(|(n, text)| format!("（{}）{text}", ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"][n - 1])),
        2 => (1u32..40, "[甲乙丙丁，]{1,90}；").prop_map(|(n, text)| format!("{n}.{text}")),
        1 => (1u32..30, words).prop_map(|(n, text)| format!("第{n}章 {text}x")),
        1 => (2u8..6, words).prop_map(|(n, text)| format!("{} {text}x", "#".repeat(usize::from(n)))),
    ]
}

proptest! {
    #[test]
    fn no_word_of_a_law_is_lost_and_no_piece_is_too_long(articles in prop::collection::vec(prop::collection::vec(line(), 0..8), 3..12)) {
        let mut law = String::new();
        for (n, lines) in articles.iter().enumerate() {
            law.push_str(&format!("第{}条　内容{n}如下。\n", n + 1));
            for line in lines {
                law.push_str(line);
                law.push('\n');
            }
        }
        let sections = clauses::clauses(&law);
        let mut kept = String::new();
        for section in &sections {
            let own = section.text[section.repeated..].chars().count();
            let context = section.text[..section.repeated].chars().count();
            prop_assert!(own <= split::MAX_CHARS + 1, "{own} characters");
            prop_assert!(context <= pack::MAX_CONTEXT + 62, "{context} characters are said again");
            kept.push_str(&section.text[section.repeated..]);
        }
        let is_heading = |l: &&str| l.starts_with('#') || numbering::structure(l).is_some();
        let body: String = law.lines().filter(|l| !is_heading(l)).map(|l| numbering::article(l, None).map_or(l.to_owned(), |a| a.rest.to_owned())).collect();
        prop_assert_eq!(letters(&kept), letters(&body));
        // Every article stands over its own words.
        for n in 0..articles.len() {
            let heading = format!("第{}条", n + 1);
            prop_assert!(sections.iter().any(|s| s.heading == heading && s.text.contains(&format!("内容{n}如下"))), "{heading}");
        }
    }

    #[test]
    fn no_cell_of_a_table_is_lost(rows in prop::collection::vec(prop::collection::vec("[甲乙丙丁]{0,40}", 1..6), 0..30), wide in "[甲乙丙丁。]{0,900}") {
        let mut rows = rows;
        rows.push(vec!["末行".to_owned(), wide]);
        let table = blocks::Table { header: ["列一", "列二", "列三"].map(str::to_owned).to_vec(), rows: rows.clone() };
        let markdown = format!("# 表\n\n## 节\n\n{}", blocks::table_markdown(&table));
        let sections = split::sections(&markdown);
        let kept: String = sections.iter().map(|s| &s.text[s.repeated..]).collect();
        let kept = letters(&kept);
        for cell in rows.iter().flatten() {
            prop_assert!(kept.contains(&letters(cell)), "{cell}");
        }
    }

    #[test]
    fn what_an_importer_writes_is_read_back(text in "[ -~甲，。（）|#*_`\\[\\]\\\\-]{0,60}") {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let read = blocks::read(&format!("{}\n", blocks::escape(&line)));
        let back: String = read.iter().map(|b| match b { blocks::Block::Line(l) => l.clone(), other => format!("{other:?}") }).collect();
        prop_assert_eq!(back, line);
    }

    #[test]
    fn any_text_is_cut_without_panic_and_alike_twice(text in "(\\PC|\n|#|\\||第|条|章|一|十|：|（|）){0,400}") {
        let once = clauses::clauses(&text);
        prop_assert_eq!(&once, &clauses::clauses(&text));
        for section in once.iter().chain(&split::sections(&text)) {
            prop_assert!(section.text.is_char_boundary(section.repeated));
        }
    }
}
