//! One file a format: what becomes of it, as a person reads it.

use super::{make, pieces, read};

#[tokio::test]
async fn word_keeps_headings_tables_and_the_numbers_that_it_writes_itself() {
    let mut body = make::p("<w:pStyle w:val=\"a3\"/>", "犬只管理办法（试行）");
    body += &make::p("<w:pStyle w:val=\"TOC1\"/>", "第一章 总则 1");
    body += &make::p("<w:pStyle w:val=\"1\"/>", "第一章 总则");
    let article = "<w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr>";
    let item = "<w:numPr><w:ilvl w:val=\"1\"/><w:numId w:val=\"1\"/></w:numPr>";
    body += &make::p(article, "为了规范养犬行为，制定本办法。");
    body += &make::p(article, "养犬人应当做到：");
    body += &make::p(item, "按时接种疫苗；");
    body += &make::p(item, "出户束犬链。");
    body += &make::p("<w:pStyle w:val=\"1\"/>", "第二章 收费");
    body += &make::p(article, "收费标准见下表 & 说明。");
    body += &make::p("", "表1：登记收费表");
    body += &make::tbl(&[&["项目", "金额"], &["登记", "50元"], &["换证", "10元"]]);
    let document = read("上传.docx", make::docx(&body)).await.expect("a document");
    insta::assert_snapshot!(pieces(&document), @r"
    犬只管理办法（试行） (Clauses)
    [第一章 总则 | 第一条]
    为了规范养犬行为，制定本办法。
    [第一章 总则 | 第二条]
    养犬人应当做到：
    （一）按时接种疫苗；
    （二）出户束犬链。
    [第二章 收费 | 第三条]
    收费标准见下表 & 说明。
    表1：登记收费表
    | 项目 | 金额 |
    | 登记 | 50元 |
    | 换证 | 10元 |
    ");
    assert_eq!(document.meta.id, "上传", "called by its file until somebody names it");
}

#[tokio::test]
async fn a_notice_without_styles_is_cut_at_its_numbers() {
    let mut body = make::p("", "关于开展灭鼠工作的通知");
    for text in [
        "各居委会：",
        "一、时间安排",
        "3月1日至3月15日。",
        "二、工作要求",
        "（一）统一投药",
        "投药点要有警示标志。",
        "（二）安全第一",
        "138****1234 为值班电话。",
    ] {
        body += &make::p("", text);
    }
    let document = read("灭鼠通知.docx", make::docx(&body)).await.expect("a document");
    insta::assert_snapshot!(pieces(&document), @r"
    关于开展灭鼠工作的通知 (Guide)
    [ | 结论]
    各居委会：
    [ | 一、时间安排]
    3月1日至3月15日。
    [ | 二、工作要求]
    （一）统一投药

    投药点要有警示标志。

    （二）安全第一

    138****1234 为值班电话。
    ");
}

#[tokio::test]
async fn a_pdf_gives_its_lines_back_as_paragraphs_without_page_numbers() {
    let line = |y: f64, text: &'static str| (72.0, y, 12.0, text);
    let first: &[(f64, f64, f64, &str)] = &[
        (200.0, 780.0, 20.0, "文明公约"),
        (96.0, 740.0, 12.0, "第一条　为了建设文明小区，根据有关规定，结合本小区的实际情"),
        line(720.0, "况，制定本公约。"),
        (96.0, 700.0, 12.0, "第二条　居民应当遵守下列规定："),
        (96.0, 680.0, 12.0, "（一）不高空抛物；"),
        (96.0, 660.0, 12.0, "（二）不占用消防通道。"),
        (290.0, 40.0, 9.0, "- 1 -"),
    ];
    let second: &[(f64, f64, f64, &str)] =
        &[(96.0, 780.0, 12.0, "第三条　本公约自2026年1月1日起施行。"), (290.0, 40.0, 9.0, "- 2 -")];
    let document = read("公约.pdf", make::pdf(&[first, second], "Identity-H")).await.expect("a document");
    insta::assert_snapshot!(pieces(&document), @r"
    文明公约 (Clauses)
    [ | 第一条]
    为了建设文明小区，根据有关规定，结合本小区的实际情况，制定本公约。
    [ | 第二条]
    居民应当遵守下列规定：
    （一）不高空抛物；
    （二）不占用消防通道。
    [ | 第三条]
    本公约自2026年1月1日起施行。
    ");
}

#[tokio::test]
async fn tables_keep_caption_and_header_in_every_piece() {
    let names: Vec<[String; 3]> =
        (1..=40).map(|n| [format!("第{n}网格"), format!("网格服务站{n}号"), format!("{}", 68_000_000 + n)]).collect();
    let mut rows: Vec<Vec<&str>> = vec![vec!["网格服务电话一览表", "", ""], vec!["网格", "地点", "电话"]];
    rows.extend(names.iter().map(|r| r.iter().map(String::as_str).collect()));
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    let document = read("电话.xlsx", make::xlsx(&[("Sheet1", &rows, &["A1:C1"])])).await.expect("a document");
    let passages = document.passages(1);
    assert!(passages.len() >= 3, "{} pieces", passages.len());
    for passage in &passages {
        assert!(passage.text.starts_with("网格服务电话一览表\n| 网格 | 地点 | 电话 |\n| 第"), "{}", passage.text);
    }
    let all: String = passages.iter().map(|p| p.text.as_str()).collect();
    assert!((1..=40).all(|n| all.matches(&format!("| 第{n}网格 |")).count() == 1), "each row once");
}

#[tokio::test]
async fn a_merged_cell_holds_for_all_its_rows() {
    let rows: &[&[&str]] = &[&["区县", "档次", "元"], &["大渡口区", "一档", "735"], &["", "二档", "600.5"]];
    let document = read("标准.xlsx", make::xlsx(&[("补助", rows, &["A2:A3"])])).await.expect("a document");
    insta::assert_snapshot!(pieces(&document), @r"
    标准 (Guide)
    [ | 补助]
    | 区县 | 档次 | 元 |
    | 大渡口区 | 一档 | 735 |
    | 大渡口区 | 二档 | 600.5 |
    ");
}

#[tokio::test]
async fn questions_and_answers_become_a_piece_each() {
    let csv = "分类,问题,相似问法,答案\n停车,小区能装充电桩吗,想装充电桩;充电桩怎么申请,\"可以。\n先向物业申请。\"\n停车,,没有问题的行,丢弃\n环境,垃圾几点收,,早上七点\n";
    let gbk = encoding_rs::GBK.encode(csv).0.into_owned();
    let document = read("问答.csv", gbk).await.expect("a document");
    insta::assert_snapshot!(pieces(&document), @r"
    问答 (Clauses)
    [ | 小区能装充电桩吗]
    可以。
    先向物业申请。
    也这样问：想装充电桩；充电桩怎么申请
    [ | 垃圾几点收]
    早上七点
    ");
}

#[tokio::test]
async fn a_page_of_the_web_loses_its_menus() {
    let page = "<!DOCTYPE html><html><head><meta charset=\"gb2312\"><title>办事指南_某街道</title><style>p{}</style></head><body><nav><a href=\"/\">首页</a></nav>\
        <h1>居住证办理</h1><p>在本街道住满<b>半年</b>的可以办。</p><h2>材料</h2><ul><li>身份证</li><li>租房合同</li></ul>\
        <table><tr><th>窗口</th><th>时间</th></tr><tr><td>1号</td><td>9:00-17:00</td></tr></table><script>alert(1)</script></body></html>";
    let document = read("下载.html", encoding_rs::GBK.encode(page).0.into_owned()).await.expect("a document");
    insta::assert_snapshot!(pieces(&document), @r"
    居住证办理 (Guide)
    [ | 结论]
    在本街道住满半年的可以办。
    [ | 材料]
    · 身份证
    · 租房合同
    | 窗口 | 时间 |
    | 1号 | 9:00-17:00 |
    ");
}

#[tokio::test]
async fn text_is_read_in_the_encodings_of_chinese_computers() {
    let text = "居住证申领：半年以上可办。\n身份证换领：期满前三个月。\n";
    let utf16: Vec<u8> = std::iter::once(0xFEFFu16).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for (name, bytes) in [
        ("UTF-8", text.as_bytes().to_vec()),
        ("BOM", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
        ("GBK", encoding_rs::GBK.encode(text).0.into_owned()),
        ("GB18030", encoding_rs::GB18030.encode(&format!("{text}𠮷野家：四字节。")).0.into_owned()),
        ("UTF-16", utf16),
    ] {
        let document = read("说明.txt", bytes).await.unwrap_or_else(|why| panic!("{name}: {why}"));
        let passages = document.passages(1);
        assert_eq!(
            (passages[0].heading.as_str(), passages[1].text.as_str()),
            ("居住证申领", "身份证换领：期满前三个月。"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_says_why_and_what_to_do() {
    let scan: &[&[(f64, f64, f64, &str)]] = &[&[]];
    let typed: &[&[(f64, f64, f64, &str)]] = &[&[(72.0, 700.0, 12.0, "这一页有字但是字体的编码表不在文件里")]];
    let wide = |word: &str| -> Vec<u8> { word.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let compound = |word: &str| [&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..], &[0; 64], &wide(word)].concat();
    let mut cut = make::docx(&make::p("", "内容"));
    cut.truncate(cut.len() / 2);
    for (name, bytes, reason) in [
        ("空.md", b" \n".to_vec(), "文件是空的"),
        ("扫描.pdf", make::pdf(scan, "Identity-H"), "扫描件"),
        ("旧字体.pdf", make::pdf(typed, "GBK-EUC-H"), "字体"),
        ("半个.pdf", b"%PDF-1.4\n1 0 obj\n<<".to_vec(), "已损坏"),
        ("照片.docx", make::png(), "这是图片（PNG）"),
        ("半个.docx", cut, "已损坏"),
        ("只有图.docx", make::docx("<w:p><w:r><w:drawing/></w:r></w:p>"), "只有图片（1 张）"),
        ("密码.docx", compound("EncryptedPackage"), "加了密码"),
        ("旧.doc", compound("WordDocument"), "另存为 docx"),
        ("演示.pptx", make::zip(&[("[Content_Types].xml", vec![]), ("ppt/presentation.xml", vec![])]), "演示文稿"),
        ("文书.rtf", b"{\\rtf1 hello}".to_vec(), "RTF"),
        ("包.rar", b"Rar!\x1a\x07\x00".to_vec(), "zip"),
        ("程序.txt", b"\x7FELF\x02\x01\x01".to_vec(), "程序"),
        ("乱.txt", (0u8..=255).cycle().take(4000).collect(), "不是文字"),
        ("半.txt", vec![0xff, 0xfe, 0x41], "不是文字"),
        ("空表.xlsx", make::xlsx(&[("Sheet1", &[], &[])]), "没有内容"),
        ("脚本.html", b"<html><body><script>x()</script></body></html>".to_vec(), "网页里没有文字"),
    ] {
        let why = read(name, bytes).await.map(|d| pieces(&d)).expect_err(name);
        assert!(why.contains(reason), "{name}: {why}");
    }
}

#[tokio::test]
async fn a_renamed_file_is_what_it_is_and_not_what_it_is_called() {
    let docx = make::docx(&[make::p("", "第一段"), make::p("", "第二段")].concat());
    assert!(pieces(&read("其实是word.pdf", docx).await.expect("read")).contains("第二段"));
    let page = "<html><body><table><tr><td>甲</td><td>乙</td></tr><tr><td>1</td><td>2</td></tr></table></body></html>";
    assert!(
        pieces(&read("导出.xls", page.as_bytes().to_vec()).await.expect("read")).contains("| 1 | 2 |"),
        "what old systems call Excel"
    );
    let text = "# 标题\n\n## 怎么办\n做。\n";
    assert!(pieces(&read("改名.docx", text.as_bytes().to_vec()).await.expect("read")).contains("怎么办"));
}
