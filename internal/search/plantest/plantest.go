// Package plantest owns the check how Postgres finds the rows that a statement of the product asks for. It explains
// the statements as they are sent, with their arguments, by the role and in the transaction that sends them.
package plantest

import (
	"context"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Recorder is a transaction that explains every SELECT before it passes it on: with a plan for its arguments, and with
// the one for any arguments, to which Postgres may change when a statement is sent often.
type Recorder struct {
	postgres.Tx

	t     testing.TB
	plans []plan
}

// Record makes a Recorder of tx.
func Record(t testing.TB, tx postgres.Tx) *Recorder {
	t.Helper()
	return &Recorder{Tx: tx, t: t}
}

// Query explains sql and runs it.
func (r *Recorder) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	r.t.Helper()
	if strings.HasPrefix(strings.TrimSpace(sql), "SELECT") {
		r.explain(ctx, sql, args)
	}
	return r.Tx.Query(ctx, sql, args...)
}

const explainAnalyze = "EXPLAIN (ANALYZE, VERBOSE OFF, TIMING OFF, FORMAT JSON) "

func (r *Recorder) explain(ctx context.Context, sql string, args []any) {
	r.t.Helper()
	if len(args) == 1 {
		if named, ok := args[0].(pgx.NamedArgs); ok {
			var err error
			if sql, args, err = named.RewriteQuery(ctx, nil, sql, nil); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	r.plan(ctx, "for its arguments", sql, explainAnalyze+sql, args...)

	r.exec(ctx, "SET LOCAL plan_cache_mode = force_generic_plan")
	r.exec(ctx, "PREPARE plantest AS "+sql)
	literals := []any{pgx.QueryExecModeSimpleProtocol} // EXECUTE takes no parameters
	for _, arg := range args {
		if v := reflect.ValueOf(arg); v.Kind() == reflect.String {
			arg = v.String()
		}
		literals = append(literals, arg)
	}
	var places []string
	for i := range args {
		places = append(places, "$"+strconv.Itoa(i+1))
	}
	execute := "EXECUTE plantest"
	if len(places) > 0 {
		execute += "(" + strings.Join(places, ", ") + ")"
	}
	r.plan(ctx, "for any arguments", sql, explainAnalyze+execute, literals...)
	r.exec(ctx, "DEALLOCATE plantest")
	r.exec(ctx, "SET LOCAL plan_cache_mode = auto")
}

func (r *Recorder) exec(ctx context.Context, sql string) {
	r.t.Helper()
	if _, err := r.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		r.t.Fatalf("%s: %v", sql, err)
	}
}

func (r *Recorder) plan(ctx context.Context, kind, statement, explain string, args ...any) {
	r.t.Helper()
	var (
		encoded []byte
		trees   []struct {
			Plan tree `json:"Plan"`
		}
	)
	if err := r.QueryRow(ctx, explain, args...).Scan(&encoded); err != nil {
		r.t.Fatalf("explain %s: %v", statement, err)
	}
	if err := json.Unmarshal(encoded, &trees); err != nil {
		r.t.Fatalf("explain %s: %v", statement, err)
	}
	p := plan{kind: kind, statement: statement, text: string(encoded)}
	p.collect(trees[0].Plan)
	r.plans = append(r.plans, p)
}
