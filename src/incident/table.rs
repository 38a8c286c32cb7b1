//! Reading the street's own CSV files, with the file and the line in every complaint.

use std::path::Path;

use serde::de::DeserializeOwned;
use thiserror::Error;

/// What is wrong with the street's data.
#[derive(Debug, Error)]
pub enum DataError {
    /// A cell or a row that does not make sense.
    #[error("{file} 第{line}行：{message}")]
    Row {
        /// Name of the file.
        file: String,
        /// Line in the file, from 1 (the header).
        line: u64,
        /// What to correct.
        message: String,
    },
    /// The file as a whole.
    #[error("{file}：{message}")]
    File {
        /// Name of the file.
        file: String,
        /// What to correct.
        message: String,
    },
    /// The file cannot be read.
    #[error("读不到 {file}")]
    Read {
        /// Name of the file.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl DataError {
    /// A complaint about one line.
    #[must_use]
    pub fn row(file: &str, line: u64, message: impl Into<String>) -> Self {
        Self::Row { file: file.to_owned(), line, message: message.into() }
    }

    /// A complaint about the whole file.
    #[must_use]
    pub fn file(file: &str, message: impl Into<String>) -> Self {
        Self::File { file: file.to_owned(), message: message.into() }
    }
}

/// All rows of `text`, each with its line number.
///
/// # Errors
/// The first row that does not fit the columns of `T`.
pub fn rows<T: DeserializeOwned>(file: &str, text: &str) -> Result<Vec<(u64, T)>, DataError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| DataError::file(file, e.to_string()))?.clone();
    let mut out = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| {
            let line = e.position().map_or(0, csv::Position::line);
            DataError::row(file, line, e.to_string())
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = record.deserialize(Some(&header)).map_err(|e| DataError::row(file, line, e.to_string()))?;
        out.push((line, row));
    }
    Ok(out)
}

/// The entries of a cell that holds a list (`a|b|c`), without empty ones.
#[must_use]
pub fn list(cell: &str) -> Vec<String> {
    cell.split('|').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

/// `true`/`false` in the ways that people type it into a table; an empty cell is `empty`.
#[must_use]
pub fn flag(cell: &str, empty: bool) -> Option<bool> {
    match cell.trim().to_ascii_lowercase().as_str() {
        "" => Some(empty),
        "true" | "1" | "yes" | "是" => Some(true),
        "false" | "0" | "no" | "否" => Some(false),
        _ => None,
    }
}

/// The text of one file of the street's folder.
///
/// # Errors
/// [`DataError::Read`].
pub fn read(dir: &Path, file: &str) -> Result<String, DataError> {
    std::fs::read_to_string(dir.join(file)).map_err(|source| DataError::Read { file: file.to_owned(), source })
}
