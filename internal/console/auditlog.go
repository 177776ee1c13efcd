package console

import (
	"context"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
)

const (
	// verifyTimeout bounds a verification, which reads all of the log; afterVerification is when to ask for another.
	verifyTimeout     = 5 * time.Minute
	afterVerification = 30 * time.Second
)

func (s *Server) auditRoutes() {
	register(s, operation{
		id: "list-audit", method: http.MethodGet, path: "/audit", needs: permission(access.AuditRead), tenantInQuery: true,
		summary: "List the audit log", detail: "The newest entries first. A token that is restricted to tenants has to name one of them.",
	}, s.listAudit)
	register(s, operation{
		id: "export-audit", method: http.MethodGet, path: "/audit/export", needs: permission(access.AuditRead), tenantInQuery: true,
		summary: "Export the audit log",
		detail: "The oldest entries first, as they are hashed: without a filter, agentctl can verify the file. A stream that breaks off is " +
			"not complete.",
		line: reflect.TypeFor[adminapi.AuditRecord](),
	}, s.exportAudit)
	register(s, operation{
		id: "verify-audit", method: http.MethodGet, path: "/audit/verification", needs: permission(access.AuditRead),
		summary:  "Verify that the audit log is as it was written",
		detail:   "One at a time. Keep last_seq and last_hash elsewhere, and give them the next time: nothing else shows that the end was cut off.",
		patience: verifyTimeout,
	}, s.verifyAudit)
}

// AuditFilter selects entries.
type AuditFilter struct {
	TenantID  string    `query:"tenant_id" doc:"Only those about this tenant."                     maxLength:"63"`
	Operation string    `query:"operation" doc:"Only those of this operation, as tenant.update."    maxLength:"100"`
	Actor     string    `query:"actor"     doc:"Only those of this actor, as it stands in entries." maxLength:"500"`
	Since     time.Time `query:"since"     doc:"Only those from then on."`
	Until     time.Time `query:"until"     doc:"Only those before."`
}

func (f AuditFilter) query() audit.Query {
	return audit.Query{TenantID: f.TenantID, Operation: audit.Operation(f.Operation), Actor: f.Actor, Since: f.Since, Until: f.Until}
}

type listAudit struct {
	Paging
	AuditFilter
}

type auditPage struct {
	Body adminapi.Page[adminapi.AuditRecord]
}

const listOfAudit = "audit"

func (s *Server) listAudit(ctx context.Context, in *listAudit) (*auditPage, error) {
	before, err := decodeCursor[int64](listOfAudit, in.Cursor)
	if err != nil {
		return nil, err
	}
	// The log would take another number for none, and begin anew.
	if in.Cursor != "" && before < 1 {
		return nil, badCursor()
	}
	query := in.query()
	query.Before, query.Limit = before, in.Limit
	records, err := s.audit.List(ctx, query)
	if err != nil {
		return nil, err
	}
	page := &auditPage{}
	page.Body.Items = make([]adminapi.AuditRecord, len(records))
	for i := range records {
		page.Body.Items[i] = showRecord(records[i])
	}
	// There may be no entry behind a full page: the next one is empty then. To ask for one more would need a limit above
	// the log's own.
	if len(records) == in.Limit && records[len(records)-1].Seq > 1 {
		page.Body.Next = encodeCursor(listOfAudit, records[len(records)-1].Seq)
	}
	return page, nil
}

type exportAudit struct {
	AuditFilter
}

func (s *Server) exportAudit(ctx context.Context, in *exportAudit) (*huma.StreamResponse, error) {
	entry := s.event(ctx, audit.OperationAuditExport, audit.StatusOK, in.TenantID, "", map[string]string{
		"operation": in.Operation, "actor": in.Actor, "filtered": strconv.FormatBool(in.query() != audit.Query{}),
	})
	release, err := s.begin(ctx, entry, s.exports, ofClient(ctx, clientExports))
	if err != nil {
		return nil, err
	}
	return s.stream(ctx, release, func(ctx context.Context, out *lines) {
		if err := s.audit.Export(ctx, in.query(), out); err != nil {
			if ctx.Err() == nil {
				s.logger.ErrorContext(ctx, "an export of the audit log broke off", "error", err)
			}
			entry.Status = audit.StatusFailed
			s.conclude(ctx, entry)
			// What was sent must not pass for the whole: an orderly end would say so.
			panic(http.ErrAbortHandler)
		}
	}), nil
}

type verifyAudit struct {
	Expect []string `query:"expect" doc:"Entries that were noted elsewhere, each as sequence number, colon and hash; with commas." maxItems:"100"`
}

type verificationAnswer struct {
	Body adminapi.AuditVerification
}

func (s *Server) verifyAudit(ctx context.Context, in *verifyAudit) (*verificationAnswer, error) {
	anchors, wrong := parseAnchors(in.Expect)
	if wrong != nil {
		return nil, wrong
	}
	release, got := s.verifications.take()
	if got != taken {
		return nil, problem(http.StatusServiceUnavailable, "another verification is under way: try again when it has ended").later(afterVerification)
	}
	defer release()
	v, err := s.audit.Verify(ctx, anchors...)
	if err != nil {
		return nil, err
	}
	entry := s.event(ctx, audit.OperationAuditVerify, audit.StatusOK, "", "", map[string]string{
		"intact": strconv.FormatBool(v.Intact()), "records": strconv.FormatInt(v.Records, 10),
	})
	if err := s.audit.Append(ctx, entry); err != nil {
		return nil, err
	}
	return &verificationAnswer{Body: adminapi.AuditVerification{
		Intact: v.Intact(), Records: v.Records, FirstSeq: v.FirstSeq, LastSeq: v.LastSeq, LastHash: v.LastHash.String(), Problem: v.Problem,
	}}, nil
}

// parseAnchors reads anchors of the form 17:ab12….
func parseAnchors(texts []string) ([]audit.Anchor, error) {
	var anchors []audit.Anchor
	for _, text := range texts {
		number, digits, _ := strings.Cut(text, ":")
		seq, err := strconv.ParseInt(number, 10, 64)
		hash, hashErr := audit.ParseHash(digits)
		if err != nil || hashErr != nil || seq < 1 {
			return nil, invalid(FieldProblem{Location: "query.expect", Message: "expected last_seq and last_hash of an earlier verification, as 17:ab12…"})
		}
		anchors = append(anchors, audit.Anchor{Seq: seq, Hash: hash})
	}
	return anchors, nil
}

func showRecord(r audit.Record) adminapi.AuditRecord {
	return adminapi.AuditRecord{
		Seq: r.Seq, At: r.At, Operation: string(r.Operation), Status: string(r.Status), Actor: r.Actor, TenantID: r.TenantID,
		Target: r.Target, Address: r.Address, CorrelationID: r.CorrelationID, Detail: r.Detail, WrittenBy: r.WrittenBy,
		PreviousHash: r.PreviousHash.String(), Hash: r.Hash.String(),
	}
}
