-- +goose Up
-- A full-text index that works under row-level security. The operator @@ of Postgres' own text search is
-- not leakproof, so the planner applies the tenant's policy to every row before it would consult a GIN
-- index. Here the postings are rows of a tenant table, found by equality on (tenant_id, segment, key),
-- which is leakproof: policy and search are served by the same B-tree. See docs/decisions/0013.
ALTER TABLE ticket_history
    DROP COLUMN search,
    ADD COLUMN origin     text        NOT NULL DEFAULT 'file' CHECK (origin IN ('file', 'servicedesk')),
    -- When it changed at its origin; null when that is not known.
    ADD COLUMN updated_at timestamptz,
    -- When its text changed here: what was derived from an older text is out of date.
    ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now(),
    -- Of all imported fields, so that an import that changes nothing writes nothing.
    ADD COLUMN digest     bytea,
    -- Its number in the search index; null while it is not indexed.
    ADD COLUMN document   integer;
-- The tenant comes last, here and below: an index that began with it would be as good as the primary key in the planner's
-- eyes for a tenant that is newer than the statistics, and every look-up of a ticket would read all of the tenant's.
-- Only where there is one, or a change of it would lock the row as a change of its key does, and an embedding of the same ticket
-- that is stored meanwhile would wait, or wait crosswise.
CREATE UNIQUE INDEX ticket_history_document ON ticket_history (document, tenant_id) WHERE document IS NOT NULL;
DROP INDEX ticket_history_resolved;
-- Few rows wait to be indexed, but they have to be found among all.
CREATE INDEX ticket_history_unindexed ON ticket_history (tenant_id, ticket_id)
    WHERE document IS NULL AND resolved_at IS NOT NULL AND resolution <> '';

ALTER TABLE kb_articles
    DROP COLUMN search,
    ADD COLUMN origin     text        NOT NULL DEFAULT 'file' CHECK (origin IN ('file', 'servicedesk')),
    ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN digest     bytea,
    ADD COLUMN document   integer;
CREATE UNIQUE INDEX kb_articles_document ON kb_articles (document, tenant_id) WHERE document IS NOT NULL;
CREATE INDEX kb_articles_unindexed ON kb_articles (tenant_id, article_id) WHERE document IS NULL;

-- What is numbered next. Its row is the lock that lets one writer at a time at a tenant's collection.
CREATE TABLE search_collections (
    tenant_id     text    NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    collection    text    NOT NULL CHECK (collection IN ('tickets', 'articles')),
    next_document integer NOT NULL DEFAULT 0,
    next_segment  integer NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, collection)
);

-- A segment indexes the documents of one range of numbers. Segments do not change but for documents that
-- are removed; small neighbours are merged.
CREATE TABLE search_segments (
    tenant_id      text    NOT NULL,
    collection     text    NOT NULL,
    segment        integer NOT NULL,
    -- Of the rules that made words out of text: an index made by others has to be made anew.
    analyzer       integer NOT NULL,
    first_document integer NOT NULL,
    live           integer NOT NULL,
    -- Documents that were removed while their postings are still there.
    removed        integer NOT NULL DEFAULT 0,
    -- How many words the live documents have together.
    words          bigint  NOT NULL,
    -- One byte a document, beginning with first_document: its length in words on a logarithmic scale, 0 for a
    -- document that was removed.
    lengths        bytea   NOT NULL,
    -- How many terms it has, and how many bits of a term's hash name the row that the term is in.
    terms          integer  NOT NULL,
    hash_bits      smallint NOT NULL CHECK (hash_bits BETWEEN 0 AND 32),
    PRIMARY KEY (tenant_id, collection, segment),
    FOREIGN KEY (tenant_id, collection) REFERENCES search_collections ON DELETE CASCADE
);
ALTER TABLE search_segments ALTER COLUMN lengths SET STORAGE EXTERNAL;

-- In which documents of a segment each term occurs, and how often. A term that occurs often has a row of its own, with
-- a negative key; of the others, the many, a few dozen share a row. Checking a foreign key for each row would
-- cost more than writing it; a trigger takes the rows away with their collection.
CREATE TABLE search_postings (
    tenant_id  text    NOT NULL,
    collection text    NOT NULL,
    segment    integer NOT NULL,
    key        bigint  NOT NULL,
    -- In how many documents the term of a row with a negative key occurs; else 0.
    documents  integer NOT NULL,
    postings   bytea   NOT NULL,
    PRIMARY KEY (tenant_id, collection, segment, key)
);
-- Compact as they are: compressing them again costs time and gains nothing.
ALTER TABLE search_postings ALTER COLUMN postings SET STORAGE EXTERNAL;

-- +goose StatementBegin
CREATE FUNCTION search_collections_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM search_postings WHERE tenant_id = OLD.tenant_id AND collection = OLD.collection;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER search_collections_deleted AFTER DELETE ON search_collections
    FOR EACH ROW EXECUTE FUNCTION search_collections_deleted();

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['search_collections', 'search_segments', 'search_postings'] LOOP
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
DROP TABLE search_postings;
DROP TABLE search_segments;
DROP TABLE search_collections;
DROP FUNCTION search_collections_deleted();
ALTER TABLE kb_articles
    DROP COLUMN document, DROP COLUMN digest, DROP COLUMN changed_at, DROP COLUMN origin,
    ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', title), 'A') ||
        setweight(to_tsvector('english', left(body, 100000)), 'B')) STORED;
CREATE INDEX ticket_history_resolved ON ticket_history (tenant_id, resolved_at DESC);
ALTER TABLE ticket_history
    DROP COLUMN document, DROP COLUMN digest, DROP COLUMN changed_at, DROP COLUMN updated_at, DROP COLUMN origin,
    ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', subject), 'A') ||
        setweight(to_tsvector('english', left(description, 100000)), 'B')) STORED;
