package console

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
)

func (s *Server) reindexRoutes() {
	register(s, operation{
		id: "reindex", method: http.MethodPost, path: pathTenant + "/reindex", needs: permission(access.ContentWrite),
		summary: "Bring a tenant's search index up to date, or make it anew",
		detail: "The enhancer brings it up to date by itself every few minutes. The last line says what was done, or has an error; " +
			"those before it only say that the work goes on.",
		errors: bodyErrors(http.StatusNotFound, http.StatusConflict),
		line:   reflect.TypeFor[adminapi.ReindexEvent](),
	}, s.reindex)
}

type reindex struct {
	TenantPath

	Body adminapi.Reindex
}

func (s *Server) reindex(ctx context.Context, in *reindex) (*huma.StreamResponse, error) {
	if err := s.takesContent(ctx, in.TenantID); err != nil {
		return nil, err
	}
	entry := s.event(ctx, audit.OperationIndexRebuild, audit.StatusOK, in.TenantID, "",
		map[string]string{"rebuild": strconv.FormatBool(in.Body.Rebuild)})
	release, err := s.begin(ctx, entry, s.streams, ofTenant(in.TenantID, tenantStreams), ofClient(ctx, clientStreams), share{"reindexing", mostReindexing})
	if err != nil {
		return nil, err
	}
	return s.stream(ctx, release, func(ctx context.Context, out *lines) {
		done, err := alongside(ctx, out, struct{}{}, func(struct{}) any { return adminapi.ReindexEvent{} },
			func(ctx context.Context, _ func(struct{})) (adminapi.Reindexed, error) {
				return s.index(ctx, in.TenantID, in.Body.Rebuild)
			})
		last := adminapi.ReindexEvent{Done: &done}
		if err != nil {
			last = adminapi.ReindexEvent{Error: s.tellWorkEnded(ctx, err, "the index is not done; start it again")}
			entry.Status = audit.StatusFailed
			s.conclude(ctx, entry)
		}
		// The client has gone when this fails.
		_ = out.write(last)
	}), nil
}

func (s *Server) index(ctx context.Context, tenantID string, rebuild bool) (done adminapi.Reindexed, err error) {
	tickets, articles := s.tickets.Reindex, s.articles.Reindex
	if rebuild {
		tickets, articles = s.tickets.Rebuild, s.articles.Rebuild
	}
	if done.Tickets, err = tickets(ctx, tenantID); err != nil {
		return done, err
	}
	done.Articles, err = articles(ctx, tenantID)
	return done, err
}
