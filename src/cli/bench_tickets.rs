//! `gridworker bench tickets`: confirmed tickets a second, beside bare rows that are inserted and synced one by one.
//!
//! Both sides write through the same pool with the same durability, in rounds that alternate, so that a noisy machine
//! disturbs both alike. A ticket is everything that a confirmation stores: number, sealed ticket and reporter, first event,
//! label, and an outbox row for each platform. A bare row is one insert of as many bytes in a transaction of its own.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use clap::Args;
use gridworker::app::shipped::Shipped;
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::core::ids::{Ids as _, RandomIds};
use gridworker::core::seal::Sealer;
use gridworker::incident::destinations::{Destinations, Wanted};
use gridworker::incident::draft::Draft;
use gridworker::incident::rules::IncidentRules;
use gridworker::incident::store::{NewTicket, TicketStore as _};
use gridworker::incident::ticket::{Source, Urgency};
use gridworker::storage::sqlite::Sqlite;
use gridworker::storage::sqlite::incident::SqliteTickets;
use gridworker::storage::sqlite::yardstick::BareRows;
use tokio::task::JoinSet;

const WORDS: &str = "铂金云鼎小区7栋2单元1203室门口的路灯坏了三天，晚上很黑，老人摔过一跤，电话13800000000";

#[derive(Debug, Args)]
pub struct Tickets {
    /// 每轮确认多少张
    #[arg(long, default_value_t = 2_000)]
    count: u32,
    /// 同时多少人确认
    #[arg(long, default_value_t = 12)]
    at_once: u32,
    /// 每张送往几个平台
    #[arg(long, default_value_t = 3)]
    platforms: usize,
    /// 轮数；取中位数
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// 数据放在这个目录；缺省为临时目录
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Tickets {
    #[expect(clippy::print_stdout, reason = "the result of this command")]
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let folder =
            self.folder.clone().unwrap_or_else(std::env::temp_dir).join(format!("gridworker-bench-{}", RandomIds.uuid()));
        std::fs::create_dir_all(&folder)?;
        let db = Sqlite::open(&folder.join("bench.sqlite"), Arc::new(Sealer::passing(&RandomIds))).await?;
        let shipped = Shipped::new(None);
        let rules = Arc::new(IncidentRules::read(|file| shipped.street_file(file))?);
        let tickets = Arc::new(SqliteTickets::new(db.clone(), rules.calendar.zone().clone()));
        let wanted = (0..self.platforms).map(|n| Wanted {
            destination: format!("platform-{n}").as_str().into(),
            categories: Vec::new(),
            from_urgency: Urgency::一般,
        });
        let destinations = Arc::new(Destinations::new(wanted.collect()));
        // As many bytes as a confirmation of this ticket makes.
        let bytes = serde_json::to_string(&ticket(&rules, &destinations)?.ticket)?.len() * 2;
        let rows = BareRows::new(db.clone(), bytes).await?;
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for round in 0..self.rounds {
            bare.push(self.bare(&rows).await?);
            ours.push(self.confirm(&tickets, &rules, &destinations).await?);
            println!("第{}轮：裸行 {:.0}/秒，工单 {:.0}/秒", round + 1, bare[round], ours[round]);
        }
        let (ours, bare) = (median(ours), median(bare));
        println!(
            "中位数：裸行（{bytes} 字节，逐条落盘）{bare:.0}/秒；工单（{} 个平台）{ours:.0}/秒；工单为裸行的 {:.0} %",
            self.platforms,
            100.0 * ours / bare
        );
        db.close().await;
        std::fs::remove_dir_all(&folder)?;
        Ok(ExitCode::SUCCESS)
    }

    async fn confirm(
        &self,
        tickets: &Arc<SqliteTickets>,
        rules: &Arc<IncidentRules>,
        to: &Arc<Destinations>,
    ) -> anyhow::Result<f64> {
        let made: Vec<NewTicket> = (0..self.count).map(|_| ticket(rules, to)).collect::<Result<_, _>>()?;
        let waiting = Arc::new(parking_lot::Mutex::new(made));
        let begun = Instant::now();
        let mut people = JoinSet::new();
        for _ in 0..self.at_once {
            let (tickets, waiting) = (Arc::clone(tickets), Arc::clone(&waiting));
            people.spawn(async move {
                loop {
                    let Some(new) = waiting.lock().pop() else { return anyhow::Ok(()) };
                    tickets.create(new).await?;
                }
            });
        }
        ended(people).await?;
        Ok(f64::from(self.count) / begun.elapsed().as_secs_f64())
    }

    async fn bare(&self, rows: &BareRows) -> anyhow::Result<f64> {
        let left = Arc::new(AtomicU32::new(self.count));
        let begun = Instant::now();
        let mut people = JoinSet::new();
        for _ in 0..self.at_once {
            let (rows, left) = (rows.clone(), Arc::clone(&left));
            people.spawn(async move {
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
                    rows.write().await?;
                }
                anyhow::Ok(())
            });
        }
        ended(people).await?;
        Ok(f64::from(self.count) / begun.elapsed().as_secs_f64())
    }
}

async fn ended(mut people: JoinSet<anyhow::Result<()>>) -> anyhow::Result<()> {
    while let Some(one) = people.join_next().await {
        one??;
    }
    Ok(())
}

fn ticket(rules: &IncidentRules, to: &Destinations) -> anyhow::Result<NewTicket> {
    let now = SystemClock.now();
    let source = Source { channel: "bench".to_owned(), conversation_id: RandomIds.uuid() };
    let mut draft = Draft::new(RandomIds.uuid(), source, now);
    draft.apply(WORDS, rules, now);
    Ok(draft.into_new_ticket(rules, now, RandomIds.uuid(), to)?)
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or_default()
}
