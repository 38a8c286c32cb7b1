//! `gridworker bench index`: what indexing and searching cost as a corpus grows, through the product's own path.
//!
//! Each size is measured in a process of its own, so that memory is that of this size alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::core::ids::{Ids as _, RandomIds};
use gridworker::core::seal::Sealer;
use gridworker::knowledge::building::Stage;
use gridworker::knowledge::document::{Audience, ImportDefaults, ParsedDocument};
use gridworker::knowledge::eval_retrieval::read_lines;
use gridworker::knowledge::lexicon::Lexicon;
use gridworker::knowledge::reorder::Lesson;
use gridworker::knowledge::search::{Knowledge, Query, Scope};
use gridworker::storage::index::edge::EdgeStore;
use gridworker::storage::sqlite::Sqlite;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

#[derive(Debug, Subcommand)]
pub enum Bench {
    /// 建索引与检索的开销随资料增多的变化
    Index(Index),
    /// 每秒确认多少张工单，与逐条落盘的裸行相比
    Tickets(super::bench_tickets::Tickets),
    /// 在大量未办结事项中查重的开销
    Duplicates(super::bench_duplicates::Duplicates),
}

#[derive(Debug, Args)]
pub struct Index {
    /// 法规条文（JSON 行，字段 law、chapter、article、text；可为 .gz）
    #[arg(long, value_name = "FILE")]
    corpus: PathBuf,
    /// 问句（JSON 行，字段 query；可为 .gz）；不给时取条文的前几个字
    #[arg(long, value_name = "FILE")]
    queries: Option<PathBuf>,
    /// 各次的条数；超过资料的部分用新的编号重复
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 58_541, 140_000])]
    sizes: Vec<usize>,
    /// 每轮问多少句
    #[arg(long, default_value_t = 400)]
    ask: usize,
    /// 只量一个条数，输出一行 JSON
    #[arg(long, hide = true)]
    one: bool,
    /// 只打开这个目录、问一轮，输出占用的内存
    #[arg(long, hide = true, value_name = "DIR")]
    steady: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Article {
    #[serde(default)]
    name: String,
    #[serde(default)]
    law: String,
    #[serde(default)]
    chapter: String,
    #[serde(default)]
    article: String,
    text: String,
}

#[derive(Deserialize)]
struct Asked {
    query: String,
    #[serde(default)]
    gold: Vec<String>,
}

/// What one size costs. Times in seconds, single searches in milliseconds, memory in MB.
#[derive(Debug, Serialize, Deserialize)]
struct Cost {
    articles: usize,
    documents: usize,
    passages: usize,
    rows: f64,
    reading: f64,
    learning: f64,
    writing: f64,
    checking: f64,
    searchable: f64,
    cpu: f64,
    at_once: [f64; 3],
    while_optimising: [f64; 3],
    optimising: f64,
    after: [f64; 3],
    lessons: usize,
    level: String,
    /// MRR@10 of the sparse order, with the own table, with the table learnt from questions, with the re-ranker.
    gains: Option<[f64; 4]>,
    teaching: f64,
    ordered: [f64; 3],
    peak_mb: f64,
    steady_mb: f64,
    disk_mb: f64,
    restart: f64,
    small_change: f64,
}

impl Bench {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Index(index) if index.steady.is_some() => index.open_and_ask().await,
            Self::Index(index) if index.one => index.measure().await,
            Self::Index(index) => index.table(),
            Self::Tickets(tickets) => tickets.run().await,
            Self::Duplicates(duplicates) => duplicates.run(),
        }
    }
}

impl Index {
    /// Measures each size in a process of its own and prints a table.
    #[expect(clippy::print_stdout, reason = "the result of this command")]
    fn table(self) -> anyhow::Result<ExitCode> {
        println!(
            "| 条 | 篇 | 段 | 入库 s | 读切 s | 训练 s | 写入 s | 检查 s | 可检索 s | 其中 CPU s | 立即 p50/p95/p99 ms | 优化中 p50/p95/p99 ms | 优化 s | 优化后 p50/p95/p99 ms | 学习排序（问句，用时；MRR@10） | 排序后 p50/p95/p99 ms | 峰值 MB | 稳定 MB | 磁盘 MB | 重启 s | 改一篇 s |"
        );
        println!("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|---|---:|---|---|---|---:|---:|---:|---:|---:|");
        for size in &self.sizes {
            let mut child = Command::new(std::env::current_exe()?);
            child.args(["bench", "index", "--one", "--sizes", &size.to_string(), "--ask", &self.ask.to_string(), "--corpus"]);
            child.arg(&self.corpus);
            if let Some(queries) = &self.queries {
                child.arg("--queries").arg(queries);
            }
            let out = child.stderr(Stdio::inherit()).output()?;
            anyhow::ensure!(out.status.success(), "{size} 条没有量成");
            let c: Cost = serde_json::from_slice(&out.stdout)?;
            let three = |t: [f64; 3]| format!("{:.1} / {:.1} / {:.1}", t[0], t[1], t[2]);
            println!(
                "| {} | {} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | **{:.1}** | {:.1} | {} | {} | {:.1} | {} | {} | {} | {:.0} | {:.0} | {:.0} | {:.1} | {:.2} |",
                c.articles,
                c.documents,
                c.passages,
                c.rows,
                c.reading,
                c.learning,
                c.writing,
                c.checking,
                c.searchable,
                c.cpu,
                three(c.at_once),
                three(c.while_optimising),
                c.optimising,
                three(c.after),
                taught(&c),
                three(c.ordered),
                c.peak_mb,
                c.steady_mb,
                c.disk_mb,
                c.restart,
                c.small_change
            );
        }
        Ok(ExitCode::SUCCESS)
    }

