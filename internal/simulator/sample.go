package simulator

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

//go:embed sample
var sampleFiles embed.FS

// SampleTenant is a made-up client for whom there is sample data.
type SampleTenant struct {
	ID      string
	Name    string
	Profile servicedesk.Profile
	Format  tenant.Format
}

// Tenants are those with sample data: one of each edition and markup.
func Tenants() []SampleTenant {
	return []SampleTenant{
		{"example-clinic", "Example Clinic", servicedesk.ProfileOnPrem, tenant.FormatHTML},
		{"example-foundry", "Example Foundry", servicedesk.ProfileCloud, tenant.FormatMarkdown},
	}
}

// Data is what a sample tenant has.
type Data struct {
	Tenant   SampleTenant
	Tickets  []PastTicket
	Articles []Article
	Systems  []System
	// NewTickets are about things that Tickets, Articles and Systems know something of.
	NewTickets []SampleTicket
}

// PastTicket is a resolved ticket. Its texts are plain.
type PastTicket struct {
	ID          string    `json:"ticket_id"`
	Subject     string    `json:"subject"`
	Description string    `json:"description"`
	Resolution  string    `json:"resolution"`
	CreatedAt   time.Time `json:"created_at"`
	ResolvedAt  time.Time `json:"resolved_at"`
}

// Article is an article of the knowledge base.
type Article struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Summary string `json:"summary"`
	URL     string `json:"url"`
}

// System is one address of a system in the inventory.
type System struct {
	Hostname string `json:"hostname"`
	Address  string `json:"address"`
	Role     string `json:"role"`
	Client   string `json:"client"`
	Location string `json:"location"`
}

// SampleTicket is a ticket to open, with what a good note on it names.
type SampleTicket struct {
	NewTicket

	Expect Expectation `json:"expect"`
}

// Expectation names sources by their ids, and systems by host name.
type Expectation struct {
	Tickets  []string `json:"tickets"`
	Articles []string `json:"articles"`
	Systems  []string `json:"systems"`
}

// Sample reads the sample data of one of Tenants.
func Sample(tenantID string) (Data, error) {
	for _, t := range Tenants() {
		if t.ID == tenantID {
			return readSample(t)
		}
	}
	return Data{}, fmt.Errorf("there is no sample data for tenant %q", tenantID)
}

func readSample(t SampleTenant) (Data, error) {
	d := Data{Tenant: t}
	for name, into := range map[string]func(*json.Decoder) error{
		"tickets.jsonl":    func(dec *json.Decoder) error { return readLine(dec, &d.Tickets) },
		"articles.jsonl":   func(dec *json.Decoder) error { return readLine(dec, &d.Articles) },
		"systems.jsonl":    func(dec *json.Decoder) error { return readLine(dec, &d.Systems) },
		"new_tickets.json": func(dec *json.Decoder) error { return dec.Decode(&d.NewTickets) },
	} {
		path := "sample/" + t.ID + "/" + name
		raw, err := sampleFiles.ReadFile(path)
		if err != nil {
			return Data{}, fmt.Errorf("sample data: %w", err)
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		for err == nil {
			err = into(dec)
		}
		if !errors.Is(err, io.EOF) {
			return Data{}, fmt.Errorf("sample data: %s near byte %d: %w", path, dec.InputOffset(), err)
		}
	}
	return d, nil
}

func readLine[T any](dec *json.Decoder, into *[]T) error {
	var line T
	if err := dec.Decode(&line); err != nil {
		return err
	}
	*into = append(*into, line)
	return nil
}
