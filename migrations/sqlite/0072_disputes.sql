-- A post says that a ticket is not for it (派单异议); another person decides. What was raised stays as it was raised; a decision
-- is written once.
CREATE TABLE ticket_disputes (
    id          TEXT PRIMARY KEY,
    ticket_id   TEXT    NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    raised_at   INTEGER NOT NULL,
    raised_by   TEXT    NOT NULL, -- the account; empty = the governance platform
    raised_name TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    before      TEXT    NOT NULL, -- the ticket's state before
    section     TEXT    NOT NULL, -- whose ticket it was
    post        TEXT    NOT NULL,
    route       TEXT    NOT NULL, -- its whole route, JSON
    decided_at  INTEGER,
    decided_by  TEXT,
    decided_name TEXT,
    upheld      INTEGER,
    decision    TEXT, -- why, in words
    new_route   TEXT -- when upheld, JSON
);
-- One at a time.
CREATE UNIQUE INDEX ticket_disputes_open ON ticket_disputes (ticket_id) WHERE decided_at IS NULL;
CREATE INDEX ticket_disputes_of ON ticket_disputes (ticket_id, raised_at);
CREATE INDEX ticket_disputes_by_post ON ticket_disputes (section, post);
CREATE TRIGGER ticket_disputes_stay BEFORE UPDATE ON ticket_disputes
WHEN OLD.decided_at IS NOT NULL OR NEW.decided_at IS NULL OR OLD.id <> NEW.id OR OLD.ticket_id <> NEW.ticket_id
    OR OLD.raised_at <> NEW.raised_at OR OLD.raised_by <> NEW.raised_by OR OLD.raised_name <> NEW.raised_name
    OR OLD.reason <> NEW.reason OR OLD.before <> NEW.before OR OLD.section <> NEW.section OR OLD.post <> NEW.post
    OR OLD.route <> NEW.route
BEGIN SELECT RAISE(ABORT, 'what was raised stays, and a decision is written once'); END;
