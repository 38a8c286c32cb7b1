//! `gridworker doctor`: looks at knowledge, street data, prompts and configuration before people do.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use gridworker::app::rows;
use gridworker::app::shipped::Shipped;
use gridworker::conversation::prompts::Prompts;
use gridworker::conversation::street::Street;
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::incident::calendar::{Coverage, WorkCalendar};
use gridworker::incident::rules::IncidentRules;
use gridworker::incident::street::desk::Desk;
use gridworker::knowledge::import;
use gridworker::knowledge::law_index::LawIndex;
use gridworker::knowledge::lint::{self, Severity};
use jiff::civil::Date;

use super::Common;

#[derive(Debug, Args)]
pub struct Doctor {
    /// 由法规原文目录重建 knowledge/law-index.csv
    #[arg(long, value_name = "DIR")]
    laws: Option<PathBuf>,
}

impl Doctor {
    #[expect(clippy::print_stdout, reason = "the result of this command")]
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let settings = common.settings()?;
        println!("配置：没有问题");
        let folder = settings.knowledge_dir().unwrap_or_else(|| PathBuf::from("knowledge"));
        let shipped = Shipped::new(settings.knowledge_dir());
        if let Some(laws) = self.laws {
            let index = LawIndex::build(&laws).map_err(|e| anyhow::anyhow!(e))?;
            let file = folder.join("law-index.csv");
            std::fs::write(&file, index.to_csv().map_err(|e| anyhow::anyhow!(e))?)?;
            println!("法规索引：已重建 {}，{} 条", file.display(), index.rows().len());
        }
        let mut errors = 0;
        let mut say = |what: &str, result: Result<String, String>| match result {
            Ok(words) => println!("{what}：{words}"),
            Err(why) => {
                errors += 1;
                println!("{what}：错误 {why}");
            }
        };
        say("提示词", Prompts::load(settings.prompts_dir().as_deref()).map(|_| "没有问题".to_owned()).map_err(|e| e.to_string()));
        let street = shipped.street_file("street.toml").map_err(|e| e.to_string());
        say("街道", street.and_then(|t| Street::parse(&t).map(|s| s.name).map_err(|e| e.to_string())));
        let rules = IncidentRules::read(|file| shipped.street_file(file)).map_err(|e| e.to_string());
        let zone = jiff::tz::TimeZone::get(&settings.street.timezone)?;
        let today = SystemClock.now().to_zoned(zone.clone()).date();
        if let Ok(rules) = &rules {
            say("日历", Ok(calendar_words(&rules.calendar, today)));
        }
        say(
            "街道数据",
            rules.as_ref().map_err(Clone::clone).map(|r| {
                let gazetteer = r.places.gazetteer();
                format!(
                    "{}个类别，{}条立结案标准，{}个网格，{}个地名，{}个微网格，{}个网格有边界",
                    r.taxonomy.leaves().len(),
                    r.standards.all().len(),
                    gazetteer.grids().len(),
                    gazetteer.places().len(),
                    r.places.micro_grids().len(),
                    r.places.map().len()
                )
            }),
        );
        // Without a data folder nothing was ever activated.
        if settings.data_dir().join(rows::FILE).exists() {
            let db = rows::open(&settings).await?;
            let said = match super::street::desk(&settings, &db).await {
                Ok(desk) => match desk.fault() {
                    Some(fault) => Err(fault.words()),
                    None => Ok(version_words(&desk).await?),
                },
                Err(error) => Err(error.to_string()),
            };
            say("街道数据版本", said);
            let beside = settings.confidentiality.keys.is_empty();
            let words = match (db.is_sealed_as_configured().await?, beside) {
                (false, _) => "提醒：还有内容没有用当前密钥密封，启动服务或运行 gridworker seal again",
                (true, true) => "提醒：密钥在数据目录里，复制整个目录的人两样都有；请改用 confidentiality.keys",
                (true, false) => "没有问题",
            };
            say("反映人密封", Ok(words.to_owned()));
            db.close().await;
        }
        let laws = shipped.text("law-index.csv").map_err(|e| e.to_string()).and_then(|csv| LawIndex::parse(csv.as_bytes()));
        match laws {
            Err(why) => say("法规索引", Err(why)),
            Ok(laws) => {
                say("法规索引", Ok(format!("{} 条", laws.rows().len())));
                if let Ok(rules) = &rules {
                    say("法律依据", cited(rules, &laws));
                }
                let files = import::collect(&[folder.join("policies"), folder.join("procedures")]);
                let findings = lint::lint(&files, &laws, today);
                for finding in &findings {
                    println!("{finding}");
                }
                let wrong = findings.iter().filter(|f| f.severity == Severity::Error).count();
                let words = format!("{}份，{wrong}处错误，{}处提醒", files.len(), findings.len() - wrong);
                say("知识", if wrong == 0 { Ok(words) } else { Err(words) });
            }
        }
        Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

async fn version_words(desk: &Desk) -> anyhow::Result<String> {
    let active = desk.active().await?;
    let used = if active == 0 { "使用随程序提供的文件".to_owned() } else { format!("使用第{active}版") };
    let orphans = desk.orphans().await?;
    let lost: Vec<String> = orphans.iter().map(|o| format!("{}（{}张）", o.code, o.open_tickets)).collect();
    let lost = if lost.is_empty() {
        String::new()
    } else {
        format!("；未办结工单用到分类表里没有的代码：{}", lost.join("、"))
    };
    Ok(format!("{used}，共保存{}版{lost}", desk.versions().await?.len()))
}

/// What the calendar knows of this year, and of the next one as soon as deadlines reach into it.
fn calendar_words(calendar: &WorkCalendar, today: Date) -> String {
    let mut words = Vec::new();
    // The longest clocks of working time take weeks: from November on they may end next year.
    for year in [today.year(), today.year() + i16::from(today.month() >= 11)] {
        let known = match calendar.coverage(year) {
            Coverage::Announced => continue,
            Coverage::Statutory => "只有法定节日，没有调休",
            Coverage::Weekends => "没有节假日",
        };
        let word = format!("提醒：{year}年{known}，时限按此计算；国务院办公厅通知公布后请补充 street/calendar.csv");
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() { "没有问题".to_owned() } else { words.join("；") }
}

/// Whether every article that categories and standards rest on exists.
fn cited(rules: &IncidentRules, laws: &LawIndex) -> Result<String, String> {
    let citations = rules.citations();
    let wrong: Vec<String> = citations
        .iter()
        .filter(|(_, law, article)| !laws.holds(law, article))
        .map(|(at, law, article)| format!("{at} 引用的《{law}》{article}不在法规索引里"))
        .collect();
    if wrong.is_empty() { Ok(format!("{}处引用都在法规索引里", citations.len())) } else { Err(wrong.join("；")) }
}
