//! `gridworker evidence CONVERSATION TURN`: does an old answer still stand on what it cited?

use std::process::ExitCode;

use clap::Args;
use gridworker::app::rows;
use gridworker::conversation::store::ConversationStore as _;
use gridworker::knowledge::evidence::{self, Stands};
use gridworker::knowledge::life::store::LifeStore as _;
use uuid::Uuid;

use super::Common;

#[derive(Debug, Args)]
pub struct Evidence {
    /// 会话编号
    conversation: Uuid,
    /// 回合编号
    turn: Uuid,
}

impl Evidence {
    #[expect(clippy::print_stdout, reason = "the result of this command")]
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let settings = common.settings()?;
        let db = rows::open(&settings).await?;
        let turn = db.turn(self.conversation, self.turn).await?.and_then(|t| t.outcome);
        let Some(outcome) = turn else { anyhow::bail!("没有这一回合，或者它还没有结束") };
        let mut altered = 0;
        for cited in &outcome.reply.citations {
            let version = db.any_version(&cited.document_id, cited.version).await?;
            let stands = evidence::look_up(version.as_ref(), &cited.clause, &cited.quote);
            let word = match stands {
                Stands::Verbatim => "一字不差",
                Stands::OtherClause => "在另一条中",
                Stands::Altered => "文字不符",
                Stands::Missing => "版本不存在",
            };
            altered += usize::from(stands != Stands::Verbatim);
            println!("〔{}〕{word}  {} 第{}版 {}", cited.n, cited.document_id, cited.version, cited.clause);
        }
        println!("共{}处引用，{}处不能复现", outcome.reply.citations.len(), altered);
        db.close().await;
        Ok(if altered == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
