//! Files that leave the house: tables as a workbook or as CSV.
//!
//! What holds words that a model helped to write says so, in view and in the file's own data (《人工智能生成合成内容标识办法》,
//! GB 45438-2025): a workbook carries a line below the table, a column, and the custom property `AIGC`. CSV has no place
//! for such data: there a column says it of each row. A comment in front would no longer be CSV to a program, a line at the end would
//! be counted as a row, and both are lost when files are put together; a column goes with its row.

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use rust_xlsxwriter::{DocProperties, Format, Workbook, Worksheet, XlsxError};
use serde_json::json;

use super::problem::{Code, Problem};

/// Head of the column that says which rows a model helped with.
pub const LABEL_COLUMN: &str = "内容标识";
/// What it says.
pub const LABEL: &str = "部分内容由AI辅助生成，仅供参考";
/// Name of the property in a workbook.
pub const PROPERTY: &str = "AIGC";
/// Longest text of a cell that spreadsheets take.
const LONGEST: usize = 32_000;

/// Into what it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// Workbook.
    Xlsx,
    /// Comma-separated values, UTF-8 with mark.
    Csv,
}

impl As {
    /// By its word; a workbook when nothing is said.
    ///
    /// # Errors
    /// Another word.
    pub fn from_word(word: Option<&str>) -> Result<Self, Problem> {
        match word.unwrap_or("xlsx") {
            "xlsx" => Ok(Self::Xlsx),
            "csv" => Ok(Self::Csv),
            _ => Err(Problem::new(Code::InvalidParameter).detail("format 应为 xlsx 或 csv")),
        }
    }

    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text, whatever it looks like: never a formula.
    Text(String),
    /// A number to reckon with.
    Number(f64),
    /// Nothing to say.
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// A row.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its cells.
    pub cells: Vec<Cell>,
    /// A model helped with its words.
    pub generated: bool,
}

impl From<Vec<Cell>> for Line {
    fn from(cells: Vec<Cell>) -> Self {
        Self { cells, generated: false }
    }
}

/// One table.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Of the sheet, at most 31 characters.
    pub name: String,
    /// Names of the columns.
    pub head: Vec<String>,
    /// The rows.
    pub lines: Vec<Line>,
    /// Sentences that explain it: below the table in a workbook.
    pub notes: Vec<String>,
}

impl Sheet {
    fn generated(&self) -> bool {
        self.lines.iter().any(|l| l.generated)
    }
}

/// Who made a file: stands in its `AIGC` property.
#[derive(Debug, Clone)]
pub struct Maker {
    /// The service as the label names it.
    pub producer: String,
    /// Which file: no two have the same.
    pub id: String,
}

impl Maker {
    /// The property as GB 45438-2025 has it. `1`: it holds generated words.
    fn property(&self) -> String {
        let Self { producer, id } = self;
        json!({
            "Label": "1", "ContentProducer": producer, "ProduceID": id, "ReservedCode1": "",
            "ContentPropagator": producer, "PropagateID": id, "ReservedCode2": "",
        })
        .to_string()
    }
}

/// A workbook with these sheets.
///
/// # Errors
/// A name or a size that the format does not take.
pub fn xlsx(title: &str, sheets: &[Sheet], maker: &Maker) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let mut properties = DocProperties::new().set_title(title).set_author(&maker.producer);
    if sheets.iter().any(Sheet::generated) {
        properties = properties.set_comment(LABEL).set_custom_property(PROPERTY, maker.property());
    }
    book.set_properties(&properties);
    for sheet in sheets {
        write_sheet(book.add_worksheet(), sheet)?;
    }
    book.save_to_buffer()
}

fn write_sheet(out: &mut Worksheet, sheet: &Sheet) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    out.set_name(sheet.name.chars().take(31).collect::<String>())?;
    for (column, name) in (0u16..).zip(&sheet.head) {
        out.write_string_with_format(0, column, name, &bold)?;
    }
    let labelled = sheet.generated().then(|| u16::try_from(sheet.head.len()).unwrap_or(u16::MAX));
    if let Some(column) = labelled {
        out.write_string_with_format(0, column, LABEL_COLUMN, &bold)?;
    }
    out.set_freeze_panes(1, 1)?;
    let mut below = 1u32;
    for line in &sheet.lines {
        for (column, cell) in (0u16..).zip(&line.cells) {
            match cell {
                Cell::Text(text) => out.write_string(below, column, text.chars().take(LONGEST).collect::<String>())?,
                Cell::Number(number) => out.write_number(below, column, *number)?,
                Cell::Empty => continue,
            };
        }
        if let Some(column) = labelled.filter(|_| line.generated) {
            out.write_string(below, column, LABEL)?;
        }
        below += 1;
    }
    // Before the notes are there: their length says nothing about a column.
    out.autofit();
    let label = labelled.map(|_| LABEL.to_owned());
    for note in sheet.notes.iter().chain(&label) {
        below += 1;
        out.write_string(below, 0, note)?;
    }
    Ok(())
}

/// A cell that a spreadsheet takes for text: none may begin like a formula.
#[must_use]
pub fn disarmed(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// One sheet as CSV: the head, and nothing but rows. Notes stand only in workbooks.
///
/// # Errors
/// Only a lack of memory can be the cause.
pub fn csv(sheet: &Sheet) -> Result<Vec<u8>, csv::Error> {
    let labelled = sheet.generated();
    let mut out = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    out.write_record(sheet.head.iter().map(String::as_str).chain(labelled.then_some(LABEL_COLUMN)))?;
    for line in &sheet.lines {
        let cells = line.cells.iter().map(|cell| match cell {
            Cell::Text(text) => disarmed(text),
            Cell::Number(number) => number.to_string(),
            Cell::Empty => String::new(),
        });
        out.write_record(cells.chain(labelled.then(|| if line.generated { LABEL } else { "" }.to_owned())))?;
    }
    out.into_inner().map_err(|e| csv::Error::from(e.into_error()))
}

/// The answer with a file for saving. `name` is ASCII, without its ending.
///
/// # Errors
/// The file cannot be written.
pub fn file(how: As, name: &str, title: &str, sheets: &[Sheet], maker: &Maker) -> Result<Response, Problem> {
    let (kind, bytes) = match how {
        As::Xlsx => (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            xlsx(title, sheets, maker).map_err(|e| Problem::internal(&e))?,
        ),
        As::Csv => {
            let first = sheets.first().ok_or(Code::NotFound)?;
            ("text/csv; charset=utf-8", csv(first).map_err(|e| Problem::internal(&e))?)
        }
    };
    let disposition = format!("attachment; filename=\"{name}.{}\"", how.word());
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response())
}
