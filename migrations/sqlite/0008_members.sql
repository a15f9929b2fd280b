-- Who belongs to an organisation, and with which role. What a token says is weighed against it.

CREATE TABLE members (
    org        TEXT    NOT NULL,
    -- The user; or, until whoever has it comes, an e-mail address that an admin awaits.
    id         TEXT    NOT NULL,
    role       TEXT    NOT NULL CHECK (role IN ('admin', 'member', 'viewer')),
    -- In lower case; only one that its issuer has verified, or that an admin gave. The same as the id: awaited by it.
    email      TEXT,
    added_at   INTEGER NOT NULL,
    -- None: awaited, and not seen yet.
    joined_at  INTEGER,
    -- Whoever was removed stays known as that: a token may outlive the membership.
    removed_at INTEGER,
    -- Of all changes of all members, counted in `member_changes`, the last one of this member.
    change     INTEGER NOT NULL,
    PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;

-- Each node reads what is above the count that it has read. One row, written by each change until it
-- commits: whoever reads a count has seen all below it.
CREATE UNIQUE INDEX members_change ON members (change);

-- Who was removed does not come back by itself under another user id.
CREATE INDEX members_email ON members (org, email) WHERE email IS NOT NULL;

CREATE TABLE member_changes (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    n  INTEGER NOT NULL
) STRICT;

INSERT INTO member_changes (id, n) VALUES (1, 0);
