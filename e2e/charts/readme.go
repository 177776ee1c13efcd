package charts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// heads are what stands before the values, by chart.
var heads = map[string]string{ //nolint:gochecknoglobals // a table
	Dir: `# Chart ai-agents

The platform on Kubernetes: gateway, enhancer and console with their Dapr sidecars. How it is installed, upgraded and rolled back:
[docs/deployment.md](../../docs/deployment.md).`,
	TenantDir: `# Chart tenant

A client's namespace, tenant-<id>, with an enhancer that works for it alone, beside the platform's chart. ` + "`agentctl tenant provision`" + ` installs it:
[docs/isolation.md](../../docs/isolation.md#on-kubernetes).`,
}

const readmeTable = ` This file is made from values.yaml by ` + "`make charts`" + `.

| Value | Default | Meaning |
|---|---|---|
`

// Value is one value of values.yaml: its path with dots, its default as JSON and the comment above it.
type Value struct{ Path, Default, Meaning string }

// Readme is the README.md of the chart in dir.
func Readme(root, dir string) ([]byte, error) {
	values, err := Values(root, dir)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(heads[dir] + readmeTable)
	for _, v := range values {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", v.Path, v.Default, v.Meaning)
	}
	return b.Bytes(), nil
}

// Values are those of the chart in dir that have a comment of their own, in the file's order. What is below such a one belongs to it.
func Values(root, dir string) ([]Value, error) {
	content, err := os.ReadFile(filepath.Join(root, dir, "values.yaml"))
	if err != nil {
		return nil, fmt.Errorf("read the values: %w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, fmt.Errorf("values.yaml: %w", err)
	}
	return valuesOf(document.Content[0], nil)
}

func valuesOf(mapping *yaml.Node, path []string) ([]Value, error) {
	var values []Value
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		at := append(append([]string(nil), path...), key.Value)
		comment := meaning(key.HeadComment)
		if value.Kind == yaml.MappingNode && len(value.Content) > 0 && (comment == "" || len(path) == 0) {
			below, err := valuesOf(value, at)
			if err != nil {
				return nil, err
			}
			values = append(values, below...)
			continue
		}
		if comment == "" {
			return nil, fmt.Errorf("values.yaml: %s has no comment, which is its description in the README", strings.Join(at, "."))
		}
		var parsed any
		if err := value.Decode(&parsed); err != nil {
			return nil, fmt.Errorf("values.yaml: %s: %w", strings.Join(at, "."), err)
		}
		shown, err := json.Marshal(parsed)
		if err != nil {
			return nil, fmt.Errorf("values.yaml: %s: %w", strings.Join(at, "."), err)
		}
		values = append(values, Value{Path: strings.Join(at, "."), Default: string(shown), Meaning: comment})
	}
	return values, nil
}

// meaning is a comment on one line, without what stands above it after an empty line.
func meaning(comment string) string {
	parts := strings.Split(comment, "\n\n")
	text := strings.ReplaceAll(parts[len(parts)-1], "\n", " ")
	return strings.ReplaceAll(strings.TrimSpace(strings.ReplaceAll(text, "# ", "")), "|", "\\|")
}
