//! Question sets as files: JSON Lines, CSV and xlsx, in both directions. The columns are those of [`COLUMNS`]; several documents are
//! separated by `|`.

use std::io::{Cursor, Write as _};

use calamine::{Data, Reader as _};
use serde_json::Value;

use crate::knowledge::question_sets::{SetQuestion, Use};

/// Bytes of a file at most.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Columns of a table, in the order in which they are written; they are read in any order.
pub const COLUMNS: [&str; 9] = ["id", "question", "expect", "curated", "route", "use", "audience", "on", "note"];

/// How a set is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Comma separated, with a head line.
    Csv,
    /// A workbook; its first sheet.
    Xlsx,
}

impl Format {
    /// By the word of a URL or the ending of a file's name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }

    /// The content type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/x-ndjson; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// Reads a set. Lines without an id are numbered.
///
/// # Errors
/// (line from 1, what is wrong with it), all of them.
pub fn read(bytes: &[u8], format: Format) -> Result<Vec<SetQuestion>, Vec<(usize, String)>> {
    if bytes.len() > MAX_BYTES {
        return Err(vec![(1, format!("文件超过 {} MB", MAX_BYTES / 1024 / 1024))]);
    }
    let (lines, mut faults) = match format {
        Format::Jsonl => jsonl(bytes),
        Format::Csv => table(csv_rows(bytes)),
        Format::Xlsx => table(xlsx_rows(bytes)),
    };
    let mut out = Vec::with_capacity(lines.len());
    let mut of_line = Vec::with_capacity(lines.len());
    for (line, value) in lines {
        match serde_json::from_value::<SetQuestion>(value) {
            Ok(question) => {
                out.push(question);
                of_line.push(line);
            }
            Err(error) => faults.push((line, format!("内容不对：{error}"))),
        }
    }
    // A file of which no line could be read has said so already.
    if !out.is_empty() || faults.is_empty() {
        let own = crate::knowledge::question_sets::faults(&out).into_iter();
        faults.extend(own.map(|(number, why)| (of_line.get(number - 1).copied().unwrap_or(number), why)));
    }
    faults.sort();
    if faults.is_empty() { Ok(out) } else { Err(faults) }
}

type Lines = (Vec<(usize, Value)>, Vec<(usize, String)>);

fn jsonl(bytes: &[u8]) -> Lines {
    let text = String::from_utf8_lossy(bytes);
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        match serde_json::from_str::<Value>(line) {
            Ok(Value::Object(mut object)) => {
                object.entry("id").or_insert_with(|| Value::from(number + 1));
                lines.push((number + 1, Value::Object(object)));
            }
            Ok(_) => faults.push((number + 1, "不是一个 JSON 对象".to_owned())),
            Err(_) => faults.push((number + 1, "不是有效的 JSON".to_owned())),
        }
    }
    (lines, faults)
}

fn csv_rows(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    reader.records().map(|r| r.map(|r| r.iter().map(str::to_owned).collect()).map_err(|e| e.to_string())).collect()
}

fn xlsx_rows(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
    let mut book = calamine::Xlsx::new(Cursor::new(bytes)).map_err(|_| "不是可以读取的 xlsx 文件".to_owned())?;
    let sheet = book.worksheet_range_at(0).ok_or("文件里没有工作表")?.map_err(|e| e.to_string())?;
    Ok(sheet
        .rows()
        .map(|row| {
            row.iter()
                .map(|cell| match cell {
                    // A whole number is an id or a year, not 3.0.
                    Data::Float(x) if x.fract() == 0.0 && x.abs() < 1e15 => format!("{x:.0}"),
                    Data::DateTime(day) => day.to_ymd_hms_milli().to_day(),
                    other => other.to_string(),
                })
                .collect()
        })
        .collect())
}

/// A workbook's moment as a day.
trait ToDay {
    fn to_day(self) -> String;
}

impl ToDay for (u16, u8, u8, u8, u8, u8, u16) {
    fn to_day(self) -> String {
        format!("{:04}-{:02}-{:02}", self.0, self.1, self.2)
    }
}

