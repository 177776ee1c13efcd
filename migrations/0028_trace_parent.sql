-- +goose Up
-- Where the job's trace goes on, as a W3C traceparent: what happens to the job later, in whichever process, hangs on the span that it
-- names. Null where nothing was traced, and in rows of releases before. See docs/decisions/0040.
ALTER TABLE enhancement_history ADD COLUMN trace_parent text
    CONSTRAINT enhancement_history_trace_parent CHECK (trace_parent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$');

-- +goose Down
ALTER TABLE enhancement_history DROP COLUMN trace_parent;
