-- Who did what, written in the transaction that did it. Newest rows have the largest ids.
CREATE TABLE audit (
    id      INTEGER NOT NULL PRIMARY KEY,
    org     TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    user    TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    -- What it was done to: a diagram or a project.
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(detail))
) STRICT;

CREATE INDEX audit_of_org ON audit (org, id);
CREATE INDEX audit_of_subject ON audit (org, subject, id);
CREATE INDEX audit_oldest ON audit (at);
