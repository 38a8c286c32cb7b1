//! The configuration: every shipped file is valid, mistakes are refused by name, secrets stay secret.

use std::collections::HashMap;
use std::path::Path;

use gridworker::config::{self, Engine, Settings};
use secrecy::ExposeSecret as _;

fn env(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a temporary file");
    std::fs::write(file.path(), text).expect("a file");
    file
}

#[test]
fn every_shipped_file_is_valid_and_says_all_defaults() {
    let defaults = Settings::defaults().expect("config.default.toml is valid");
    assert_eq!(defaults.server.listen, "127.0.0.1:8080");
    assert_eq!(defaults.storage.data_dir, "./data");
    assert!(!defaults.knowledge.seed, "samples come only when asked for");
    assert_eq!(defaults.knowledge.engine, Engine::Edge);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut loaded = 0;
    for entry in std::fs::read_dir(root).expect("the project's folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("config") && Path::new(&name).extension().is_some_and(|e| e == "toml") {
            Settings::from_sources(Some(&entry.path()), HashMap::new()).unwrap_or_else(|e| panic!("{name}: {e}"));
            loaded += 1;
        }
    }
    assert!(loaded >= 1, "at least config.default.toml is shipped");
}

#[test]
fn a_mistake_is_refused_by_its_name() {
    for (text, name) in [
        ("[server]\nlisten_on = \"x\"", "listen_on"),
        ("[sever]\nlisten = \"x\"", "sever"),
        ("[llm]\nbase_uri = \"x\"", "base_uri"),
        ("[platform]\nscret = \"x\"", "scret"),
        ("[limits]\nmessages_per_minute = \"many\"", "messages_per_minute"),
        ("[knowledge]\nengine = \"magic\"", "magic"),
        ("[knowledge]\nengine = \"server\"", "knowledge.server_url"),
        ("[street]\ntimezone = \"Asia/Nowhere\"", "street.timezone"),
        ("[server]\nmax_body_bytes = 10", "server.max_body_bytes"),
        ("[conversation]\nmax_chars = 0", "conversation.max_chars"),
        ("[server]\npublic_url = \"street.example\"", "server.public_url"),
        ("[server]\npublic_url = \"ftp://street.example\"", "server.public_url"),
        ("[identity]\nsession_hours = 0", "identity"),
        ("[identity]\npassword_min_chars = 7", "password_min_chars"),
        ("[llm]\nbase_url = \"http://127.0.0.1:1/v1\"", "llm.model"),
        ("[platform]\nbase_url = \"http://127.0.0.1:1\"", "secret"),
        ("[platform]\nschedule_s = []", "schedule_s"),
    ] {
        let file = file(text);
        let error = Settings::from_sources(Some(file.path()), HashMap::new()).expect_err(text).to_string();
        assert!(error.contains(name), "「{text}」 should be refused with {name}: {error}");
    }
    let error = Settings::from_sources(None, env(&[("GRIDWORKER__SERVER__LISTEN_ON", "x")])).expect_err("an unknown variable");
    assert!(error.to_string().contains("listen_on"), "{error}");
    let missing = Settings::from_sources(Some(Path::new("/nowhere/config.toml")), HashMap::new());
    assert!(missing.is_err(), "a file that is named must be there");
}

#[test]
fn the_environment_stands_above_the_file_and_the_file_above_the_defaults() {
    let file = file("[server]\nlisten = \"127.0.0.1:9000\"\n[limits]\nmessages_per_minute = 7\n");
    let vars = env(&[
        ("GRIDWORKER__SERVER__LISTEN", "127.0.0.1:9001"),
        ("GRIDWORKER__LIMITS__LOOPBACK_EXEMPT", "false"),
        ("GRIDWORKER__LLM__BASE_URL", "http://127.0.0.1:2/v1"),
        ("GRIDWORKER__LLM__MODEL", "some-model"),
        ("GRIDWORKER__LLM__API_KEY", "key-from-env"),
        ("GRIDWORKER__PLATFORM__BASE_URL", "http://127.0.0.1:3"),
        ("GRIDWORKER__PLATFORM__SECRET", "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw=="),
        ("GRIDWORKER__IDENTITY__WORKER_KEY", "worker-from-env"),
        ("GRIDWORKER__STORAGE__DATA_DIR", "/somewhere/data"),
        ("UNRELATED", "x"),
    ]);
    let s = Settings::from_sources(Some(file.path()), vars).expect("valid");
    assert_eq!((s.server.listen.as_str(), s.limits.messages_per_minute, s.limits.loopback_exempt), ("127.0.0.1:9001", 7, false));
    assert_eq!((s.llm.base_url.as_deref(), s.llm.model.as_str()), (Some("http://127.0.0.1:2/v1"), "some-model"));
    assert_eq!(s.llm.api_key.as_ref().map(|k| k.expose_secret().to_owned()).as_deref(), Some("key-from-env"));
    assert_eq!(s.platform.base_url.as_ref().map(|u| u.as_str().to_owned()).as_deref(), Some("http://127.0.0.1:3/"));
    assert_eq!(s.identity.worker_key.expose_secret(), "worker-from-env");
    assert_eq!(s.data_dir(), Path::new("/somewhere/data"));
}

