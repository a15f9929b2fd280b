-- What a diagram carries besides its text; who its people are; answers that are given twice.

ALTER TABLE diagrams ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata));

-- What is deleted goes for good after a while: the oldest first.
CREATE INDEX diagrams_deleted ON diagrams (deleted_at) WHERE deleted_at IS NOT NULL;

-- What people are called. A user is whom a token names; this only remembers what others saw at its cursor.
CREATE TABLE users (
    org     TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;

-- What was answered under an idempotency key, for a day. Without a status it is still being answered, by
-- this life of this node.
CREATE TABLE answers (
    org        TEXT    NOT NULL,
    user       TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    -- SHA-256 of the request.
    request    BLOB    NOT NULL CHECK (length(request) = 32),
    node       INTEGER NOT NULL,
    status     INTEGER,
    headers    TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(headers)),
    body       BLOB,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org, user, key)
) STRICT;

CREATE INDEX answers_oldest ON answers (created_at);
