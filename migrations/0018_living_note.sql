-- +goose Up
-- What is known of the note that stands, so that a person's own words are told from ours, and what a later note changes can be
-- named. See docs/decisions/0026. Notes from before have none of it: they count as ours, unchanged.
ALTER TABLE ticket_notes
    -- Digest of the text as the server stored it at the end of the last job that wrote it.
    ADD COLUMN stored_digest  text    NOT NULL DEFAULT '',
    -- Digests of texts that may stand there, too: what stood before, and what was sent without being known to have arrived. The
    -- latest are last.
    ADD COLUMN other_digests  text[]  NOT NULL DEFAULT '{}',
    -- Digest of what the note says, apart from the marks of what has changed.
    ADD COLUMN content_digest text    NOT NULL DEFAULT '',
    -- The job, and its run, whose note stands. Its result is kept with its steps.
    ADD COLUMN written_by     uuid,
    ADD COLUMN written_run    integer NOT NULL DEFAULT 0 CHECK (written_run >= 0);

-- +goose Down
ALTER TABLE ticket_notes
    DROP COLUMN written_run,
    DROP COLUMN written_by,
    DROP COLUMN content_digest,
    DROP COLUMN other_digests,
    DROP COLUMN stored_digest;
