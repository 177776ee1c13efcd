package importfile

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Systems describes the systems of an inventory. Records of the same id are one system with the addresses of all: many
// inventories export a line for each address.
func Systems() *Schema[inventory.System] {
	type row = inventory.System
	return &Schema[row]{
		Kind: "assets",
		Columns: []Column[row]{
			{Name: "id", Aliases: []string{"system id", "asset id", "ci id", "resource id"}, Text: func(s *row) *string { return &s.ID }},
			{
				Name: "hostname", Aliases: []string{"host name", "host", "computer name", "workstation name", "asset name", "name"},
				Text: func(s *row) *string { return &s.Hostname },
			},
			{Name: "address", Aliases: []string{"ip address", "ip addresses", "addresses", "ip"}, Text: func(s *row) *string { return &s.Address }},
			{Name: "asset_tag", Aliases: []string{"tag", "inventory number"}, Text: func(s *row) *string { return &s.AssetTag }},
			{Name: "role", Aliases: []string{"product type", "type", "function"}, Text: func(s *row) *string { return &s.Role }},
			{Name: "client", Aliases: []string{"customer", "account", "company"}, Text: func(s *row) *string { return &s.Client }},
			{Name: "location", Aliases: []string{"site", "room"}, Text: func(s *row) *string { return &s.Location }},
		},
		Required: [][]string{{"hostname"}},
		Key:      systemKey,
		Merge:    mergeSystem,
	}
}

// systemKey is the id under which the inventory stores s.
func systemKey(s inventory.System) string {
	return cmp.Or(words(s.ID), strings.ToLower(strings.TrimRight(words(s.Hostname), ".")), words(s.AssetTag))
}

// words is text as the inventory compares it.
func words(text string) string { return strings.Join(strings.Fields(ticket.Normalize(text)), " ") }

// mergeSystem adds the addresses of later to those of s, and what s does not say.
func mergeSystem(s *inventory.System, later inventory.System) error {
	merged := *s
	var errs []error
	for _, field := range []struct {
		name string
		into *string
		from string
	}{
		{"asset_tag", &merged.AssetTag, later.AssetTag},
		{"role", &merged.Role, later.Role},
		{"client", &merged.Client, later.Client},
		{"location", &merged.Location, later.Location},
	} {
		switch have, says := words(*field.into), words(field.from); {
		case have == "":
			*field.into = field.from
		case says != "" && says != have:
			errs = append(errs, fmt.Errorf("%s: is %q there and %q here; make them equal, or give two systems an id each",
				field.name, have, says))
		}
	}
	merged.Address = strings.Trim(merged.Address+", "+later.Address, ", ")
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := merged.Validate(); err != nil {
		return err
	}
	*s = merged
	return nil
}

// Subnets describes the networks of an inventory.
func Subnets() *Schema[inventory.Subnet] {
	type row = inventory.Subnet
	return &Schema[row]{
		Kind: "subnets",
		Columns: []Column[row]{
			{Name: "network", Aliases: []string{"subnet", "cidr"}, Text: func(s *row) *string { return &s.Network }},
			{Name: "name", Aliases: []string{"network name", "subnet name", "vlan", "description"}, Text: func(s *row) *string { return &s.Name }},
			{Name: "role", Aliases: []string{"type", "function", "purpose"}, Text: func(s *row) *string { return &s.Role }},
			{Name: "client", Aliases: []string{"customer", "account", "company"}, Text: func(s *row) *string { return &s.Client }},
			{Name: "location", Aliases: []string{"site"}, Text: func(s *row) *string { return &s.Location }},
		},
		Required: [][]string{{"network"}},
		Key: func(s row) string {
			prefix, err := netip.ParsePrefix(words(s.Network))
			if err != nil {
				return words(s.Network)
			}
			return prefix.String()
		},
	}
}
