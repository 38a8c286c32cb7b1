//! The street's own files: what is wrong with a set of them, and what they change.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use gridworker::incident::code_changes::CodeChanges;
use gridworker::incident::street::base::{Base, Texts};
use gridworker::incident::street::check::{Checked, Problem, check};
use gridworker::incident::street::diff::{FileDiff, diff};
use gridworker::incident::street::files::{FILES, StreetFile, file, nearest};
use gridworker::incident::street::sheet::{Sheet, write_line};
use proptest::prelude::*;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("knowledge/street")
}

fn base() -> Base {
    Base::new(|name| std::fs::read_to_string(folder().join(name)))
}

fn shipped(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|e| panic!("{name} is shipped: {e}"))
}

fn known(name: &str) -> &'static StreetFile {
    file(name).unwrap_or_else(|| panic!("{name} is in the list of files"))
}

fn checked(files: &[(&str, String)]) -> Checked {
    let over: Texts = files.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
    let given = over.keys().cloned().collect();
    check(&base(), &over, &given, 1).expect("the shipped files can be read")
}

fn words(problems: &[Problem]) -> String {
    problems.iter().map(Problem::words).collect::<Vec<_>>().join("\n")
}

/// `text` with the cell of one row replaced.
fn with_cell(name: &str, key: &str, column: &str, cell: &str) -> String {
    let (mut sheet, _) = Sheet::read(name, &shipped(name));
    let columns = known(name).columns.expect("a table");
    let at = sheet.column(column).unwrap_or_else(|| panic!("{name} has {column}"));
    let row = sheet.rows.iter().position(|r| sheet.key(r, &columns) == key).unwrap_or_else(|| panic!("{name} has {key}"));
    cell.clone_into(&mut sheet.rows[row].cells[at]);
    sheet.render(|_| true).0
}

fn line_of(name: &str, key: &str) -> u64 {
    let (sheet, _) = Sheet::read(name, &shipped(name));
    let columns = known(name).columns.expect("a table");
    sheet.rows.iter().find(|r| sheet.key(r, &columns) == key).unwrap_or_else(|| panic!("{name} has {key}")).line
}

#[test]
fn every_shipped_table_is_in_the_list_with_all_its_columns() {
    for entry in std::fs::read_dir(folder()).expect("the shipped street").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Words of search are edited with the knowledge, the street itself in its configuration; sample ledgers become rows once.
        if ["lexicon.csv", "street.toml", "README.md", "ledgers_sample.csv"].contains(&name.as_str()) {
            continue;
        }
        let one =
            file(&name).unwrap_or_else(|| panic!("{name} is read by the service: it needs a line in incident/street/files.rs"));
        if one.columns.is_some() {
            let (sheet, problems) = Sheet::read(&name, &shipped(&name));
            let problems = [problems, sheet.header_problems(one)].concat();
            assert!(problems.is_empty(), "{name} does not fit its line in incident/street/files.rs:\n{}", words(&problems));
        }
    }
    let all = FILES.iter().filter(|f| !f.optional).map(|f| (f.name, shipped(f.name))).collect::<Vec<_>>();
    let checked = checked(&all);
    assert!(checked.rules.is_some(), "{}", words(&checked.problems));
}