    #[expect(clippy::print_stdout, reason = "the result of this command")]
    async fn measure(self) -> anyhow::Result<ExitCode> {
        let size = self.sizes.first().copied().unwrap_or(1000);
        let today = today()?;
        let questions = self.questions()?;
        let documents = self.documents(size, today)?;
        let count = documents.len();
        let folder = std::env::temp_dir().join(format!("gridworker-bench-{}", RandomIds.uuid()));
        std::fs::create_dir_all(&folder)?;
        let _gone_at_the_end = Folder(folder.clone());

        // First the rows, as an import writes them, then one refresh.
        let db = Sqlite::open(&folder.join("gridworker.sqlite"), Arc::new(Sealer::passing(&RandomIds))).await?;
        let knowledge = open(&folder, &db).await?;
        knowledge.start().await?;
        let (begun, cpu_before) = (Instant::now(), cpu_seconds());
        let bar = ProgressBar::new(count as u64);
        bar.set_style(ProgressStyle::with_template("{msg} {bar:40} {pos}/{len}")?);
        bar.set_message("入库");
        for document in &documents {
            knowledge.store().put(document, SystemClock.now()).await?;
            bar.inc(1);
        }
        let rows = begun.elapsed().as_secs_f64();
        let changed = documents.first().map(|d| ParsedDocument {
            body: format!("{}\n\n另行规定的，从其规定。\n", d.body),
            content_hash: "changed".to_owned(),
            ..d.clone()
        });
        drop(documents);
        let building = tokio::spawn({
            let knowledge = Arc::clone(&knowledge);
            async move { knowledge.refresh().await }
        });
        // Until its first stage is told, the rows are being read to see what changed.
        let mut stages: BTreeMap<&str, f64> = BTreeMap::new();
        while !building.is_finished() {
            let progress = knowledge.progress();
            let (name, done, all) = match progress {
                None => ("读取切分", 0, 1),
                Some(p) => match p.stage {
                    Stage::Reading => ("读取切分", p.done, p.all),
                    Stage::Learning => ("训练", p.done, p.all),
                    Stage::Writing => ("写入", p.done, p.all),
                    Stage::Checking => ("检查", p.done, p.all),
                },
            };
            bar.set_message(name);
            bar.set_length(all.max(1) as u64);
            bar.set_position(done as u64);
            let at = Instant::now();
            tokio::time::sleep(Duration::from_millis(10)).await;
            *stages.entry(name).or_default() += at.elapsed().as_secs_f64();
        }
        building.await??;
        let searchable = begun.elapsed().as_secs_f64();
        let cpu = cpu_seconds() - cpu_before;
        bar.finish_and_clear();
        let passages = knowledge.catalog().passages();
        let stage = |name: &str| stages.get(name).copied().unwrap_or(0.0);

        let at_once = ask(&knowledge, &questions, self.ask, today).await?;
        let at = Instant::now();
        let optimising = tokio::spawn({
            let knowledge = Arc::clone(&knowledge);
            async move { knowledge.optimise().await }
        });
        let mut meanwhile = Vec::new();
        while !optimising.is_finished() {
            meanwhile.extend(times(&knowledge, &questions, 20, meanwhile.len(), today).await?);
        }
        optimising.await??;
        let optimised = at.elapsed().as_secs_f64();
        let after = ask(&knowledge, &questions, self.ask, today).await?;
        // Peak of importing and indexing; learning the order comes later and is told by itself.
        let peak_mb = memory("VmHWM:");
        let at = Instant::now();
        let lessons = self.lessons(size)?;
        let teacher = Arc::clone(&knowledge);
        let model = tokio::task::spawn_blocking(move || {
            let model = teacher.learn_order(&lessons);
            if model.is_none() {
                teacher.use_order(None);
            }
            model
        });
        let model = model.await?;
        let teaching = at.elapsed().as_secs_f64();
        let ordered = ask(&knowledge, &questions, self.ask, today).await?;
        let level = serde_json::to_value(knowledge.order_level())?.as_str().unwrap_or_default().to_owned();
        if let (Some(model), Some(table)) = (&model, knowledge.snapshot().and_then(|s| s.manifest.table.clone())) {
            knowledge.keep_order(&table, model).await?;
        }
        let at = Instant::now();
        if let Some(changed) = changed {
            knowledge.store().put(&changed, SystemClock.now()).await?;
            knowledge.refresh().await?;
        }
        let small_change = at.elapsed().as_secs_f64();
        // Memory of a service that has started and answers, not of one that has just built everything.
        drop(knowledge);
        let at = Instant::now();
        let knowledge = open(&folder, &db).await?;
        knowledge.start().await?;
        let restart = at.elapsed().as_secs_f64();
        drop(knowledge);
        db.close().await;
        let steady_mb = self.steady(&folder)?;
        let cost = Cost {
            articles: size,
            documents: count,
            passages,
            rows,
            reading: stage("读取切分"),
            learning: stage("训练"),
            writing: stage("写入"),
            checking: stage("检查"),
            searchable,
            cpu,
            at_once,
            while_optimising: spread(meanwhile),
            optimising: optimised,
            after,
            lessons: model.as_ref().map_or(0, |m| m.verdict.lessons),
            level,
            gains: model.as_ref().map(|m| [m.verdict.sparse, m.verdict.own, m.verdict.tables, m.verdict.full]),
            teaching,
            ordered,
            peak_mb,
            steady_mb,
            disk_mb: bytes_under(&folder) as f64 / 1e6,
            restart,
            small_change,
        };
        println!("{}", serde_json::to_string(&cost)?);
        Ok(ExitCode::SUCCESS)
    }

