//! The service's rows and the keys of what lies sealed in them.

use std::io;
use std::path::Path;
use std::sync::Arc;

use secrecy::ExposeSecret as _;

use crate::config::Settings;
use crate::core::ids::{Ids, RandomIds};
use crate::core::seal::Sealer;
use crate::storage::sqlite::Sqlite;

/// Name of the rows' file in the data folder.
pub const FILE: &str = "gridworker.sqlite";
/// Where the key lies when none is configured. Whoever copies the whole folder has both: the doctor says so.
pub const KEY_FILE: &str = "reporter.key";

/// Opens the rows of the data folder, which is made when missing.
///
/// # Errors
/// The folder cannot be written, a key cannot be used, the file is no database.
pub async fn open(settings: &Settings) -> anyhow::Result<Sqlite> {
    let data = settings.data_dir();
    std::fs::create_dir_all(&data)?;
    let sealer = Arc::new(sealer(settings, &data, &RandomIds)?);
    Ok(Sqlite::open(&data.join(FILE), sealer).await?)
}

/// The configured keys; without any, the one that lies in the data folder, drawn at the first start.
///
/// # Errors
/// A key is not `name:base64 of 32 bytes`; the key file cannot be read or made.
pub fn sealer(settings: &Settings, data: &Path, ids: &dyn Ids) -> anyhow::Result<Sealer> {
    let configured = &settings.confidentiality.keys;
    let mut keys: Vec<String> =
        configured.iter().map(|k| k.expose_secret().to_owned()).filter(|k| !k.trim().is_empty()).collect();
    let file = data.join(KEY_FILE);
    if keys.is_empty() {
        keys = vec![key_in_folder(&file, ids)?];
    } else if let Ok(old) = std::fs::read_to_string(&file) {
        // What was sealed before a key was configured still opens, and is sealed again.
        keys.push(old.trim().to_owned());
    }
    Sealer::new(keys.iter().map(String::as_str)).map_err(|e| anyhow::anyhow!("confidentiality.keys：{e}"))
}

fn key_in_folder(file: &Path, ids: &dyn Ids) -> io::Result<String> {
    match std::fs::read_to_string(file) {
        Ok(key) => Ok(key.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = Sealer::fresh_key("folder", ids);
            // Whole or not at all: half a key would lock everything that is sealed with it.
            let part = file.with_extension("part");
            write_private(&part, &key)?;
            std::fs::rename(&part, file)?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}

fn write_private(file: &Path, key: &str) -> io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut out = options.open(file)?;
    writeln!(out, "{key}")?;
    out.sync_all()
}
