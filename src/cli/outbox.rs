//! `gridworker outbox list|replay`: what waits to be pushed, and pushing dead letters again.

use std::process::ExitCode;

use clap::Subcommand;
use gridworker::app::rows;
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::platform::outbox::{OutboxStore as _, Redrive, RowState};
use gridworker::storage::sqlite::platform::SqliteOutbox;

use super::Common;

#[derive(Debug, Subcommand)]
pub enum Outbox {
    /// 列出
    List {
        /// 只看某一状态：pending、delivered、dead
        #[arg(long)]
        state: Option<String>,
        /// 最多多少条
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// 重新推送死信
    Replay {
        /// 工单号；缺省为全部死信
        number: Option<String>,
    },
}

impl Outbox {
    #[expect(clippy::print_stdout, reason = "the result of these commands")]
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let settings = common.settings()?;
        let db = rows::open(&settings).await?;
        let outbox = SqliteOutbox::new(db.clone());
        match self {
            Self::List { state, limit } => {
                let state = match state {
                    Some(word) => Some(RowState::from_word(&word).ok_or_else(|| anyhow::anyhow!("没有这种状态：{word}"))?),
                    None => None,
                };
                for row in outbox.list(state, limit).await? {
                    println!("{row:?}");
                }
                println!("{:?}", outbox.counts().await?);
            }
            Self::Replay { number } => {
                let which = Redrive { number, ..Redrive::default() };
                println!("已重新排队 {} 条", outbox.redrive(&which, SystemClock.now()).await?);
            }
        }
        db.close().await;
        Ok(ExitCode::SUCCESS)
    }
}