    /// Memory (MB) of a process that has opened the folder and answered questions.
    fn steady(&self, folder: &std::path::Path) -> anyhow::Result<f64> {
        let mut child = Command::new(std::env::current_exe()?);
        child.args(["bench", "index", "--ask", &self.ask.to_string(), "--corpus"]).arg(&self.corpus);
        child.arg("--steady").arg(folder);
        if let Some(queries) = &self.queries {
            child.arg("--queries").arg(queries);
        }
        let out = child.stderr(Stdio::inherit()).output()?;
        anyhow::ensure!(out.status.success(), "没有量成内存");
        Ok(serde_json::from_slice(&out.stdout)?)
    }

    #[expect(clippy::print_stdout, reason = "the result of this command")]
    async fn open_and_ask(self) -> anyhow::Result<ExitCode> {
        let folder = self.steady.clone().unwrap_or_default();
        let db = Sqlite::open(&folder.join("gridworker.sqlite"), Arc::new(Sealer::passing(&RandomIds))).await?;
        let knowledge = open(&folder, &db).await?;
        knowledge.start().await?;
        let table = knowledge.snapshot().and_then(|s| s.manifest.table.clone());
        let model = match table {
            Some(table) => knowledge.kept_order(&table).await?,
            None => None,
        };
        knowledge.use_order(model.as_ref());
        drop(model);
        let spread = ask(&knowledge, &self.questions()?, self.ask, today()?).await?;
        tracing::info!(?spread, anonymous_mb = memory("RssAnon:"), "asked");
        println!("{}", memory("VmRSS:"));
        Ok(ExitCode::SUCCESS)
    }

    fn questions(&self) -> anyhow::Result<Vec<String>> {
        if let Some(file) = &self.queries {
            return Ok(read_lines::<Asked>(file)?.into_iter().map(|a| a.query).collect());
        }
        let articles: Vec<Article> = read_lines(&self.corpus)?;
        let step = (articles.len() / self.ask.max(1)).max(1);
        Ok(articles.iter().step_by(step).map(|a| a.text.chars().take(20).collect()).collect())
    }

    /// What is known to answer the questions, of the first `size` articles; by the document's id and the clause's heading.
    fn lessons(&self, size: usize) -> anyhow::Result<Vec<Lesson>> {
        let Some(file) = &self.queries else { return Ok(Vec::new()) };
        let articles: Vec<Article> = read_lines(&self.corpus)?;
        let places: BTreeMap<&str, &Article> = articles.iter().take(size).map(|a| (a.name.as_str(), a)).collect();
        let asked: Vec<Asked> = read_lines(file)?;
        let of = |asked: &Asked| -> Vec<Lesson> {
            let right = asked.gold.iter().filter_map(|name| places.get(name.as_str()));
            let lesson =
                |a: &&Article| Lesson { question: asked.query.clone(), document: a.law.clone(), clause: Some(a.article.clone()) };
            right.map(lesson).collect()
        };
        Ok(asked.iter().flat_map(of).collect())
    }

