-- Installations that Forge tells of: a tenant that only Forge knows, or a Connect tenant that a verified install linked to one.

-- The UUID of the installation. It stays when the tenant has ended: a late token of it must not bring the tenant back.
ALTER TABLE tenants ADD COLUMN installation_id TEXT;
-- What the last trigger brought: sealed (AES-256-GCM, tenant and column as associated data), and until when it is good.
ALTER TABLE tenants ADD COLUMN system_token BLOB;
ALTER TABLE tenants ADD COLUMN system_token_ends_at INTEGER;
-- When Forge was last heard of the installation: its first token, or a trigger.
ALTER TABLE tenants ADD COLUMN heard_at INTEGER;

-- An installation on a site is one live tenant. With the site, which the token's signature covers: the body of an install, which is
-- not signed, could otherwise claim another site's installation and lock it out.
CREATE UNIQUE INDEX tenants_live_installation ON tenants (installation_id, cloud_id)
    WHERE state = 'installed' AND installation_id IS NOT NULL;
CREATE INDEX tenants_installation ON tenants (installation_id) WHERE installation_id IS NOT NULL;
