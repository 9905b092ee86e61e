-- What one tenant's people do must not make another's searches longer.

-- Account ids are the same on all sites: a search by account alone would read what the administrators of other sites made of it.
DROP INDEX blocks_of_account;
CREATE INDEX blocks_of_account ON blocks (account, tenant, made_at) WHERE account IS NOT NULL;
CREATE INDEX blocks_of_tenant ON blocks (tenant, made_at);
CREATE INDEX blocks_open_on ON blocks (tenant, made_at) WHERE ended_at IS NULL;

-- The end that a key was made with, once a successor has moved it: how long the successor lasts by itself, and that there is one.
ALTER TABLE client_keys ADD COLUMN meant_until INTEGER;
