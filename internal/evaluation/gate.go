package evaluation

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

//go:embed gate.json
var gateFile []byte

// Gate is what a run must reach. The names of figures are their keys in the report's JSON.
type Gate struct {
	// Models has limits for each model that the simulator plays.
	Models  map[string]Limits `json:"models"`
	Attacks Limits            `json:"attacks"`
}

// Limits are the least and the most that a figure may be.
type Limits struct {
	Min map[string]float64 `json:"min,omitempty"`
	Max map[string]float64 `json:"max,omitempty"`
}

// CommittedGate is the one in the repository.
func CommittedGate() (Gate, error) { return readGate(gateFile) }

func readGate(content []byte) (Gate, error) {
	var g Gate
	dec := json.NewDecoder(bytes.NewReader(content))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&g); err != nil {
		return Gate{}, fmt.Errorf("gate.json: %w", err)
	}
	return g, nil
}

// Failures are the figures of r that the gate does not let pass, one sentence each. A limit of what was not measured is one too, for a
// gate that looks at nothing lets everything pass. Of a real model's report only the attacks are looked at: nobody has committed what it
// should reach.
func (g Gate) Failures(r Report) ([]string, error) {
	failures, err := g.Attacks.failures("attacks", r.Attacks)
	if err != nil || !r.Simulated {
		return failures, err
	}
	measured := map[string]Figures{}
	for _, m := range r.Models {
		measured[m.Model] = m.Figures
	}
	for _, name := range slices.Sorted(maps.Keys(g.Models)) {
		figures, ok := measured[name]
		if !ok {
			failures = append(failures, name+": was not measured")
			continue
		}
		more, err := g.Models[name].failures(name, figures)
		if err != nil {
			return nil, err
		}
		failures = append(failures, more...)
	}
	for _, m := range r.Models {
		if _, ok := g.Models[m.Model]; !ok {
			failures = append(failures, m.Model+": has no limits in gate.json")
		}
	}
	return failures, nil
}

func (l Limits) failures(name string, figures any) ([]string, error) {
	encoded, err := json.Marshal(figures)
	if err != nil {
		return nil, fmt.Errorf("encode the figures: %w", err)
	}
	var values map[string]any
	if err := json.Unmarshal(encoded, &values); err != nil {
		return nil, fmt.Errorf("decode the figures: %w", err)
	}
	var failures []string
	for _, key := range slices.Sorted(maps.Keys(l.Min)) {
		if value, ok := values[key].(float64); !ok || value < l.Min[key] {
			failures = append(failures, fmt.Sprintf("%s: %s is %v, at least %v is wanted", name, key, values[key], l.Min[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(l.Max)) {
		if value, ok := values[key].(float64); !ok || value > l.Max[key] {
			failures = append(failures, fmt.Sprintf("%s: %s is %v, at most %v is wanted", name, key, values[key], l.Max[key]))
		}
	}
	return failures, nil
}
