-- What tenants see. Every key begins with the organisation: a foreign id can't even collide.

CREATE TABLE diagrams (
    org        TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    -- The title in lower case, in Unicode's sense: SQLite's own lower() knows ASCII only.
    title_key  TEXT    NOT NULL,
    created_by TEXT    NOT NULL,
    -- Times are milliseconds since 1970, UTC.
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    -- The newest stored revision, and the newest that somebody saved on purpose.
    version    INTEGER NOT NULL CHECK (version >= 1),
    saved      INTEGER NOT NULL CHECK (saved >= 1 AND saved <= version),
    -- Counts every change of this row: the entity tag.
    change     INTEGER NOT NULL,
    summary    TEXT    NOT NULL CHECK (json_valid(summary)),
    PRIMARY KEY (org, id)
) STRICT;

CREATE INDEX diagrams_newest ON diagrams (org, updated_at DESC, id DESC) WHERE deleted_at IS NULL;

CREATE TABLE revisions (
    org        TEXT    NOT NULL,
    diagram    TEXT    NOT NULL,
    version    INTEGER NOT NULL CHECK (version >= 1),
    kind       TEXT    NOT NULL CHECK (kind IN ('upload', 'save', 'checkpoint', 'base')),
    -- The bytes as they came (version 1) or as they were materialised, in the row or in a blob.
    bytes      BLOB,
    blob       TEXT,
    size       INTEGER NOT NULL,
    crc        INTEGER NOT NULL,
    -- SHA-256 of the materialised text.
    hash       BLOB    NOT NULL CHECK (length(hash) = 32),
    author     TEXT    NOT NULL,
    message    TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org, diagram, version),
    FOREIGN KEY (org, diagram) REFERENCES diagrams (org, id),
    CHECK ((bytes IS NULL) <> (blob IS NULL))
) STRICT;
