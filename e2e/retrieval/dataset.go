package retrieval

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// errAbsent says that a data set is not there.
var errAbsent = errors.New("the data set is not there")

// open opens a file of the data sets, unpacked.
func open(data string, name ...string) (io.ReadCloser, error) {
	path := filepath.Join(append([]string{data}, name...)...)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", errAbsent, path)
	}
	if err != nil {
		return nil, fmt.Errorf("open a data set: %w", err)
	}
	if !strings.HasSuffix(path, ".gz") {
		return file, nil
	}
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("unpack %s: %w", path, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{unpacked, file}, nil
}

// readLines decodes a file of JSON Lines.
func readLines[T any](data string, name ...string) ([]T, error) {
	file, err := open(data, name...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	const longestLine = 64 << 20
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, longestLine)
	var rows []T
	for lines.Scan() {
		var row T
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", filepath.Join(name...), len(rows)+1, err)
		}
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(name...), err)
	}
	return rows, nil
}

// skip notes in the report that a set is absent, loudly, and passes other errors on.
func skip(r *report, set string, err error) error {
	if errors.Is(err, errAbsent) {
		r.add(set, "NOT MEASURED", "-", "-", err.Error())
		return nil
	}
	return err
}
