package retrieval

import (
	"context"
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// depth is how many results count, where a measure looks at all of them.
const depth = 1000

// longAgo is when tickets of sets without dates were resolved.
var longAgo = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

// stackfaq: a document is question and answer; relevant is every document of the query's thread.
func stackfaq(ctx context.Context, w *world, opts Options, r *report) error {
	type document struct {
		Thread           int
		Question, Answer string
	}
	type query struct {
		Thread int
		Query  string
	}
	documents, err := readLines[document](opts.Data, "stackfaq", "docs.jsonl")
	if err != nil {
		return skip(r, "stackfaq", err)
	}
	queries, err := readLines[query](opts.Data, "stackfaq", "queries.jsonl")
	if err != nil {
		return skip(r, "stackfaq", err)
	}
	w.say("stackfaq: %d documents, %d queries", len(documents), len(queries))
	texts := make([]string, len(documents))
	tickets := make([]history.PastTicket, len(documents))
	threads := make(map[int]int)
	for i, d := range documents {
		texts[i] = d.Question + "\n" + d.Answer
		tickets[i] = past(i, d.Question, d.Answer, longAgo)
		threads[d.Thread]++
	}
	source, err := w.history(ctx, "stackfaq", tickets, history.Options{MaxTickets: depth})
	if err != nil {
		return err
	}
	plain := newReference(texts)
	ours, theirs := newTally(), newTally()
	for _, q := range queries {
		found, err := ask(ctx, source, "stackfaq", ticket.Ticket{Subject: q.Query})
		if err != nil {
			return err
		}
		relevant := func(i int) bool { return documents[i].Thread == q.Thread }
		ours.add(judge(found, relevant), threads[q.Thread])
		theirs.add(judge(plain.search(q.Query, anyDocument, depth), relevant), threads[q.Thread])
	}
	r.quality("stackfaq", "P@1", ours.precisionAt(1), theirs.precisionAt(1), fmt.Sprintf("%d queries, %d without a result", ours.queries, ours.nothing))
	r.quality("stackfaq", "P@5", ours.precisionAt(5), theirs.precisionAt(5), "published BM25 .492 on the first 625 queries, .527 on all 1,249")
	r.quality("stackfaq", "MAP", ours.meanAP(), theirs.meanAP(), "published BM25 .577 on the first 625 queries")
	r.quality("stackfaq", "MRR", ours.meanRR(), theirs.meanRR(), "published BM25 .734 on the first 625 queries")
	return nil
}

// kb: known-item search; the section that the query was made of is taken out of its article.
func kb(ctx context.Context, w *world, opts Options, r *report) error {
	type document struct {
		ID, Title string
		Sections  [][2]string
	}
	type query struct {
		Article string
		Drop    string `json:"drop_section"`
		Query   string
	}
	documents, err := readLines[document](opts.Data, "kb", "articles.jsonl.gz")
	if err != nil {
		return skip(r, "kb", err)
	}
	queries, err := readLines[query](opts.Data, "kb", "queries.jsonl")
	if err != nil {
		return skip(r, "kb", err)
	}
	w.say("kb: %d articles, %d queries", len(documents), len(queries))
	dropped := make(map[[2]string]bool)
	for _, q := range queries {
		dropped[[2]string{q.Article, q.Drop}] = true
	}
	texts := make([]string, len(documents))
	articles := make([]knowledge.Article, len(documents))
	for i, d := range documents {
		var body strings.Builder
		for _, section := range d.Sections {
			if !dropped[[2]string{d.ID, section[0]}] {
				body.WriteString(section[0] + "\n" + section[1] + "\n")
			}
		}
		texts[i] = d.Title + "\n" + body.String()
		articles[i] = knowledge.Article{ID: strconv.Itoa(i), Title: d.Title, Body: body.String()}
	}
	if err := w.addTenant(ctx, "kb"); err != nil {
		return err
	}
	for batch := range slices.Chunk(articles, knowledge.MaxBatch) {
		if _, err := knowledge.NewStore(w.db).Put(ctx, "kb", gather.OriginFile, batch); err != nil {
			return err
		}
	}
	const deep = 20
	source := knowledge.NewMirror(w.db, knowledge.MirrorOptions{MaxArticles: deep})
	plain := newReference(texts)
	ours, theirs := newTally(), newTally()
	for _, q := range queries {
		found, err := ask(ctx, source, "kb", ticket.Ticket{Description: q.Query})
		if err != nil {
			return err
		}
		relevant := func(i int) bool { return documents[i].ID == q.Article }
		ours.add(judge(found, relevant), 1)
		theirs.add(judge(plain.search(q.Query, anyDocument, deep), relevant), 1)
	}
	r.quality("kb", "S@1", ours.success(1), theirs.success(1), fmt.Sprintf("%d queries, %d without a result; published BM25 .667", ours.queries, ours.nothing))
	r.quality("kb", "S@3", ours.success(3), theirs.success(3), "published BM25 .825")
	r.quality("kb", "MRR", ours.meanRR(), theirs.meanRR(), "of the first 20; published BM25 .758")
	return nil
}

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
	w.say("jira: %d issues, %d queries", len(issues), len(queries))
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
	r.quality("jira", "RR@1", ours.success(1), theirs.success(1), fmt.Sprintf("%d queries, %d without a result", ours.queries, ours.nothing))
	r.quality("jira", "RR@5", ours.success(5), theirs.success(5), "")
	r.quality("jira", "RR@10", ours.success(10), theirs.success(10), "")
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

// endava: of the five nearest among the other tickets, how many have the same topic. Every twentieth ticket asks.
func endava(ctx context.Context, w *world, opts Options, r *report) error {
	texts, topics, err := readEndava(opts.Data)
	if err != nil {
		return skip(r, "endava", err)
	}
	const stride, deep = 20, 5
	w.say("endava: %d tickets, %d of them ask", len(texts), (len(texts)+stride-1)/stride)
	tickets := make([]history.PastTicket, len(texts))
	for i, text := range texts {
		tickets[i] = past(i, "", text, longAgo)
	}
	source, err := w.history(ctx, "endava", tickets, history.Options{MaxTickets: deep})
	if err != nil {
		return err
	}
	plain := newReference(texts)
	ours, theirs := newTally(), newTally()
	for i := 0; i < len(texts); i += stride {
		found, err := ask(ctx, source, "endava", ticket.Ticket{ID: strconv.Itoa(i), Description: texts[i]})
		if err != nil {
			return err
		}
		same := func(other int) bool { return topics[other] == topics[i] }
		ours.add(judge(found, same), 0)
		theirs.add(judge(plain.search(texts[i], func(other int) bool { return other != i }, deep), same), 0)
	}
	r.quality("endava", "same topic P@5", ours.precisionAt(5), theirs.precisionAt(5),
		fmt.Sprintf("%d queries, %d without a result; near-identical ones are shown as one", ours.queries, ours.nothing))
	return nil
}

func readEndava(data string) (texts, topics []string, err error) {
	file, err := open(data, "endava", "tickets.csv.gz")
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("read endava: %w", err)
	}
	for _, row := range rows[1:] {
		texts, topics = append(texts, row[0]), append(topics, row[1])
	}
	return texts, topics, nil
}

