-- +goose Up
-- What an embeddings model made of the texts: one vector a ticket or article, replaced when model or text
-- changes. See docs/decisions/0015.
CREATE TABLE ticket_embeddings (
    tenant_id         text        NOT NULL,
    ticket_id         text        NOT NULL,
    model             text        NOT NULL CHECK (model <> ''),
    dimensions        integer     NOT NULL,
    -- One signed byte a dimension. Only the direction matters, so no scale is kept.
    vector            bytea       NOT NULL,
    -- changed_at of the text that was embedded: the vector is current while the two are equal.
    source_changed_at timestamptz NOT NULL,
    -- Why the model will not have this text; empty for a vector.
    error             text        NOT NULL DEFAULT '',
    embedded_at       timestamptz NOT NULL DEFAULT now(),
    -- The included columns say what is out of date without a look at the rows, which are wide.
    PRIMARY KEY (tenant_id, ticket_id) INCLUDE (model, source_changed_at),
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES ticket_history ON DELETE CASCADE,
    CHECK (octet_length(vector) = dimensions AND (dimensions = 0) = (error <> ''))
);

CREATE TABLE article_embeddings (
    tenant_id         text        NOT NULL,
    article_id        text        NOT NULL,
    model             text        NOT NULL CHECK (model <> ''),
    dimensions        integer     NOT NULL,
    vector            bytea       NOT NULL,
    source_changed_at timestamptz NOT NULL,
    error             text        NOT NULL DEFAULT '',
    embedded_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, article_id) INCLUDE (model, source_changed_at),
    FOREIGN KEY (tenant_id, article_id) REFERENCES kb_articles ON DELETE CASCADE,
    CHECK (octet_length(vector) = dimensions AND (dimensions = 0) = (error <> ''))
);
-- Vectors look like noise: compressing them costs time and gains little.
ALTER TABLE ticket_embeddings ALTER COLUMN vector SET STORAGE EXTERNAL;
ALTER TABLE article_embeddings ALTER COLUMN vector SET STORAGE EXTERNAL;

-- Who embeds a tenant's texts now. A lease and not a lock, because no connection may wait for the model.
CREATE TABLE embedding_leases (
    tenant_id  text        PRIMARY KEY REFERENCES tenant_configs ON DELETE CASCADE,
    holder     uuid        NOT NULL,
    held_until timestamptz NOT NULL
);

-- The order in which tickets are embedded. Many tickets of an import share a time, so the id is part of it.
CREATE INDEX ticket_history_to_embed ON ticket_history (tenant_id, resolved_at, ticket_id)
    WHERE resolution <> '' AND resolved_at IS NOT NULL;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['ticket_embeddings', 'article_embeddings', 'embedding_leases'] LOOP
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
DROP INDEX ticket_history_to_embed;
DROP TABLE embedding_leases;
DROP TABLE article_embeddings;
DROP TABLE ticket_embeddings;
