-- What is counted of conversations, also after they are gone: no words, and nothing that leads to a person. The link to a
-- conversation and its turns is cut when these are deleted; the numbers stay.
CREATE TABLE conversation_facts (
    id              INTEGER PRIMARY KEY,
    conversation_id TEXT UNIQUE,
    channel         TEXT    NOT NULL,
    audience        TEXT    NOT NULL,
    at              INTEGER NOT NULL,
    tickets         INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX conversation_facts_by_time ON conversation_facts (at);

CREATE TABLE turn_facts (
    id           INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversation_facts (id),
    turn_id      TEXT UNIQUE,
    at           INTEGER NOT NULL, -- when it was asked
    took_ms      INTEGER NOT NULL,
    route        TEXT    NOT NULL,
    finish       TEXT    NOT NULL,
    generated    INTEGER NOT NULL,
    documents    TEXT    NOT NULL, -- what was cited, JSON: [[id, title], …]
    thumb        TEXT
);
CREATE INDEX turn_facts_by_time ON turn_facts (at);
CREATE INDEX turn_facts_of ON turn_facts (conversation);

-- What is there already. The turns follow at the next start: how they ended lies sealed.
INSERT INTO conversation_facts (conversation_id, channel, audience, at, tickets)
    SELECT c.id, c.channel, c.audience, c.created_at, (SELECT COUNT(*) FROM tickets t WHERE t.conversation_id = c.id)
    FROM conversations c;

CREATE TRIGGER conversation_counted AFTER INSERT ON conversations
BEGIN
    INSERT INTO conversation_facts (conversation_id, channel, audience, at) VALUES (new.id, new.channel, new.audience, new.created_at);
END;
CREATE TRIGGER conversation_forgotten AFTER DELETE ON conversations
BEGIN
    UPDATE conversation_facts SET conversation_id = NULL WHERE conversation_id = old.id;
END;
CREATE TRIGGER turn_forgotten AFTER DELETE ON turns
BEGIN
    UPDATE turn_facts SET turn_id = NULL WHERE turn_id = old.id;
END;
CREATE TRIGGER turn_rated AFTER UPDATE OF feedback ON messages WHEN new.turn_id IS NOT NULL
BEGIN
    UPDATE turn_facts SET thumb = new.feedback WHERE turn_id = new.turn_id;
END;
CREATE TRIGGER ticket_of_conversation AFTER INSERT ON tickets
BEGIN
    UPDATE conversation_facts SET tickets = tickets + 1 WHERE conversation_id = new.conversation_id;
END;

CREATE INDEX tickets_by_time ON tickets (created_at);
CREATE INDEX outbox_by_time ON outbox (created_at);
