//! `gridworker index list|rebuild|rollback|learn`: generations of the index and the learnt order. The wish is durable; whoever holds the data folder fulfils it.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Subcommand;
use gridworker::app::lock::FolderLock;
use gridworker::app::rows;
use gridworker::app::shipped::Shipped;
use gridworker::app::{ordering, wiring};
use gridworker::config::Settings;
use gridworker::core::ids::{Ids, RandomIds};
use gridworker::knowledge::generation::{Action, GenerationBook as _, Plan, Record, State, Wish};
use gridworker::knowledge::reorder::{self, Level};
use gridworker::storage::sqlite::Sqlite;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Common, init_log};

#[derive(Debug, Subcommand)]
pub enum Index {
    /// 列出各代索引：怎样建成、多少段、检查结果
    List,
    /// 在旧一代继续回答的同时建立新一代，检查后切换
    Rebuild {
        /// 每段最多多少字；0 = 按切分方法本身；不给则不变
        #[arg(long, value_name = "N")]
        piece_chars: Option<u32>,
    },
    /// 退回上一代
    Rollback,
    /// 用知识库里的问句学习法规条文等段落的先后次序，保存并打印留出检验的结果（服务运行时它自己每五分钟学一次）
    Learn,
}

impl Index {
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let settings = common.settings()?;
        init_log(&settings);
        let data = settings.data_dir();
        std::fs::create_dir_all(&data)?;
        let db = rows::open(&settings).await?;
        let action = match self {
            Self::List => {
                print(&db.records().await?);
                db.close().await;
                return Ok(ExitCode::SUCCESS);
            }
            Self::Rebuild { piece_chars } => {
                let now = db.plan().await?;
                Action::Rebuild(Plan { piece_chars: piece_chars.unwrap_or(now.piece_chars), held: false })
            }
            Self::Rollback => Action::Rollback,
            Self::Learn => return learn(&settings, &data, &db).await,
        };
        let lock = FolderLock::take(&data)?;
        if lock.is_some() {
            // Nobody else is at it: a wish that was left is none any more.
            db.set_wish(&Wish::for_it(action)).await?;
        } else if !db.wish_for(action).await? {
            anyhow::bail!("服务正在做另一件索引的事，做完后再试");
        }
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template("{msg} {bar:40} {pos}/{len}")?);
        if lock.is_some() {
            let shipped = Shipped::new(settings.knowledge_dir());
            let knowledge = wiring::knowledge(&settings, &data, &db, &shipped).await?;
            knowledge.start().await?;
            let work = knowledge.fulfil();
            tokio::pin!(work);
            loop {
                tokio::select! {
                    done = &mut work => {
                        done?;
                        break;
                    }
                    () = tokio::time::sleep(Duration::from_millis(100)) => {
                        if let Some(p) = knowledge.progress() {
                            bar.set_message(p.stage.title());
                            bar.set_length(p.all as u64);
                            bar.set_position(p.done as u64);
                        }
                    }
                }
            }
        } else {
            bar.set_message("服务正在运行，由它执行…");
            while db.wish().await?.is_some_and(|w| !w.done) {
                bar.tick();
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        bar.finish_and_clear();
        let error = db.wish().await?.and_then(|w| w.error);
        print(&db.records().await?);
        db.close().await;
        match error {
            Some(error) => Err(anyhow::anyhow!(error)),
            None => Ok(ExitCode::SUCCESS),
        }
    }
}

#[expect(clippy::print_stdout, reason = "the result of this command")]
async fn learn(settings: &Settings, data: &Path, db: &Sqlite) -> anyhow::Result<ExitCode> {
    let Some(_lock) = FolderLock::take(data)? else {
        anyhow::bail!("服务正在运行，它自己每五分钟学一次；要立即学习请先停止服务")
    };
    let shipped = Shipped::new(settings.knowledge_dir());
    let knowledge = Arc::new(wiring::knowledge(settings, data, db, &shipped).await?);
    knowledge.start().await?;
    let rules = super::street::desk(settings, db).await?.rules().clone();
    let ids: Arc<dyn Ids> = Arc::new(RandomIds);
    let curation = wiring::curation(settings, db, &knowledge, &rules, &ids);
    match ordering::learn_now(&knowledge, &curation).await? {
        None => println!("没有可学的：需要至少{}句已知答案在条文或纯文本段落里的问句，并且资料够训练内置向量", reorder::FEWEST),
        Some(v) => {
            let level = match v.level {
                Level::Off => "不用（没有超过只用词的次序）",
                Level::Own => "用从资料学到的向量",
                Level::Tables => "用从问句学到的向量",
                Level::Full => "用从问句学到的向量和重排",
            };
            println!(
                "{}问，每问由没有见过它的次序回答，首十位倒数排名均值：只用词 {:.3}，加资料向量 {:.3}，加问句向量 {:.3}，加重排 {:.3}",
                v.lessons, v.sparse, v.own, v.tables, v.full
            );
            println!("采用：{level}");
        }
    }
    db.close().await;
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "the result of these commands")]
fn print(records: &[Record]) {
    if records.is_empty() {
        println!("还没有索引");
    }
    for r in records {
        let state = match r.state {
            State::Building => "建立中",
            State::Ready => "待切换",
            State::Refused => "未通过检查",
            State::Live => "正在回答",
            State::Previous => "可退回",
            State::Removed => "已移除",
            State::Failed => "失败",
        };
        let m = &r.manifest;
        let pieces = if m.piece_chars == 0 { "默认".to_owned() } else { format!("≤{}字", m.piece_chars) };
        println!(
            "第{}代 {state}：{}段，切分 v{} {pieces}，向量 {}，内置向量 {}，{:.1} s，起因：{}",
            r.generation,
            r.passages,
            m.splitter,
            m.embedder.as_deref().unwrap_or("无"),
            m.table.as_deref().unwrap_or("无"),
            r.took_ms as f64 / 1000.0,
            r.reason
        );
        if let Some(c) = &r.check {
            let verdict = if c.passed { "通过" } else { "未通过" };
            println!(
                "    检查{verdict}：应有{}段，实有{}段；{}问，旧代首位对{}，新代{}，丢失{}",
                c.expected, c.found, c.questions, c.right_before, c.right_now, c.lost
            );
            c.examples.iter().for_each(|q| println!("      丢失：{q}"));
        }
        if let Some(error) = &r.error {
            println!("    {error}");
        }
    }
}
