package search

import (
	"encoding/binary"
	"errors"
	"math"
)

// postingList is in which documents a term occurs, and how often, as it is stored:
//
//	list      = count first { frequency delta }
//	count     = uvarint, number of documents, at least 1
//	first     = uvarint, number of the first document
//	frequency = one byte, how often the term occurs in the document, 1 to 255
//	delta     = uvarint, difference to the next document's number; absent behind the last
type postingList struct {
	count, first, last uint32
	tail               []byte // all behind count and first
}

// add appends a document; numbers ascend.
func (p *postingList) add(document uint32, frequency int) {
	if p.count == 0 {
		p.first = document
	} else {
		p.tail = binary.AppendUvarint(p.tail, uint64(document-p.last))
	}
	p.tail = append(p.tail, byte(min(frequency, math.MaxUint8))) //nolint:gosec // at least 1
	p.count++
	p.last = document
}

func (p *postingList) appendTo(encoded []byte) []byte {
	encoded = binary.AppendUvarint(encoded, uint64(p.count))
	encoded = binary.AppendUvarint(encoded, uint64(p.first))
	return append(encoded, p.tail...)
}

var errCorrupt = errors.New("the search index is damaged: postings end too early; `agentctl reindex --rebuild` makes it anew")

// eachPosting calls fn for every document of an encoded list.
func eachPosting(encoded []byte, fn func(document uint32, frequency byte)) error {
	count, n := binary.Uvarint(encoded)
	if n <= 0 {
		return errCorrupt
	}
	document, m := binary.Uvarint(encoded[n:])
	if m <= 0 || document > math.MaxInt32 {
		return errCorrupt
	}
	encoded = encoded[n+m:]
	for {
		if len(encoded) == 0 {
			return errCorrupt
		}
		fn(uint32(document), encoded[0])
		if count--; count == 0 {
			return nil
		}
		delta, n := binary.Uvarint(encoded[1:])
		if n <= 0 {
			return errCorrupt
		}
		if document += delta; delta == 0 || document > math.MaxInt32 || delta > math.MaxInt32 {
			return errCorrupt
		}
		encoded = encoded[1+n:]
	}
}

// documentsOf is in how many documents the term of an encoded list occurs.
func documentsOf(encoded []byte) int64 {
	count, _ := binary.Uvarint(encoded)
	return int64(count) //nolint:gosec // written as 32 bits
}

// appendEntry adds a term with its list to a row: both preceded by their length.
func appendEntry(row []byte, term string, list *postingList) []byte {
	row = binary.AppendUvarint(row, uint64(len(term)))
	row = append(row, term...)
	encoded := list.appendTo(nil)
	row = binary.AppendUvarint(row, uint64(len(encoded)))
	return append(row, encoded...)
}

// eachEntry calls fn for every term of a row; what it gets is part of the row.
func eachEntry(row []byte, fn func(term, list []byte) error) error {
	for len(row) > 0 {
		term, rest, ok := lengthPrefixed(row)
		if !ok {
			return errCorrupt
		}
		list, rest, ok := lengthPrefixed(rest)
		if !ok {
			return errCorrupt
		}
		if err := fn(term, list); err != nil {
			return err
		}
		row = rest
	}
	return nil
}

func lengthPrefixed(from []byte) (part, rest []byte, ok bool) {
	size, n := binary.Uvarint(from)
	if n <= 0 || size > uint64(len(from)-n) { //nolint:gosec // n is at most the length
		return nil, nil, false
	}
	end := n + int(size) //nolint:gosec // as above
	return from[n:end], from[end:], true
}

// lengthStep is how many codes there are between a length and its double: a code is off by at most 4.5 %.
const lengthStep = 8

// encodeLength gives the code, 1 to 255, of a document's length in words. 0 is left for "no document".
func encodeLength(words int) byte {
	return byte(min(1+math.Round(lengthStep*math.Log2(float64(max(words, 1)))), math.MaxUint8))
}

// decodedLengths holds the length in words for every code.
//
//nolint:gochecknoglobals // never changes
var decodedLengths = func() (lengths [math.MaxUint8 + 1]float64) {
	for code := 1; code < len(lengths); code++ {
		lengths[code] = math.Exp2(float64(code-1) / lengthStep)
	}
	return lengths
}()
