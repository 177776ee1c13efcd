-- +goose Up
-- Reads the whole table, while jobs are taken in and done: see migration 0028.
ALTER TABLE enhancement_history VALIDATE CONSTRAINT enhancement_history_trace_parent;

-- +goose Down
SELECT 'a constraint that was validated stays so';
