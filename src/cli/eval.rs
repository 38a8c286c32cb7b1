//! `gridworker eval …`: measurements. They never open the data folder and need no configuration.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use gridworker::app::shipped::Shipped;
use gridworker::app::wiring;
use gridworker::config::{Engine, Settings};
use gridworker::conversation::figures;
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::core::ids::RandomIds;
use gridworker::core::seal::Sealer;
use gridworker::evaluation::classify::{self, ClassifyJob};
use gridworker::evaluation::dialogue;
use gridworker::evaluation::duplicates::{self, DuplicatesJob};
use gridworker::knowledge::eval::{self as question_sets, Question};
use gridworker::knowledge::eval_retrieval::{self, Folds, RetrievalJob};
use gridworker::storage::sqlite::Sqlite;
use serde::{Deserialize, Serialize};

use super::Common;

#[derive(Debug, Subcommand)]
#[expect(clippy::doc_markdown, reason = "shown in --help")]
pub enum Eval {
    /// 居民问法 → 正确的指南、该拒的拒
    Questions {
        /// 问题集（JSON Lines）；缺省为 knowledge/questions/resident.jsonl
        #[arg(long)]
        set: Option<PathBuf>,
    },
    /// 在外部语料上检索
    Retrieval {
        #[arg(long)]
        corpus: PathBuf,
        #[arg(long)]
        queries: PathBuf,
        #[arg(long)]
        out: PathBuf,
        /// 先用这些带答案的问题训练，再排 queries
        #[arg(long, conflicts_with = "folds")]
        train: Option<PathBuf>,
        /// queries 自身分五份，轮流用四份训练、排剩下一份
        #[arg(long, value_enum)]
        folds: Option<FoldKind>,
        #[arg(long, default_value_t = 100)]
        top: usize,
        /// 另外逐组去掉重排特征各测一次（慢）
        #[arg(long)]
        ablate: bool,
    },
    /// 归类：从样例学、只凭类别名，或两者一起
    Classify {
        /// 带标签的样例，可给多个文件；不给则只凭 --taxonomy 的词
        #[arg(long, num_args = 1..)]
        train: Vec<PathBuf>,
        #[arg(long)]
        test: PathBuf,
        #[arg(long)]
        out: PathBuf,
        /// 类别体系（三层 JSON，或本街道的 taxonomy.csv）
        #[arg(long)]
        taxonomy: Option<PathBuf>,
        /// 每个标签只抽这么多样例
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        per_label: Option<u32>,
        /// 抽几次，取平均（与 --per-label 一起用）
        #[arg(long, default_value_t = 10)]
        draws: usize,
        /// 测试集分几折
        #[arg(long, default_value_t = 1)]
        folds: usize,
    },
    /// 数字闸：逐行判断答句中的数字能否由来源支持
    Figures {
        /// 每行 {source_passage, answer_sentence, ok?}
        file: PathBuf,
        /// 写出逐行结果
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// 重复：按时间先后，哪些是同一件事，哪些几乎是照抄
    Duplicates {
        /// 每行 {id, topic, text, time}
        #[arg(long)]
        messages: PathBuf,
        /// 逐行写出 {id, cluster, copy, why}
        #[arg(long)]
        out: PathBuf,
        /// 每行 {id, incident?, near_copy?}：打印成对的精确率、召回率、F1
        #[arg(long)]
        gold: Option<PathBuf>,
    },
    /// 播放脚本对话
    Dialogue {
        #[arg(long, default_value = "tests/dialogues")]
        cases: PathBuf,
        /// 逐句打印对话
        #[arg(long)]
        show: bool,
    },
}

/// How a question set is divided.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum FoldKind {
    /// 随机
    Random,
    /// 各份之间没有共同的正确答案
    Disjoint,
}

