-- Several platforms a ticket, and more than its first push: what changed later, and its attachments, in the order they happened.
ALTER TABLE outbox ADD COLUMN kind TEXT NOT NULL DEFAULT 'incident';  -- incident | update | attachment
ALTER TABLE outbox ADD COLUMN message_id TEXT;                       -- idempotency key of an update or attachment; null for the incident
ALTER TABLE outbox ADD COLUMN payload TEXT;                          -- of an update: sealed JSON
ALTER TABLE outbox ADD COLUMN corrections TEXT;                      -- of a dead letter that was put right by hand: sealed JSON merge patch
CREATE UNIQUE INDEX outbox_messages ON outbox (message_id, destination) WHERE message_id IS NOT NULL;

-- Where a ticket went, and what each platform says of it. The leading one moves the ticket; the others only have a state of their own.
CREATE TABLE ticket_destinations (
    ticket_id     TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    destination   TEXT    NOT NULL,
    leads         INTEGER NOT NULL,
    updates       INTEGER NOT NULL DEFAULT 1, -- 1 = it is told what changes later
    remote_status TEXT,
    remote_at     INTEGER, -- of its newest callback: an older one that comes later is out of order
    checked_at    INTEGER, -- when it was last asked what it has
    PRIMARY KEY (ticket_id, destination)
) WITHOUT ROWID;
CREATE INDEX ticket_destinations_by_check ON ticket_destinations (destination, checked_at);
INSERT INTO ticket_destinations (ticket_id, destination, leads, remote_at)
    SELECT o.ticket_id, o.destination, MIN(o.id) = (SELECT MIN(p.id) FROM outbox p WHERE p.ticket_id = o.ticket_id), t.platform_at
    FROM outbox o JOIN tickets t ON t.id = o.ticket_id GROUP BY o.ticket_id, o.destination;

-- A webhook-id is one platform's own.
CREATE TABLE callbacks_of_platforms (
    destination TEXT    NOT NULL,
    webhook_id  TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    ticket_id   TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    status      TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    applied     INTEGER NOT NULL,
    remark      TEXT, -- why it was not applied
    PRIMARY KEY (destination, webhook_id)
);
INSERT INTO callbacks_of_platforms
    SELECT COALESCE((SELECT o.destination FROM outbox o WHERE o.ticket_id = c.ticket_id ORDER BY o.id LIMIT 1), 'platform'),
           c.webhook_id, c.received_at, c.ticket_id, c.status, c.at, c.applied, c.remark FROM platform_callbacks c;
DROP TABLE platform_callbacks;
ALTER TABLE callbacks_of_platforms RENAME TO platform_callbacks;
CREATE INDEX platform_callbacks_of ON platform_callbacks (ticket_id, received_at);

-- Platforms that a person has told to wait.
CREATE TABLE paused_destinations (
    destination TEXT PRIMARY KEY,
    at          INTEGER NOT NULL,
    by_account  TEXT    NOT NULL,
    reason      TEXT    NOT NULL
);
