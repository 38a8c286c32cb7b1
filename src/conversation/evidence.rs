//! Attachments of a conversation or an account: kept with their check sums, read again only whole, counted, added to tickets.

use std::collections::VecDeque;

use bytes::Bytes;
use jiff::SignedDuration;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::media::{Cleaned, MediaKind};
use super::service::Conversations;
use super::store::{Attachment, Owner, StoreError};
use crate::core::ids::named;
use crate::incident::draft::Draft;
use crate::incident::evidence::{AddedEvidence, NewEvidence, PhotoPosition};
use crate::incident::store::{StoreError as TicketError, TicketMove};
use crate::incident::ticket::{Status, Ticket};

/// Positions that wait for their photo to be put into a draft. They are never written anywhere before that.
const POSITIONS: usize = 512;
/// Files of one account that may wait for a move.
const LOOSE_OF_ACCOUNT: u32 = 40;
/// Longest note, in characters.
const NOTE: usize = 500;

/// A kept file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not what was kept: the disk, or a hand, has changed it.
    #[error("attachment {0} is damaged: its bytes do not have the check sum of when it was kept")]
    Damaged(Uuid),
    /// Storage.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Attachments were not added.
#[derive(Debug, thiserror::Error)]
pub enum SupplementError {
    /// One of them is not the sender's.
    #[error("unknown attachment {0}")]
    Unknown(Uuid),
    /// In words for whoever sent them.
    #[error("{0}")]
    TooMany(String),
    /// The ticket is ended.
    #[error("the ticket is ended: {}", .0.word())]
    Ended(Status),
    /// Conversation rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Ticket rows.
    #[error(transparent)]
    Ticket(#[from] TicketError),
}

/// Positions of photos, by attachment, oldest first.
#[derive(Debug, Default)]
pub(super) struct Positions(Mutex<VecDeque<(Uuid, PhotoPosition)>>);

impl Positions {
    fn remember(&self, id: Uuid, position: PhotoPosition) {
        let mut all = self.0.lock();
        if all.len() >= POSITIONS {
            all.pop_front();
        }
        all.push_back((id, position));
    }

    /// Takes them out.
    fn take(&self, ids: &[Uuid]) -> Option<PhotoPosition> {
        let mut all = self.0.lock();
        let found = all.iter().find(|(id, _)| ids.contains(id)).map(|(_, position)| *position);
        all.retain(|(id, _)| !ids.contains(id));
        found
    }
}

/// Whether bytes are those of a check sum (SHA-256, hex).
#[must_use]
pub fn is_intact(bytes: &[u8], sha256: &str) -> bool {
    hex::encode(Sha256::digest(bytes)) == sha256
}

/// Where the small picture of an attachment lies.
fn thumb_of(id: Uuid) -> Uuid {
    named(&format!("gridworker-thumb\n{id}"))
}

impl Conversations {
    /// Keeps a file that was already cleaned.
    ///
    /// # Errors
    /// Storage.
    pub async fn keep(&self, owner: Owner, file: Cleaned) -> Result<Attachment, StoreError> {
        let Cleaned { kind, bytes, content_type, size, duration_ms, thumb, position } = file;
        let digest = |bytes: &Bytes| hex::encode(Sha256::digest(bytes));
        let (width, height) = size.unwrap_or_default();
        let attachment = Attachment {
            id: self.parts.ids.uuid(),
            owner,
            kind,
            content_type: content_type.to_owned(),
            bytes: bytes.len() as u64,
            width,
            height,
            duration_ms,
            sha256: digest(&bytes),
            thumb_sha256: thumb.as_ref().map(digest),
        };
        // Bytes first: a row without its file would be a broken promise, a file without a row is only litter.
        self.parts.blobs.put(attachment.id, bytes).await?;
        if let Some(thumb) = thumb {
            self.parts.blobs.put(thumb_of(attachment.id), thumb).await?;
        }
        self.parts.store.add_attachment(&attachment, self.now()).await?;
        if let (Some(position), Owner::Conversation(_)) = (position, owner) {
            self.positions.remember(attachment.id, position);
        }
        Ok(attachment)
    }

