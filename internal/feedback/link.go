package feedback

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Path is where the gateway takes feedback; the token stands behind it.
const Path = "/feedback/"

// Validity is how long a link can be used: as long as somebody may still look at a ticket.
const Validity = 90 * 24 * time.Hour

// purpose keeps what else is sealed with the keyset from passing for a token. It never changes, or links in notes break.
const purpose = "note-feedback"

// format is the first byte of what a token holds, so that a later release can tell this one's tokens.
const format = 1

// MaxToken is the length of the longest token: of a tenant with the longest id.
const MaxToken = 256

// Note is what a link is about.
type Note struct {
	TenantID, JobID string
}

// Tokens makes and reads the tokens of links. A token is the tenant, the job and a time, sealed: whoever has it can vote on this
// one note until then, and learns nothing from it.
type Tokens struct {
	sealer *tenant.Sealer
	now    func() time.Time
}

// NewTokens makes Tokens under the tenant keyset.
func NewTokens(sealer *tenant.Sealer, now func() time.Time) *Tokens {
	return &Tokens{sealer: sealer, now: now}
}

// Token makes a token for the note. It is another one each time, so it has to be kept where the same is needed again.
func (t *Tokens) Token(n Note) (string, error) {
	id, err := uuid.Parse(n.JobID)
	if err != nil {
		return "", fmt.Errorf("make a link for job %q: %w", n.JobID, err)
	}
	content := binary.BigEndian.AppendUint64([]byte{format}, uint64(t.now().Add(Validity).Unix())) //nolint:gosec // after 1970
	content = append(append(content, id[:]...), n.TenantID...)
	sealed, err := t.sealer.SealFor(purpose, content)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open reads a token; ErrForged or ErrExpired.
func (t *Tokens) Open(token string) (Note, error) {
	if len(token) > MaxToken || strings.ContainsAny(token, "\r\n") { // the decoder skips line ends
		return Note{}, ErrForged
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return Note{}, ErrForged
	}
	content, err := t.sealer.OpenFor(purpose, sealed)
	if err != nil {
		return Note{}, ErrForged
	}
	const head = 1 + 8 + 16
	if len(content) <= head || content[0] != format {
		return Note{}, ErrForged
	}
	id, err := uuid.FromBytes(content[9:head])
	if err != nil {
		return Note{}, ErrForged
	}
	if expires := time.Unix(int64(binary.BigEndian.Uint64(content[1:9])), 0); !t.now().Before(expires) { //nolint:gosec // we wrote it
		return Note{}, ErrExpired
	}
	return Note{TenantID: string(content[head:]), JobID: id.String()}, nil
}

// Links makes the links that notes carry.
type Links struct {
	base   string
	tokens *Tokens
}

var errClear = errors.New("links over http can be read, and used, by whoever is on the way, and lead anywhere he likes: use https " +
	"(http only for this machine, such as http://127.0.0.1:8080)")

var errBase = errors.New("use an absolute http or https URL without user, query and fragment, such as https://agents.example.com")

// NewLinks makes links below base, where technicians' browsers reach the gateway; empty for none. Plain http is for this machine only.
func NewLinks(base string, tokens *Tokens) (*Links, error) {
	base = strings.TrimRight(base, "/")
	if base == "" {
		return &Links{}, nil
	}
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || strings.ContainsAny(base, "?#") {
		return nil, errBase
	}
	if addr, err := netip.ParseAddr(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (err != nil || !addr.IsLoopback()) {
		return nil, errClear
	}
	return &Links{base: base, tokens: tokens}, nil
}

// Link is where a technician says whether the job's note helped; empty where nobody takes it.
func (l *Links) Link(tenantID, jobID string) (string, error) {
	if l.base == "" {
		return "", nil
	}
	token, err := l.tokens.Token(Note{TenantID: tenantID, JobID: jobID})
	if err != nil {
		return "", err
	}
	return l.base + Path + token, nil
}
