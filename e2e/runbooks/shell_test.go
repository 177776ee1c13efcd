package runbooks_test

import (
	"regexp"
	"slices"
)

var (
	used     = regexp.MustCompile(`\$\{?([A-Z][A-Z0-9_]*)`)
	assigned = regexp.MustCompile(`(?m)(?:^|[;&|( ])([A-Z][A-Z0-9_]*)=`)
)

// variables are those that a block takes from its reader: it uses them and does not set them.
func variables(b block) []string {
	var names []string
	if b.kind == kindPromQL || b.kind == kindLogQL {
		return nil
	}
	set := map[string]bool{}
	for _, match := range assigned.FindAllStringSubmatch(b.code, -1) {
		set[match[1]] = true
	}
	for _, match := range used.FindAllStringSubmatch(b.code, -1) {
		if name := match[1]; !set[name] || name == "REDISCLI_AUTH" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
