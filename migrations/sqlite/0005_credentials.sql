-- Credentials that this gateway issues: sessions and client keys. Only a keyed hash of each is kept, and it is the primary key: a look-up
-- is one descent, however many there are.

-- The tenant's epoch since which a session or key must be made to be good. Keys outlive a new shared secret; sessions do not.
ALTER TABLE tenants ADD COLUMN sessions_since INTEGER NOT NULL DEFAULT 1;
ALTER TABLE tenants ADD COLUMN keys_since     INTEGER NOT NULL DEFAULT 1;

CREATE TABLE sessions (
    hash         BLOB    PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    epoch        INTEGER NOT NULL,
    account      TEXT    NOT NULL,
    page         BLOB,
    user_agent   TEXT,
    made_at      INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL,
    ended_at     INTEGER,
    ended_by     TEXT
) STRICT, WITHOUT ROWID;
-- Without those that were ended: opening and ending sessions all day must not make it dearer to count the open ones.
CREATE INDEX sessions_of ON sessions (tenant, account, ends_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_on ON sessions (tenant, ends_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_end ON sessions (ends_at);

CREATE TABLE client_keys (
    hash            BLOB    PRIMARY KEY,
    id              TEXT    NOT NULL UNIQUE,
    tenant          TEXT    NOT NULL REFERENCES tenants (id),
    epoch           INTEGER NOT NULL,
    account         TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    bounds          TEXT    NOT NULL,
    rate_per_minute INTEGER,
    replaces        TEXT,
    made_by         TEXT    NOT NULL,
    made_at         INTEGER NOT NULL,
    last_used_at    INTEGER,
    ends_at         INTEGER NOT NULL,
    revoked_at      INTEGER,
    revoked_by      TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX client_keys_of ON client_keys (tenant, account, made_at);
CREATE INDEX client_keys_on ON client_keys (tenant, made_at);
CREATE INDEX client_keys_made ON client_keys (made_at);
CREATE INDEX client_keys_live ON client_keys (tenant, account, ends_at) WHERE revoked_at IS NULL;

-- Tokens of Jira that were exchanged, until they expire: each opens one page, one session or one key.
CREATE TABLE spent_tokens (
    hash       BLOB    PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_tokens_end ON spent_tokens (expires_at);

-- A block may be on one client key, by its id.
ALTER TABLE blocks ADD COLUMN on_key TEXT;
CREATE INDEX blocks_of_account ON blocks (account, made_at) WHERE account IS NOT NULL;