    /// The articles as documents, one a law, with a mixture of audiences and validities.
    fn documents(&self, size: usize, today: Date) -> anyhow::Result<Vec<ParsedDocument>> {
        let articles: Vec<Article> = read_lines(&self.corpus)?;
        anyhow::ensure!(!articles.is_empty(), "资料是空的");
        let mut laws: BTreeMap<(usize, &str), String> = BTreeMap::new();
        let mut chapter = "";
        for n in 0..size {
            let article = &articles[n % articles.len()];
            let text = laws.entry((n / articles.len(), article.law.as_str())).or_insert_with(|| {
                chapter = "";
                format!("# {}\n", article.law)
            });
            if article.chapter != chapter {
                chapter = &article.chapter;
                write!(text, "\n## {chapter}\n")?;
            }
            write!(text, "\n### {}\n\n{}\n", article.article, article.text)?;
        }
        let effective_from = today.checked_sub(jiff::ToSpan::years(2))?;
        let defaults = ImportDefaults { audience: Audience::Resident, area: "全国".to_owned(), effective_from };
        let parsed = laws.into_iter().enumerate().map(|(n, ((round, law), text))| {
            let name = if round == 0 { format!("{law}.md") } else { format!("{law}-{round}.md") };
            let mut document = ParsedDocument::parse(std::path::Path::new(&name), &text, &defaults)?;
            match n % 10 {
                0 => document.meta.audience = Audience::Gridworker,
                1 => document.meta.expires_on = Some(today.checked_sub(jiff::ToSpan::days(10))?),
                2 => "重庆市".clone_into(&mut document.meta.area),
                3 => document.meta.audience = Audience::All,
                _ => {}
            }
            Ok(document)
        });
        parsed.collect()
    }
}

/// What was learnt, in one cell.
fn taught(c: &Cost) -> String {
    let gains = c.gains.map(|g| g.map(|g| format!("{g:.3}")).join("→"));
    format!(
        "{}（{}问，{:.1} s{}{}）",
        c.level,
        c.lessons,
        c.teaching,
        if gains.is_some() { "；" } else { "" },
        gains.unwrap_or_default()
    )
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "the folder of the measurement was not removed");
        }
    }
}

async fn open(folder: &std::path::Path, db: &Sqlite) -> anyhow::Result<Arc<Knowledge>> {
    let vectors = EdgeStore::open(folder.join("index")).await?;
    let knowledge = Knowledge::new(Arc::new(db.clone()), Arc::new(vectors), None, Lexicon::default());
    Ok(Arc::new(knowledge.with_book(Arc::new(db.clone()), Arc::new(SystemClock))))
}

fn today() -> anyhow::Result<Date> {
    Ok(SystemClock.now().to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai")?).date())
}

/// Milliseconds of `count` searches, one after another, from question number `from` on.
async fn times(knowledge: &Knowledge, questions: &[String], count: usize, from: usize, on: Date) -> anyhow::Result<Vec<f64>> {
    let mut out = Vec::with_capacity(count);
    for n in from..from + count {
        let scope = Scope { audiences: vec![Audience::Resident], areas: vec!["全国".to_owned(), "重庆市".to_owned()], on };
        let query = Query { text: questions[n % questions.len()].clone(), scope, limit: 8 };
        let at = Instant::now();
        knowledge.search(&query).await?;
        out.push(at.elapsed().as_secs_f64() * 1e3);
    }
    Ok(out)
}

async fn ask(knowledge: &Knowledge, questions: &[String], count: usize, on: Date) -> anyhow::Result<[f64; 3]> {
    Ok(spread(times(knowledge, questions, count, 0, on).await?))
}

/// p50, p95, p99.
fn spread(mut times: Vec<f64>) -> [f64; 3] {
    times.sort_by(f64::total_cmp);
    [0.5, 0.95, 0.99]
        .map(|p| times.get(((times.len() as f64 * p) as usize).min(times.len().saturating_sub(1))).copied().unwrap_or(0.0))
}

/// A line of what Linux tells about this process, in MB; 0 elsewhere.
pub(super) fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kb = status.lines().find_map(|l| l.strip_prefix(line)).and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok());
    kb.map_or(0.0, |kb: f64| kb / 1024.0)
}

/// Seconds that all threads of this process have computed for; 0 outside Linux.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    // Fields 14 and 15 of the whole line, in hundredths of a second.
    after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn bytes_under(folder: &std::path::Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => bytes_under(&entry.path()),
        // Files of the engine are sparse: what counts is what they take.
        Ok(data) => std::os::unix::fs::MetadataExt::blocks(&data) * 512,
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}
