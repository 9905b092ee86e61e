-- Which credentials that Atlassian gave to users are taken at this tenant's site, as words with a space between. None, unless an operator
-- says so; an uninstall takes it back.
ALTER TABLE tenants ADD COLUMN own_credentials TEXT NOT NULL DEFAULT '';
