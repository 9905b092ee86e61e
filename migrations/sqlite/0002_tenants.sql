-- Whose data: one row an installation. A secret is sealed (AES-256-GCM, tenant and column as associated data).
CREATE TABLE tenants (
    id               TEXT    PRIMARY KEY,
    client_key       TEXT    UNIQUE,
    host             TEXT    NOT NULL,
    cloud_id         TEXT,
    display_url      TEXT,
    oauth_client_id  TEXT,
    shared_secret    BLOB,
    secret_version   INTEGER NOT NULL,
    epoch            INTEGER NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('installed', 'uninstalled', 'replaced')),
    suspended        TEXT,
    installed_at     INTEGER NOT NULL,
    changed_at       INTEGER NOT NULL,
    event_iat        INTEGER NOT NULL
) STRICT;

-- A site belongs to one live tenant.
CREATE UNIQUE INDEX tenants_live_host ON tenants (host) WHERE state = 'installed';
CREATE UNIQUE INDEX tenants_live_cloud ON tenants (cloud_id) WHERE state = 'installed' AND cloud_id IS NOT NULL;

-- Accepted lifecycle tokens until they expire: the body is not covered by their signature.
CREATE TABLE lifecycle_tokens (
    hash       BLOB    PRIMARY KEY,
    body_hash  BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- Uninstalls of tenants that are not there yet: the install that they end may still be on its way.
CREATE TABLE tombstones (
    client_key TEXT    PRIMARY KEY,
    iat        INTEGER NOT NULL
) STRICT;

-- Who may act as whom, for which actions, until when, given by whom.
CREATE TABLE grants (
    id         TEXT    PRIMARY KEY,
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    account    TEXT    NOT NULL,
    act_as     TEXT    NOT NULL,
    actions    TEXT    NOT NULL,
    expires_at INTEGER,
    reason     TEXT    NOT NULL,
    given_by   TEXT    NOT NULL,
    given_at   INTEGER NOT NULL,
    revoked_at INTEGER,
    revoked_by TEXT
) STRICT;
CREATE INDEX grants_tenant ON grants (tenant);

-- A known text sealed with the master key: a wrong key is noticed at start, also before the first install.
CREATE TABLE vault_check (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    sealed BLOB    NOT NULL
) STRICT;

-- Tokens of the admin side; only a keyed hash is kept.
CREATE TABLE admin_tokens (
    hash       BLOB    PRIMARY KEY,
    id         TEXT    NOT NULL UNIQUE,
    role       TEXT    NOT NULL CHECK (role IN ('auditor', 'security', 'operator')),
    name       TEXT    NOT NULL,
    made_by    TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
