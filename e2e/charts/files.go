package charts

import (
	"fmt"
	"os"
	"path/filepath"
)

// File is one that is made: Path is below the project's root.
type File struct {
	Path    string
	Content []byte
}

// copies are what a chart brings along: it can only read and include files of its own. The tenant's chart makes the enhancer's objects by the
// templates of the platform's.
var copies = []struct{ from, to string }{ //nolint:gochecknoglobals // a table
	{"deploy/prometheus/rules/*.yaml", Dir + "/files/rules"},
	{"deploy/grafana/dashboards/*.json", Dir + "/files/dashboards"},
	{Dir + "/templates/_*.tpl", TenantDir + "/templates/platform"},
}

// Files are all files of the charts that are made from others.
func Files(root string) ([]File, error) {
	var files []File
	for _, dir := range []string{Dir, TenantDir} {
		readme, err := Readme(root, dir)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: dir + "/README.md", Content: readme})
	}
	for _, c := range copies {
		paths, err := filepath.Glob(filepath.Join(root, c.from))
		if err != nil || len(paths) == 0 {
			return nil, fmt.Errorf("there is nothing like %s: %w", c.from, err)
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("read what the chart has a copy of: %w", err)
			}
			files = append(files, File{Path: filepath.Join(c.to, filepath.Base(path)), Content: content})
		}
	}
	return files, nil
}