impl Eval {
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        match self {
            Self::Questions { set } => questions(set, common).await,
            Self::Retrieval { corpus, queries, out, train, folds, top, ablate } => {
                let folds = folds.map(|kind| match kind {
                    FoldKind::Random => Folds::Random,
                    FoldKind::Disjoint => Folds::Disjoint,
                });
                let report = eval_retrieval::run(&RetrievalJob { corpus, queries, out, train, folds, top, ablate })?;
                print_out(&report.to_string())?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Classify { train, test, out, taxonomy, per_label, draws, folds } => {
                let per_label = per_label.map(|n| n as usize);
                let report = classify::run(&ClassifyJob { train, test, out, taxonomy, per_label, draws, folds })?;
                print_out(&report.to_string())?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Figures { file, out } => check_figures(&file, out.as_deref()),
            Self::Duplicates { messages, out, gold } => {
                let report = duplicates::run(&DuplicatesJob { messages, out, gold })?;
                print_out(&report.to_string())?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Dialogue { cases, show } => Box::pin(dialogues(&cases, show)).await,
        }
    }
}

fn print_out(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

async fn questions(set: Option<PathBuf>, common: &Common) -> anyhow::Result<ExitCode> {
    // A stray data folder or model in the environment must not change a measurement.
    let mut settings = Settings::defaults()?;
    if let Ok(own) = common.settings() {
        settings.paths = own.paths;
    }
    settings.knowledge.engine = Engine::Edge;
    let folder = Scratch::new("questions")?;
    let db = Sqlite::open(&folder.0.join("eval.sqlite"), Arc::new(Sealer::passing(&RandomIds))).await?;
    let shipped = Shipped::new(settings.knowledge_dir());
    let knowledge = wiring::knowledge(&settings, &folder.0, &db, &shipped).await?;
    wiring::seed(&knowledge, &shipped, &SystemClock, &settings, None).await?;
    knowledge.start().await?;
    let own = |file: &str| -> anyhow::Result<Vec<Question>> {
        let text = shipped.text(&format!("questions/{file}"))?;
        Ok(text.lines().filter(|l| !l.trim().is_empty()).map(serde_json::from_str).collect::<Result<_, _>>()?)
    };
    let (set, indirect) = match set {
        Some(path) => (eval_retrieval::read_lines(&path)?, Vec::new()),
        None => (own("resident.jsonl")?, own("resident-indirect.jsonl")?),
    };
    let zone = jiff::tz::TimeZone::get(&settings.street.timezone)?;
    let today = SystemClock.now().to_zoned(zone).date();
    let report = question_sets::questions(&knowledge, &set, today).await?;
    let catalog = knowledge.catalog();
    let mut seen = std::collections::HashSet::new();
    let documents: Vec<_> = catalog.units().iter().map(|u| u.meta.as_ref()).filter(|m| seen.insert(m.id.as_str())).collect();
    let all: Vec<Question> = set.iter().chain(&indirect).cloned().collect();
    let copies = question_sets::near_copies(&all, &documents);
    let mut text = report.to_string();
    if !indirect.is_empty() {
        // Stories that go round the words of the guides: their figures are told; the aims were set for the questions above.
        let report = question_sets::questions(&knowledge, &indirect, today).await?;
        text.push_str(&format!("绕着说的问法（resident-indirect.jsonl）：{}\n", report.figures()));
    }
    text.push_str(&format!("与指南自带问法雷同的题：{}\n", copies.len()));
    for (test, known, similarity) in &copies {
        text.push_str(&format!("  {similarity:.2} {test} ≈ {known}\n"));
    }
    print_out(&text)?;
    db.close().await;
    Ok(if report.passes() && copies.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Debug, Deserialize)]
struct FigureLine {
    #[serde(default)]
    id: serde_json::Value,
    source_passage: String,
    answer_sentence: String,
    #[serde(default)]
    ok: Option<bool>,
}

#[derive(Debug, Serialize)]
struct FigureResult<'a> {
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    id: &'a serde_json::Value,
    ok: bool,
    figures: Vec<(String, bool)>,
}

fn check_figures(file: &Path, out: Option<&Path>) -> anyhow::Result<ExitCode> {
    let lines: Vec<FigureLine> = eval_retrieval::read_lines(file)?;
    let mut results = Vec::new();
    let (mut right, mut judged, mut passed_wrongly, mut refused_wrongly) = (0usize, 0usize, 0usize, 0usize);
    let mut text = String::new();
    for line in &lines {
        let verdict = figures::check(&line.answer_sentence, &[&line.source_passage]);
        let ok = verdict.ok();
        if let Some(expected) = line.ok {
            judged += 1;
            right += usize::from(ok == expected);
            passed_wrongly += usize::from(ok && !expected);
            refused_wrongly += usize::from(!ok && expected);
            if ok != expected {
                text.push_str(&format!("  {} {}\n", if ok { "误放" } else { "误拦" }, line.answer_sentence));
            }
        }
        let figures = verdict.figures.into_iter().map(|f| (f.text, f.ok)).collect();
        results.push(FigureResult { id: &line.id, ok, figures });
    }
    let rows = results.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?.join("\n");
    match out {
        Some(path) => std::fs::write(path, rows + "\n")?,
        None if judged == 0 => text = rows,
        None => {}
    }
    if judged > 0 {
        text.push_str(&format!("{right}/{judged} 判断正确；误放 {passed_wrongly}，误拦 {refused_wrongly}\n"));
    }
    print_out(&text)?;
    Ok(ExitCode::SUCCESS)
}

async fn dialogues(cases: &Path, show: bool) -> anyhow::Result<ExitCode> {
    let folder = Scratch::new("dialogue")?;
    let played = dialogue::play(cases, Settings::defaults()?, &folder.0, None::<Arc<dyn gridworker::core::clock::Clock>>).await?;
    let failed = played.iter().filter(|c| !c.failures.is_empty()).count();
    let text = dialogue::table(&played, show);
    print_out(&text)?;
    Ok(if failed == 0 && !played.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A folder of its own that goes away with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(what: &str) -> std::io::Result<Self> {
        use gridworker::core::ids::{Ids as _, RandomIds};
        let folder = std::env::temp_dir().join(format!("gridworker-{what}-{}", RandomIds.uuid()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
