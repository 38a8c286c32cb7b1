//! `gridworker bench duplicates`: what looking for duplicates costs among many open matters.
//!
//! The open matters are made of the clauses of given messages, mixed anew, each as long as some message of the file. Their words
//! are fewer than those of as many real ones, so the inverted lists are longer: the times are rather too high. The second half asks as
//! a draft does: tickets of 116 grids with ten estates of thirty buildings each, over all categories that are shown.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use gridworker::app::shipped::Shipped;
use gridworker::config::Settings;
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::core::ids::{Ids as _, RandomIds};
use gridworker::evaluation::duplicates::{Message, quantiles};
use gridworker::incident::draft::Draft;
use gridworker::incident::duplicates::Index;
use gridworker::incident::duplicates::open::{MOST, OpenTickets};
use gridworker::incident::rules::IncidentRules;
use gridworker::incident::ticket::{Kind, Place, Source, Ticket};
use gridworker::knowledge::eval_retrieval::read_lines;
use gridworker::learn::random::Random;

use super::bench::memory;

#[derive(Debug, Args)]
pub struct Duplicates {
    /// 留言（JSON 行，字段 topic、text；可为 .gz），取其分句混编
    #[arg(long, value_name = "FILE")]
    messages: PathBuf,
    /// 多少件未办结
    #[arg(long, default_value_t = 100_000)]
    open: usize,
    /// 问多少次
    #[arg(long, default_value_t = 1_000)]
    ask: usize,
}

impl Duplicates {
    /// Fills an index, asks it, and prints times and memory.
    #[expect(clippy::print_stdout, reason = "the result of this command")]
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let messages: Vec<Message> = read_lines(&self.messages)?;
        anyhow::ensure!(messages.iter().any(|m| !m.text.is_empty()), "没有留言");
        let mut mixer = Mixer::new(&messages);
        let before = memory("VmRSS:");
        let mut index = Index::default();
        let at = Instant::now();
        for key in 0..self.open {
            let (topic, text) = mixer.next();
            index.add(key, &topic, &text);
        }
        println!("open {}  filled in {:.1} s  {:.0} MB", index.len(), at.elapsed().as_secs_f64(), memory("VmRSS:") - before);
        let (mut long, mut short, mut changed) = (Vec::new(), Vec::new(), Vec::new());
        let mut found = 0;
        for key in 0..self.ask {
            let (topic, text) = mixer.next();
            long.push(timed(|| found += index.find(&topic, &text).len()));
            let brief: String = text.chars().take(40).collect();
            short.push(timed(|| found += index.find("", &brief).len()));
            changed.push(timed(|| {
                index.add(self.open + key, &topic, &text);
                index.remove(&key);
            }));
        }
        for (what, millis) in [("a whole message", long), ("forty characters", short), ("one in, one out", changed)] {
            let [p50, p95, max] = quantiles(millis);
            println!("{what:<17} {p50:.2} ms p50  {p95:.2} ms p95  {max:.2} ms max");
        }
        println!("compared exactly: {:.1} a question", found as f64 / (2 * self.ask.max(1)) as f64);
        drop(index);
        self.drafts(&mut mixer)?;
        Ok(ExitCode::SUCCESS)
    }

    /// The same as a draft asks.
    #[expect(clippy::print_stdout, reason = "the result of this command")]
    fn drafts(&self, mixer: &mut Mixer) -> anyhow::Result<()> {
        let shipped = Shipped::new(Settings::defaults()?.knowledge_dir());
        let rules = IncidentRules::read(|file| shipped.street_file(file))?;
        let now = SystemClock.now();
        let open = OpenTickets::new(&rules.taxonomy);
        for number in 0..self.open {
            let new = mixer.draft(&rules).into_joining_ticket(&rules, now, RandomIds.uuid())?;
            open.put(&Ticket { number: format!("WG{number}"), ..new.ticket });
        }
        let (mut millis, mut shown) = (Vec::new(), 0);
        for _ in 0..self.ask {
            let draft = mixer.draft(&rules);
            millis.push(timed(|| shown += open.find(&draft, &rules, now, MOST).len()));
        }
        let [p50, p95, max] = quantiles(millis);
        println!("{:<17} {p50:.2} ms p50  {p95:.2} ms p95  {max:.2} ms max", "a draft");
        println!("open tickets {}, shown {:.1} a draft", open.len(), shown as f64 / self.ask.max(1) as f64);
        Ok(())
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let at = Instant::now();
    work();
    at.elapsed().as_secs_f64() * 1000.0
}

/// Makes messages of the clauses of others, the same sequence every time.
struct Mixer {
    topics: Vec<String>,
    lengths: Vec<usize>,
    clauses: Vec<String>,
    random: Random,
}

impl Mixer {
    fn new(messages: &[Message]) -> Self {
        let clauses = messages.iter().flat_map(|m| m.text.split_inclusive(['。', '，', '；', '！', '？'])).map(str::to_owned);
        Self {
            topics: messages.iter().map(|m| m.topic.clone()).collect(),
            lengths: messages.iter().map(|m| m.text.chars().count()).collect(),
            clauses: clauses.collect(),
            random: Random::new(7),
        }
    }

    /// A draft somewhere in a street of its own, about any category that is shown to others.
    fn draft(&mut self, rules: &IncidentRules) -> Draft {
        let source = Source { channel: "bench".to_owned(), conversation_id: RandomIds.uuid() };
        let mut draft = Draft::new(RandomIds.uuid(), source, SystemClock.now());
        let shown: Vec<&str> = rules
            .taxonomy
            .leaves()
            .iter()
            .filter(|leaf| leaf.kind != Kind::举报 && leaf.stopper.is_empty())
            .map(|leaf| leaf.code.as_str())
            .collect();
        draft.category = shown.get(self.random.below(shown.len())).map(|code| (*code).to_owned());
        draft.description = Some(self.next().1.chars().chain("路面".chars()).collect());
        let grid = self.random.below(116);
        draft.place = Place {
            text: "示例".to_owned(),
            grid_code: Some(format!("G{grid}")),
            estate: Some(format!("{grid}号示例小区{}", self.random.below(10))),
            building: Some(format!("{}栋", self.random.below(30) + 1)),
            ..Place::default()
        };
        draft
    }

    fn next(&mut self) -> (String, String) {
        let topic = self.topics[self.random.below(self.topics.len())].clone();
        let length = self.lengths[self.random.below(self.lengths.len())];
        let (mut text, mut chars) = (String::new(), 0);
        while chars < length {
            let clause = &self.clauses[self.random.below(self.clauses.len())];
            chars += clause.chars().count();
            text.push_str(clause);
        }
        (topic, text)
    }
}