#[test]
fn values_that_look_like_numbers_stay_words() {
    let vars = env(&[
        ("GRIDWORKER__IDENTITY__WORKER_KEY", "123456"),
        ("GRIDWORKER__LLM__BASE_URL", "http://127.0.0.1:2/v1"),
        ("GRIDWORKER__LLM__MODEL", "7"),
        ("GRIDWORKER__LLM__API_KEY", "true"),
    ]);
    let s = Settings::from_sources(None, vars).expect("a key of digits is a key");
    assert_eq!((s.identity.worker_key.expose_secret(), s.llm.model.as_str()), ("123456", "7"));
    assert_eq!(s.llm.api_key.as_ref().map(|k| k.expose_secret().to_owned()).as_deref(), Some("true"));
}

#[test]
fn the_openai_variables_are_fall_backs_below_everything_of_ours() {
    let theirs =
        [("OPENAI_BASE_URL", "http://127.0.0.1:1/v1"), ("OPENAI_API_KEY", "their-key"), ("GRIDWORKER__LLM__MODEL", "some-model")];
    let s = Settings::from_sources(None, env(&theirs)).expect("valid");
    assert_eq!(s.llm.endpoint(), Some("http://127.0.0.1:1/v1"));
    assert_eq!(s.llm.api_key.as_ref().map(|k| k.expose_secret().to_owned()).as_deref(), Some("their-key"));
    let mut ours = theirs.to_vec();
    ours.push(("GRIDWORKER__LLM__BASE_URL", "http://127.0.0.1:2/v1"));
    ours.push(("GRIDWORKER__LLM__API_KEY", "our-key"));
    let s = Settings::from_sources(None, env(&ours)).expect("valid");
    assert_eq!(s.llm.endpoint(), Some("http://127.0.0.1:2/v1"));
    assert_eq!(s.llm.api_key.as_ref().map(|k| k.expose_secret().to_owned()).as_deref(), Some("our-key"));
    let file = file("[llm]\nbase_url = \"http://127.0.0.1:4/v1\"\nmodel = \"file-model\"\n");
    let s = Settings::from_sources(Some(file.path()), env(&theirs[..1])).expect("valid");
    assert_eq!(s.llm.endpoint(), Some("http://127.0.0.1:4/v1"), "a stray variable does not overrule the file");
}

#[test]
fn secrets_are_never_shown() {
    let file = file(
        "[llm]\nbase_url = \"http://127.0.0.1:1/v1\"\nmodel = \"m\"\napi_key = \"hush-llm\"\n\
         [embedder]\napi_key = \"hush-embedder\"\n\
         [platform]\nsecret = \"hush-platform\"\ncallback_secret = \"hush-callback\"\nbearer = \"hush-bearer\"\n\
         [knowledge]\nserver_api_key = \"hush-qdrant\"\n[identity]\nworker_key = \"hush-worker\"\n",
    );
    let dump = config::dump(Some(file.path())).expect("a dump");
    assert!(!dump.contains("hush"), "no secret is in the dump:\n{dump}");
    assert_eq!(dump.matches("（已设置）").count(), 7, "but that it is set is said:\n{dump}");
    let settings = Settings::from_sources(Some(file.path()), HashMap::new()).expect("valid");
    assert!(!format!("{settings:?}").contains("hush"), "nor in what a log might print");
    let error = Settings::from_sources(None, env(&[("GRIDWORKER__PLATFORM__SECRET", "whsec_hush!")])).expect_err("not base64");
    assert!(!error.to_string().contains("hush"), "nor in an error: {error}");
}