// past is a ticket of a set that has no resolutions.
func past(number int, subject, description string, at time.Time) history.PastTicket {
	if strings.TrimSpace(subject) == "" && strings.TrimSpace(description) == "" {
		description = "(empty)"
	}
	return history.PastTicket{
		ID: strconv.Itoa(number), Subject: subject, Description: description, Resolution: "Resolved.", CreatedAt: at, ResolvedAt: at,
	}
}

// history makes a tenant with these tickets, and the product's source over it.
func (w *world) history(ctx context.Context, tenantID string, tickets []history.PastTicket, opts history.Options) (*history.Source, error) {
	if err := w.addTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	if err := w.put(ctx, tenantID, tickets); err != nil {
		return nil, err
	}
	return history.New(w.db, opts), w.settle(ctx)
}

// ask gives the numbers of what the source finds.
func ask(ctx context.Context, source gather.Source, tenantID string, t ticket.Ticket) ([]int, error) {
	result, err := source.Find(ctx, gather.Query{TenantID: tenantID, Ticket: t})
	if err != nil {
		return nil, err
	}
	found := make([]int, len(result.Items))
	for i, item := range result.Items {
		if found[i], err = strconv.Atoi(item.ID); err != nil {
			return nil, fmt.Errorf("an id that was not put there: %w", err)
		}
	}
	return found, nil
}

func judge(found []int, relevant func(int) bool) []bool {
	judged := make([]bool, len(found))
	for i, document := range found {
		judged[i] = relevant(document)
	}
	return judged
}
