//! What the process sees of the machine around it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::rows;
use crate::http::admin::system::{Machine, Surroundings};

/// The backup touches this file in the data folder when it is done.
pub const BACKED_UP: &str = "last-backup";

/// The machine, as seen from the data folder.
#[derive(Debug)]
pub struct AroundData(pub PathBuf);

impl Machine for AroundData {
    fn look(&self) -> Surroundings {
        let Self(folder) = self;
        let size = |name: &str| std::fs::metadata(folder.join(name)).map(|m| m.len()).ok();
        let log = size(&format!("{}-wal", rows::FILE)).unwrap_or(0);
        let touched = std::fs::metadata(folder.join(BACKED_UP)).and_then(|m| m.modified()).ok();
        Surroundings {
            disk_free: fs4::available_space(folder).ok(),
            disk_total: fs4::total_space(folder).ok(),
            rows_bytes: size(rows::FILE).map(|rows| rows + log),
            memory_bytes: resident(Path::new("/proc/self/status")),
            backed_up_at: touched.and_then(|t| Timestamp::try_from(t).ok()),
        }
    }
}

/// Bytes of memory in use, where the system tells them.
fn resident(status: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kb| kb * 1024)
}
