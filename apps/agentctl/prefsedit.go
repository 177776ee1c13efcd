package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"gopkg.in/yaml.v3"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// prefsOf reads preferences from YAML, of which JSON is a part.
func prefsOf(written []byte) (tenant.Preferences, error) {
	var value any
	if err := yaml.Unmarshal(written, &value); err != nil {
		return tenant.Preferences{}, fmt.Errorf("the file is neither YAML nor JSON: %w", err)
	}
	document, err := json.Marshal(value)
	if err != nil {
		return tenant.Preferences{}, fmt.Errorf("the file has what JSON has no word for: %w", err)
	}
	return tenant.ParsePreferences(document)
}

// withKeys is p with keys set as "key=value" says.
func withKeys(p tenant.Preferences, settings []string) (tenant.Preferences, error) {
	kinds, err := kindsOfPreferences()
	if err != nil {
		return tenant.Preferences{}, err
	}
	document := map[string]any{}
	stored, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(stored, &document)
	}
	if err != nil {
		return tenant.Preferences{}, fmt.Errorf("read the preferences as they are: %w", err)
	}
	for _, setting := range settings {
		key, text, ok := strings.Cut(setting, "=")
		if !ok || key == "" {
			return tenant.Preferences{}, fmt.Errorf("%q is not of the form KEY=VALUE", setting)
		}
		var value any = text
		if kinds[key] != "string" && text != "" {
			if err := yaml.Unmarshal([]byte(text), &value); err != nil {
				return tenant.Preferences{}, fmt.Errorf("%s: %q is no value: write a number as 0.5, a list as [a, b]", key, text)
			}
		}
		place(document, key, value, text == "")
	}
	changed, err := json.Marshal(document)
	if err != nil {
		return tenant.Preferences{}, fmt.Errorf("write the preferences: %w", err)
	}
	return tenant.ParsePreferences(changed)
}

// place sets a key, which may be within another, or takes it away.
func place(document map[string]any, key string, value any, away bool) {
	outer, inner, nested := strings.Cut(key, ".")
	if nested {
		within, ok := document[outer].(map[string]any)
		if !ok {
			within = map[string]any{}
		}
		document[outer] = within
		place(within, inner, value, away)
		return
	}
	if away {
		delete(document, key)
		return
	}
	document[key] = value
}

// kindsOfPreferences is what the schema says that each key holds.
func kindsOfPreferences() (map[string]string, error) {
	var schema struct {
		Properties map[string]struct {
			Type string `json:"type"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(tenant.PreferencesSchema(), &schema); err != nil {
		return nil, fmt.Errorf("read the schema of preferences: %w", err)
	}
	kinds := map[string]string{}
	for key, property := range schema.Properties {
		kinds[key] = property.Type
	}
	return kinds, nil
}

// printPrefsDiff shows key by key what was and what will be, and says whether there is a difference.
func printPrefsDiff(cmd *cobra.Command, before, after tenant.Preferences) (bool, error) {
	changed := tenant.ChangedKeys(before, after)
	was, err := valuesOf(before)
	if err != nil {
		return false, err
	}
	will, err := valuesOf(after)
	if err != nil {
		return false, err
	}
	for _, key := range changed {
		for _, side := range []struct {
			sign   string
			values map[string]json.RawMessage
		}{{"-", was}, {"+", will}} {
			value, set := side.values[key]
			if !set {
				value = json.RawMessage("(default)")
			}
			if err := say(cmd, "%s %s: %s", side.sign, key, plain(string(value))); err != nil {
				return false, err
			}
		}
	}
	return len(changed) > 0, nil
}

func valuesOf(p tenant.Preferences) (map[string]json.RawMessage, error) {
	values := map[string]json.RawMessage{}
	data, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(data, &values)
	}
	if err != nil {
		return nil, fmt.Errorf("read the preferences: %w", err)
	}
	return values, nil
}

// agreed asks whoever sits at the terminal. Where nobody does, --yes has to be given.
func agreed(cmd *cobra.Command, what string) error {
	terminal, is := cmd.InOrStdin().(*os.File)
	if !is || !term.IsTerminal(int(terminal.Fd())) {
		return fmt.Errorf("nothing was done: %s where nobody can be asked, give --yes", what)
	}
	cmd.PrintErr("Type yes " + what + ": ")
	line, err := bufio.NewReader(terminal).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != "yes" {
		return errors.New("that is not yes: nothing was done")
	}
	return nil
}
