-- +goose Up
-- How a step's result came about, in figures: what was dropped of an answer, what was masked, how sure the note is. No texts.
ALTER TABLE enhancement_steps ADD COLUMN account jsonb;

-- +goose Down
ALTER TABLE enhancement_steps DROP COLUMN account;
