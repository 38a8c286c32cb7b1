//! The arrows of the picture in `src/lib.rs`, kept true by reading the sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each room and the rooms it may use. `app` knows everything; `main.rs` and `cli/` are another crate on top.
const ROOMS: [(&str, &[&str]); 17] = [
    ("core", &[]),
    ("learn", &["core"]),
    ("identity", &["core"]),
    ("llm", &["core"]),
    ("sandbox", &["core"]),
    ("incident", &["core", "learn"]),
    // Counts what happened, over rows; nothing else knows it but those who show it and those who store.
    ("insight", &["core", "incident"]),
    ("knowledge", &["core", "learn", "llm"]),
    ("platform", &["core", "incident"]),
    // Settings of a room are declared in the room; the whole only puts them together.
    ("config", &["core", "identity", "llm", "platform"]),
    ("conversation", &["config", "core", "identity", "incident", "knowledge", "llm"]),
    ("http", &["config", "conversation", "core", "identity", "incident", "insight", "knowledge", "platform"]),
    // Adapters implement the rooms' ports; `learn` has the text maths of the memory engine.
    ("storage", &["conversation", "core", "identity", "incident", "insight", "knowledge", "learn", "platform"]),
    // Measurements drive a whole instance from outside.
    ("evaluation", &["app", "config", "core", "incident", "knowledge", "learn", "conversation", "llm"]),
    (
        "app",
        &["config", "conversation", "core", "http", "identity", "incident", "knowledge", "llm", "platform", "sandbox", "storage"],
    ),
    ("cli", &[]),
    ("main", &[]),
];

/// Crates that only some rooms may name.
const CRATES: [(&str, &[&str]); 7] = [
    ("sqlx", &["storage", "sandbox"]),
    ("qdrant_edge", &["storage"]),
    ("qdrant_client", &["storage"]),
    // The identity room asks the provider that vouches for people.
    ("reqwest", &["identity", "llm", "platform", "sandbox", "evaluation"]),
    ("async_openai", &["llm"]),
    ("axum", &["http", "sandbox", "app", "cli"]),
    (
        "tokio",
        &[
            "llm",
            "identity",
            "knowledge",
            "conversation",
            "platform",
            "sandbox",
            "storage",
            "http",
            "app",
            "cli",
            "evaluation",
            "main",
        ],
    ),
];

/// Concrete adapters: what stands behind a port is decided in one place.
const ADAPTERS: [&str; 13] = [
    "SqliteAccounts",
    "SqliteAudit",
    "SqliteTickets",
    "SqliteOutbox",
    "BlobFolder",
    "EdgeStore",
    "MemoryStore",
    "ServerStore",
    "OpenAiChat",
    "OpenAiEmbedder",
    "JsonPlatform",
    "SystemClock",
    "RandomIds",
];
/// Rooms that may name adapters: the wiring, the programs on top, and measurements, which start an instance of their own.
const WIRING: [&str; 4] = ["app", "cli", "main", "evaluation"];

struct Source {
    room: String,
    path: PathBuf,
    /// Without comments.
    code: String,
}

fn sources() -> Vec<Source> {
    fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder of the project").flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    let files = paths.into_iter().map(|path| {
        let below = path.strip_prefix(&root).expect("below src").to_path_buf();
        let first = below.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
        let code = std::fs::read_to_string(&path).expect("a source file");
        let code = code.lines().map(|l| l.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
        Source { room: first.trim_end_matches(".rs").to_owned(), path: below, code }
    });
    files.filter(|s| s.room != "lib").collect()
}

/// Rooms named by `crate::…` in `code`.
fn rooms_named(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let group: String = group
                .chars()
                .take_while(|c| {
                    depth += i32::from(*c == '{') - i32::from(*c == '}');
                    depth >= 0
                })
                .collect();
            let mut depth = 0;
            for part in group.split_inclusive(['{', '}', ',']) {
                if depth == 0 {
                    rooms.insert(name(part.trim_start()));
                }
                depth += part.chars().map(|c| i32::from(c == '{') - i32::from(c == '}')).sum::<i32>();
            }
        } else {
            rooms.insert(name(rest));
        }
    }
    rooms.remove("");
    rooms
}

fn name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// True when `word` stands in `code` as a word of its own.
fn says(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| !code[..at].ends_with(part) && !code[at + word.len()..].starts_with(part))
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == source.room) else {
            wrong.push(format!("src/{} belongs to no room of this test: say what it may use", source.path.display()));
            continue;
        };
        for used in rooms_named(&source.code) {
            if used != source.room && !allowed.contains(&used.as_str()) {
                wrong.push(format!("src/{} uses crate::{used}; {} may use {allowed:?}", source.path.display(), source.room));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows against the architecture:\n{}", wrong.join("\n"));
}

#[test]
fn knowledge_sees_embedders_and_rerankers_but_no_chat_model() {
    for source in sources().iter().filter(|s| s.room == "knowledge") {
        for word in ["ChatModel", "ChatRequest", "OpenAiChat"] {
            assert!(!says(&source.code, word), "src/{} names {word}: knowledge finds, it does not talk", source.path.display());
        }
    }
}

#[test]
fn foreign_crates_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (name, rooms) in CRATES {
            if source.code.contains(&format!("{name}::")) && says(&source.code, name) && !rooms.contains(&source.room.as_str()) {
                wrong.push(format!("src/{} uses {name}; only {rooms:?} may", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "crates outside their rooms:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_wiring_names_concrete_adapters() {
    let all = sources();
    let mut wrong = Vec::new();
    for adapter in ADAPTERS {
        let home = all.iter().find(|s| s.code.contains(&format!("pub struct {adapter}")));
        let home = home.unwrap_or_else(|| panic!("{adapter} is no struct of this program any more: bring this test up to date"));
        for source in all.iter().filter(|s| s.room != home.room && !WIRING.contains(&s.room.as_str())) {
            if says(&source.code, adapter) {
                wrong.push(format!("src/{} names {adapter}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "adapters named outside the wiring:\n{}", wrong.join("\n"));
}

#[test]
fn files_hold_one_idea() {
    for source in sources() {
        let lines = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(&source.path))
            .expect("a file")
            .lines()
            .count();
        assert!(lines <= 650, "src/{} has {lines} lines: it holds more than one idea", source.path.display());
    }
}

#[test]
fn this_test_can_read() {
    let code = "use crate::{core::clock::{Clock, X}, llm, http::{a::b}};\nfn f() { crate::storage::x(); mycrate::nothing(); }";
    let expected: BTreeSet<String> = ["core", "llm", "http", "storage"].map(str::to_owned).into();
    assert_eq!(rooms_named(code), expected);
}