#[test]
fn what_is_wrong_is_named_with_file_line_column_and_words() {
    let tile = "010101";
    let taxonomy = |column: &str, cell: &str| with_cell("taxonomy.csv", tile, column, cell);
    let cut = |name: &str, from: &str, to: &str| (shipped(name)).replacen(from, to, 1);
    let at = |name: &str, key: &str| Some(line_of(name, key));
    type Case = (&'static str, String, Option<u64>, Option<&'static str>, &'static str);
    let cases: Vec<Case> = vec![
        ("taxonomy.csv", cut("taxonomy.csv", "urgent_words", "urgentwords"), Some(1), Some("urgentwords"), "urgent_words"),
        ("taxonomy.csv", cut("taxonomy.csv", ",clock,", ",clok,"), Some(1), Some("clok"), "clock"),
        ("taxonomy.csv", cut("taxonomy.csv", ",clock,", ",clok,"), Some(1), Some("clock"), "缺少"),
        ("taxonomy.csv", cut("taxonomy.csv", "level1,level2", "level1,level1"), Some(1), Some("level1"), "两次"),
        ("taxonomy.csv", String::new(), None, None, "空的"),
        ("taxonomy.csv", taxonomy("clock", "nirgends"), at("taxonomy.csv", tile), Some("clock"), "clocks.csv"),
        ("taxonomy.csv", taxonomy("clock", "jinji-24"), at("taxonomy.csv", tile), Some("clock"), "最接近的是 jinji-24h"),
        ("taxonomy.csv", taxonomy("kind", "抱怨"), at("taxonomy.csv", tile), Some("kind"), "抱怨"),
        ("taxonomy.csv", taxonomy("group", "别的"), at("taxonomy.csv", tile), Some("group"), "别的"),
        ("taxonomy.csv", taxonomy("code", "010102"), Some(line_of("taxonomy.csv", tile) + 1), Some("code"), "重复"),
        ("taxonomy.csv", taxonomy("code", ""), at("taxonomy.csv", tile), Some("code"), "不能为空"),
        ("taxonomy.csv", taxonomy("code", "0199"), None, None, "0199"),
        (
            "dispatch.csv",
            with_cell("dispatch.csv", "d020", "priority", "二十"),
            at("dispatch.csv", "d020"),
            Some("priority"),
            "整数",
        ),
        (
            "dispatch.csv",
            with_cell("dispatch.csv", "d020", "category_prefix", "9999"),
            at("dispatch.csv", "d020"),
            Some("category_prefix"),
            "9999",
        ),
        (
            "dispatch.csv",
            with_cell("dispatch.csv", "d020", "urgency", "火急"),
            at("dispatch.csv", "d020"),
            Some("urgency"),
            "火急",
        ),
        ("dispatch.csv", with_cell("dispatch.csv", "d020", "reason", ""), at("dispatch.csv", "d020"), None, "理由"),
        (
            "places.csv",
            with_cell("places.csv", "铂金云鼎小区 · CH-JF-07", "grid_code", "CH-JF-70"),
            at("places.csv", "铂金云鼎小区 · CH-JF-07"),
            Some("grid_code"),
            "最接近的是 CH-JF-",
        ),
        (
            "places.csv",
            with_cell("places.csv", "铂金云鼎小区 · CH-JF-07", "kind", "town"),
            at("places.csv", "铂金云鼎小区 · CH-JF-07"),
            Some("kind"),
            "estate",
        ),
        (
            "places.csv",
            with_cell("places.csv", "铂金云鼎小区 · CH-JF-07", "buildings", "一到九"),
            at("places.csv", "铂金云鼎小区 · CH-JF-07"),
            Some("buildings"),
            "楼栋",
        ),
        ("clocks.csv", with_cell("clocks.csv", "jinji-24h", "accept_minutes", "0"), at("clocks.csv", "jinji-24h"), None, "正数"),
        (
            "clocks.csv",
            with_cell("clocks.csv", "jinji-24h", "counting", "随便"),
            at("clocks.csv", "jinji-24h"),
            Some("counting"),
            "随便",
        ),
        (
            "calendar.csv",
            with_cell("calendar.csv", "2025-01-01", "date", "2025-13-01"),
            at("calendar.csv", "2025-01-01"),
            Some("date"),
            "2025-13-01",
        ),
        (
            "emergencies.csv",
            with_cell("emergencies.csv", "huozai", "category_code", "888888"),
            at("emergencies.csv", "huozai"),
            Some("category_code"),
            "taxonomy.csv",
        ),
        ("calendar.csv", shipped("calendar.csv") + "2030-01-01,holiday\n", None, None, "表头有4列"),
        ("taxonomie.csv", shipped("taxonomy.csv"), None, None, "taxonomy.csv"),
        (
            "dispatch.csv",
            shipped("dispatch.csv").lines().take(3).map(|l| format!("{l}\n")).collect::<Vec<_>>().concat(),
            None,
            None,
            "最后一条规则",
        ),
        ("code_changes.csv", "code,replaced_by,note\n990101,990102,\n".to_owned(), Some(2), Some("replaced_by"), "990102"),
    ];
    let mut wrong = Vec::new();
    for (name, text, line, column, needle) in &cases {
        let checked = checked(&[(name, text.clone())]);
        let hit = checked.problems.iter().any(|p| {
            p.file == *name
                && (line.is_none() || p.line == *line)
                && column.is_none_or(|c| p.column.as_deref() == Some(c))
                && p.words().contains(needle)
        });
        if !hit || checked.rules.is_some() {
            wrong.push(format!("{name} {line:?} {column:?} 「{needle}」: {}", words(&checked.problems)));
        }
    }
    super::all_hold(&wrong, cases.len());
}

#[test]
fn everything_is_said_at_once_and_what_only_follows_is_not() {
    let mut taxonomy = with_cell("taxonomy.csv", "010101", "kind", "抱怨");
    taxonomy = taxonomy.replacen("平安法治,应急岗,街道", "平安法治,应急岗,楼下", 1);
    let places = with_cell("places.csv", "铂金云鼎小区 · CH-JF-07", "buildings", "几栋");
    let clocks = with_cell("clocks.csv", "jinji-24h", "counting", "随便");
    let grids = with_cell("grids.csv", "CH-BH-03", "community", "");
    let checked = checked(&[("taxonomy.csv", taxonomy), ("places.csv", places), ("clocks.csv", clocks), ("grids.csv", grids)]);
    let said = words(&checked.problems);
    for needle in ["抱怨", "楼下", "几栋", "随便", "不能为空"] {
        assert!(said.contains(needle), "「{needle}」 is said in one go:\n{said}");
    }
    assert_eq!(
        checked.problems.len(),
        5,
        "and nothing that only follows, such as places in the grid whose row is wrong:\n{said}"
    );
}

#[test]
fn columns_may_stand_in_any_order_and_rows_of_nothing_say_nothing() {
    let (sheet, _) = Sheet::read("dispatch.csv", &shipped("dispatch.csv"));
    let order: Vec<usize> = (0..sheet.columns.len()).rev().collect();
    let mut text = String::new();
    write_line(&mut text, &order.iter().map(|i| sheet.columns[*i].clone()).collect::<Vec<_>>());
    for row in &sheet.rows {
        write_line(&mut text, &order.iter().map(|i| row.cells[*i].clone()).collect::<Vec<_>>());
    }
    text.push_str(&",".repeat(sheet.columns.len() - 1));
    text.push('\n');
    let checked = checked(&[("dispatch.csv", text.clone())]);
    assert!(checked.problems.is_empty(), "{}", words(&checked.problems));
    assert_eq!(diff(known("dispatch.csv"), Some(&shipped("dispatch.csv")), Some(&text)), None, "it says the same");
}

#[test]
fn a_cell_with_line_breaks_moves_no_line_numbers() {
    let text = "date,kind,name,note\r\n2031-01-01,holiday,元旦,\"第一行\n第二行\"\r\n\r\n2031-01-02,feast,,\r\n";
    let text = format!("{text}{}", shipped("calendar.csv").split_once('\n').expect("a header").1);
    let checked = checked(&[("calendar.csv", text)]);
    assert_eq!(checked.problems.len(), 1, "{}", words(&checked.problems));
    assert_eq!((checked.problems[0].line, checked.problems[0].column.as_deref()), (Some(5), Some("kind")), "as an editor counts");
}

#[test]
fn the_nearest_name_is_found_and_a_strange_one_has_none() {
    let columns = ["urgent_words", "urgency", "words", "clock"];
    for (word, right) in
        [("urgentwords", Some("urgent_words")), ("Clock", Some("clock")), ("clocks", Some("clock")), ("经度", None)]
    {
        assert_eq!(nearest(word, columns), right, "{word}");
    }
}

#[test]
fn codes_that_were_replaced_are_followed_to_the_end() {
    let read = |rows: &str| CodeChanges::from_csv(&format!("code,replaced_by,note\n{rows}"));
    let changes = read("a,b,\nb,c,\nd,,停用\n").expect("a table");
    assert_eq!(changes.of("a"), Some(Some("c")));
    assert_eq!(changes.of("b"), Some(Some("c")));
    assert_eq!(changes.of("d"), Some(None), "given up");
    assert_eq!(changes.of("e"), None);
    for (rows, needle) in [("a,b,\nb,a,\n", "绕回"), ("a,a,\n", "绕回"), ("a,b,\na,c,\n", "重复"), (",b,\n", "为空")] {
        let error = read(rows).expect_err("a table that makes no sense");
        assert!(error.to_string().contains(needle), "{rows}: {error}");
    }
}

type Rows = Vec<(String, BTreeMap<String, String>)>;

/// Rows by their keys, in order, without empty cells.
fn keyed(name: &str, text: &str) -> Rows {
    let (sheet, problems) = Sheet::read(name, text);
    assert!(problems.is_empty(), "{}", words(&problems));
    let columns = known(name).columns.expect("a table");
    let row = |r| {
        let mut cells = sheet.named(r);
        cells.retain(|_, cell| !cell.is_empty());
        (sheet.key(r, &columns), cells)
    };
    sheet.rows.iter().map(row).collect()
}

/// What a diff makes of the rows before, without their order.
fn applied(before: Rows, diff: Option<&FileDiff>) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut rows: BTreeMap<_, _> = before.into_iter().collect();
    let Some(diff) = diff else { return rows };
    for gone in &diff.removed {
        assert!(rows.remove(&gone.key).is_some(), "{} was there", gone.key);
    }
    for row in &diff.changed {
        let cells = rows.get_mut(&row.key).expect("a changed row was there");
        for cell in &row.cells {
            let was = cells.remove(&cell.column).unwrap_or_default();
            assert_eq!(was, cell.from, "{} {}", row.key, cell.column);
            if !cell.to.is_empty() {
                cells.insert(cell.column.clone(), cell.to.clone());
            }
        }
    }
    for new in &diff.added {
        assert!(rows.insert(new.key.clone(), new.cells.clone()).is_none(), "{} is new", new.key);
    }
    rows
}

