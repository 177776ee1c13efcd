package tenant

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// ChangedKeys names the preferences in which a and b differ, sorted. One that is left out and its default differ: the default may change.
func ChangedKeys(a, b Preferences) []string {
	before, after := a.members(), b.members()
	var changed []string
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if !bytes.Equal(before[key], after[key]) {
			changed = append(changed, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if _, was := before[key]; !was {
			changed = append(changed, key)
		}
	}
	slices.Sort(changed)
	return changed
}

// members are the preferences that are set, as they are stored.
func (p Preferences) members() map[string]json.RawMessage {
	var members map[string]json.RawMessage
	data, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(data, &members)
	}
	if err != nil { // of a number that JSON has no word for, which no preferences have that were validated
		return nil
	}
	return members
}
