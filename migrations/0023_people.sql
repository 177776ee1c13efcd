-- +goose Up
-- The names of requester and technician, as far as they are known: they are masked before a language model sees a text. Empty in rows
-- that are older, until the ticket is seen again. See docs/decisions/0032.
ALTER TABLE enhancement_history ADD COLUMN people text[] NOT NULL DEFAULT '{}';
ALTER TABLE ticket_history ADD COLUMN people text[] NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE ticket_history DROP COLUMN people;
ALTER TABLE enhancement_history DROP COLUMN people;
