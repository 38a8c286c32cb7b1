//! `gridworker street check|diff|export|import|list|activate`: versions of the street's own files, by the code behind the console.
//! What is activated is a row; the service that holds the data folder takes it within seconds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Subcommand;
use gridworker::app::lock::FolderLock;
use gridworker::app::rows;
use gridworker::app::shipped::Shipped;
use gridworker::app::street;
use gridworker::config::Settings;
use gridworker::core::clock::SystemClock;
use gridworker::identity::{Caller, audit};
use gridworker::incident::street::desk::{Desk, DeskError, Given, Report};
use gridworker::incident::street::files::FILES;
use gridworker::incident::street::store::Author;
use gridworker::incident::street::trial::Trial;
use gridworker::knowledge::import::text;
use gridworker::storage::sqlite::Sqlite;
use gridworker::storage::sqlite::audit::SqliteAudit;
use gridworker::storage::sqlite::incident::SqliteTickets;

use super::Common;

/// How long a running service is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Debug, Subcommand)]
pub enum Street {
    /// 检查一个目录里的街道数据文件，不改动任何东西
    Check {
        /// 目录；只看其中街道数据的文件
        dir: PathBuf,
    },
    /// 检查，并逐行列出与正在使用的版本的差别
    Diff {
        /// 目录
        dir: PathBuf,
    },
    /// 把一个版本的全部文件写到目录
    Export {
        /// 目录，会新建；已有的同名文件不覆盖
        dir: PathBuf,
        /// 版本号；不给 = 正在使用的，0 = 随程序提供的
        #[arg(long, value_name = "N")]
        version: Option<u32>,
    },
    /// 把目录里的文件存为新版本
    Import {
        /// 目录；其中没有的文件保持不变
        dir: PathBuf,
        /// 改了什么、为什么
        #[arg(long)]
        note: String,
        /// 同时启用
        #[arg(long)]
        activate: bool,
    },
    /// 列出各版本
    List,
    /// 启用一个版本；启用旧版本就是退回，0 = 随程序提供的
    Activate {
        /// 版本号
        version: u32,
        /// 为什么
        #[arg(long, default_value = "")]
        note: String,
    },
}

/// The street's versions over the rows of the data folder.
pub async fn desk(settings: &Settings, db: &Sqlite) -> anyhow::Result<Arc<Desk>> {
    let zone = jiff::tz::TimeZone::get(&settings.street.timezone)?;
    let rows = Arc::new(SqliteTickets::new(db.clone(), zone));
    street::open(&Shipped::new(settings.knowledge_dir()), rows, Arc::new(SystemClock), false).await
}

