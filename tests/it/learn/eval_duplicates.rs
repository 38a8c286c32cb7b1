//! `eval duplicates`: the order of time, ids as they were, figures that are right, and no trace of the order of equal times.

use std::collections::BTreeMap;
use std::path::Path;

use gridworker::evaluation::duplicates::{self, DuplicatesJob, DuplicatesReport, quantiles};
use serde_json::{Value, json};

fn write(path: &Path, lines: &[Value]) {
    std::fs::write(path, lines.iter().map(|l| format!("{l}\n")).collect::<Vec<_>>().concat()).expect("writes");
}

fn messages() -> Vec<Value> {
    let line = |id: Value, time: &str, topic: &str, text: &str| json!({ "id": id, "time": time, "topic": topic, "text": text });
    let plant = "凤鸣花园旁边新修了混凝土搅拌站，粉尘大，夜里机器响，老人小孩都睡不好，请相关部门来管一管。";
    vec![
        line(
            json!(3),
            "2026-03-01 09:00:00",
            "凤鸣花园附近搅拌站扰民",
            "孩子咳嗽半个月了，凤鸣花园门口那个搅拌站什么时候搬走？灰尘到处飞。",
        ),
        line(json!("1"), "2026-01-01 08:00:00", "凤鸣花园旁边建搅拌站扰民", plant),
        line(json!(4), "2026-02-02 10:00:00", "社保卡丢了怎么补", "社保卡找不到了，想问下去哪里补办，要带什么材料。"),
        line(json!(2), "2026-02-01 08:00:00", "凤鸣花园旁边建搅拌站扰民", &plant.replace('。', "！谢谢。")),
        line(json!(5), "2026-02-02 10:00:00", "电梯停运三天", "梧桐里3栋电梯停了三天，老人下不了楼，物业说在等配件。"),
    ]
}

fn run(lines: &[Value], gold: &[Value]) -> (DuplicatesReport, Vec<Value>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    write(&path("messages.jsonl"), lines);
    write(&path("gold.jsonl"), gold);
    let job = DuplicatesJob { messages: path("messages.jsonl"), out: path("run.jsonl"), gold: Some(path("gold.jsonl")) };
    let report = duplicates::run(&job).expect("the job runs");
    let text = std::fs::read_to_string(&job.out).expect("the run was written");
    (report, text.lines().map(|l| serde_json::from_str(l).expect("a line of JSON")).collect())
}

#[test]
fn the_run_is_in_order_of_time_and_says_why() {
    let (report, rows) = run(&messages(), &[]);
    assert_eq!(report.messages, 5);
    let ids: Vec<&Value> = rows.iter().map(|r| &r["id"]).collect();
    assert_eq!(ids, [&json!("1"), &json!(2), &json!(4), &json!(5), &json!(3)], "by time, and ids keep their type");
    let cluster: Vec<&Value> = rows.iter().map(|r| &r["cluster"]).collect();
    assert_eq!(cluster, [&json!("1"), &json!("1"), &json!(4), &json!(5), &json!("1")], "named by the first");
    let copy: Vec<&Value> = rows.iter().map(|r| &r["copy"]).collect();
    assert_eq!(copy, [&json!("1"), &json!("1"), &json!(4), &json!(5), &json!(3)], "told in other words it is no copy");
    assert_eq!(rows[0]["why"], Value::Null);
    assert_eq!(rows[4]["why"]["like"], json!("1"));
    let words = rows[4]["why"]["words"].to_string();
    assert!(words.contains("凤鸣花园") && words.contains("搅拌站"), "{words}");
}

#[test]
fn the_order_of_equal_times_leaves_no_trace() {
    let strip = |rows: Vec<Value>| -> BTreeMap<String, (String, String)> {
        rows.iter().map(|r| (r["id"].to_string(), (r["cluster"].to_string(), r["copy"].to_string()))).collect()
    };
    let mut lines = messages();
    for line in &mut lines {
        line["time"] = json!("2026-01-01 08:00:00");
    }
    let first = strip(run(&lines, &[]).1);
    for turn in 1..lines.len() {
        lines.rotate_left(1);
        assert_eq!(strip(run(&lines, &[]).1), first, "rotated {turn} times");
    }
}

#[test]
fn numbers_are_times_too_and_without_times_the_file_is_in_order() {
    let ids = |lines: &[Value]| -> Vec<String> { run(lines, &[]).1.iter().map(|r| r["id"].to_string()).collect() };
    let mut lines = messages();
    for (line, time) in lines.iter_mut().zip([1000, 999, 5, 7, 6]) {
        line["time"] = json!(time);
    }
    assert_eq!(ids(&lines), ["4", "5", "2", "\"1\"", "3"]);
    lines[2].as_object_mut().expect("a line").remove("time");
    assert_eq!(ids(&lines), ["3", "\"1\"", "4", "2", "5"]);
}

#[test]
fn pairs_are_counted_by_hand() {
    // 1, 2 and 3 are put together; gold puts 1 with 2, and 3 with 4.
    let gold = [
        json!({ "id": "1", "incident": "a", "near_copy": "c" }),
        json!({ "id": 2, "incident": "a", "near_copy": "c" }),
        json!({ "id": 3, "incident": "b", "near_copy": null }),
        json!({ "id": 4, "incident": "b" }),
        json!({ "id": 999, "incident": "b" }),
    ];
    let (report, _) = run(&messages(), &gold);
    let (scale, incident, copy) = report.judged[0];
    assert!((scale - 1.0).abs() < f32::EPSILON);
    assert_eq!((incident.right, incident.told, incident.real), (1, 3, 2), "an id that is not there counts for nothing");
    assert!((incident.precision() - 1.0 / 3.0).abs() < 1e-9 && (incident.recall() - 0.5).abs() < 1e-9);
    assert!((incident.f1() - 0.4).abs() < 1e-9);
    assert_eq!((copy.right, copy.told, copy.real), (1, 1, 1));
    assert_eq!(report.judged.len(), 5, "and how the figures move with the thresholds");
}

#[test]
#[expect(clippy::float_cmp, reason = "values that were put in")]
fn quantiles_are_values_that_were_seen() {
    assert_eq!(quantiles((1..=100).map(f64::from).collect()), [50.0, 95.0, 100.0]);
    assert_eq!(quantiles(vec![]), [0.0; 3]);
}
