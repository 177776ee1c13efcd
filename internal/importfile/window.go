package importfile

import (
	"bytes"
	"errors"
	"io"
)

// window is the part of a text that is looked at: it slides forward, and holds MaxRecord bytes at most.
type window struct {
	src        io.Reader
	buf        []byte
	start, end int
	// line is the number of the line in which the window begins.
	line int
	// err is why there is no more to read.
	err error
}

// firstWindow is the window's size until a record needs more.
const firstWindow = 256 << 10

// idleReads is how many reads may give nothing before the source is taken for broken.
const idleReads = 100

func newWindow(src io.Reader) *window {
	return &window{src: src, buf: make([]byte, firstWindow), line: 1}
}

// bytes is what is in the window. It is valid until the next fill.
func (w *window) bytes() []byte { return w.buf[w.start:w.end] }

// atEOF tells that nothing follows the window, because the text is at its end.
func (w *window) atEOF() bool { return errors.Is(w.err, io.EOF) }

// full tells that the window cannot grow.
func (w *window) full() bool { return w.end-w.start >= MaxRecord }

// fill takes more into the window, at least as much again as is in it: whoever needs more of a record than there is begins
// anew, and must not do that for every few bytes. It reports false when there is no more, or no more room.
func (w *window) fill() bool {
	if w.err != nil || w.full() {
		return false
	}
	if w.start > 0 {
		copy(w.buf, w.buf[w.start:w.end])
		w.start, w.end = 0, w.end-w.start
	}
	had := w.end
	if len(w.buf) < MaxRecord && 2*had > len(w.buf) {
		grown := make([]byte, min(2*len(w.buf), MaxRecord))
		copy(grown, w.buf[:w.end])
		w.buf = grown
	}
	for idle := 0; w.err == nil && w.end < len(w.buf) && w.end < max(2*had, 1); {
		n, err := w.src.Read(w.buf[w.end:])
		w.end += n
		w.err = err
		if idle++; n > 0 {
			idle = 0
		}
		if idle == idleReads {
			w.err = io.ErrNoProgress
		}
	}
	return w.end > had
}

// skip moves the window n bytes forward.
func (w *window) skip(n int) {
	w.line += bytes.Count(w.buf[w.start:w.start+n], []byte{'\n'})
	w.start += n
}

// physicalLine is the line at the window's beginning, with its end if it has one. whole is false when the line is longer
// than the window can be, or the text breaks off in it.
func (w *window) physicalLine() (line []byte, whole bool) {
	seen := 0
	for {
		data := w.bytes()
		if i := bytes.IndexByte(data[seen:], '\n'); i >= 0 {
			return data[:seen+i+1], true
		}
		seen = len(data)
		if !w.fill() {
			return w.bytes(), w.atEOF()
		}
	}
}

// skipLine moves behind the line at the window's beginning, however long that is, and gives its first bytes.
func (w *window) skipLine(keep int) []byte {
	line, _ := w.physicalLine()
	kept := bytes.Clone(line[:min(keep, len(line))])
	for {
		ended := bytes.HasSuffix(line, []byte{'\n'})
		w.skip(len(line))
		if ended || (len(line) == 0 && !w.fill()) {
			return kept
		}
		line, _ = w.physicalLine()
	}
}
