//! `gridworker migrate`: brings the tables up to date. `serve` does it too.

use std::process::ExitCode;

use gridworker::storage::sqlite::Sqlite;

use super::Common;

pub async fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let settings = common.settings()?;
    std::fs::create_dir_all(settings.data_dir())?;
    let db = Sqlite::open(&settings.data_dir().join("gridworker.sqlite")).await?;
    db.close().await;
    eprintln!("数据库结构已是最新");
    Ok(ExitCode::SUCCESS)
}
