//! `gridworker doctor`: looks at knowledge, street data, prompts and configuration before people do.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use gridworker::app::shipped::Shipped;
use gridworker::conversation::prompts::Prompts;
use gridworker::conversation::street::Street;
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::incident::rules::IncidentRules;
use gridworker::knowledge::import;
use gridworker::knowledge::law_index::LawIndex;
use gridworker::knowledge::lint::{self, Severity};

use super::Common;

#[derive(Debug, Args)]
pub struct Doctor {
    /// 由法规原文目录重建 knowledge/law-index.csv
    #[arg(long, value_name = "DIR")]
    laws: Option<PathBuf>,
}

impl Doctor {
    #[expect(clippy::print_stdout, reason = "the result of this command")]
    pub fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
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
        say(
            "街道数据",
            rules.map(|r| {
                let gazetteer = r.places.gazetteer();
                format!(
                    "{}个类别，{}个网格，{}个地名，{}个微网格，{}个网格有边界",
                    r.taxonomy.leaves().len(),
                    gazetteer.grids().len(),
                    gazetteer.places().len(),
                    r.places.micro_grids().len(),
                    r.places.map().len()
                )
            }),
        );
        let laws = shipped.text("law-index.csv").map_err(|e| e.to_string()).and_then(|csv| LawIndex::parse(csv.as_bytes()));
        match laws {
            Err(why) => say("法规索引", Err(why)),
            Ok(laws) => {
                say("法规索引", Ok(format!("{} 条", laws.rows().len())));
                let files = import::collect(&[folder.join("policies"), folder.join("procedures")]);
                let zone = jiff::tz::TimeZone::get(&settings.street.timezone)?;
                let findings = lint::lint(&files, &laws, SystemClock.now().to_zoned(zone).date());
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