fn table(rows: Result<Vec<Vec<String>>, String>) -> Lines {
    let rows = match rows {
        Ok(rows) => rows,
        Err(reason) => return (Vec::new(), vec![(1, reason)]),
    };
    let mut rows = rows.into_iter().enumerate().filter(|(_, row)| row.iter().any(|c| !c.trim().is_empty()));
    let Some((_, head)) = rows.next() else { return (Vec::new(), vec![(1, "表是空的".to_owned())]) };
    let head: Vec<String> = head.iter().map(|h| h.trim().to_lowercase()).collect();
    let unknown: Vec<&String> = head.iter().filter(|h| !h.is_empty() && !COLUMNS.contains(&h.as_str())).collect();
    if !unknown.is_empty() || !head.iter().any(|h| h == "question") {
        let reason = format!("表头须含 question，只能是 {}", COLUMNS.join("、"));
        return (Vec::new(), vec![(1, reason)]);
    }
    let lines = rows
        .map(|(number, row)| {
            let mut object = serde_json::Map::new();
            object.insert("id".to_owned(), Value::from(number));
            for (name, cell) in head.iter().zip(&row) {
                let cell = cell.trim();
                if name.is_empty() || cell.is_empty() {
                    continue;
                }
                let value = if name == "expect" {
                    cell.split('|').map(str::trim).filter(|c| !c.is_empty()).map(Value::from).collect()
                } else {
                    Value::from(cell)
                };
                object.insert(name.clone(), value);
            }
            (number + 1, Value::Object(object))
        })
        .collect();
    (lines, Vec::new())
}

/// Writes a set.
///
/// # Errors
/// In words; only a lack of memory can be the cause.
pub fn write(questions: &[SetQuestion], format: Format) -> Result<Vec<u8>, String> {
    match format {
        Format::Jsonl => {
            let mut out = String::new();
            for question in questions {
                out.push_str(&serde_json::to_string(question).map_err(|e| e.to_string())?);
                out.push('\n');
            }
            Ok(out.into_bytes())
        }
        Format::Csv => {
            // The mark at the start lets spreadsheets see that it is UTF-8.
            let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
            writer.write_record(COLUMNS).map_err(|e| e.to_string())?;
            for question in questions {
                writer.write_record(cells(question).map(harmless)).map_err(|e| e.to_string())?;
            }
            writer.into_inner().map_err(|e| e.to_string())
        }
        Format::Xlsx => {
            let mut rows = vec![COLUMNS.map(str::to_owned)];
            rows.extend(questions.iter().map(cells));
            workbook(&rows).map_err(|e| e.to_string())
        }
    }
}

/// A cell that a spreadsheet would run as a formula is shown as text.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

fn cells(q: &SetQuestion) -> [String; 9] {
    let id = q.id.as_str().map_or_else(|| q.id.to_string(), str::to_owned);
    [
        id,
        q.question.clone(),
        q.expect.join("|"),
        q.curated.map(|c| c.to_string()).unwrap_or_default(),
        q.route.clone().unwrap_or_default(),
        match q.purpose {
            Use::Train => "train".to_owned(),
            Use::Test => "test".to_owned(),
        },
        q.audience.map(|a| a.as_str().to_owned()).unwrap_or_default(),
        q.on.map(|d| d.to_string()).unwrap_or_default(),
        q.note.clone().unwrap_or_default(),
    ]
}

/// The smallest workbook that every spreadsheet opens: one sheet, texts in the cells.
fn workbook(rows: &[[String; 9]]) -> zip::result::ZipResult<Vec<u8>> {
    const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    let mut sheet = format!("{HEAD}<worksheet xmlns=\"{MAIN}\"><sheetData>");
    for row in rows {
        sheet.push_str("<row>");
        for cell in row {
            sheet.push_str("<c t=\"inlineStr\"><is><t xml:space=\"preserve\">");
            for c in cell.chars() {
                match c {
                    '&' => sheet.push_str("&amp;"),
                    '<' => sheet.push_str("&lt;"),
                    '>' => sheet.push_str("&gt;"),
                    c if (c as u32) < 0x20 && !matches!(c, '\t' | '\n' | '\r') => {}
                    c => sheet.push(c),
                }
            }
            sheet.push_str("</t></is></c>");
        }
        sheet.push_str("</row>");
    }
    sheet.push_str("</sheetData></worksheet>");
    let parts = [
        (
            "[Content_Types].xml",
            format!(
                "{HEAD}<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
                 <Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>\
                 <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{RELS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "{HEAD}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELS}\"><sheets><sheet name=\"questions\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{RELS}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // A fixed time: the same questions give the same file.
    let options = zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (name, text) in parts {
        zip.start_file(name, options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}
