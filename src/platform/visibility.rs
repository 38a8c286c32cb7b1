//! What a receiver may see of who reports. Decided for each push and each receiver, from the ticket as it is.
//!
//! Whoever is complained of never learns by whom: a complaint that names the receiving unit, a tip-off, a confidential
//! category and an anonymous report carry no identity in any field. What is left of texts is searched once more for the
//! reporter's own values and for numbers of people.

use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::core::text::for_matching;
use crate::incident::ticket::{Identity, Kind, Ticket};

/// A field that names a reporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReporterField {
    /// The name as self-given.
    Name,
    /// The phone.
    Phone,
    /// The door.
    Room,
    /// Own words.
    Words,
}

impl ReporterField {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Name, Self::Phone, Self::Room, Self::Words];
}

/// Why a receiver sees nothing of the reporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// The reporter wishes so.
    Anonymous,
    /// A tip-off, or a category that is confidential.
    Confidential,
    /// The receiver is who is complained of.
    Accused,
    /// The receiver is to see no reporter at all.
    Receiver,
}

/// What one receiver may see.
#[derive(Debug, Clone, Default)]
pub struct Visibility {
    /// Fields that it may see at all.
    pub fields: Vec<ReporterField>,
    /// Names by which people call the receiving unit.
    pub units: Vec<String>,
}

/// A ticket as a receiver sees it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Without what it must not see.
    pub ticket: Ticket,
    /// The identity fields that are in it: none, one, all.
    pub carries: Vec<ReporterField>,
    /// Why nothing of the reporter is in it.
    pub withheld: Option<Withheld>,
    identity: Identity,
}

impl Shown {
    /// Words that go to the receiver beside the ticket (a note), without the reporter's own values where they are withheld.
    #[must_use]
    pub fn words(&self, text: &str) -> String {
        if self.withheld.is_none() { text.to_owned() } else { scrubbed(text, &self.identity) }
    }
}

#[expect(clippy::expect_used, reason = "the pattern is a literal of this file; every test run compiles it")]
static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}",
        r"|0[0-9]{2,3}-[0-9]{7,8}",
        r"|[1-9][0-9]{16}[0-9Xx]",
        r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·.]?[A-Z0-9]{5,6}",
    ))
    .expect("the pattern is a literal of this file")
});

/// A name that somebody gives in passing: 「我姓刘」, not 「我叫物业来看过」.
#[expect(clippy::expect_used, reason = "the pattern is a literal of this file; every test run compiles it")]
static OWN_NAME: LazyLock<Regex> = LazyLock::new(|| {
    let family = crate::incident::slots::SURNAMES;
    Regex::new(&format!(r"(我(?:的名字)?(?:是)?(?:叫做?|姓))[{family}]\p{{Han}}{{0,2}}"))
        .expect("the pattern is a literal of this file")
});

/// What stands where something was taken out.
const GONE: &str = "（略）";

impl Visibility {
    /// The ticket as this receiver may see it.
    #[must_use]
    pub fn of(&self, ticket: &Ticket) -> Shown {
        let mut shown = ticket.clone();
        let withheld = self.withheld(ticket);
        let identity = shown.take_identity();
        if withheld.is_some() {
            shown.reporter.anonymous = true;
            // Where the device stood, and which staircase: both lead to a door.
            shown.place.point = None;
            if withheld != Some(Withheld::Anonymous) {
                shown.place.unit = None;
            }
            for text in [&mut shown.title, &mut shown.description, &mut shown.place.text, &mut shown.urgency_reason] {
                *text = scrubbed(text, &identity);
            }
            for answer in shown.answers.values_mut() {
                *answer = scrubbed(answer, &identity);
            }
            for word in &mut shown.place.matched_by {
                *word = scrubbed(word, &identity);
            }
            return Shown { ticket: shown, carries: Vec::new(), withheld, identity };
        }
        let may = |field| self.fields.contains(&field);
        let Identity { name, phone, room, original_words } = identity.clone();
        let seen = Identity {
            name: name.filter(|_| may(ReporterField::Name)),
            phone: phone.filter(|_| may(ReporterField::Phone)),
            room: room.filter(|_| may(ReporterField::Room)),
            original_words: if may(ReporterField::Words) { original_words } else { String::new() },
        };
        let carries = ReporterField::ALL
            .into_iter()
            .filter(|field| match field {
                ReporterField::Name => seen.name.is_some(),
                ReporterField::Phone => seen.phone.is_some(),
                ReporterField::Room => seen.room.is_some(),
                ReporterField::Words => !seen.original_words.is_empty(),
            })
            .collect();
        shown.put_identity(seen);
        Shown { ticket: shown, carries, withheld: None, identity }
    }

    fn withheld(&self, ticket: &Ticket) -> Option<Withheld> {
        if ticket.confidential || ticket.kind == Kind::举报 {
            return Some(Withheld::Confidential);
        }
        if self.is_accused(ticket) {
            return Some(Withheld::Accused);
        }
        if ticket.reporter.anonymous {
            return Some(Withheld::Anonymous);
        }
        self.fields.is_empty().then_some(Withheld::Receiver)
    }

    /// A complaint that names this receiver, in whatever field.
    fn is_accused(&self, ticket: &Ticket) -> bool {
        if ticket.kind != Kind::投诉 {
            return false;
        }
        let told: String = [&ticket.title, &ticket.description, &ticket.original_words]
            .into_iter()
            .chain(ticket.answers.values())
            .map(|t| for_matching(t))
            .collect::<Vec<_>>()
            .join("\n");
        self.units.iter().map(|u| for_matching(u)).any(|unit| unit.chars().count() >= 2 && told.contains(unit.as_str()))
    }
}

/// A text without the reporter's own values, and without names given in passing and anybody's numbers.
fn scrubbed(text: &str, identity: &Identity) -> String {
    let mut out = NUMBERS.replace_all(text, GONE).into_owned();
    out = OWN_NAME.replace_all(&out, format!("${{1}}{GONE}")).into_owned();
    let phone = identity.phone.as_deref().filter(|p| p.len() >= 7);
    let name = identity.name.as_deref().filter(|n| n.chars().count() >= 2);
    let door = identity.room.as_deref().filter(|r| r.len() >= 3);
    for own in [phone, name, door].into_iter().flatten() {
        out = out.replace(own, GONE);
    }
    out
}
