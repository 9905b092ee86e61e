-- Until when a tenant that Forge alone knows does not lapse, because this gateway could not hear of it before its last start. Kept, so
-- that a second start soon after the first does not count the silence before the first.
ALTER TABLE tenants ADD COLUMN spared_until INTEGER;
