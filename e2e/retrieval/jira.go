package retrieval

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// issueKey is taken out of both sides: it would give the duplicate away.
var issueKey = regexp.MustCompile(`\b[A-Z]+-\d+\b`)

type issue struct {
	Key, Created, Summary, Description string
	createdAt                          time.Time
}

// jira: issues arrive in the order in which they were created, and each query finds those created before it.
func jira(ctx context.Context, w *world, opts Options, r *report) error {
	issues, err := readIssues(opts.Data)
	if err != nil {
		return skip(r, "jira", err)
	}
	type query struct {
		Query    string
		Relevant []string
	}
	queries, err := readLines[query](opts.Data, "jira", "qrels.jsonl")
	if err != nil {
		return skip(r, "jira", err)
	}
	w.sayf("jira: %d issues, %d queries", len(issues), len(queries))
	at := make(map[string]int, len(issues))
	texts := make([]string, len(issues))
	for i, x := range issues {
		at[x.Key] = i
		texts[i] = x.Summary + "\n" + x.Description
	}
	slices.SortStableFunc(queries, func(x, y query) int { return at[x.Query] - at[y.Query] })
	if err := w.addTenant(ctx, "jira"); err != nil {
		return err
	}
	plain := newReference(texts)
	ours, theirs := newTally(), newTally()
	stored := 0
	for _, q := range queries {
		asked := issues[at[q.Query]]
		before := func(i int) bool { return issues[i].createdAt.Before(asked.createdAt) }
		var arrived []history.PastTicket
		for ; stored < len(issues) && before(stored); stored++ {
			arrived = append(arrived, past(stored, issues[stored].Summary, issues[stored].Description, issues[stored].createdAt))
		}
		if err := w.put(ctx, "jira", arrived); err != nil {
			return err
		}
		const deep = 100
		source := history.New(w.db, history.Options{MaxTickets: deep, Clock: func() time.Time { return asked.createdAt }})
		found, err := ask(ctx, source, "jira", ticket.Ticket{ID: strconv.Itoa(at[q.Query]), Subject: asked.Summary, Description: asked.Description})
		if err != nil {
			return err
		}
		relevant := func(i int) bool { return slices.Contains(q.Relevant, issues[i].Key) }
		ours.add(judge(found, relevant), len(q.Relevant))
		theirs.add(judge(plain.search(texts[at[q.Query]], before, deep), relevant), len(q.Relevant))
	}
	r.quality("jira", "RR@1", ours.success(first), theirs.success(first), fmt.Sprintf("%d queries, %d without a result", ours.queries, ours.nothing))
	r.quality("jira", "RR@5", ours.success(five), theirs.success(five), "")
	r.quality("jira", "RR@10", ours.success(ten), theirs.success(ten), "")
	r.quality("jira", "MRR", ours.meanRR(), theirs.meanRR(), "")
	return nil
}

func readIssues(data string) ([]issue, error) {
	issues, err := readLines[issue](data, "jira", "issues.jsonl.gz")
	if err != nil {
		return nil, err
	}
	for i := range issues {
		x := &issues[i]
		x.Summary, x.Description = issueKey.ReplaceAllString(x.Summary, ""), issueKey.ReplaceAllString(x.Description, "")
		if x.createdAt, err = time.Parse("2006-01-02T15:04:05.000-0700", x.Created); err != nil {
			return nil, fmt.Errorf("issue %s: %w", x.Key, err)
		}
	}
	slices.SortStableFunc(issues, func(x, y issue) int { return x.createdAt.Compare(y.createdAt) })
	return issues, nil
}