#[derive(Debug, Clone)]
enum Edit {
    Remove(usize),
    Change(usize, usize, String),
    Copy(usize, String),
    Swap(usize, usize),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let cell = "[\\p{Han}a-z|,\"\n ]{0,6}";
    let edit = prop_oneof![
        (0usize..200).prop_map(Edit::Remove),
        (0usize..200, 0usize..30, cell).prop_map(|(r, c, s)| Edit::Change(r, c, s)),
        (0usize..200, "new-[a-z0-9]{8}").prop_map(|(r, k)| Edit::Copy(r, k)),
        (0usize..200, 0usize..200).prop_map(|(a, b)| Edit::Swap(a, b)),
    ];
    proptest::collection::vec(edit, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::support::cases(150)))]

    /// What a check shows, done to the old file, is the new file; and a text that is written and read again is the same table.
    #[test]
    fn a_diff_done_to_the_old_file_is_the_new_file(which in 0usize..FILES.len(), edits in edits(), reversed: bool) {
        let one = &FILES[which];
        let Some(columns) = one.columns.filter(|_| !one.optional) else { return Ok(()) };
        let old = shipped(one.name);
        let (mut sheet, _) = Sheet::read(one.name, &old);
        for edit in edits {
            let n = sheet.rows.len();
            match edit {
                _ if n == 0 => {}
                Edit::Remove(at) => { sheet.rows.remove(at % n); }
                Edit::Swap(a, b) => sheet.rows.swap(a % n, b % n),
                Edit::Change(row, column, cell) => {
                    let column = column % sheet.columns.len();
                    if !columns.key.contains(&sheet.columns[column].as_str()) {
                        sheet.rows[row % n].cells[column] = cell.trim().to_owned();
                    }
                }
                Edit::Copy(row, key) => {
                    let mut copy = sheet.rows[row % n].clone();
                    let at = sheet.column(columns.key[0]).expect("a key");
                    copy.cells[at] = key;
                    let known: BTreeSet<String> = sheet.rows.iter().map(|r| sheet.key(r, &columns)).collect();
                    if !known.contains(&sheet.key(&copy, &columns)) {
                        sheet.rows.push(copy);
                    }
                }
            }
        }
        if reversed {
            sheet.columns.reverse();
            sheet.rows.iter_mut().for_each(|r| r.cells.reverse());
        }
        let new = sheet.render(|_| true).0;
        let (again, problems) = Sheet::read(one.name, &new);
        prop_assert!(problems.is_empty(), "{}", words(&problems));
        prop_assert_eq!(again.rows.iter().map(|r| &r.cells).collect::<Vec<_>>(), sheet.rows.iter().map(|r| &r.cells).collect::<Vec<_>>());
        let found = diff(one, Some(&old), Some(&new));
        let wanted: BTreeMap<_, _> = keyed(one.name, &new).into_iter().collect();
        prop_assert_eq!(applied(keyed(one.name, &old), found.as_ref()), wanted);
        let order = |rows: Rows, other: &Rows| rows.into_iter().map(|(k, _)| k).filter(|k| other.iter().any(|(o, _)| o == k)).collect::<Vec<_>>();
        let (before, after) = (keyed(one.name, &old), keyed(one.name, &new));
        let moved = order(before.clone(), &after) != order(after.clone(), &before);
        prop_assert_eq!(found.is_some_and(|d| d.reordered), moved);
    }
}
