package importfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strconv"
)

// entry is a line of a reject file. With record or raw corrected, the line can be imported as it stands.
type entry struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
	// Record is the record, when it could be taken apart.
	Record json.RawMessage `json:"record,omitempty"`
	// Header and Raw are the record as it was written, when it could not; Header only of a CSV file.
	Header string `json:"header,omitempty"`
	Raw    string `json:"raw,omitempty"`
	// Cut: only the beginning of Raw was kept.
	Cut bool `json:"cut,omitempty"`
}

// asEntry tells an entry of a reject file from a record: no kind of record has a field "reason".
func asEntry(object map[string]json.RawMessage) (entry, bool) {
	_, reason := object["reason"]
	_, record := object["record"]
	_, raw := object["raw"]
	if !reason || record == raw {
		return entry{}, false
	}
	data, err := json.Marshal(object)
	if err != nil {
		return entry{}, false
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var e entry
	if err := dec.Decode(&e); err != nil {
		return entry{}, false
	}
	return e, true
}

// RejectFile keeps rejects as JSON Lines. It makes its file with the first one.
type RejectFile struct {
	path string
	file *os.File
	// next gives another path when there is a file at path already; nil to fail instead.
	next func() string
	// dropped: nothing is kept.
	dropped bool
}

// NoRejectFile drops rejects.
func NoRejectFile() *RejectFile { return &RejectFile{dropped: true} }

// maxRuns is how many reject files of one input are told apart.
const maxRuns = 1000

// NewRejectFile prepares a reject file at path, where there must be none: what an earlier run rejected is not written over.
func NewRejectFile(path string) (*RejectFile, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is a file %s already, maybe with the rejects of an earlier run: "+
			"move it, or name another one with --rejects", path)
	}
	return &RejectFile{path: path}, nil
}

// ownName is the name of a reject file that was itself imported.
var ownName = regexp.MustCompile(`\.rejects(?:-\d+)?\.jsonl$`)

// RejectFileFor prepares a reject file beside the file input: input.rejects.jsonl, or input.rejects-2.jsonl and so on
// when an earlier run left one. Rejects of a reject file are a further run of the file it came from.
func RejectFileFor(input string) *RejectFile {
	base := ownName.ReplaceAllString(input, "")
	run := 1
	return &RejectFile{path: base + ".rejects.jsonl", next: func() string {
		if run++; run > maxRuns {
			return ""
		}
		return base + ".rejects-" + strconv.Itoa(run) + ".jsonl"
	}}
}

// Path is where the rejects are; empty when there are none.
func (f *RejectFile) Path() string {
	if f.file == nil {
		return ""
	}
	return f.path
}

// Write adds a reject. It is in the file when Write returns.
func (f *RejectFile) Write(reject *Reject) error {
	if f.dropped {
		return nil
	}
	if f.file == nil {
		if err := f.create(); err != nil {
			return err
		}
	}
	e := entry{Line: reject.Line, Reason: reject.Reason, Record: reject.Record, Cut: reject.Cut}
	if len(e.Record) == 0 {
		e.Header, e.Raw = reject.Header, reject.Raw
	}
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false) // it is to be read and edited
	if err := enc.Encode(e); err != nil {
		return fmt.Errorf("encode the reject of line %d: %w", reject.Line, err)
	}
	if _, err := f.file.Write(line.Bytes()); err != nil {
		return fmt.Errorf("write a reject to %s: %w", f.path, err)
	}
	return nil
}

// create makes the file, readable by its owner alone: it holds texts of tickets.
func (f *RejectFile) create() error {
	for {
		file, err := os.OpenFile(f.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil {
			f.file = file
			return nil
		}
		again := ""
		if errors.Is(err, fs.ErrExist) && f.next != nil {
			again = f.next()
		}
		if again == "" {
			return fmt.Errorf("make the reject file (--rejects names another place): %w", err)
		}
		f.path = again
	}
}

// Close closes the file, if there is one.
func (f *RejectFile) Close() error {
	if f.file == nil {
		return nil
	}
	if err := f.file.Close(); err != nil {
		return fmt.Errorf("close the reject file: %w", err)
	}
	return nil
}
