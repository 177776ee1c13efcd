-- +goose Up
-- A system gets a row of its own, its addresses get theirs, and the networks of a tenant are known.
--
-- The keys by which a system is looked up are stored. An index over lower(hostname) would serve nobody: under
-- row-level security the planner uses an index only for conditions made of leakproof functions, which = and <=
-- of text and inet are, and lower(), split_part() and the containment operators of inet are not. Collation "C"
-- folds ASCII alone, as the Go code does, whatever the database was created with.
ALTER TABLE systems RENAME TO system_rows;
ALTER INDEX systems_pkey RENAME TO system_rows_pkey;

CREATE TABLE systems (
    tenant_id  text NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    -- The inventory's own id, else the host name. Compared by bytes, so that whoever pages through the ids
    -- sorts as the database does.
    system_id  text COLLATE "C" NOT NULL CHECK (system_id <> ''),
    hostname   text NOT NULL,
    asset_tag  text NOT NULL DEFAULT '',
    role       text NOT NULL DEFAULT '',
    client     text NOT NULL DEFAULT '',
    location   text NOT NULL DEFAULT '',
    origin     text NOT NULL DEFAULT 'file' CHECK (origin IN ('file', 'servicedesk')),
    name_key   text NOT NULL GENERATED ALWAYS AS (lower(hostname COLLATE "C")) STORED,
    short_key  text NOT NULL GENERATED ALWAYS AS (split_part(lower(hostname COLLATE "C"), '.', 1)) STORED,
    domain_key text NOT NULL GENERATED ALWAYS AS (
                   CASE WHEN hostname LIKE '%.%'
                        THEN substr(lower(hostname COLLATE "C"), strpos(hostname, '.') + 1) ELSE '' END) STORED,
    -- LT-00423, LT 00423 and LT00423 are one tag.
    tag_key    text NOT NULL GENERATED ALWAYS AS (translate(lower(asset_tag COLLATE "C"), ' -_', '')) STORED,
    PRIMARY KEY (tenant_id, system_id)
);
CREATE INDEX systems_name ON systems (tenant_id, name_key);
CREATE INDEX systems_short ON systems (tenant_id, short_key);
CREATE INDEX systems_domain ON systems (tenant_id, domain_key);
CREATE INDEX systems_tag ON systems (tenant_id, tag_key);

CREATE TABLE system_addresses (
    tenant_id text NOT NULL,
    system_id text COLLATE "C" NOT NULL,
    address   inet NOT NULL CHECK (host(address) = abbrev(address)),
    PRIMARY KEY (tenant_id, system_id, address),
    FOREIGN KEY (tenant_id, system_id) REFERENCES systems ON DELETE CASCADE
);
-- Serves the addresses of a network, too: between its first and its last.
CREATE INDEX system_addresses_address ON system_addresses (tenant_id, address);

-- The networks that hold an address are looked up by equality, one value for each prefix length.
CREATE TABLE subnets (
    tenant_id text NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    network   cidr NOT NULL,
    name      text NOT NULL DEFAULT '',
    role      text NOT NULL DEFAULT '',
    client    text NOT NULL DEFAULT '',
    location  text NOT NULL DEFAULT '',
    origin    text NOT NULL DEFAULT 'file' CHECK (origin IN ('file', 'servicedesk')),
    PRIMARY KEY (tenant_id, network)
);

-- Rows of one host name that say the same were one system with several addresses. Where they differ they stay
-- apart: the first keeps the host name as its id, the others get a number added.
ALTER TABLE system_rows ADD COLUMN system_id text;
UPDATE system_rows r SET system_id = n.name || CASE WHEN n.nth = 1 THEN '' ELSE '#' || n.nth END
FROM (SELECT tenant_id, hostname, address, lower(hostname COLLATE "C") AS name,
             dense_rank() OVER (PARTITION BY tenant_id, lower(hostname COLLATE "C") ORDER BY role, client, location) AS nth
      FROM system_rows) n
WHERE (n.tenant_id, n.hostname, n.address) = (r.tenant_id, r.hostname, r.address);
INSERT INTO systems (tenant_id, system_id, hostname, role, client, location)
SELECT tenant_id, system_id, min(hostname), role, client, location
FROM system_rows GROUP BY tenant_id, system_id, role, client, location;
INSERT INTO system_addresses (tenant_id, system_id, address)
SELECT DISTINCT tenant_id, system_id, address FROM system_rows;
DROP TABLE system_rows;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['systems', 'system_addresses', 'subnets'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant_isolation ON %I TO app_user
            USING (tenant_id = current_setting(''app.tenant_id'', true))
            WITH CHECK (tenant_id = current_setting(''app.tenant_id'', true))', t);
        EXECUTE format('CREATE POLICY admin_access ON %I TO admin USING (true) WITH CHECK (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO app_user', t);
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
-- Back to one row for each address. Networks, asset tags and systems without an address have no place there.
ALTER TABLE systems RENAME TO system_entries;
ALTER INDEX systems_pkey RENAME TO system_entries_pkey;
CREATE TABLE systems (
    tenant_id text NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    hostname  text NOT NULL,
    address   inet NOT NULL CHECK (host(address) = abbrev(address)),
    role      text NOT NULL DEFAULT '',
    client    text NOT NULL DEFAULT '',
    location  text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, address, hostname)
);
INSERT INTO systems (tenant_id, hostname, address, role, client, location)
SELECT DISTINCT ON (e.tenant_id, a.address, e.hostname) e.tenant_id, e.hostname, a.address, e.role, e.client, e.location
FROM system_entries e JOIN system_addresses a USING (tenant_id, system_id)
ORDER BY e.tenant_id, a.address, e.hostname, e.system_id;
DROP TABLE subnets;
DROP TABLE system_addresses;
DROP TABLE system_entries;
ALTER TABLE systems ENABLE ROW LEVEL SECURITY;
ALTER TABLE systems FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON systems TO app_user
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY admin_access ON systems TO admin USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON systems TO app_user;
