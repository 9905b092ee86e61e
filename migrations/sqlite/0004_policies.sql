-- What is known of policy sets beside their texts: who brought one, what was proven of it, when it went live. All of it is kept for
-- ever. The triggers stop accidents; whoever can write the file can drop them, and is stopped by the signatures.

-- A set is kept from when it is brought: as a candidate, before it is active or without ever being.
ALTER TABLE policy_sets RENAME COLUMN first_activated TO first_kept;
-- A list reads this alone: in the table the time stands behind megabytes of text.
CREATE INDEX policy_sets_by_time ON policy_sets (first_kept DESC, digest, schema_digest);

-- Keys that sign. The private half is sealed (AES-256-GCM, `gatepost` and column as associated data).
CREATE TABLE signing_keys (
    number  INTEGER PRIMARY KEY,
    id      TEXT    NOT NULL UNIQUE,
    public  BLOB    NOT NULL UNIQUE,
    private BLOB    NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;

-- Who brought a set: `unix:1000`, `token:…`. Sets that went live before this table was made have no row.
CREATE TABLE policy_authors (
    policy_set    TEXT    NOT NULL,
    schema_digest TEXT    NOT NULL,
    author        TEXT    NOT NULL,
    at            INTEGER NOT NULL,
    signature     BLOB    NOT NULL,
    PRIMARY KEY (policy_set, schema_digest),
    FOREIGN KEY (policy_set, schema_digest) REFERENCES policy_sets (digest, schema_digest)
) STRICT;

-- What was proven of a set. A set that is proven again, by another solver, has one more.
CREATE TABLE policy_certificates (
    number        INTEGER PRIMARY KEY,
    digest        TEXT    NOT NULL UNIQUE,
    policy_set    TEXT    NOT NULL,
    schema_digest TEXT    NOT NULL,
    text          TEXT    NOT NULL,
    signature     BLOB    NOT NULL,
    key_id        TEXT    NOT NULL REFERENCES signing_keys (id),
    kept_at       INTEGER NOT NULL,
    FOREIGN KEY (policy_set, schema_digest) REFERENCES policy_sets (digest, schema_digest)
) STRICT;
CREATE INDEX policy_certificates_set ON policy_certificates (policy_set, schema_digest, number);

-- When a set went live. Without a certificate the proof was waived. `dropped` is an array of the names of guarantees.
CREATE TABLE policy_activations (
    number        INTEGER PRIMARY KEY,
    policy_set    TEXT    NOT NULL,
    schema_digest TEXT    NOT NULL,
    certificate   TEXT    REFERENCES policy_certificates (digest),
    at            INTEGER NOT NULL,
    by            TEXT    NOT NULL,
    reason        TEXT,
    dropped       TEXT    NOT NULL,
    signature     BLOB    NOT NULL,
    FOREIGN KEY (policy_set, schema_digest) REFERENCES policy_sets (digest, schema_digest)
) STRICT;
CREATE INDEX policy_activations_set ON policy_activations (policy_set, schema_digest, number);

-- The set that stays in force whatever the folder says; no row if the folder rules.
CREATE TABLE policy_pin (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    policy_set TEXT    NOT NULL,
    by         TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    signature  BLOB    NOT NULL
) STRICT;

-- The third of each: INSERT OR REPLACE deletes without asking the trigger for DELETE.
CREATE TRIGGER policy_authors_stay BEFORE UPDATE ON policy_authors
BEGIN SELECT raise(ABORT, 'who brought a policy set is kept for ever'); END;
CREATE TRIGGER policy_authors_last BEFORE DELETE ON policy_authors
BEGIN SELECT raise(ABORT, 'who brought a policy set is kept for ever'); END;
CREATE TRIGGER policy_authors_once BEFORE INSERT ON policy_authors
WHEN EXISTS (
    SELECT 1 FROM policy_authors
    WHERE policy_set = NEW.policy_set AND schema_digest = NEW.schema_digest
)
BEGIN SELECT raise(ABORT, 'who brought a policy set is kept for ever'); END;

CREATE TRIGGER policy_certificates_stay BEFORE UPDATE ON policy_certificates
BEGIN SELECT raise(ABORT, 'certificates are kept for ever'); END;
CREATE TRIGGER policy_certificates_last BEFORE DELETE ON policy_certificates
BEGIN SELECT raise(ABORT, 'certificates are kept for ever'); END;
CREATE TRIGGER policy_certificates_once BEFORE INSERT ON policy_certificates
WHEN EXISTS (
    SELECT 1 FROM policy_certificates WHERE digest = NEW.digest OR number = NEW.number
)
BEGIN SELECT raise(ABORT, 'certificates are kept for ever'); END;

CREATE TRIGGER policy_activations_stay BEFORE UPDATE ON policy_activations
BEGIN SELECT raise(ABORT, 'activations are kept for ever'); END;
CREATE TRIGGER policy_activations_last BEFORE DELETE ON policy_activations
BEGIN SELECT raise(ABORT, 'activations are kept for ever'); END;
CREATE TRIGGER policy_activations_once BEFORE INSERT ON policy_activations
WHEN EXISTS (SELECT 1 FROM policy_activations WHERE number = NEW.number)
BEGIN SELECT raise(ABORT, 'activations are kept for ever'); END;

-- Its private half may be sealed anew under another master key; the key itself stays.
CREATE TRIGGER signing_keys_last BEFORE DELETE ON signing_keys
BEGIN SELECT raise(ABORT, 'signing keys are kept for ever'); END;
