//! From when until when a row of the directory holds: boundaries are redrawn, estates are renamed.

use jiff::civil::Date;

/// The days on which a row holds; an open end has no date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Validity {
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub until: Option<Date>,
}

impl Validity {
    /// Reads both cells, `2025-07-01` or empty.
    ///
    /// # Errors
    /// What is wrong, in words for whoever edits the table.
    pub fn read(from: &str, until: &str) -> Result<Self, String> {
        let date = |cell: &str| -> Result<Option<Date>, String> {
            if cell.is_empty() {
                return Ok(None);
            }
            cell.parse().map(Some).map_err(|_| format!("日期「{cell}」应写成 2025-07-01 的样子"))
        };
        let read = Self { from: date(from)?, until: date(until)? };
        if let (Some(from), Some(until)) = (read.from, read.until)
            && from > until
        {
            return Err(format!("生效日期 {from} 晚于失效日期 {until}"));
        }
        Ok(read)
    }

    /// Holds on this day.
    #[must_use]
    pub fn holds(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && !self.ended(day)
    }

    /// Held once, and no longer does.
    #[must_use]
    pub fn ended(&self, day: Date) -> bool {
        self.until.is_some_and(|until| until < day)
    }

    /// There is a day on which both hold.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let before = |until: Option<Date>, from: Option<Date>| matches!((until, from), (Some(u), Some(f)) if u < f);
        !before(self.until, other.from) && !before(other.until, self.from)
    }
}
