package openai

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// errStreamCut says that a stream ended before the answer did. It counts as a body that was cut off.
var errStreamCut = fmt.Errorf("the stream ended early: %w", io.ErrUnexpectedEOF)

// streamCut keeps what is wrong with a stream, and leaves all else to the library.
func streamCut(err error) error {
	if errors.Is(err, errStreamCut) {
		return err
	}
	return nil
}

// isStream says whether a body is one of server-sent events. They are never asked for, but some servers, and proxies before
// them, send nothing else. (https://html.spec.whatwg.org/multipage/server-sent-events.html)
func isStream(body []byte) bool {
	for _, begin := range []string{"data:", "event:", "id:", ":"} {
		if bytes.HasPrefix(body, []byte(begin)) {
			return true
		}
	}
	return false
}

// readStream puts the pieces of a stream together.
func readStream(body []byte) (completion, error) {
	var (
		whole choice
		all   completion
		ended bool
		text  strings.Builder
	)
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, maxResponse)
	for lines.Scan() {
		data, isData := strings.CutPrefix(lines.Text(), "data:")
		data = strings.TrimSpace(data)
		if !isData || data == "" {
			continue
		}
		if data == "[DONE]" {
			ended = true
			break
		}
		var piece completion
		if err := json.Unmarshal([]byte(data), &piece); err != nil {
			return completion{}, errStreamCut
		}
		if present(piece.Error) {
			return completion{Error: piece.Error}, nil
		}
		if piece.Usage != nil {
			all.Usage = piece.Usage
		}
		for _, c := range piece.Choices[:min(1, len(piece.Choices))] {
			text.WriteString(string(c.Delta.Content) + string(c.Message.Content))
			whole.Message.Refusal += c.Delta.Refusal
			whole.Message.ToolCalls = append(whole.Message.ToolCalls, c.Delta.ToolCalls...)
			if c.FinishReason != "" {
				whole.FinishReason, ended = c.FinishReason, true
			}
		}
	}
	if !ended {
		return completion{}, errStreamCut
	}
	whole.Message.Content = content(text.String())
	all.Choices = []choice{whole}
	return all, nil
}