    /// An attachment's row.
    ///
    /// # Errors
    /// Storage.
    pub async fn attachment(&self, id: Uuid) -> Result<Option<Attachment>, StoreError> {
        self.parts.store.attachment(id).await
    }

    /// The bytes of an attachment.
    ///
    /// # Errors
    /// They are not what was kept; storage.
    pub async fn file(&self, row: &Attachment) -> Result<Bytes, FileError> {
        self.intact(row.id, row.id, &row.sha256).await
    }

    /// The small picture of an attachment; `None` when it has none.
    ///
    /// # Errors
    /// As [`Self::file`].
    pub async fn thumb(&self, row: &Attachment) -> Result<Option<Bytes>, FileError> {
        let Some(sha256) = &row.thumb_sha256 else { return Ok(None) };
        self.intact(row.id, thumb_of(row.id), sha256).await.map(Some)
    }

    async fn intact(&self, of: Uuid, blob: Uuid, sha256: &str) -> Result<Bytes, FileError> {
        let bytes = self.parts.blobs.get(blob).await?.filter(|bytes| is_intact(bytes, sha256));
        bytes.ok_or(FileError::Damaged(of))
    }

    /// How many attachments a conversation has, or how many of an account wait for a move.
    ///
    /// # Errors
    /// Storage.
    pub async fn attachment_count(&self, owner: Owner) -> Result<u32, StoreError> {
        self.parts.store.attachment_count(owner).await
    }

    /// Whether an account may send one more file; what it sent a day ago and put into no ticket goes first.
    ///
    /// # Errors
    /// Storage.
    pub async fn has_room(&self, account: Uuid) -> Result<bool, StoreError> {
        let gone = self.parts.store.sweep_attachments(self.now() - SignedDuration::from_hours(24)).await?;
        self.remove_files(&gone).await?;
        Ok(self.attachment_count(Owner::Account(account)).await? < LOOSE_OF_ACCOUNT)
    }

    /// Removes the bytes of attachments whose rows are gone.
    pub(super) async fn remove_files(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        for id in ids {
            self.parts.blobs.remove(*id).await?;
            self.parts.blobs.remove(thumb_of(*id)).await?;
        }
        Ok(())
    }

    /// Why `new` cannot be put to what a ticket or draft already has from residents; `None` = it can.
    pub(super) async fn too_many(&self, held: &[Uuid], new: &[Uuid]) -> Result<Option<String>, StoreError> {
        let limits = &self.parts.attachments;
        let mut all: Vec<Uuid> = held.iter().chain(new).copied().collect();
        all.sort_unstable();
        all.dedup();
        let (mut count, mut videos) = (0, 0);
        for id in all {
            // What has been deleted, and what staff brought, does not count.
            let Some(row) = self.parts.store.attachment(id).await? else { continue };
            if matches!(row.owner, Owner::Conversation(_)) {
                count += 1;
                videos += usize::from(row.kind == MediaKind::Video);
            }
        }
        if videos > limits.max_videos_per_ticket {
            return Ok(Some(format!("一件事最多发{}段视频，这次的没有收下", limits.max_videos_per_ticket)));
        }
        let most = limits.max_per_ticket;
        Ok((count > most).then(|| format!("一件事最多发{most}个附件（照片、语音、视频合计），这次的没有收下")))
    }

    /// The first of these that is not the owner's.
    ///
    /// # Errors
    /// Storage.
    pub async fn foreign(&self, owner: Owner, ids: &[Uuid]) -> Result<Option<Uuid>, StoreError> {
        for id in ids {
            if self.parts.store.attachment(*id).await?.is_none_or(|a| a.owner != owner) {
                return Ok(Some(*id));
            }
        }
        Ok(None)
    }

