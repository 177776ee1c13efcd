package security_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// statements are the methods that run SQL, with the place of the statement among their arguments.
func statements() map[string]int {
	return map[string]int{"Exec": 1, "Query": 1, "QueryRow": 1, "ExecContext": 1, "QueryContext": 1, "QueryRowContext": 1, "Prepare": 2, "Queue": 0}
}

// argued are the functions that run a statement which is no constant, each with the reason why no value gets into it.
func argued() map[string]string {
	const (
		table  = "the statements stand in a struct that two functions fill with literals, one for past tickets and one for articles"
		promQL = "it is no SQL: Prometheus is asked, which has no tenants' texts and nothing to change"
		passed = "it is handed a constant by its callers, who are in the same package"
	)
	return map[string]string{
		"internal/gather/corpus.stored":            table,
		"internal/gather/corpus.touch":             table,
		"internal/gather/corpus.Delete":            table,
		"internal/gather/corpus.IDs":               table,
		"internal/gather/corpus.hasUnindexed":      table,
		"internal/gather/corpus.dropOutdated":      table,
		"internal/gather/corpus.indexSome":         table,
		"internal/embedding.readNext":              table,
		"internal/embedding.write":                 table,
		"internal/embedding.read":                  table,
		"internal/crew.answer":                     passed,
		"internal/mirror.update":                   passed,
		"internal/feedback.read":                   passed,
		"internal/gather/inventory.queryHits":      passed,
		"internal/gather/inventory.putAddresses":   passed,
		"internal/enhancement/ledger.changeOneAnd": passed,
		"internal/enhancement/ledger.admitted":     passed,
		"internal/enhancement/ledger.changeEnded":  passed,
		"internal/tenant/tenantstore.load":         passed,
		"internal/tenant/tenantstore.set":          passed,
		"internal/enhancement/ledger.Tally":        "conditions are literals with numbered places; the values are arguments",
		"internal/enhancement/ledger.changeSome":   "conditions are literals with numbered places; the values are arguments",
		"internal/enhancement/ledger.Release":      "conditions are literals with numbered places; the values are arguments",
		"internal/enhancement/ledger.list":         "conditions are literals with numbered places; the values are arguments",
		"internal/audit.read":                      "conditions are literals with numbered places; the values are arguments",
		"internal/tenant/tenantstore.openStored":   "the column is one of the constants of tenant.Column",
		"internal/tenant/tenantstore.exchange":     "the column comes from a query that lists three names, and is one of the constants of tenant.Column",
		"internal/tenant/tenantstore.hold":         "the lock is one of two constants",
		"internal/postgres.EnsureRoles":            "ALTER ROLE takes no arguments: role and settings are constants, and pgx quotes the role",
		"internal/postgres.becomeOwner":            "GRANT takes no arguments: the role is a constant that pgx quotes",
		"internal/tenant/tenantstore.table":        "the table comes from the catalog, and pgx quotes it",
		"internal/postgres.ensureRole":             "ALTER ROLE takes no arguments: the role is a constant that pgx quotes, and the server quotes the password (format with %L)",
		"e2e/retrieval.prepare":                    "measures a database of its own: the table is a literal",
		"e2e/observe.Query":                        promQL,
		"e2e/observe.AwaitQuery":                   promQL,
		"e2e/retrieval.settle":                     "measures a database of its own: the table is a literal",
	}
}

// No statement is put together out of values: what is run is a constant, constants joined, or a name that pgx quoted.
func TestNoStatementIsMadeOfValues(t *testing.T) {
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	reasons, used, total := argued(), map[string]bool{}, 0
	for _, dir := range []string{"apps", "internal", "workflows", "migrations", "e2e"} {
		for pkg, files := range packages(t, filepath.Join(root, dir)) {
			constants := constantsOf(files)
			for _, file := range files {
				for _, found := range suspects(file, constants, &total) {
					name, err := filepath.Rel(root, pkg)
					if err != nil {
						t.Fatal(err)
					}
					name = filepath.ToSlash(name) + "." + found
					used[name] = true
					if reasons[name] == "" {
						t.Errorf("%s runs a statement that is no constant: pass values as arguments, or say here why it is safe", name)
					}
				}
			}
		}
	}
	for name := range reasons {
		if !used[name] {
			t.Errorf("%s is named here, and runs no such statement", name)
		}
	}
	if total < 100 {
		t.Errorf("only %d statements were found: this test proves nothing", total)
	}
}

