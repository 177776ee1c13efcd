// Package sessionstore owns the table console_sessions: who is signed in on the console's pages, and the tokens that the pages use in
// their name. Any replica of the console finds what another one has stored.
package sessionstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// purpose keeps what else is sealed with the keyset from passing for a session. It never changes, or everybody is signed out.
const purpose = "console-session"

// ErrNone says that there is no such session, or no longer.
var ErrNone = errors.New("there is no such session")

// Session is somebody who is signed in.
type Session struct {
	// Token is what the admin API is asked with. It ends at TokenEnds; Refresh is exchanged for another one, where there is one.
	Token     tenant.Secret
	TokenEnds time.Time
	Refresh   tenant.Secret
	// Subject, Tenants and Permissions are what the API says of the token; Tenants is empty for all.
	Subject     string
	Tenants     []string
	Permissions []string
	// Ends is when the session does, whatever the token.
	Ends time.Time
}

// content is a Session as it is sealed: a Secret does not let itself be written. Key binds it to its row.
type content struct {
	Key         []byte    `json:"key"`
	Token       string    `json:"token"`
	TokenEnds   time.Time `json:"token_ends"`
	Refresh     string    `json:"refresh,omitempty"`
	Subject     string    `json:"subject"`
	Tenants     []string  `json:"tenants,omitempty"`
	Permissions []string  `json:"permissions,omitempty"`
}

// Store keeps sessions.
type Store struct {
	db     *postgres.DB
	sealer *tenant.Sealer
	now    func() time.Time
}

// New makes a Store on a database that is opened as console_user.
func New(db *postgres.DB, sealer *tenant.Sealer, now func() time.Time) *Store {
	return &Store{db: db, sealer: sealer, now: now}
}

// key is what is stored of what the browser has.
func key(id tenant.Secret) []byte {
	hash := sha256.Sum256([]byte(id.Reveal()))
	return hash[:]
}

// Begin stores a session, and gives what the browser keeps of it.
func (s *Store) Begin(ctx context.Context, session Session) (tenant.Secret, error) {
	id := tenant.Secret(rand.Text() + rand.Text())
	sealed, err := s.seal(key(id), session)
	if err != nil {
		return "", err
	}
	err = s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO console_sessions (hash, sealed, began_at, expires_at) VALUES ($1, $2, $3, $4)", key(id), sealed, s.now(), session.Ends)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("begin a session: %w", err)
	}
	return id, nil
}

// Find gives a session that has not ended; ErrNone when there is none, or none that can be read.
func (s *Store) Find(ctx context.Context, id tenant.Secret) (session Session, err error) {
	err = s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		session, err = s.read(tx.QueryRow(ctx, selectOne, key(id)), key(id))
		return err
	})
	if err != nil {
		return Session{}, fmt.Errorf("find a session: %w", err)
	}
	return session, nil
}

const selectOne = "SELECT sealed, expires_at FROM console_sessions WHERE hash = $1"

// Renew changes a session as change says, which is not called when somebody else has done so since seen was read: requests of one
// browser come at once, and a refresh token may be good once. It gives the session as it is then; an error of change leaves it as it was.
func (s *Store) Renew(ctx context.Context, id tenant.Secret, seen Session, change func(Session) (Session, error)) (session Session, err error) {
	err = s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		session, err = s.read(tx.QueryRow(ctx, selectOne+" FOR UPDATE", key(id)), key(id))
		if err != nil || session.Token != seen.Token {
			return err
		}
		if session, err = change(session); err != nil {
			return err
		}
		sealed, err := s.seal(key(id), session)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE console_sessions SET sealed = $2 WHERE hash = $1", key(id), sealed)
		return err
	})
	if err != nil {
		return Session{}, fmt.Errorf("renew a session: %w", err)
	}
	return session, nil
}

// End forgets a session. One that there is not is no error.
func (s *Store) End(ctx context.Context, id tenant.Secret) error {
	err := s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM console_sessions WHERE hash = $1", key(id))
		return err
	})
	if err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// Prune forgets the sessions that ended longer than keep ago, and says how many there were.
func (s *Store) Prune(ctx context.Context, keep time.Duration) (removed int64, err error) {
	err = s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		tag, err := tx.Exec(ctx, "DELETE FROM console_sessions WHERE expires_at <= $1", s.now().Add(-keep))
		removed = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("remove sessions that have ended: %w", err)
	}
	return removed, nil
}

func (s *Store) read(row pgx.Row, of []byte) (Session, error) {
	var (
		sealed []byte
		ends   time.Time
	)
	err := row.Scan(&sealed, &ends)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !s.now().Before(ends) {
		return Session{}, ErrNone
	}
	if err != nil {
		return Session{}, err
	}
	text, err := s.sealer.OpenFor(purpose, sealed)
	if err != nil { // its key was taken out of the keyset, or somebody has written it who has none
		return Session{}, ErrNone
	}
	var c content
	if json.Unmarshal(text, &c) != nil || string(c.Key) != string(of) {
		return Session{}, ErrNone
	}
	return Session{
		Token: tenant.Secret(c.Token), TokenEnds: c.TokenEnds, Refresh: tenant.Secret(c.Refresh), Subject: c.Subject, Tenants: c.Tenants,
		Permissions: c.Permissions, Ends: ends,
	}, nil
}

func (s *Store) seal(of []byte, session Session) ([]byte, error) {
	text, err := json.Marshal(content{
		Key: of, Token: session.Token.Reveal(), TokenEnds: session.TokenEnds, Refresh: session.Refresh.Reveal(), Subject: session.Subject,
		Tenants: session.Tenants, Permissions: session.Permissions,
	})
	if err != nil {
		return nil, fmt.Errorf("write a session: %w", err)
	}
	sealed, err := s.sealer.SealFor(purpose, text)
	if err != nil {
		return nil, fmt.Errorf("seal a session: %w", err)
	}
	return sealed, nil
}
