-- +goose Up
-- Who is signed in on the console's pages. What a browser has is a secret of 256 random bits, of which only the SHA-256 is here; the tokens
-- that it stands for are sealed, as a provider's are longer than a cookie and are renewed. See docs/decisions/0054.
CREATE TABLE console_sessions (
    hash       bytea       PRIMARY KEY CHECK (octet_length(hash) = 32),
    sealed     bytea       NOT NULL CHECK (octet_length(sealed) <= 65536),
    began_at   timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > began_at)
);
CREATE INDEX console_sessions_by_end ON console_sessions (expires_at);
-- For the console alone.
REVOKE ALL ON console_sessions FROM PUBLIC;
GRANT SELECT, INSERT, DELETE, UPDATE (sealed) ON console_sessions TO console_user;

-- +goose Down
DROP TABLE console_sessions;
