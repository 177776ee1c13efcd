package adminapi

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
)

// StreamType is the media type of answers that come line by line, a JSON object each.
const StreamType = "application/x-ndjson"

// ErrCutOff says that a stream ended before its last line: the console, or something on the way, broke it off. What it
// has told until then is true.
var ErrCutOff = errors.New("the console's answer was cut off")

// stream makes the call and hands over each line of the answer as it arrives, until there are no more. An error of line
// ends it. What line is given is valid until it returns.
func (c *Client) stream(ctx context.Context, ask call, line func([]byte) error) error {
	body, err := encode(ask.in)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := time.AfterFunc(c.opts.silence, func() {
		cancel(fmt.Errorf("%w: nothing was heard for %s", ErrCutOff, c.opts.silence))
	})
	defer quiet.Stop()
	resp, err := c.send(ctx, ask, body)
	if err != nil {
		return cutOff(err)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	if resp.StatusCode != http.StatusOK {
		answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxLine)) // the status says enough
		return problemOf(resp, answer)
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind != StreamType {
		return c.notTheConsole(kind)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 0, bufio.MaxScanTokenSize), maxLine)
	for lines.Scan() {
		quiet.Reset(c.opts.silence)
		if text := bytes.TrimSpace(lines.Bytes()); len(text) > 0 {
			if err := line(text); err != nil {
				return err
			}
		}
	}
	switch err := lines.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("a line of the console's answer is larger than %d MiB", maxLine/mebibyte)
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	default:
		return fmt.Errorf("%w: %w", ErrCutOff, err)
	}
}

// cutOff keeps a silence from being told as an unreachable console.
func cutOff(err error) error {
	if unreachable, is := errors.AsType[*UnreachableError](err); is && errors.Is(unreachable.Err, ErrCutOff) {
		return unreachable.Err
	}
	return err
}

// decodeLine reads one line. A torn one is the last of a stream that was cut off.
func decodeLine[T any](line []byte) (T, error) {
	var event T
	if err := json.Unmarshal(line, &event); err != nil {
		return event, fmt.Errorf("%w: its last line cannot be read: %w", ErrCutOff, err)
	}
	return event, nil
}
