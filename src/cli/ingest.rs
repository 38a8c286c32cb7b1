//! `gridworker ingest PATH…`: imports documents. The wish is durable; whoever holds the data folder fulfils it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use gridworker::app::lock::FolderLock;
use gridworker::app::shipped::Shipped;
use gridworker::app::wiring;
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::core::ids::{Ids as _, RandomIds};
use gridworker::knowledge::document::Audience;
use gridworker::knowledge::import;
use gridworker::knowledge::store::{FileOutcome, FileResult, IngestJob, JobState, KnowledgeStore as _};
use gridworker::storage::sqlite::Sqlite;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Common, init_log};

#[derive(Debug, Args)]
pub struct Ingest {
    /// 文件或目录（.md、.txt）
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// 没有写明受众的资料给谁看：resident、gridworker、all
    #[arg(long, default_value = "resident")]
    audience: Audience,
}

impl Ingest {
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let settings = common.settings()?;
        init_log(&settings);
        let data = settings.data_dir();
        std::fs::create_dir_all(&data)?;
        let db = Sqlite::open(&data.join("gridworker.sqlite")).await?;
        let paths: Vec<String> = self
            .paths
            .iter()
            .map(|p| std::path::absolute(p).map(|p| p.to_string_lossy().into_owned()))
            .collect::<Result<_, _>>()?;
        let job = IngestJob {
            id: RandomIds.uuid(),
            paths,
            audience: self.audience,
            state: JobState::Queued,
            files: Vec::new(),
            created_at: SystemClock.now(),
        };
        db.save_job(&job).await?;
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template("导入 {bar:30} {pos}/{len} {msg}")?);
        let files = match FolderLock::take(&data)? {
            Some(_lock) => {
                let shipped = Shipped::new(settings.knowledge_dir());
                let knowledge = wiring::knowledge(&settings, &data, &db, &shipped).await?;
                knowledge.start().await?;
                let defaults = wiring::import_defaults(&settings, &SystemClock)?;
                let done = import::work_off(&knowledge, &defaults, &SystemClock, &|at, all, file: &FileResult| {
                    bar.set_length(all as u64);
                    bar.set_position(at as u64);
                    bar.set_message(file.path.clone());
                })
                .await?;
                done.into_iter().find(|j| j.id == job.id).map(|j| j.files).unwrap_or_default()
            }
            None => {
                bar.set_message("服务正在运行，由它导入…");
                loop {
                    bar.tick();
                    match db.job(job.id).await? {
                        Some(job) if job.state == JobState::Done => break job.files,
                        _ => tokio::time::sleep(Duration::from_millis(200)).await,
                    }
                }
            }
        };
        bar.finish_and_clear();
        db.close().await;
        Ok(report(&files))
    }
}

#[expect(clippy::print_stdout, reason = "the result of this command")]
fn report(files: &[FileResult]) -> ExitCode {
    let mut failed = 0;
    for file in files {
        match &file.outcome {
            FileOutcome::Imported { document, version, passages } => {
                println!("导入  {}  {document} 第{version}版，{passages}段", file.path);
            }
            FileOutcome::Unchanged { document } => println!("未变  {}  {document}", file.path),
            FileOutcome::Failed { reason } => {
                failed += 1;
                println!("失败  {}  {reason}", file.path);
            }
        }
    }
    println!("共{}个文件，失败{failed}个", files.len());
    if failed > 0 || files.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
