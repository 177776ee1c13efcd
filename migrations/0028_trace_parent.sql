-- +goose Up
-- A lock that is not to be had soon is given up: whoever waits for it keeps all others waiting behind it. Migrating again goes on here.
SET LOCAL lock_timeout = '5s';
-- Where the job's trace goes on, as a W3C traceparent: what happens to the job later, in whichever process, hangs on the span that it
-- names. Null where nothing was traced, and in rows of releases before. See docs/decisions/0040.
-- The constraint is validated by migration 0030: here, the table is locked.
ALTER TABLE enhancement_history ADD COLUMN trace_parent text;
ALTER TABLE enhancement_history ADD CONSTRAINT enhancement_history_trace_parent
    CHECK (trace_parent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$') NOT VALID;

-- +goose Down
ALTER TABLE enhancement_history DROP COLUMN trace_parent;
