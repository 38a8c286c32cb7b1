//! What an answer says about its time: the rule of back then, or the one that took the place of another.

use jiff::civil::Date;

use crate::knowledge::asof::{AsOf, in_words};
use crate::knowledge::catalog::Catalog;
use crate::knowledge::ended;
use crate::knowledge::search::{Outcome, Scope};

/// The sentence before an answer, when its time is not simply today.
#[must_use]
pub fn preface(outcome: &Outcome, then: Option<&AsOf>, catalog: &Catalog, scope_today: &Scope) -> Option<String> {
    let ended = outcome.expired.as_ref().map(|old| {
        let now = old.successor.as_ref().map_or_else(
            || "知识库里没有替代它的规定。下面是现行的相关规定，不一定是您问的那一项：".to_owned(),
            |new| format!("现行为《{}》：", new.title),
        );
        format!("《{}》已于{}失效，{now}", old.title, in_words(old.expired_on))
    });
    let Some(then) = then else { return ended.map(|e| format!("{e}\n\n")) };
    if then.ahead {
        let now = ended.unwrap_or_else(|| "下面是现行规定：".to_owned());
        return Some(format!("{}的规定现在还没有施行，不能提前答复。{now}\n\n", then.words));
    }
    let mut said = format!("按{}时的规定", then.words);
    if let Some(hit) = outcome.hits.first() {
        let (from, until) = (hit.passage.effective_from, hit.passage.expires_on);
        if then.first < from {
            said.push_str(&format!("（自{}起施行）", in_words(from)));
        }
        if let Some(until) = until.filter(|u| *u <= scope_today.on) {
            said.push_str(&format!("，该规定已于{}失效", in_words(until)));
            let unit = catalog.find(hit.passage.id).and_then(|(unit, _)| catalog.units().get(unit));
            let newer = ended::holds_now(catalog, &hit.document.id, scope_today);
            let now = newer.or_else(|| unit.and_then(|u| ended::successor(catalog, u, scope_today)));
            if let Some(now) = now {
                said.push_str(&format!("，现行为《{}》", now.meta.title));
            }
        }
    }
    said.push('：');
    // A document that had already been followed by another back then.
    if let Some(ended) = ended {
        said.push_str(&ended);
    }
    Some(format!("{said}\n\n"))
}

/// What is said when nothing answers for the days that were asked about.
#[must_use]
pub fn nothing_then(then: &AsOf, has_matter: bool) -> String {
    if has_matter {
        format!(
            "没有找到{}时的规定：知识库里没有那时有效的资料，我不能用现在的规定代替，也不能凭猜测答复您。\n\
             需要当时的规定，可以拨打12345政务服务便民热线，或向社区工作人员核实；想了解现行规定，请去掉时间再问一次。",
            then.words
        )
    } else {
        format!("您想了解{}时的哪一项规定？请说出具体的事，例如“{}低保怎么申请”。", then.words, then.words)
    }
}

/// The scope on another day.
#[must_use]
pub fn on(scope: &Scope, day: Date) -> Scope {
    Scope { on: day, ..scope.clone() }
}
