package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// ErrOtherPlan says that a progress file is of another replay.
var ErrOtherPlan = errors.New("the file is of another replay")

// Progress is a file that keeps results as they come: the plan on its first line, then a result on each, which may have some of its drafts
// alone. Only its owner may
// read it, because it holds clients' texts.
type Progress struct{ file *os.File }

// OpenProgress opens the file at path, or makes it, and gives the results that it has: each ticket once, with
// all drafts that any line has of it; what failed is left out, to be tried again. A last line that was cut off is removed. A file of another plan is ErrOtherPlan, and left as it is.
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
	results, err = read(whole, header, len(plan.Configurations))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w: give another name, or remove it", path, err)
	}
	if err := file.Truncate(int64(len(whole))); err != nil {
		return nil, nil, fmt.Errorf("cut the progress file: %w", err)
	}
	_, err = file.Seek(0, io.SeekEnd)
	return p, results, err
}

func read(data, header []byte, drafts int) ([]Result, error) {
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
		i, known := place[r.TicketID]
		if !known {
			i = len(results)
			place[r.TicketID] = i
			results = append(results, Result{})
		}
		results[i] = merged(results[i], r, drafts)
	}
	return slices.DeleteFunc(results, func(r Result) bool {
		return !slices.ContainsFunc(r.Drafts, func(d Draft) bool { return d.Preview != nil })
	}), nil
}

// merged is the later result with the drafts that only the earlier one has, and without errors.
func merged(earlier, later Result, drafts int) Result {
	all := make([]Draft, drafts)
	for _, r := range []Result{earlier, later} {
		for i, d := range r.Drafts[:min(drafts, len(r.Drafts))] {
			if d.Preview != nil {
				all[i] = d
			}
		}
	}
	later.Drafts = all
	return later
}

// Add keeps a result, or what there is of it.
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
