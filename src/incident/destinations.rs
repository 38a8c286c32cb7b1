//! Which platforms receive which tickets. The first one of a ticket leads: its callbacks move the ticket.

use super::ticket::{Ticket, Urgency};

/// A platform that a ticket goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its name in the outbox.
    pub name: String,
    /// Whether it is told what changes later.
    pub updates: bool,
    /// Whether photos and recordings go there too.
    pub attachments: bool,
}

impl From<&str> for Destination {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned(), updates: true, attachments: false }
    }
}

/// What a platform wants to receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The platform.
    pub destination: Destination,
    /// Beginnings of category codes; empty = all.
    pub categories: Vec<String>,
    /// Nothing less urgent.
    pub from_urgency: Urgency,
}

/// All platforms, in the order of the configuration.
#[derive(Debug, Clone, Default)]
pub struct Destinations(Vec<Wanted>);

impl Destinations {
    /// In this order.
    #[must_use]
    pub const fn new(wanted: Vec<Wanted>) -> Self {
        Self(wanted)
    }

    /// Where a ticket goes. One that nobody asks for by its category goes to the first platform: it is never kept from all.
    #[must_use]
    pub fn of(&self, ticket: &Ticket) -> Vec<Destination> {
        let wants = |w: &&Wanted| {
            ticket.urgency >= w.from_urgency
                && (w.categories.is_empty() || w.categories.iter().any(|c| ticket.category.code.starts_with(c.as_str())))
        };
        let mut found: Vec<Destination> = self.0.iter().filter(wants).map(|w| w.destination.clone()).collect();
        if found.is_empty() {
            found.extend(self.0.first().map(|w| w.destination.clone()));
        }
        found
    }
}
