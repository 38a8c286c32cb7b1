//! `gridworker pieces FILE…`: how files would be cut, without storing anything.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use gridworker::app::wiring;
use gridworker::core::clock::SystemClock;
use gridworker::knowledge::document::{Audience, ImportDefaults, ParsedDocument, Shape};
use gridworker::knowledge::import::extractor::Extractor;
use gridworker::knowledge::import::{collect, prepare};

use super::{Common, init_log};

#[derive(Debug, Args)]
pub struct Pieces {
    /// 文件、目录或压缩包
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// 没有写明受众的资料给谁看：resident、gridworker、all
    #[arg(long, default_value = "resident")]
    audience: Audience,
}

impl Pieces {
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let settings = common.settings()?;
        init_log(&settings);
        let defaults = ImportDefaults { audience: self.audience, ..wiring::import_defaults(&settings, &SystemClock)? };
        show(&self.paths, &defaults, &wiring::extractor()).await
    }
}

/// Prints every piece of every file; fails when a file cannot be read.
pub async fn show(paths: &[PathBuf], defaults: &ImportDefaults, extractor: &Extractor) -> anyhow::Result<ExitCode> {
    let mut failed = 0;
    for source in collect::sources(paths, "") {
        let read = match prepare::load(&source) {
            Ok(bytes) => prepare::document(&source.name, bytes, defaults, extractor).await,
            Err(reason) => Err(reason),
        };
        match read {
            Ok(document) => print(&source.name, &document),
            Err(reason) => {
                failed += 1;
                refuse(&source.name, &reason);
            }
        }
    }
    Ok(if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[expect(clippy::print_stdout, reason = "the result of this command")]
fn print(name: &str, document: &ParsedDocument) {
    let kind = match document.meta.shape {
        Shape::Guide => "一事一篇",
        Shape::Lines => "一行一段",
        Shape::Clauses => "逐条独立",
    };
    let passages = document.passages(1);
    println!("══ {name}");
    println!("   标题 {}　编号 {}　{kind}　{}段", document.meta.title, document.meta.id, passages.len());
    for passage in passages {
        let path = if passage.path.is_empty() { String::new() } else { format!("{} › ", passage.path) };
        println!("── {} {path}{}　（{}字）", passage.ordinal + 1, passage.heading, passage.text.chars().count());
        println!("{}", passage.text);
    }
}

#[expect(clippy::print_stdout, reason = "the result of this command")]
fn refuse(name: &str, reason: &str) {
    println!("══ {name}\n   不能导入：{reason}");
}
