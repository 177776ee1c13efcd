package deadletter

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

const (
	// longestTold and longestExcerpt are how many characters are kept of a reason, and of a message.
	longestTold, longestExcerpt = 400, 300
	// examined is how much of a message the excerpt is made of, in bytes: cleaning takes time.
	examined = 4 << 10
)

// Letter is a message of which nothing could be made.
type Letter struct {
	Digest  [sha256.Size]byte
	Reason  string
	Excerpt string
	Bytes   int
	// Times is how often it came, and FirstAt and LastAt when; zero for one that is to be kept.
	Times           int
	FirstAt, LastAt time.Time
}

// letterOf shows the ids in a message, and none of the ticket's text; of one that could not be read, its beginning.
func letterOf(m sidecar.Raw, requested event.EnhancementRequested, why string) Letter {
	excerpt := string(m.Data[:min(len(m.Data), examined)])
	if requested != (event.EnhancementRequested{}) {
		excerpt = fmt.Sprintf("job %.100s, tenant %.100s, ticket %.100s, correlation %.100s",
			requested.JobID, requested.TenantID, requested.TicketID, requested.CorrelationID)
	}
	return Letter{Digest: sha256.Sum256(m.Data), Reason: told(why), Excerpt: ticket.Truncate(clean(excerpt), longestExcerpt), Bytes: len(m.Data)}
}

// told is a reason as it is kept.
func told(why string) string { return ticket.Truncate(clean(why), longestTold) }

// clean is text that others wrote, without what deceives and what looks like a secret.
func clean(text string) string {
	return telemetry.Redact(ticket.Normalize(strings.ToValidUTF8(text, "\uFFFD")))
}

// Letters are the table dead_letters.
type Letters struct{ db *postgres.DB }

// NewLetters reaches it as app_user, who may keep, or as console_user, who may also read.
func NewLetters(db *postgres.DB) *Letters { return &Letters{db: db} }

// Keep puts a letter away, or counts it when it came before. The database keeps so many and no more.
func (l *Letters) Keep(ctx context.Context, letter Letter) error {
	err := l.db.InPlatform(ctx, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, "SELECT dead_letter_keep($1, $2, $3, $4)", letter.Digest[:], letter.Reason, letter.Excerpt, letter.Bytes)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep a dead letter: %w", err)
	}
	return nil
}

// Recent lists at most so many letters, those that came last first.
func (l *Letters) Recent(ctx context.Context, most int) ([]Letter, error) {
	const query = `
		SELECT digest, reason, excerpt, bytes, times, first_at, last_at FROM dead_letters ORDER BY last_at DESC, digest LIMIT $1`
	var letters []Letter
	err := l.db.InPlatform(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, query, most)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		letters, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Letter, error) {
			var (
				letter Letter
				digest []byte
			)
			err := row.Scan(&digest, &letter.Reason, &letter.Excerpt, &letter.Bytes, &letter.Times, &letter.FirstAt, &letter.LastAt)
			copy(letter.Digest[:], digest)
			return letter, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the dead letters: %w", err)
	}
	return letters, nil
}
