//! A move as somebody asks for it: the words checked, then made. The board's buttons and the autopilot both come here.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;

use super::store::{Act, Moved};
use super::{Inner, Move, SandboxError, dispatch};

/// The longest note or handler, in characters.
const WORDS_LIMIT: usize = 500;

/// What a person says with a move.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    pub note: Option<String>,
    /// A post title; none: whoever is on duty.
    pub handler: Option<String>,
    /// The new deadline: RFC 3339, or date and time in the street's zone; none: one day more than there is.
    pub until: Option<String>,
    /// With `post`: where a returned incident goes.
    pub section: Option<String>,
    pub post: Option<String>,
}

/// Makes a move. What is said wrongly comes back as [`Moved::Unsaid`].
pub(super) async fn act(inner: &Inner, external_no: &str, step: Move, said: Said) -> Result<Moved, SandboxError> {
    let Said { note, handler, until, section, post } = said;
    let [note, handler, until, section, post] = [note, handler, until, section, post].map(tidy);
    if [&note, &handler].into_iter().flatten().any(|t| t.chars().count() > WORDS_LIMIT) {
        return Ok(Moved::Unsaid("too_long", "备注或经办岗位过长"));
    }
    let until = match until.as_deref().map(|words| moment(inner, words)) {
        None => None,
        Some(Some(until)) => Some(until),
        Some(None) => return Ok(Moved::Unsaid("until_invalid", "新的办结时限不是时间")),
    };
    let to = match (section, post) {
        (Some(section), Some(post)) => match known(inner, &section, &post).await? {
            Some(section) => Some((section, post)),
            None => return Ok(Moved::Unsaid("unknown_post", "没有这个板块或岗位")),
        },
        _ => None,
    };
    let webhook_id = format!("msg_{}", inner.ids.uuid().simple());
    let act = Act { step, note, handler, until, to, at: inner.clock.now(), webhook_id };
    let moved = inner.store.act(external_no, act, &inner.tz).await?;
    if matches!(moved, Moved::Done(_)) {
        inner.wake.notify_one();
    }
    Ok(moved)
}

/// The section's own name when it has this post.
pub(super) async fn known(inner: &Inner, section: &str, post: &str) -> Result<Option<&'static str>, SandboxError> {
    let Some((name, posts)) = dispatch::SECTIONS.iter().find(|(name, _)| *name == section) else { return Ok(None) };
    if posts.contains(&post) {
        return Ok(Some(name));
    }
    // Posts that reports have named are the street's posts as well.
    let seen = inner.store.posts().await?;
    Ok(seen.iter().any(|(s, p)| s == section && p == post).then_some(name))
}

/// Kept to the millisecond, as everything that is stored.
fn moment(inner: &Inner, words: &str) -> Option<Timestamp> {
    let at = match words.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => words.parse::<DateTime>().ok()?.to_zoned(inner.tz.clone()).ok()?.timestamp(),
    };
    Timestamp::from_millisecond(at.as_millisecond()).ok()
}

fn tidy(words: Option<String>) -> Option<String> {
    words.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}
