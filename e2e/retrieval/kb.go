package retrieval

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

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
	w.sayf("kb: %d articles, %d queries", len(documents), len(queries))
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
	r.quality("kb", "S@1", ours.success(first), theirs.success(first), fmt.Sprintf("%d queries, %d without a result; published BM25 .667", ours.queries, ours.nothing))
	r.quality("kb", "S@3", ours.success(three), theirs.success(three), "published BM25 .825")
	r.quality("kb", "MRR", ours.meanRR(), theirs.meanRR(), "of the first 20; published BM25 .758")
	return nil
}
