//! `gridworker migrate`: brings the tables up to date. `serve` does it too.

use std::process::ExitCode;

use gridworker::app::rows;

use super::Common;

pub async fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let settings = common.settings()?;
    let db = rows::open(&settings).await?;
    db.close().await;
    eprintln!("数据库结构已是最新");
    Ok(ExitCode::SUCCESS)
}
