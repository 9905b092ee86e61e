-- What one tenant's people do must not make another's searches longer.

-- Account ids are the same on all sites: a search by account alone would read what the administrators of other sites made of it.
DROP INDEX blocks_of_account;
CREATE INDEX blocks_of_account ON blocks (account, tenant, made_at) WHERE account IS NOT NULL;
CREATE INDEX blocks_of_tenant ON blocks (tenant, made_at);
CREATE INDEX blocks_open_on ON blocks (tenant, made_at) WHERE ended_at IS NULL;

-- The end that a key was made with, once a successor has moved it: how long the successor lasts by itself, and that there is one.
ALTER TABLE client_keys ADD COLUMN meant_until INTEGER;

-- Lists show what is in force first, and the administrators of a full site must see it all; what ended long ago is forgotten.
CREATE INDEX client_keys_live_on ON client_keys (tenant, ends_at) WHERE revoked_at IS NULL;
CREATE INDEX client_keys_live_all ON client_keys (ends_at) WHERE revoked_at IS NULL;
CREATE INDEX client_keys_live_of ON client_keys (account, ends_at) WHERE revoked_at IS NULL;
CREATE INDEX client_keys_by ON client_keys (account, made_at);
CREATE INDEX client_keys_end ON client_keys (min(ends_at, coalesce(revoked_at, ends_at)));
CREATE INDEX sessions_by ON sessions (account, ends_at) WHERE ended_at IS NULL;
