//! What is added to a ticket after it was confirmed: a photo that comes later, or one that whoever handles it brings back.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::draft::Draft;
use super::place::PlacesOn;
use super::store::{StoreError, TicketMove};
use super::ticket::{Point, PointSystem, Ticket};

/// Something to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvidence {
    /// Its own id; the update that tells the platforms has the same.
    pub id: Uuid,
    /// In the order they are to be shown; what the ticket has already is left out.
    pub attachments: Vec<Uuid>,
    /// What was said with it.
    pub note: Option<String>,
    /// 居民, or a post's title.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Something that was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AddedEvidence {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// 居民, or a post's title.
    pub by: String,
    /// What was said with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Ids of attachments.
    pub attachments: Vec<Uuid>,
    /// It came with a move of the ticket, at the same moment.
    pub with_move: bool,
}

/// Keeps what is added. Every method that writes is one durable transaction.
#[async_trait]
pub trait EvidenceStore: Send + Sync + std::fmt::Debug {
    /// Adds attachments, or words alone, to a ticket that is not ended: the ticket names them from now on, every platform that wants
    /// updates is told `supplemented`, and every one that wants attachments gets them. What the ticket has already is left out; when
    /// nothing is left, nothing happens.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::IllegalMove`] (to its own state: the ticket is ended), [`StoreError::Unavailable`].
    async fn supplement(&self, number: &str, new: NewEvidence) -> Result<Ticket, StoreError>;

    /// [`TicketStore::move_to`](super::store::TicketStore::move_to) with attachments: both or neither.
    ///
    /// # Errors
    /// As `move_to`.
    async fn move_with(&self, number: &str, step: TicketMove, evidence: Uuid, attachments: &[Uuid])
    -> Result<Ticket, StoreError>;

    /// What was added to a ticket, oldest first; empty for an unknown number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn added(&self, number: &str) -> Result<Vec<AddedEvidence>, StoreError>;

    /// Attachments that came with a move (an event of the ticket).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn of_move(&self, event_id: i64) -> Result<Vec<Uuid>, StoreError>;
}

/// Where a photo says that it was taken. Answered once and offered to the draft; the kept file no longer has it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PhotoPosition {
    /// Latitude in degrees.
    pub lat: f64,
    /// Longitude in degrees.
    pub lng: f64,
    /// Always `wgs84`: what GPS gives.
    pub system: PointSystem,
    /// When, if the photo says so with its zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub taken_at: Option<Timestamp>,
}

impl Draft {
    /// Puts attachments behind those that it has, each once.
    pub fn attach(&mut self, ids: &[Uuid]) {
        for id in ids {
            if !self.attachments.contains(id) {
                self.attachments.push(*id);
            }
        }
    }

    /// Whether the words take the position that a photo offers: 「用照片的位置」.
    #[must_use]
    pub fn accepts_photo_position(&self, said: &str) -> bool {
        const LONGEST: usize = 18;
        const TAKES: [&str; 6] = ["用", "就是", "按", "以", "取", "对"];
        let names = said.contains("照片") && ["位置", "定位", "地点"].iter().any(|w| said.contains(w));
        self.photo_position.is_some()
            && names
            && TAKES.iter().any(|w| said.contains(w))
            && !["不", "别", "吗", "?", "？"].iter().any(|w| said.contains(w))
            && said.chars().count() <= LONGEST
    }

    /// Takes the position that a photo offers as the point of the place, and asks about the grid it lies in as about
    /// the resident's own position. The offer has been answered then.
    pub fn take_photo_position(&mut self, places: PlacesOn<'_>) {
        if let Some(PhotoPosition { lat, lng, system, taken_at: _ }) = self.photo_position.take() {
            self.place.point = Some(Point { lat, lng, system, accuracy_m: None });
            self.weigh_position(places);
        }
    }
}
