// Package ticket owns what a ticket is to us: its fields, its limits and its text in normal form.
// It does no I/O.
package ticket

import (
	"regexp"
	"slices"
	"strings"
)

// Limits of the fields, in characters (Unicode code points).
const (
	MaxSubject     = 250
	MaxDescription = 10_000
	MaxPriority    = 50
	MaxPerson      = 200
)

// Ticket is a request in ServiceDesk Plus, as far as enhancing it needs.
type Ticket struct {
	// ID is ServiceDesk Plus's own: decimal digits, more than 18 of them in the cloud.
	ID          string
	Subject     string
	Description string // plain text
	Priority    string
	// People are the names of its requester and technician, as far as they are known: not what a model may see.
	People []string
}

// idPattern allows what both editions use: short numbers on premises, 18 and more digits in the cloud. With zeros in
// front, one ticket would have many ids, and a job for each.
var idPattern = regexp.MustCompile(`^[1-9][0-9]{0,24}$`)

// ValidID tells whether id has the form of a ticket's.
func ValidID(id string) bool { return idPattern.MatchString(id) }

// People gives names as a ticket keeps them: normalised, in one line, none twice and none empty.
func People(names ...string) []string {
	var people []string
	for _, name := range names {
		name = strings.Join(strings.Fields(Truncate(Normalize(name), MaxPerson)), " ")
		if name != "" && !slices.Contains(people, name) {
			people = append(people, name)
		}
	}
	return people
}

// Text is what the sources search by: subject and description as one text.
func (t Ticket) Text() string {
	return strings.TrimSpace(t.Subject + "\n" + t.Description)
}