// packages parses the Go files below dir that are no tests, by folder; folders of test helpers are left out.
func packages(t *testing.T, dir string) map[string][]*ast.File {
	t.Helper()
	found := map[string][]*ast.File{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasSuffix(entry.Name(), "test"):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		found[filepath.Dir(path)] = append(found[filepath.Dir(path)], file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// constantsOf lists the constants that files declare outside of functions.
func constantsOf(files []*ast.File) map[string]bool {
	found := map[string]bool{}
	for _, file := range files {
		for _, decl := range file.Decls {
			declared(decl, token.CONST, found)
		}
	}
	return found
}

// declared adds the names that node declares by `const` or `var`.
func declared(node ast.Node, by token.Token, to map[string]bool) {
	if decl, ok := node.(*ast.GenDecl); ok && decl.Tok == by {
		for _, spec := range decl.Specs {
			if values, ok := spec.(*ast.ValueSpec); ok {
				for _, name := range values.Names {
					to[name.Name] = true
				}
			}
		}
	}
}

// constantsIn are the constants that a function sees: those of its package and its own, without the names that it gives
// to something else.
func constantsIn(function *ast.FuncDecl, outside map[string]bool) map[string]bool {
	inside, variables := maps.Clone(outside), map[string]bool{}
	for node := range ast.Preorder(function) {
		declared(node, token.CONST, inside)
		declared(node, token.VAR, variables)
		switch n := node.(type) {
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if name, ok := left.(*ast.Ident); ok {
					variables[name.Name] = true
				}
			}
		case *ast.RangeStmt:
			for _, left := range []ast.Expr{n.Key, n.Value} {
				if name, ok := left.(*ast.Ident); ok {
					variables[name.Name] = true
				}
			}
		case *ast.Field:
			for _, name := range n.Names {
				variables[name.Name] = true
			}
		}
	}
	maps.DeleteFunc(inside, func(name string, _ bool) bool { return variables[name] })
	return inside
}

// suspects lists the functions of file that run a statement which is no constant.
func suspects(file *ast.File, constants map[string]bool, total *int) []string {
	var found []string
	for _, decl := range file.Decls {
		function, ok := decl.(*ast.FuncDecl)
		if !ok || function.Body == nil {
			continue
		}
		visible := constantsIn(function, constants)
		for node := range ast.Preorder(function.Body) {
			run, ok := node.(*ast.CallExpr)
			if !ok {
				continue
			}
			method, ok := run.Fun.(*ast.SelectorExpr)
			if !ok {
				continue
			}
			place, ok := statements()[method.Sel.Name]
			if !ok || len(run.Args) <= place {
				continue
			}
			*total++
			if !constant(run.Args[place], visible) && !slices.Contains(found, function.Name.Name) {
				found = append(found, function.Name.Name)
			}
		}
	}
	return found
}

func constant(expression ast.Expr, constants map[string]bool) bool {
	switch e := expression.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.ParenExpr:
		return constant(e.X, constants)
	case *ast.BinaryExpr:
		return e.Op == token.ADD && constant(e.X, constants) && constant(e.Y, constants)
	case *ast.Ident:
		return constants[e.Name]
	case *ast.CallExpr: // pgx.Identifier{…}.Sanitize()
		method, ok := e.Fun.(*ast.SelectorExpr)
		return ok && method.Sel.Name == "Sanitize" && len(e.Args) == 0
	}
	return false
}

// The check itself must notice what it is for.
func TestStatementsMadeOfValuesAreNoticed(t *testing.T) {
	const code = `package p
const query = "SELECT 1"
func a(name string) { db.Exec(ctx, "SELECT '" + name + "'") }
func b(name string) { db.QueryRow(ctx, fmt.Sprintf("SELECT %s", name)) }
func c(batch B, text string) { batch.Queue(text) }
func e(where string) { query := "SELECT 1" + where; db.Query(ctx, query) }
func d() { db.Query(ctx, query + " WHERE true"); db.Exec(ctx, "DROP TABLE " + pgx.Identifier{name}.Sanitize()) }
`
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", code, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	if got := suspects(file, constantsOf([]*ast.File{file}), &total); !slices.Equal(got, []string{"a", "b", "c", "e"}) || total != 6 {
		t.Errorf("of %d statements, those of %q are suspected", total, got)
	}
}
