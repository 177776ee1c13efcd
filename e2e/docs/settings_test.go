package docs_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const modulePath = "github.com/ai-agents/ai-agents/"

func TestEverySettingIsDocumented(t *testing.T) {
	root := repository(t)
	var documented []string
	for _, row := range rows(section(t, read(t, filepath.Join(root, "README.md")), "## Settings")) {
		for app := range strings.SplitSeq(row[2], ", ") {
			documented = append(documented, setting(app, strings.Trim(row[0], "`"), strings.Trim(row[1], "`")))
		}
	}
	var existing []string
	for _, s := range allSettings(t, root) {
		existing = append(existing, setting(s.app, s.name, s.otherwise))
	}
	slices.Sort(existing)
	compare(t, "setting (app, name, default)", documented, slices.Compact(existing))
}

// declared is a setting as an app's structs declare it.
type declared struct {
	app, name, otherwise string
	owner                string // the folder of the package with the field
	kind                 string // the field's type, as it is written
}

// allSettings lists the settings of all apps, app by app.
func allSettings(t *testing.T, root string) []declared {
	t.Helper()
	apps, err := os.ReadDir(filepath.Join(root, "apps"))
	if err != nil {
		t.Fatal(err)
	}
	source := &source{t: t, root: root, packages: map[string]map[string]structure{}}
	var all []declared
	for _, app := range apps {
		dir := filepath.Join("apps", app.Name())
		for _, name := range slices.Sorted(maps.Keys(source.structures(dir))) {
			all = append(all, source.settings(app.Name(), dir, name)...)
		}
	}
	return all
}

func setting(app, name, otherwise string) string {
	return app + " " + name + " " + cmp.Or(otherwise, "none")
}

// source reads struct types, package by package.
type source struct {
	t        *testing.T
	root     string
	packages map[string]map[string]structure // by folder, then by name
}

// structure is a struct type and the imports of its file, by the name they are used under.
type structure struct {
	fields  *ast.FieldList
	imports map[string]string
}

// settings lists the environment variables that envconfig fills the type from, nested types included.
func (s *source) settings(app, dir, name string) []declared {
	var found []declared
	def := s.structures(dir)[name]
	if def.fields == nil {
		return nil
	}
	for _, field := range def.fields.List {
		tag := s.tag(field)
		if variable, ok := tag.Lookup("envconfig"); ok {
			otherwise := tag.Get("default")
			if tag.Get("required") == "true" {
				otherwise = "required"
			}
			found = append(found, declared{app, variable, cmp.Or(otherwise, "none"), dir, typeName(field.Type)})
			continue
		}
		switch kind := field.Type.(type) {
		case *ast.Ident:
			found = append(found, s.settings(app, dir, kind.Name)...)
		case *ast.SelectorExpr:
			if folder, ours := strings.CutPrefix(def.imports[fmt.Sprint(kind.X)], modulePath); ours {
				found = append(found, s.settings(app, folder, kind.Sel.Name)...)
			}
		}
	}
	return found
}

// typeName is a type as it is written.
func typeName(expr ast.Expr) string {
	switch kind := expr.(type) {
	case *ast.Ident:
		return kind.Name
	case *ast.SelectorExpr:
		return fmt.Sprint(kind.X) + "." + kind.Sel.Name
	case *ast.ArrayType:
		return "[]" + typeName(kind.Elt)
	default:
		return fmt.Sprintf("%T", expr)
	}
}

func (s *source) tag(field *ast.Field) reflect.StructTag {
	if field.Tag == nil {
		return ""
	}
	text, err := strconv.Unquote(field.Tag.Value)
	if err != nil {
		s.t.Fatalf("tag %s: %v", field.Tag.Value, err)
	}
	return reflect.StructTag(text)
}

// structures gives the struct types of the package in dir, without its tests'.
func (s *source) structures(dir string) map[string]structure {
	if known, ok := s.packages[dir]; ok {
		return known
	}
	found := map[string]structure{}
	s.packages[dir] = found
	paths, err := filepath.Glob(filepath.Join(s.root, dir, "*.go"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			s.t.Fatal(err)
		}
		imports := importNames(file)
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if def, ok := spec.Type.(*ast.StructType); ok {
					found[spec.Name.Name] = structure{def.Fields, imports}
				}
			}
			return true
		})
	}
	return found
}

func importNames(file *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = path
	}
	return names
}