    /// Puts attachments of a conversation into its draft, and offers the draft where a photo says it was taken.
    pub(super) fn put_into(&self, draft: &mut Draft, ids: &[Uuid]) -> Option<&'static str> {
        draft.attach(ids);
        let position = self.positions.take(ids)?;
        draft.photo_position = Some(position);
        Some("照片里带有拍摄位置，要用它当作事发位置，就回复“用照片的位置”。")
    }

    /// 「2张照片、1段视频」
    pub(super) async fn counted(&self, ids: &[Uuid]) -> Result<String, StoreError> {
        let mut counts = [(MediaKind::Photo, "张", 0), (MediaKind::Voice, "段", 0), (MediaKind::Video, "段", 0)];
        for id in ids {
            let kind = self.parts.store.attachment(*id).await?.map_or(MediaKind::Photo, |row| row.kind);
            if let Some(entry) = counts.iter_mut().find(|(k, _, _)| *k == kind) {
                entry.2 += 1;
            }
        }
        let words: Vec<String> =
            counts.iter().filter(|(_, _, n)| *n > 0).map(|(kind, unit, n)| format!("{n}{unit}{}", kind.title())).collect();
        Ok(words.join("、"))
    }

    /// Adds a resident's attachments to a ticket of their own that is not ended. The same again changes nothing.
    ///
    /// # Errors
    /// See [`SupplementError`].
    pub async fn supplement(
        &self,
        conversation: Uuid,
        ticket: &Ticket,
        ids: &[Uuid],
        note: Option<&str>,
    ) -> Result<Ticket, SupplementError> {
        if ticket.status.is_final() {
            return Err(SupplementError::Ended(ticket.status));
        }
        if let Some(id) = self.foreign(Owner::Conversation(conversation), ids).await? {
            return Err(SupplementError::Unknown(id));
        }
        if let Some(words) = self.too_many(&ticket.attachments, ids).await? {
            return Err(SupplementError::TooMany(words));
        }
        self.positions.take(ids);
        self.add_to(ticket, "居民", ids, note).await
    }

    /// Adds attachments that staff brought, without moving the ticket.
    ///
    /// # Errors
    /// See [`SupplementError`].
    pub async fn add_to(&self, ticket: &Ticket, by: &str, ids: &[Uuid], note: Option<&str>) -> Result<Ticket, SupplementError> {
        let note = note.map(|n| n.trim().chars().take(NOTE).collect::<String>()).filter(|n| !n.is_empty());
        let new = NewEvidence { id: self.parts.ids.uuid(), attachments: ids.to_vec(), note, by: by.to_owned(), at: self.now() };
        let added = self.parts.evidence.supplement(&ticket.number, new).await.map_err(|error| match error {
            TicketError::IllegalMove { from, .. } => SupplementError::Ended(from),
            other => SupplementError::Ticket(other),
        })?;
        self.parts.bell.ring();
        Ok(added)
    }

    /// Moves a ticket by staff, with what they brought.
    ///
    /// # Errors
    /// As [`TicketStore::move_to`](crate::incident::store::TicketStore::move_to).
    pub async fn move_with(&self, number: &str, step: TicketMove, ids: &[Uuid]) -> Result<Ticket, TicketError> {
        let moved = self.parts.evidence.move_with(number, step, self.parts.ids.uuid(), ids).await?;
        self.parts.bell.ring();
        Ok(moved)
    }

    /// What was added to a ticket after it was confirmed, oldest first.
    ///
    /// # Errors
    /// Storage.
    pub async fn added(&self, number: &str) -> Result<Vec<AddedEvidence>, TicketError> {
        self.parts.evidence.added(number).await
    }

    /// Whether a conversation may see an attachment: its own, and what staff put to a ticket of its own.
    ///
    /// # Errors
    /// Storage.
    pub async fn may_see(&self, conversation: Uuid, row: &Attachment) -> Result<bool, TicketError> {
        match row.owner {
            Owner::Conversation(id) => Ok(id == conversation),
            Owner::Account(_) => {
                let own = self.parts.tickets.by_conversation(conversation).await?;
                Ok(own.iter().any(|t| t.attachments.contains(&row.id)))
            }
        }
    }
}
