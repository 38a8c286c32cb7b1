//! Files that leave the house open again with the same cells; what a model helped with says so, and nothing else does.

use std::io::{Cursor, Read as _};

use calamine::{Data, Reader as _};
use gridworker::http::export::{Cell, LABEL, LABEL_COLUMN, Line, Maker, Sheet, csv, xlsx};

fn sheet(generated: bool) -> Sheet {
    Sheet {
        name: "推送队列".to_owned(),
        head: ["标题", "件数"].map(str::to_owned).to_vec(),
        lines: vec![
            Line { cells: vec!["=HYPERLINK(\"x\")".into(), 3usize.into()], generated: false },
            Line { cells: vec!["外墙瓷砖，\"掉\"了".into(), Cell::Number(2.5)], generated },
        ],
        notes: vec!["统计范围：全街道".to_owned()],
    }
}

fn maker() -> Maker {
    Maker { producer: "示例街道虚拟数字网格员".to_owned(), id: "1".to_owned() }
}

fn part(book: &[u8], name: &str) -> Option<String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(book.to_vec())).expect("a workbook is an archive");
    let mut text = String::new();
    archive.by_name(name).ok()?.read_to_string(&mut text).expect("text");
    Some(text)
}

fn cells(book: &[u8]) -> Vec<Vec<Data>> {
    let mut book = calamine::Xlsx::new(Cursor::new(book.to_vec())).expect("a workbook");
    let range = book.worksheet_range("推送队列").expect("its sheet");
    range.rows().map(<[Data]>::to_vec).collect()
}

#[test]
fn a_workbook_with_generated_words_says_so_in_view_and_in_its_data() {
    let book = xlsx("推送队列", &[sheet(true)], &maker()).expect("a workbook");
    let rows = cells(&book);
    assert_eq!(rows[0][2], Data::String(LABEL_COLUMN.to_owned()));
    assert_eq!(rows[1][0], Data::String("=HYPERLINK(\"x\")".to_owned()), "text, never a formula");
    assert_eq!((&rows[1][1], &rows[1][2]), (&Data::Float(3.0), &Data::Empty), "the row without a model has no label");
    assert_eq!((&rows[2][1], &rows[2][2]), (&Data::Float(2.5), &Data::String(LABEL.to_owned())));
    assert!(rows.iter().flatten().any(|c| *c == Data::String("统计范围：全街道".to_owned())));
    assert_eq!(rows.last().expect("rows")[0], Data::String(LABEL.to_owned()), "and below the table");
    let custom = part(&book, "docProps/custom.xml").expect("custom properties");
    assert!(custom.contains("name=\"AIGC\"") && custom.contains("Label") && custom.contains("ContentProducer"), "{custom}");
    assert!(custom.contains("示例街道虚拟数字网格员"), "{custom}");
    assert!(part(&book, "docProps/core.xml").expect("properties").contains(LABEL));
}

#[test]
fn a_workbook_without_generated_words_carries_no_label() {
    let book = xlsx("推送队列", &[sheet(false)], &maker()).expect("a workbook");
    assert!(part(&book, "docProps/custom.xml").is_none());
    assert!(!cells(&book).iter().flatten().any(|c| c.to_string().contains("AI")));
}

#[test]
fn csv_has_one_record_a_row_disarmed_and_labelled() {
    let bytes = csv(&sheet(true)).expect("CSV");
    assert!(bytes.starts_with("\u{feff}".as_bytes()), "spreadsheets see that it is UTF-8");
    let mut reader = csv::Reader::from_reader(bytes.get(3..).expect("more than the mark"));
    assert_eq!(reader.headers().expect("a head"), vec!["标题", "件数", LABEL_COLUMN]);
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("every record has every column");
    assert_eq!(rows, vec![vec!["'=HYPERLINK(\"x\")", "3", ""], vec!["外墙瓷砖，\"掉\"了", "2.5", LABEL]]);
    let plain = String::from_utf8(csv(&sheet(false)).expect("CSV")).expect("text");
    assert!(!plain.contains("AI") && plain.lines().count() == 3, "{plain}");
}
