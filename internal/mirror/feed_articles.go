package mirror

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/htmltext"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// approved is the approval of the articles that are kept.
const approved = "Approved"

// mirrorArticles lists all articles each time, which is cheap, and reads those that are new or have changed. What is
// stored is not read again, so an interrupted import goes on by itself; the cursor says that it does.
func (r *run) mirrorArticles(ctx context.Context) error {
	if r.foreground {
		if err := r.beginImport(ctx); err != nil {
			return err
		}
		r.done = 0 // the list begins anew
	}
	listed, err := r.listArticles(ctx)
	if err != nil {
		return err
	}
	r.total = len(listed)
	for page := range slices.Chunk(listed, servicedesk.MaxRowCount) {
		if err := r.articlePage(ctx, page); err != nil {
			return err
		}
	}
	return r.endCatalog(ctx, len(listed), checking{
		ids: r.m.articles.IDs, remove: r.m.articles.Delete, fate: r.articleFate,
		unseen: notAmong(listed, func(a servicedesk.Solution) string { return a.ID }),
	})
}

func (r *run) listArticles(ctx context.Context) ([]servicedesk.Solution, error) {
	var all []servicedesk.Solution
	q := servicedesk.PageQuery{}
	for {
		r.budget++ // a list has to be read to its end to be of use
		page, err := ask(ctx, r, func(ctx context.Context) (servicedesk.SolutionPage, error) { return r.desk.ListSolutions(ctx, q) })
		if err != nil {
			return nil, fmt.Errorf("list the articles: %w", err)
		}
		all = append(all, page.Solutions...)
		if !page.HasMore {
			return withoutTwins(all, func(a servicedesk.Solution) string { return a.ID }), nil
		}
		q.StartIndex = page.NextStartIndex
	}
}

func (r *run) articlePage(ctx context.Context, listed []servicedesk.Solution) error {
	ids := make([]string, len(listed))
	for i, a := range listed {
		ids[i] = a.ID
	}
	have, err := r.m.articles.Versions(ctx, r.tenantID, ids)
	if err != nil {
		return fmt.Errorf("see which articles there are: %w", err)
	}
	left, err := r.leftOuts(ctx, ids)
	if err != nil {
		return err
	}
	var unwanted []string
	for _, a := range listed {
		r.sum.Read++
		version, known := have[a.ID]
		leftVersion, isLeft := left[a.ID]
		switch {
		case a.ApprovalStatus != "" && !strings.EqualFold(a.ApprovalStatus, approved):
			r.sum.Skipped++
			if known {
				unwanted = append(unwanted, a.ID)
			}
		case !r.opts.Since.IsZero() && !a.LastUpdatedTime.IsZero() && a.LastUpdatedTime.Before(r.opts.Since):
			r.sum.Skipped++
		case known && isCurrent(version, a.LastUpdatedTime, r.foreground):
			r.sum.Unchanged++
		case isLeft && leftVersion.Equal(a.LastUpdatedTime):
			r.sum.Skipped++
		default:
			if err := r.readArticle(ctx, a, known); err != nil {
				return err
			}
		}
		r.done++
		r.report(0, "")
	}
	return r.dropArticles(ctx, unwanted)
}

func (r *run) dropArticles(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if r.opts.DryRun {
		r.sum.Removed += len(ids)
		return nil
	}
	n, err := r.m.articles.Delete(ctx, r.tenantID, gather.OriginServiceDesk, ids)
	if err != nil {
		return fmt.Errorf("remove articles: %w", err)
	}
	r.sum.Removed += n
	return nil
}

// readArticle brings in one article. Articles are few and change rarely, so each is stored on its own.
func (r *run) readArticle(ctx context.Context, listed servicedesk.Solution, known bool) error {
	if r.opts.DryRun {
		if known {
			r.sum.Changed++
		} else {
			r.sum.Added++
		}
		return r.count()
	}
	found, err := ask(ctx, r, func(ctx context.Context) (servicedesk.Solution, error) { return r.desk.Solution(ctx, listed.ID) })
	switch {
	case isGone(err):
		r.sum.Skipped++
		return r.dropArticles(ctx, []string{listed.ID})
	case err != nil:
		if err := r.passOver(ctx, listed.ID, fmt.Errorf("read the article: %w", err)); err != nil {
			return err
		}
		return r.m.rows.leaveOut(ctx, r.tenantID, r.feed, []leftOut{leave(listed.ID, listed.LastUpdatedTime, err)})
	}
	r.hasRead()
	if !strings.EqualFold(found.ApprovalStatus, approved) {
		r.sum.Skipped++
		if err := r.dropArticles(ctx, []string{listed.ID}); err != nil {
			return err
		}
		return r.leaveArticle(ctx, listed, leftEmpty, unversionedFor)
	}
	article := knowledge.Article{
		ID: found.ID, Title: ticket.Normalize(found.Title), Body: htmltext.FromHTML(found.Description), UpdatedAt: listed.LastUpdatedTime,
	}
	if article.UpdatedAt.IsZero() {
		article.UpdatedAt = found.LastUpdatedTime
	}
	rejected, err := put(ctx, r, r.m.articles, []knowledge.Article{article}, func(a knowledge.Article) string { return a.ID })
	if err != nil {
		return err
	}
	if rejected[article.ID] {
		return r.leaveArticle(ctx, listed, leftRejected, rejectedFor)
	}
	return r.count()
}

func (r *run) leaveArticle(ctx context.Context, a servicedesk.Solution, reason string, until time.Duration) error {
	return r.m.rows.leaveOut(ctx, r.tenantID, r.feed, []leftOut{{ID: a.ID, Reason: reason, Version: a.LastUpdatedTime, Until: until}})
}

func (r *run) articleFate(ctx context.Context, id string) (fate, error) {
	found, err := ask(ctx, r, func(ctx context.Context) (servicedesk.Solution, error) { return r.desk.Solution(ctx, id) })
	switch {
	case isGone(err), err == nil && !strings.EqualFold(found.ApprovalStatus, approved):
		return fateGone, nil
	case err != nil:
		return fateUnknown, fmt.Errorf("look for article %s: %w", id, err)
	}
	return fateAlive, nil
}