impl Street {
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let settings = common.settings()?;
        let data = settings.data_dir();
        std::fs::create_dir_all(&data)?;
        let db = rows::open(&settings).await?;
        let done = self.apply(&settings, &data, &db).await;
        db.close().await;
        done
    }

    #[expect(clippy::print_stdout, reason = "the result of these commands")]
    async fn apply(self, settings: &Settings, data: &Path, db: &Sqlite) -> anyhow::Result<ExitCode> {
        let versions = desk(settings, db).await?;
        if let Some(fault) = versions.fault() {
            println!("注意：{}", fault.words());
        }
        match self {
            Self::Check { dir } => Ok(print(&versions.check(&read(&dir)?).await?, false)),
            Self::Diff { dir } => Ok(print(&versions.check(&read(&dir)?).await?, true)),
            Self::Export { dir, version } => export(&versions, &dir, version).await,
            Self::Import { dir, note, activate } => {
                let (given, base) = (read(&dir)?, versions.active().await?);
                match versions.keep(base, &given, &note, console(), activate).await {
                    Ok(version) => {
                        let names: Vec<&String> = given.keys().collect();
                        let detail = serde_json::json!({ "base": base, "files": names, "activated": activate });
                        trace(db, "street.version", version, detail).await?;
                        println!("已存为第{version}版");
                        if activate { taken(&versions, data, version).await } else { Ok(ExitCode::SUCCESS) }
                    }
                    Err(DeskError::Problems(report)) => Ok(print(&report, false)),
                    Err(error) => Err(error.into()),
                }
            }
            Self::Activate { version, note } => {
                let seen = versions.active().await?;
                match versions.activate(version, seen, &note, &console()).await {
                    Ok(()) => {
                        trace(db, "street.activate", version, serde_json::json!({ "before": seen, "note": note })).await?;
                        taken(&versions, data, version).await
                    }
                    Err(DeskError::Problems(report)) => Ok(print(&report, false)),
                    Err(error) => Err(error.into()),
                }
            }
            Self::List => {
                let active = versions.active().await?;
                for row in versions.versions().await? {
                    let mark = if row.version == active { "正在使用" } else { "" };
                    let base = row.base;
                    println!(
                        "第{}版\t{mark}\t{}\t{}\t基于第{base}版\t{}\t{}",
                        row.version,
                        row.at,
                        row.by.name,
                        row.files.join("、"),
                        row.note
                    );
                }
                println!("第0版\t{}\t随程序提供的文件", if active == 0 { "正在使用" } else { "" });
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn console() -> Author {
    Author { id: String::new(), name: Caller::console().name }
}

async fn trace(db: &Sqlite, action: &str, version: u32, detail: serde_json::Value) -> anyhow::Result<()> {
    let audit = audit::Audit::new(Arc::new(SqliteAudit::new(db.clone())), Arc::new(SystemClock));
    Ok(audit.record(&Caller::console(), action, ("street", &version.to_string()), detail).await?)
}

/// The street's files of a folder; others are left alone and named.
#[expect(clippy::print_stdout, reason = "the result of these commands")]
fn read(dir: &Path) -> anyhow::Result<Given> {
    let mut given = Given::new();
    for file in FILES {
        let path = dir.join(file.name);
        if path.exists() {
            let bytes = std::fs::read(&path)?;
            let text = text::decode_whole(&bytes);
            let text = text.ok_or_else(|| anyhow::anyhow!("{}：有无法识别的文字，请另存为 UTF-8", path.display()))?;
            given.insert(file.name.to_owned(), Some(text));
        }
    }
    anyhow::ensure!(!given.is_empty(), "{} 里没有街道数据的文件（{} 等）", dir.display(), FILES[0].name);
    for entry in std::fs::read_dir(dir)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if Path::new(&name).extension().is_some_and(|e| e == "csv") && !given.contains_key(&name) {
            println!("跳过 {name}：不是可以按版本修改的文件");
        }
    }
    Ok(given)
}

#[expect(clippy::print_stdout, reason = "the result of these commands")]
async fn export(versions: &Desk, dir: &Path, version: Option<u32>) -> anyhow::Result<ExitCode> {
    let version = match version {
        Some(version) => version,
        None => versions.active().await?,
    };
    let mut texts = Vec::new();
    for file in FILES {
        match versions.text(version, file.name).await {
            Ok(text) => texts.push((dir.join(file.name), text)),
            Err(DeskError::Unknown(_)) if file.optional => {}
            Err(error) => return Err(error.into()),
        }
    }
    // All or nothing: a folder of two versions is none.
    if let Some((there, _)) = texts.iter().find(|(path, _)| path.exists()) {
        anyhow::bail!("{} 已经存在，请换一个空目录", there.display());
    }
    std::fs::create_dir_all(dir)?;
    for (path, text) in &texts {
        std::fs::write(path, text)?;
    }
    println!("第{version}版的{}个文件已写到 {}", texts.len(), dir.display());
    Ok(ExitCode::SUCCESS)
}

/// Says since when an activated version is in use: at once at the next start, or when the running service has taken it.
#[expect(clippy::print_stdout, reason = "the result of these commands")]
async fn taken(versions: &Desk, data: &Path, version: u32) -> anyhow::Result<ExitCode> {
    if FolderLock::take(data)?.is_some() {
        println!("第{version}版将在服务启动时使用");
        return Ok(ExitCode::SUCCESS);
    }
    println!("第{version}版已启用，正在运行的服务会在几秒内换用");
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let newest = versions.store().active().await?;
        if let Some(taken) = newest.filter(|a| a.version == version && a.taken_at.is_some()) {
            return match taken.fault {
                None => {
                    println!("服务已在使用第{version}版");
                    Ok(ExitCode::SUCCESS)
                }
                Some(why) => anyhow::bail!("服务不能使用第{version}版：{why}"),
            };
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    println!("服务还没有回应，请看服务日志或 /health/ready");
    Ok(ExitCode::FAILURE)
}

/// What a check came to; the exit code says whether the files can be used.
#[expect(clippy::print_stdout, reason = "the result of these commands")]
fn print(report: &Report, rows: bool) -> ExitCode {
    for problem in &report.problems {
        println!("问题  {}", problem.words());
    }
    for file in &report.diff {
        let order = if file.reordered { "，次序有变" } else { "" };
        println!(
            "{}（{}）：新增{}行，删除{}行，修改{}行{order}",
            file.file, file.title, file.rows_added, file.rows_removed, file.rows_changed
        );
        if !rows {
            continue;
        }
        let whole = |mark: &str, key: &str, cells: &std::collections::BTreeMap<String, String>| {
            let cells: Vec<String> = cells.iter().map(|(column, cell)| format!("{column}={cell}")).collect();
            println!("  {mark} {key}  {}", cells.join("，"));
        };
        file.added.iter().for_each(|r| whole("+", &r.key, &r.cells));
        file.removed.iter().for_each(|r| whole("-", &r.key, &r.cells));
        for row in &file.changed {
            for cell in &row.cells {
                println!("  ~ {}  {}：「{}」→「{}」", row.key, cell.column, cell.from, cell.to);
            }
        }
    }
    if let Some(effects) = &report.effects {
        let say = |what: &str, count: gridworker::incident::street::desk::Count| {
            if count.before != count.after {
                println!("{what}：{} → {}", count.before, count.after);
            }
        };
        say("类别", effects.categories);
        say("网格", effects.grids);
        say("地名", effects.places);
        if let Some(trial) = &effects.trial {
            print_trial(trial);
        }
    }
    if report.problems.is_empty() {
        println!("{}", if report.diff.is_empty() { "没有问题，与正在使用的一样" } else { "没有问题" });
        ExitCode::SUCCESS
    } else {
        println!("共{}处问题，没有任何改动", report.problems.len());
        ExitCode::FAILURE
    }
}

#[expect(clippy::print_stdout, reason = "the result of these commands")]
fn print_trial(trial: &Trial) {
    println!("试派最近{}张工单：{}张去向不变，{}张改变", trial.tickets, trial.same, trial.moved.len());
    for moved in &trial.moved {
        let (from, to) = (&moved.from, &moved.to);
        println!(
            "  {}  {}{} → {}{}  首接 {} → {}  {}",
            moved.number, from.section, from.post, to.section, to.post, from.first_receiver, to.first_receiver, to.reason
        );
    }
    for post in trial.posts.iter().filter(|p| p.before != p.after) {
        println!("  {}{}：{} → {}", post.section, post.post, post.before, post.after);
    }
    if !trial.guarded.is_empty() {
        println!("  四清单：{}张不是社区职责，没有交给社区", trial.guarded.len());
    }
}
