-- +goose Up
-- The context a note is made of. `search` is weighted: A for the subject or title, B for the text. It has no GIN
-- index yet: @@ is not leakproof, so under row-level security the planner would not use one, and every write
-- would pay for it.
CREATE TABLE ticket_history (
    tenant_id   text        NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    ticket_id   text        NOT NULL,
    subject     text        NOT NULL DEFAULT '',
    description text        NOT NULL,
    resolution  text        NOT NULL DEFAULT '',
    created_at  timestamptz,
    resolved_at timestamptz,
    url         text        NOT NULL DEFAULT '',
    search      tsvector    NOT NULL GENERATED ALWAYS AS (
                    setweight(to_tsvector('english', subject), 'A') ||
                    setweight(to_tsvector('english', left(description, 100000)), 'B')) STORED,
    PRIMARY KEY (tenant_id, ticket_id)
);
CREATE INDEX ticket_history_resolved ON ticket_history (tenant_id, resolved_at DESC);

CREATE TABLE kb_articles (
    tenant_id  text        NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    article_id text        NOT NULL,
    title      text        NOT NULL,
    body       text        NOT NULL,
    url        text        NOT NULL DEFAULT '',
    updated_at timestamptz,
    search     tsvector    NOT NULL GENERATED ALWAYS AS (
                   setweight(to_tsvector('english', title), 'A') ||
                   setweight(to_tsvector('english', left(body, 100000)), 'B')) STORED,
    PRIMARY KEY (tenant_id, article_id)
);

CREATE TABLE systems (
    tenant_id text NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    hostname  text NOT NULL,
    address   inet NOT NULL CHECK (host(address) = abbrev(address)),
    role      text NOT NULL DEFAULT '',
    client    text NOT NULL DEFAULT '',
    location  text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, address, hostname)
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['ticket_history', 'kb_articles', 'systems'] LOOP
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
DROP TABLE systems;
DROP TABLE kb_articles;
DROP TABLE ticket_history;
