package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrOtherPlan says that a progress file is of another replay.
var ErrOtherPlan = errors.New("the file is of another replay")

// Progress is a file that keeps results as they come: the plan on its first line, then a result on each. Only its owner may
// read it, because it holds clients' texts.
type Progress struct{ file *os.File }

// OpenProgress opens the file at path, or makes it, and gives the results that it has: each ticket once, those that failed left
// out, to be tried again. A last line that was cut off is removed. A file of another plan is ErrOtherPlan, and left as it is.
func OpenProgress(path string, plan Plan) (_ *Progress, results []Result, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the progress file: %w", err)
	}
	defer func() {
		if err != nil {
			_ = file.Close() // nothing was written
		}
	}()
	header, err := json.Marshal(plan)
	if err != nil {
		return nil, nil, fmt.Errorf("encode the plan: %w", err)
	}
	p := &Progress{file}
	data, err := io.ReadAll(bufio.NewReader(file))
	if err != nil {
		return nil, nil, fmt.Errorf("read the progress file: %w", err)
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	if len(data) == 0 {
		return p, nil, p.line(header)
	}
	results, err = read(whole, header)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w: give another name, or remove it", path, err)
	}
	if err := file.Truncate(int64(len(whole))); err != nil {
		return nil, nil, fmt.Errorf("cut the progress file: %w", err)
	}
	_, err = file.Seek(0, io.SeekEnd)
	return p, results, err
}

func read(data, header []byte) ([]Result, error) {
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	if !bytes.Equal(first, header) {
		return nil, ErrOtherPlan
	}
	var (
		results []Result
		place   = map[string]int{}
	)
	for line := range bytes.Lines(rest) {
		var r Result
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("%w: a line of it is no result", ErrOtherPlan)
		}
		if r.Failed() {
			continue
		}
		if i, known := place[r.TicketID]; known {
			results[i] = r
			continue
		}
		place[r.TicketID] = len(results)
		results = append(results, r)
	}
	return results, nil
}

// Add keeps a result.
func (p *Progress) Add(r Result) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode a result: %w", err)
	}
	return p.line(data)
}

func (p *Progress) line(data []byte) error {
	if _, err := p.file.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("write the progress file: %w", err)
	}
	return nil
}

// Close closes the file.
func (p *Progress) Close() error { return p.file.Close() }
