// Package tenant owns what a client of the provider is to us: its identity, how to reach its
// systems, its preferences, and its credentials, which exist outside of this process only sealed.
package tenant

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrNotFound says that there is no such tenant, or none that is enabled.
var ErrNotFound = errors.New("no such tenant")

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// ValidID says whether id has the form of a tenant id: lower-case letters, digits and hyphens, at most 63.
func ValidID(id string) bool { return idPattern.MatchString(id) }

// Profile is the edition of ServiceDesk Plus a tenant runs.
type Profile string

// The editions.
const (
	ProfileOnPrem Profile = "onprem"
	ProfileCloud  Profile = "cloud"
)

// Tenant is a client of the provider, without secrets.
type Tenant struct {
	ID   string
	Name string
	// ServiceDeskURL is the base of the tenant's API, up to and including /api/v3.
	ServiceDeskURL string
	Profile        Profile
	// TechnicianID is ServiceDesk Plus's id of the technician our key belongs to; empty when unknown.
	TechnicianID string
	// KnowledgeURL is the base of the tenant's knowledge-base API; empty when it has none.
	KnowledgeURL string
	Preferences  Preferences
	// Enhancer is whose works for it: SharedEnhancer, or its own, which is named as the tenant.
	Enhancer string
	// Version grows with every change an operator makes, by more than 1 when others change too, and is given once: a tenant that
	// is created anew after a purge has a higher one. 0 for a tenant that is not stored.
	Version   int64
	UpdatedAt time.Time
}

// Validate names everything that is wrong with t, field by field.
func (t Tenant) Validate() error {
	var errs []error
	if !ValidID(t.ID) {
		errs = append(errs, errors.New("tenant_id: use 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen"))
	}
	if t.Name == "" {
		errs = append(errs, errors.New("name: is missing"))
	}
	for _, f := range []struct{ field, text string }{{"name", t.Name}, {"technician_id", t.TechnicianID}} {
		if !utf8.ValidString(f.text) || strings.ContainsRune(f.text, 0) {
			errs = append(errs, fmt.Errorf("%s: has a character that cannot be stored", f.field))
		}
	}
	if err := validBaseURL(t.ServiceDeskURL); err != nil {
		errs = append(errs, fmt.Errorf("servicedesk_url: %w", err))
	}
	if t.Profile != ProfileOnPrem && t.Profile != ProfileCloud {
		errs = append(errs, fmt.Errorf("servicedesk_profile: %q is neither %q nor %q", t.Profile, ProfileOnPrem, ProfileCloud))
	}
	if t.KnowledgeURL != "" {
		if err := validBaseURL(t.KnowledgeURL); err != nil {
			errs = append(errs, fmt.Errorf("kb_url: %w", err))
		}
	}
	for _, err := range t.Preferences.problems() {
		message, whole := strings.CutPrefix(err.Error(), wholeDocument+": ")
		if whole {
			message = "enhancement_prefs: " + message
		} else {
			message = "enhancement_prefs." + message
		}
		errs = append(errs, errors.New(message))
	}
	return errors.Join(errs...)
}

// validBaseURL is for what paths are appended to: they would become part of a query or a fragment.
func validBaseURL(s string) error {
	if err := validURL(s); err != nil {
		return err
	}
	if strings.ContainsAny(s, "?#") {
		return errors.New("a query (?) and a fragment (#) do not belong into the URL")
	}
	return nil
}

func validURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("expected an absolute http or https URL")
	}
	if u.User != nil {
		return errors.New("credentials do not belong into the URL")
	}
	return nil
}
