package servicedesk

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// Profile names the edition of ServiceDesk Plus behind a base URL. The editions differ
// in authentication and in the key that wraps a note.
type Profile string

// The editions that are spoken.
const (
	ProfileOnPrem Profile = "onprem"
	ProfileCloud  Profile = "cloud"
)

// apiSuffix ends every base URL. Insisting on it catches the commonest mistake, which is
// to paste the address of the web pages.
const apiSuffix = "/api/v3"

const defaultTimeout = 10 * time.Second

// Config describes one tenant's ServiceDesk Plus.
type Config struct {
	// BaseURL is free-form per tenant, up to and including "/api/v3".
	BaseURL string
	Profile Profile
	// APIKey is the technician's key; on-premises only.
	APIKey string
	// OAuth is used in the cloud only.
	OAuth OAuth
	// Tokens, when set, has clients of the same account share its access token; in the cloud only.
	Tokens *Tokens
	// TechnicianID is the id of the technician our key belongs to. When set, only notes
	// added by it are considered ours. Leave it empty only when it cannot be known: a
	// technician who quotes our note, marker included, would then be taken for us.
	TechnicianID string
	// Timeout bounds each HTTP call; 10 s when zero.
	Timeout time.Duration
	// Logger receives each call at debug and each failure at warn; discarded when nil.
	Logger *slog.Logger
	// Observe may be nil.
	Observe Observe
	// Clock tells the age of access tokens and the duration of calls; time.Now when nil.
	Clock func() time.Time
}

// OAuth holds the cloud credentials. The token endpoint is AccountsURL + "/oauth/v2/token".
type OAuth struct {
	AccountsURL  string `json:"accounts_url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	RefreshToken string `json:"refresh_token"`
}

// Validate names every problem at once, field by field. It returns nil when c is usable.
func (c Config) Validate() error {
	problems := []error{
		checkURL("base_url", c.BaseURL, apiSuffix),
		c.validateCredentials(),
	}
	if c.TechnicianID != "" && !isID(c.TechnicianID) {
		problems = append(problems, errors.New("technician_id: must consist of digits"))
	}
	if c.Timeout < 0 {
		problems = append(problems, errors.New("timeout: must not be negative"))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("servicedesk config: %w", err)
	}
	return nil
}

func (c Config) validateCredentials() error {
	switch c.Profile {
	case ProfileOnPrem:
		return checkSecret("api_key", c.APIKey)
	case ProfileCloud:
		return errors.Join(
			checkURL("oauth.accounts_url", c.OAuth.AccountsURL, ""),
			checkSecret("oauth.client_id", c.OAuth.ClientID),
			checkSecret("oauth.client_secret", c.OAuth.ClientSecret),
			checkSecret("oauth.refresh_token", c.OAuth.RefreshToken),
		)
	default:
		return fmt.Errorf("profile: must be %q or %q", ProfileOnPrem, ProfileCloud)
	}
}

// LogValue keeps the credentials out of logs.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("base_url", c.BaseURL),
		slog.String("profile", string(c.Profile)),
		slog.String("technician_id", c.TechnicianID),
		slog.Duration("timeout", c.Timeout),
	)
}

// String keeps the credentials out of formatted text.
func (c Config) String() string {
	return fmt.Sprintf("servicedesk %s at %s, credentials withheld", c.Profile, c.BaseURL)
}

// LogValue keeps the credentials out of logs.
func (o OAuth) LogValue() slog.Value { return slog.StringValue(o.String()) }

// String keeps the credentials out of formatted text.
func (o OAuth) String() string {
	return fmt.Sprintf("oauth at %s, credentials withheld", o.AccountsURL)
}

// checkURL never quotes the value: a mistyped address may carry a password.
func checkURL(field, raw, suffix string) error {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return fmt.Errorf("%s: missing", field)
	case err != nil:
		return fmt.Errorf("%s: not a URL", field)
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%s: must start with https:// or http://", field)
	case u.Hostname() == "":
		return fmt.Errorf("%s: has no host", field)
	case u.User != nil:
		return fmt.Errorf("%s: must not carry credentials", field)
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%s: must not have a query or a fragment", field)
	case !strings.HasSuffix(strings.TrimRight(u.Path, "/"), suffix):
		return fmt.Errorf("%s: must end with %s", field, suffix)
	}
	return nil
}

func checkSecret(field, value string) error {
	if value == "" {
		return fmt.Errorf("%s: missing", field)
	}
	for _, r := range value {
		if r <= ' ' || r > '~' {
			return fmt.Errorf("%s: contains a character that a header cannot carry", field)
		}
	}
	return nil
}

// isID reports whether s has the shape of an SDP id: digits only, 19 and more in the cloud.
// Anything else could change the path it is put into.
func isID(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}
