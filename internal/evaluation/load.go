package evaluation

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/internal/ticket"
)

//go:embed cases/*.yaml attacks/*.yaml
var files embed.FS

// Expression is a regular expression of a case.
type Expression struct{ *regexp.Regexp }

// UnmarshalYAML compiles the expression.
func (e *Expression) UnmarshalYAML(node *yaml.Node) error {
	compiled, err := regexp.Compile(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	e.Regexp = compiled
	return nil
}

// Cases are the evaluation set, in the order of its files.
func Cases() ([]Case, error) { return loadCases(files) }

func loadCases(from fs.FS) ([]Case, error) {
	var all []Case
	seen := map[string]string{}
	err := eachFile(from, "cases", func(file string, content []byte) error {
		var parsed struct {
			Cases []Case `yaml:"cases"`
		}
		if err := decodeStrictly(content, &parsed); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for i, c := range parsed.Cases {
			if earlier, ok := seen[c.Name]; ok {
				return fmt.Errorf("%s: case %s: name: there is one of that name in %s", file, c.Name, earlier)
			}
			seen[c.Name] = file
			if err := c.validate(); err != nil {
				return fmt.Errorf("%s: case %d %s: %w", file, i+1, c.Name, err)
			}
		}
		all = append(all, parsed.Cases...)
		return nil
	})
	return all, err
}

// eachFile reads the YAML files of a folder in the order of their names.
func eachFile(from fs.FS, folder string, read func(file string, content []byte) error) error {
	entries, err := fs.ReadDir(from, folder)
	if err != nil {
		return fmt.Errorf("read %s: %w", folder, err)
	}
	for _, entry := range entries {
		file := path.Join(folder, entry.Name())
		content, err := fs.ReadFile(from, file)
		if err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		if err := read(file, content); err != nil {
			return err
		}
	}
	return nil
}

// decodeStrictly refuses fields that are not known: a typing error would leave something unmeasured.
func decodeStrictly(content []byte, into any) error {
	dec := yaml.NewDecoder(bytes.NewReader(content))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("not readable: %w", err)
	}
	return nil
}

var (
	namePattern     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	languagePattern = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z]{2})?$`)
)

// validate names everything that is wrong with c at once. A case that asks for what no source says would measure nothing.
func (c Case) validate() error {
	var errs []error
	wrong := func(field, format string, args ...any) { errs = append(errs, fmt.Errorf(field+": "+format, args...)) }
	if !namePattern.MatchString(c.Name) {
		wrong("name", "%q must be words of a-z and 0-9 with hyphens", c.Name)
	}
	if !languagePattern.MatchString(c.Language) {
		wrong("language", "%q is no tag such as de", c.Language)
	}
	if !ticket.ValidID(c.Ticket.ID) {
		wrong("ticket.id", "%q is no id of a ticket", c.Ticket.ID)
	}
	if c.Ticket.Subject == "" {
		wrong("ticket.subject", "is missing")
	}
	for i, t := range c.Tickets {
		if _, err := time.Parse(time.DateOnly, t.Resolved); err != nil {
			wrong(fmt.Sprintf("tickets[%d].resolved", i), "%q is no day such as 2026-05-28", t.Resolved)
		}
	}
	errs = append(errs, c.validateSources()...)
	errs = append(errs, c.validateExpectations()...)
	return errors.Join(errs...)
}

func (c Case) validateSources() []error {
	var errs []error
	seen := map[string]bool{}
	check := func(field, id string, relevance float64) {
		switch {
		case id == "":
			errs = append(errs, fmt.Errorf("%s: has no id", field))
		case seen[id]:
			errs = append(errs, fmt.Errorf("%s: another source has the id %s", field, id))
		case relevance < 0 || relevance > 1:
			errs = append(errs, fmt.Errorf("%s.relevance: %v does not lie between 0 and 1", field, relevance))
		}
		seen[id] = true
	}
	for i, t := range c.Tickets {
		check(fmt.Sprintf("tickets[%d]", i), t.ID, t.Relevance)
	}
	for i, a := range c.Articles {
		check(fmt.Sprintf("articles[%d]", i), a.ID, a.Relevance)
	}
	for i, s := range c.Systems {
		check(fmt.Sprintf("systems[%d]", i), s.Name, 1)
	}
	for i, id := range c.Relevant {
		if !seen[id] {
			errs = append(errs, fmt.Errorf("relevant[%d]: no source has the id %s", i, id))
		}
	}
	return errs
}

// shortestPlanted is the shortest value that is not found by chance, in bytes.
const shortestPlanted = 6

func (c Case) validateExpectations() []error {
	var errs []error
	if answerable := c.Unanswerable == ""; answerable && (len(c.Relevant) == 0 || len(c.Facts) == 0) {
		errs = append(errs, errors.New("relevant, facts: what can be answered needs both; else say why it cannot in unanswerable"))
	} else if !answerable && len(c.Relevant)+len(c.Facts) > 0 {
		errs = append(errs, errors.New("unanswerable: goes without relevant and facts"))
	}
	evidence := c.evidence()
	var relevant []string
	for _, id := range c.Relevant {
		relevant = append(relevant, evidence[id])
	}
	for i, fact := range c.Facts {
		if !fact.MatchString(strings.Join(relevant, "\n")) {
			errs = append(errs, fmt.Errorf("facts[%d]: no relevant source says %s", i, fact))
		}
	}
	for i, wrong := range c.Forbidden {
		if wrong.MatchString(strings.Join(relevant, "\n")) {
			errs = append(errs, fmt.Errorf("forbidden[%d]: a relevant source says %s", i, wrong))
		}
	}
	all := strings.Join(slices.Concat([]string{c.Ticket.Subject, c.Ticket.Description}, c.people(), slices.Collect(maps.Values(evidence))), "\n")
	for field, values := range map[string][]string{"private": c.Private, "secrets": c.Secrets} {
		for i, value := range values {
			if len(value) < shortestPlanted || !strings.Contains(all, value) {
				errs = append(errs, fmt.Errorf("%s[%d]: %q is in no text of the case, or too short to be found again", field, i, value))
			}
		}
	}
	return errs
}

func (c Case) people() []string {
	people := c.Ticket.People
	for _, t := range c.Tickets {
		people = append(people, t.People...)
	}
	return people
}
