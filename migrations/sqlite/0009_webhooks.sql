-- What others are told: events, written in the transaction that does what they tell, and their way to those
-- who asked for them. Ordinary tables with row numbers: the server is woken by changes of `deliveries`.

CREATE TABLE events (
    -- Never given twice: places in lists outlive the events.
    seq     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id      TEXT    NOT NULL UNIQUE,
    org     TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    -- What happened to which diagram, project, member or webhook: its events are told in order.
    subject TEXT    NOT NULL,
    project TEXT,
    user    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    data    TEXT    NOT NULL CHECK (json_valid(data))
) STRICT;

CREATE INDEX events_of_org ON events (org, seq);
CREATE INDEX events_oldest ON events (at);

CREATE TABLE webhooks (
    org           TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    url           TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    -- The kinds of events it wants, as a JSON list; an empty one: all.
    kinds         TEXT    NOT NULL CHECK (json_valid(kinds)),
    diagram       TEXT,
    project       TEXT,
    -- Sealed under the server's secret. The old one signs too until its time is over.
    secret        BLOB    NOT NULL,
    old_secret    BLOB,
    old_until     INTEGER,
    -- Why nothing is delivered to it.
    off           TEXT    CHECK (off IN ('switched-off', 'failing', 'gone', 'overflowing')),
    -- Since when nothing has arrived.
    failing_since INTEGER,
    -- How many events wait for it that nobody asked for once more: counted below.
    waiting       INTEGER NOT NULL DEFAULT 0,
    created_by    TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    change        INTEGER NOT NULL,
    PRIMARY KEY (org, id),
    CHECK ((old_secret IS NULL) = (old_until IS NULL))
) STRICT;

CREATE TABLE deliveries (
    org      TEXT    NOT NULL,
    webhook  TEXT    NOT NULL,
    event    INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    subject  TEXT    NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    -- Asked for once more. The events of a subject are told one behind the other, and in a line of their own
    -- those that are told again: neither line waits for the other.
    again    INTEGER NOT NULL DEFAULT 0 CHECK (again IN (0, 1)),
    -- When it was asked for: it is given up a while behind that.
    since    INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- The next attempt. While one is on its way: when that counts as lost. None for one that waits behind
    -- another in its line.
    due_at   INTEGER,
    tried_at INTEGER,
    -- The last answer, and what was wrong.
    status   INTEGER,
    error    TEXT,
    PRIMARY KEY (org, webhook, event),
    FOREIGN KEY (org, webhook) REFERENCES webhooks (org, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'pending' AND due_at IS NOT NULL;
CREATE INDEX deliveries_due_to ON deliveries (org, webhook, due_at) WHERE state = 'pending' AND due_at IS NOT NULL;
CREATE INDEX deliveries_in_line ON deliveries (org, webhook, subject, again, event) WHERE state = 'pending';
CREATE INDEX deliveries_of_event ON deliveries (event);

CREATE TRIGGER deliveries_begin_to_wait AFTER INSERT ON deliveries WHEN NEW.state = 'pending' AND NEW.again = 0 BEGIN
    UPDATE webhooks SET waiting = waiting + 1 WHERE org = NEW.org AND id = NEW.webhook;
END;

-- None begins to wait again but as one that is asked for once more.
CREATE TRIGGER deliveries_wait_no_more AFTER UPDATE OF state ON deliveries
WHEN OLD.state = 'pending' AND OLD.again = 0 AND NEW.state <> 'pending' BEGIN
    UPDATE webhooks SET waiting = waiting - 1 WHERE org = NEW.org AND id = NEW.webhook;
END;
