package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"

	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// entry is a line of the state's file: a tenant that is new, or something that is new of a tenant.
type entry struct {
	TenantID string                  `json:"tenant_id"`
	Profile  servicedesk.Profile     `json:"profile,omitempty"`
	Change   *servicedesktest.Change `json:"change,omitempty"`
	Article  *knowledgetest.Article  `json:"article,omitempty"`
}

// state is the file in which a world keeps what a real ServiceDesk Plus would keep in its database. Each change is a line,
// written before its caller has an answer, so that a killed process has lost nothing of which anybody has heard. It is not
// synced to the disk: it outlives the process, not the machine.
type state struct {
	logger *slog.Logger

	mu   sync.Mutex
	file *os.File
}

const stateMode = 0o600

// Keep has the world keep tenants, tickets, notes and articles in the file, after it has taken up what an earlier world
// left there. Faults, access tokens and recorded calls are not kept. It is called before anything else is done with the
// world; end closes the file.
func (w *World) Keep(path string) (end func() error, err error) {
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the simulator's state: %w", err)
	}
	// What was killed while it wrote has left half a line, of a change that nobody was told of.
	content = content[:bytes.LastIndexByte(content, '\n')+1]
	if err := w.restore(content); err != nil {
		return nil, fmt.Errorf("read the simulator's state: %s: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, stateMode)
	if err != nil {
		return nil, fmt.Errorf("open the simulator's state: %w", err)
	}
	if err := errors.Join(file.Truncate(int64(len(content))), seekEnd(file)); err != nil {
		return nil, errors.Join(fmt.Errorf("open the simulator's state: %w", err), file.Close())
	}
	w.state.mu.Lock()
	defer w.state.mu.Unlock()
	w.state.file = file
	return w.state.close, nil
}

func seekEnd(file *os.File) error {
	_, err := file.Seek(0, io.SeekEnd)
	return err
}

func (w *World) restore(content []byte) error {
	lines := json.NewDecoder(bytes.NewReader(content))
	for lines.More() {
		var e entry
		if err := lines.Decode(&e); err != nil {
			return fmt.Errorf("after byte %d: %w", lines.InputOffset(), err)
		}
		if e.Profile != "" {
			if _, err := w.AddTenant(e.TenantID, e.Profile); err != nil {
				return err
			}
			continue
		}
		d, err := w.desk(e.TenantID)
		if err != nil {
			return err
		}
		d.restore(e)
	}
	return nil
}

func (d *desk) restore(e entry) {
	switch {
	case e.Change != nil:
		d.sdp.Restore(*e.Change)
		d.used(e.Change.TicketID)
	case e.Article != nil:
		d.kb.AddArticle(*e.Article)
	}
}

// note writes a line, if there is a file. What cannot be written goes to the log: the caller has nothing to undo.
func (s *state) note(e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = s.file.Write(append(line, '\n'))
	}
	if err != nil {
		s.logger.Error("the simulator's state was not written", "tenant_id", e.TenantID, "error", err)
	}
}

func (s *state) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	file := s.file
	s.file = nil
	if err := file.Close(); err != nil {
		return fmt.Errorf("close the simulator's state: %w", err)
	}
	return nil
}
