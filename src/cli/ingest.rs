//! `gridworker ingest PATH…`: imports documents. The wish is durable; whoever holds the data folder fulfils it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use gridworker::app::lock::FolderLock;
use gridworker::app::rows;
use gridworker::app::shipped::Shipped;
use gridworker::app::wiring;
use gridworker::conversation::street::Street;
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::core::ids::{Ids as _, RandomIds};
use gridworker::knowledge::area::Areas;
use gridworker::knowledge::document::{Audience, ImportDefaults};
use gridworker::knowledge::import::store::{FileOutcome, ImportFile, ImportJob, ImportStore, JobState};
use gridworker::knowledge::import::work::Importer;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use super::pieces::show;
use super::{Common, init_log};

#[derive(Debug, Args)]
pub struct Ingest {
    /// 文件、目录或 zip 压缩包（md、txt、docx、pdf、xlsx、xls、ods、csv、html）
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// 没有写明受众的资料给谁看：resident、gridworker、all
    #[arg(long, default_value = "resident")]
    audience: Audience,
    /// 只看会切成哪些段，不入库
    #[arg(long)]
    dry_run: bool,
}

impl Ingest {
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let settings = common.settings()?;
        init_log(&settings);
        let defaults = wiring::import_defaults(&settings, &SystemClock)?;
        if self.dry_run {
            let defaults = ImportDefaults { audience: self.audience, ..defaults };
            return show(&self.paths, &defaults, &wiring::extractor()).await;
        }
        let data = settings.data_dir();
        std::fs::create_dir_all(&data)?;
        let db = rows::open(&settings).await?;
        let paths: Vec<String> = self
            .paths
            .iter()
            .map(|p| std::path::absolute(p).map(|p| p.to_string_lossy().into_owned()))
            .collect::<Result<_, _>>()?;
        let job = ImportJob::new(RandomIds.uuid(), paths, self.audience, SystemClock.now());
        db.wish(&job).await?;
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template("导入 {bar:30} {pos}/{len} {per_sec} {msg}")?);
        let begun = Instant::now();
        if let Some(_lock) = FolderLock::take(&data)? {
            let shipped = Shipped::new(settings.knowledge_dir());
            let knowledge = Arc::new(wiring::knowledge(&settings, &data, &db, &shipped).await?);
            knowledge.start().await?;
            let areas = Areas::new(Street::parse(&shipped.street_file("street.toml")?)?.areas);
            let importer = Importer::new(knowledge, Arc::new(db.clone()), wiring::extractor(), Arc::new(SystemClock));
            let importer = importer.with_areas(areas);
            let stop = CancellationToken::new();
            let interrupted = stop.clone();
            tokio::spawn(async move {
                if tokio::signal::ctrl_c().await.is_ok() {
                    interrupted.cancel();
                }
            });
            importer
                .work_off(&defaults, &stop, &|step| {
                    bar.set_length(step.all as u64);
                    bar.set_position(step.done as u64);
                    bar.set_message(step.name.to_owned());
                })
                .await?;
        } else {
            bar.set_message("服务正在运行，由它导入…");
            while let Some(job) = db.job(job.id).await? {
                bar.set_length(u64::from(job.counts.files));
                bar.set_position(u64::from(job.counts.files - job.counts.waiting));
                if matches!(job.state, JobState::Done | JobState::Cancelled) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        bar.finish_and_clear();
        let took = begun.elapsed();
        let mut files = Vec::new();
        loop {
            let from = files.last().map_or(0, |f: &ImportFile| f.number + 1);
            let page = db.files(job.id, from, 1000, false).await?;
            if page.is_empty() {
                break;
            }
            files.extend(page);
        }
        db.close().await;
        Ok(report(&files, took))
    }
}

#[expect(clippy::print_stdout, reason = "the result of this command")]
fn report(files: &[ImportFile], took: Duration) -> ExitCode {
    let (mut failed, mut skipped, mut passages_in_all) = (0, 0, 0);
    for file in files {
        let name = &file.source.name;
        match &file.outcome {
            Some(FileOutcome::Imported { document, version, passages }) => {
                passages_in_all += passages;
                println!("导入  {name}  {document} 第{version}版，{passages}段");
            }
            Some(FileOutcome::Drafted { document, passages, why }) => {
                let why = why.as_deref().unwrap_or_default();
                println!("草稿  {name}  {document}，{passages}段  {why}");
            }
            Some(FileOutcome::Unchanged { document }) => println!("未变  {name}  {document}"),
            Some(FileOutcome::Skipped { reason }) => {
                skipped += 1;
                println!("跳过  {name}  {reason}");
            }
            Some(FileOutcome::Failed { reason }) => {
                failed += 1;
                println!("失败  {name}  {reason}");
            }
            None => {
                failed += 1;
                println!("未做  {name}");
            }
        }
    }
    let rate = files.len() as f64 / took.as_secs_f64().max(0.001);
    println!(
        "共{}个文件，失败{failed}个，跳过{skipped}个，导入{passages_in_all}段；用时{:.1}秒，每秒{rate:.0}个文件",
        files.len(),
        took.as_secs_f64()
    );
    if failed > 0 || files.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
