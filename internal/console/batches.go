package console

import (
	"context"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

const (
	// batchBodyTime is for a batch of the largest size on a slow line, batchTimeout for putting it.
	batchBodyTime = 2 * time.Minute
	batchTimeout  = 2 * time.Minute
)

func (s *Server) batchRoutes() {
	batch(s, "tickets", "past tickets", s.tickets.Put)
	batch(s, "articles", "articles of the knowledge base", s.articles.Put)
	batch(s, "systems", "systems of the inventory", s.systems.Put)
	batch(s, "subnets", "networks of the inventory", s.systems.PutSubnets)
}

// uploadable is a row that says what is wrong with it, field by field.
type uploadable interface{ Validate() error }

// batchUpload has the body as it came; see rowReader.
type batchUpload struct {
	TenantPath

	RawBody []byte `contentType:"application/json"`
}

// Resolve implements huma.Resolver.
func (*batchUpload) Resolve(ctx huma.Context) []error {
	given := ctx.Header("Content-Type")
	if kind, _, err := mime.ParseMediaType(given); given != "" && (err != nil || kind != "application/json") {
		return []error{fromHuma(http.StatusUnsupportedMediaType, "", nil)}
	}
	return nil
}

type batchAnswer struct {
	Body adminapi.Change
}

// batch registers the upload of one kind of rows.
func batch[T uploadable](s *Server, kind, what string,
	put func(ctx context.Context, tenantID string, origin gather.Origin, rows []T) (gather.Change, error),
) {
	schemas := s.api.OpenAPI().Components.Schemas
	body := schemas.Schema(reflect.TypeFor[adminapi.Batch[T]](), true, "")
	row := schemas.Schema(reflect.TypeFor[T](), true, "")
	register(s, operation{
		id: "upload-" + kind, method: http.MethodPost, path: pathTenant + "/" + kind + "/batch", needs: permission(access.ContentWrite),
		summary: "Upload " + what,
		detail: "Rows that are there already are replaced where they differ, so a batch can be sent again. " +
			"All rows are stored, or none: then errors says which are not valid. A row has 1 MiB at most, all of them 16 MiB.",
		errors:  bodyErrors(http.StatusNotFound, http.StatusConflict),
		maxBody: adminapi.MaxBatchBytes, body: body, bodyTime: batchBodyTime, patience: batchTimeout,
	}, func(ctx context.Context, in *batchUpload) (*batchAnswer, error) {
		done, err := s.turn(ctx)
		if err != nil {
			return nil, err
		}
		defer done()
		rows, refused := newRowReader[T](schemas, row, in.RawBody).readRows()
		if refused != nil {
			return nil, refused
		}
		if err := s.takesContent(ctx, in.TenantID); err != nil {
			return nil, err
		}
		entry := s.event(ctx, audit.OperationContentUpload, audit.StatusOK, in.TenantID, kind, map[string]string{"rows": strconv.Itoa(len(rows))})
		if err := s.announce(ctx, entry); err != nil {
			return nil, err
		}
		change, err := put(ctx, in.TenantID, gather.OriginFile, rows)
		if err != nil {
			entry.Status = audit.StatusFailed
			s.conclude(ctx, entry)
			if reason, is := postgres.Refused(err); is {
				return nil, invalid(FieldProblem{Location: locationRows, Message: "the database refuses it: " + reason})
			}
			return nil, err
		}
		return &batchAnswer{Body: adminapi.Change(change)}, nil
	})
}

// takesContent fails unless there is the tenant, and it is not on its way out: nothing is worth doing for it then.
func (s *Server) takesContent(ctx context.Context, tenantID string) error {
	record, err := s.tenants.Read(ctx, tenantID)
	if err != nil {
		return err
	}
	if record.Status == tenantstore.StatusDeleted {
		return problem(http.StatusConflict, "the tenant is deleted: restore it first")
	}
	return nil
}
