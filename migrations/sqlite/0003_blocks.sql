-- Who is kept out, until when, by whom, what for. A row names an account on one site, an account on all sites (no tenant) or a
-- tenant (no account). It stays when its block has ended, as the history of it.
CREATE TABLE blocks (
    id        TEXT    PRIMARY KEY,
    account   TEXT,
    tenant    TEXT    REFERENCES tenants (id),
    until     INTEGER,
    reason    TEXT,
    made_by   TEXT    NOT NULL,
    made_at   INTEGER NOT NULL,
    ended_at  INTEGER,
    ended_by  TEXT
) STRICT;
CREATE INDEX blocks_open ON blocks (account, tenant) WHERE ended_at IS NULL;
