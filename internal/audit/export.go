package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// longestLine of an exported file, in bytes; the table's limits keep records far below it.
const longestLine = 1 << 20

// Export writes the records that q selects to w, oldest first, as JSON Lines. Only a whole log, or one from some entry
// on whose previous hash is known, can be verified by VerifyStream.
func (l *Log) Export(ctx context.Context, q Query, w io.Writer) error {
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	err := l.Each(ctx, q, func(r Record) error { return encoder.Encode(r) })
	if err != nil {
		return fmt.Errorf("export the audit log: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("export the audit log: %w", err)
	}
	return nil
}

// VerifyStream checks an exported file as Verify checks the log. A line that is no record is an error.
func VerifyStream(r io.Reader, anchors ...Anchor) (Verification, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	c := newChecker(anchors)
	number := 0
	for c.intact() && lines.Scan() {
		number++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		record, err := parseRecord(lines.Bytes())
		if err != nil {
			return c.result, fmt.Errorf("line %d is no entry of an audit log: %w", number, err)
		}
		c.add(&record)
	}
	if err := lines.Err(); err != nil {
		return c.result, fmt.Errorf("read line %d: %w", number+1, err)
	}
	return c.end()
}

// parseRecord reads one line, strictly: what is in the line and not in the hash could say anything.
func parseRecord(line []byte) (Record, error) {
	if err := uniqueKeys(line); err != nil {
		return Record{}, err
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	var j recordJSON
	if err := decoder.Decode(&j); err != nil {
		return Record{}, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Record{}, errors.New("something stands behind it")
	}
	if j.At.Nanosecond()%int(time.Microsecond) != 0 {
		return Record{}, errors.New("its time is finer than a microsecond, which the database does not keep")
	}
	return Record{
		Event: Event{j.Operation, j.Status, j.Actor, j.TenantID, j.Target, j.Address, j.CorrelationID, j.Detail},
		Seq:   j.Seq, At: j.At.UTC(), WrittenBy: j.WrittenBy, PreviousHash: j.PreviousHash, Hash: j.Hash,
	}, nil
}
