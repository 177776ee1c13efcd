package importfile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// input is a file, unpacked and in UTF-8.
type input struct {
	*window

	file io.Closer // nil for standard input
	size int64
	read *counter
}

// counter counts what is read of the file itself. Whoever shows progress does so from another goroutine.
type counter struct {
	src io.Reader
	n   atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.n.Add(int64(n))
	return n, err
}

func openInput(path string, stdin io.Reader) (*input, error) {
	in := &input{read: &counter{src: stdin}}
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("open the file to import: %w", err)
		}
		in.file, in.read.src = file, file
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			in.size = info.Size()
		} else if err == nil && info.IsDir() {
			_ = file.Close() // nothing was written to it
			return nil, fmt.Errorf("%s is a folder: name a file in it", path)
		}
	}
	text, err := asUTF8(in.read)
	if err != nil {
		_ = in.Close() // nothing was written to it
		return nil, err
	}
	in.window = newWindow(text)
	return in, nil
}

func (in *input) offset() int64 { return in.read.n.Load() }

// Close closes the file; standard input stays open.
func (in *input) Close() error {
	if in.file == nil {
		return nil
	}
	if err := in.file.Close(); err != nil {
		return fmt.Errorf("close the imported file: %w", err)
	}
	return nil
}

// sniff is how many bytes tell what a file is.
const sniff = 4096

// mostNULs is one in how many bytes may be NUL in what is a text with a few bad records.
const mostNULs = 32

// Magic numbers at the beginning of a file.
const (
	gzipMagic = "\x1f\x8b"
	zipMagic  = "PK\x03\x04"
	oleMagic  = "\xd0\xcf\x11\xe0"
	utf8BOM   = "\xef\xbb\xbf"
	utf16LE   = "\xff\xfe"
	utf16BE   = "\xfe\xff"
)

// asUTF8 unpacks and decodes src as far as its first bytes ask for it, and refuses what is no text.
func asUTF8(src io.Reader) (io.Reader, error) {
	text := bufio.NewReaderSize(src, sniff)
	start, err := peek(text)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(start, []byte(gzipMagic)) {
		unpacked, err := gzip.NewReader(text)
		if err != nil {
			return nil, fmt.Errorf("the file is packed with gzip, and damaged: %w", err)
		}
		text = bufio.NewReaderSize(unpacked, sniff)
		if start, err = peek(text); err != nil {
			return nil, err
		}
	}
	switch {
	case bytes.HasPrefix(start, []byte(zipMagic)), bytes.HasPrefix(start, []byte(oleMagic)):
		return nil, errors.New("the file is an Excel workbook or a zip archive: save it from Excel as \"CSV UTF-8\", or unpack it")
	case bytes.HasPrefix(start, []byte(utf16LE)), bytes.HasPrefix(start, []byte(utf16BE)):
		return transform.NewReader(text, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()), nil
	case bytes.HasPrefix(start, []byte(utf8BOM)):
		_, _ = text.Discard(len(utf8BOM)) // they have been seen
		return text, nil
	case bytes.Count(start, []byte{0}) > len(start)/mostNULs:
		return nil, errors.New("the file is no text: its beginning is full of NUL bytes. If it is UTF-16, save it as UTF-8 " +
			"(Excel: \"CSV UTF-8\"; elsewhere: iconv -f UTF-16LE -t UTF-8)")
	}
	return text, nil
}

// peek gives up to sniff bytes, fewer when there are no more.
func peek(r *bufio.Reader) ([]byte, error) {
	start, err := r.Peek(sniff)
	if err != nil && !errors.Is(err, io.EOF) && len(start) == 0 {
		return nil, fmt.Errorf("read the file to import: %w", err)
	}
	return start, nil
}

type format int

const (
	formatCSV format = iota
	formatJSONLines
)

// format goes by the name's extension and, where that says nothing, by the first character.
func (in *input) format(path string) (format, error) {
	start, err := in.firstText()
	if err != nil {
		return 0, err
	}
	name := strings.ToLower(strings.TrimSuffix(strings.ToLower(path), ".gz"))
	if bytes.HasPrefix(start, []byte("[")) {
		return 0, errors.New("the file begins with [, so it is one JSON array and not JSON Lines, which has one object a line " +
			"(jq -c '.[]' makes the one out of the other)")
	}
	switch filepath.Ext(name) {
	case ".jsonl", ".ndjson", ".json":
		return formatJSONLines, nil
	case ".csv", ".tsv":
		return formatCSV, nil
	}
	if len(start) == 0 {
		return 0, errors.New("the file is empty: expected JSON Lines, or CSV with a header")
	}
	if start[0] == '{' {
		return formatJSONLines, nil
	}
	return formatCSV, nil
}

// firstText is what the input begins with, leading white space aside; empty for a file without text.
func (in *input) firstText() ([]byte, error) {
	for {
		start := bytes.TrimLeft(in.bytes(), " \t\r\n")
		if len(start) > 0 || !in.fill() {
			if len(start) == 0 && !in.atEOF() && in.err != nil {
				return nil, atLine(in.line, in.err)
			}
			return start, nil
		}
	}
}
