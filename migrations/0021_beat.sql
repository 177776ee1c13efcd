-- +goose Up
-- When a step of the job was last known to be under way: told every few seconds of a step that takes long, and of no other. A
-- workflow that stands still meanwhile does so for a reason.
ALTER TABLE enhancement_history ADD COLUMN worked_at timestamptz;

-- +goose Down
ALTER TABLE enhancement_history DROP COLUMN worked_at;
