package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// sourcesNamed gives kind and id of everything that the job's searches found, after checking that the note
// refers to nothing else.
func sourcesNamed(t *testing.T, job enhancement.Job) map[string]bool {
	t.Helper()
	steps, err := users.Results(t.Context(), job.TenantID, job.ID)
	if err != nil {
		t.Fatal(err)
	}
	names, titles := map[string]bool{}, map[string]bool{}
	for _, step := range []enhancement.Step{enhancement.StepTicketSearch, enhancement.StepDocSearch, enhancement.StepIPSearch} {
		var found gather.Result
		if err := json.Unmarshal(steps[step].Result, &found); err != nil {
			t.Fatalf("step %s: %v", step, err)
		}
		for _, item := range found.Items {
			id, _, _ := strings.Cut(item.ID, "@") // a system's is its name and address
			names[string(item.Kind)+" "+id] = true
			titles[string(item.Kind)+" "+item.Title] = true
			titles[string(item.Kind)+" #"+item.ID] = true
		}
	}
	var note synthesis.Note
	if err := json.Unmarshal(steps[enhancement.StepSynthesize].Result, &note); err != nil {
		t.Fatal(err)
	}
	cited := 0
	for _, section := range note.Sections {
		for _, item := range section.Items {
			for _, ref := range item.Sources {
				cited++
				if !titles[string(ref.Kind)+" "+ref.Text] {
					t.Errorf("the note cites %s %q, which was not gathered", ref.Kind, ref.Text)
				}
			}
		}
	}
	if cited == 0 {
		t.Error("the note cites nothing")
	}
	return names
}

// known gives kind and id of everything in a tenant's sample data.
func known(data simulator.Data) map[string]bool {
	names := map[string]bool{}
	for _, t := range data.Tickets {
		names[string(gather.KindTicket)+" "+t.ID] = true
	}
	for _, a := range data.Articles {
		names[string(gather.KindArticle)+" "+a.ID] = true
	}
	for _, s := range data.Systems {
		names[string(gather.KindSystem)+" "+s.Hostname] = true
	}
	return names
}
