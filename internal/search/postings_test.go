package search

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

type posting struct {
	document  uint32
	frequency byte
}

func decoded(encoded []byte) (all []posting, err error) {
	err = eachPosting(encoded, func(document uint32, frequency byte) { all = append(all, posting{document, frequency}) })
	return all, err
}

func TestPostingsRoundTrip(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, gap := range []int{1, 2, 127, 128, 129, 16384, 1 << 20} {
		var (
			list postingList
			want []posting
		)
		for document := random.IntN(gap); document <= math.MaxInt32 && len(want) < 300; document += 1 + random.IntN(gap) {
			frequency := 1 + random.IntN(400)
			list.add(uint32(document), frequency)
			want = append(want, posting{uint32(document), byte(min(frequency, 255))})
		}
		encoded := list.appendTo([]byte("before"))[len("before"):]
		got, err := decoded(encoded)
		if err != nil || !slices.Equal(got, want) || documentsOf(encoded) != int64(len(want)) {
			t.Errorf("gap %d: decoded %d documents, %v, counted %d; want %d", gap, len(got), err, documentsOf(encoded), len(want))
		}
		for end := range encoded {
			if _, err := decoded(encoded[:end]); !errors.Is(err, errCorrupt) {
				t.Fatalf("gap %d: cut to %d of %d bytes: %v, want errCorrupt", gap, end, len(encoded), err)
			}
		}
	}
}

func TestPostingsDamaged(t *testing.T) {
	t.Parallel()
	list := func(count, first uint64, rest ...byte) []byte {
		return append(binary.AppendUvarint(binary.AppendUvarint(nil, count), first), rest...)
	}
	delta := func(d uint64) []byte { return binary.AppendUvarint([]byte{1}, d) }
	for name, encoded := range map[string][]byte{
		"nothing":                {},
		"no document":            list(0, 7, 1),
		"more than there are":    list(3, 7, 1, 1, 1),
		"far more":               list(math.MaxUint64, 7, 1, 1, 1),
		"first beyond 31 bits":   list(1, math.MaxInt32+1, 1),
		"beyond by a delta":      list(2, math.MaxInt32, append(delta(1), 1)...),
		"delta that comes round": list(2, 7, append(delta(math.MaxUint64), 1)...),
		"the same again":         list(2, 7, append(delta(0), 1)...),
		"endless number":         bytes.Repeat([]byte{0xff}, 50),
	} {
		got, err := decoded(encoded)
		if !errors.Is(err, errCorrupt) {
			t.Errorf("%s: %v, %v; want errCorrupt", name, got, err)
		}
		for _, p := range got {
			if p.document > math.MaxInt32 {
				t.Errorf("%s: gave document %d", name, p.document)
			}
		}
	}
	if got, err := decoded(list(2, math.MaxInt32-1, append(delta(1), 1)...)); err != nil || len(got) != 2 {
		t.Errorf("the highest numbers: %v, %v", got, err)
	}
}

func FuzzEachPosting(f *testing.F) {
	var list postingList
	for i := range uint32(20) {
		list.add(i*i*1000, int(i))
	}
	f.Add(list.appendTo(nil))
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		got, err := decoded(encoded)
		if err != nil {
			if !errors.Is(err, errCorrupt) {
				t.Errorf("%v, want errCorrupt", err)
			}
			return
		}
		for i, p := range got {
			if i > 0 && p.document <= got[i-1].document || p.document > math.MaxInt32 {
				t.Errorf("document %d stands behind %d", p.document, got[max(i-1, 0)].document)
			}
		}
		if int64(len(got)) != documentsOf(encoded) {
			t.Errorf("%d documents, counted %d", len(got), documentsOf(encoded))
		}
	})
}

func FuzzEachEntry(f *testing.F) {
	var list postingList
	list.add(7, 3)
	f.Add(appendEntry(appendEntry(nil, "printer", &list), "水", &list))
	f.Add([]byte{1, 'a', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, row []byte) {
		size := 0
		err := eachEntry(row, func(term, list []byte) error {
			size += 2 + len(term) + len(list)
			return nil
		})
		if err != nil && !errors.Is(err, errCorrupt) {
			t.Errorf("%v, want errCorrupt", err)
		}
		if size > len(row) {
			t.Errorf("%d bytes of entries in a row of %d", size, len(row))
		}
	})
}

func TestEntriesStopAtAnError(t *testing.T) {
	t.Parallel()
	var list postingList
	list.add(1, 1)
	row := appendEntry(appendEntry(nil, "a", &list), "b", &list)
	stop, calls := errors.New("stop"), 0
	err := eachEntry(row, func([]byte, []byte) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func TestRowsHoldEveryTermOnce(t *testing.T) {
	t.Parallel()
	for _, terms := range []int{0, 1, 23, 24, 1000} {
		lists := map[string]*postingList{}
		for i := range terms {
			list := &postingList{}
			for d := range 1 + i*i%500 {
				list.add(uint32(d), 1)
			}
			lists[fmt.Sprintf("t%d", i)] = list
		}
		bits := hashBits(terms)
		found, long := map[string]bool{}, 0
		rows := rowsOf(lists, bits)
		if len(rows.keys) != len(rows.documents) || len(rows.keys) != len(rows.postings) {
			t.Fatalf("%d keys, %d documents, %d postings", len(rows.keys), len(rows.documents), len(rows.postings))
		}
		seen := map[int64]bool{}
		for i, key := range rows.keys {
			if seen[key] {
				t.Errorf("two rows have the key %d", key)
			}
			seen[key] = true
			err := eachEntry(rows.postings[i], func(term, list []byte) error {
				name := string(term)
				if found[name] || !bytes.Equal(list, lists[name].appendTo(nil)) {
					t.Errorf("%s is there twice, or not as it was", name)
				}
				found[name] = true
				want, documents := sharedKey(hashOf(name), bits), int32(0)
				if len(lists[name].tail) > longList {
					want, documents = ownKey(hashOf(name)), int32(lists[name].count)
					long++
				}
				if key != want || rows.documents[i] != documents {
					t.Errorf("%s is in row %d that says %d documents, want %d and %d", name, key, rows.documents[i], want, documents)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if len(found) != terms || terms > 100 && long == 0 {
			t.Errorf("%d of %d terms are in rows, %d in their own", len(found), terms, long)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, hash := range []uint64{0, 1, 1 << 62, 1 << 63, math.MaxUint64, hashOf("printer")} {
		if got := sharedKey(hash, 0); got != 0 {
			t.Errorf("sharedKey(%x, 0) = %d, want the only row", hash, got)
		}
		for bits := 1; bits <= 40; bits++ {
			if got := sharedKey(hash, bits); got < 0 || got >= 1<<bits || got != int64(hash>>(64-bits)) {
				t.Errorf("sharedKey(%x, %d) = %d", hash, bits, got)
			}
		}
		if own := ownKey(hash); own >= 0 || own != math.MinInt64+int64(math.MaxInt64-hash>>1) {
			t.Errorf("ownKey(%x) = %d", hash, own)
		}
	}
	if first, last := ownKey(0), ownKey(math.MaxUint64); first != -1 || last != math.MinInt64 {
		t.Errorf("own keys go from %d to %d, want -1 to the least", first, last)
	}
	if hash := hashOf("printer"); hash != 0x4cd48aabe567fca9 {
		t.Errorf("the hash of a term changed: %x; indexes are stored by it", hash)
	}
	for terms, want := range map[int]int{0: 0, 23: 0, 24: 1, 47: 1, 48: 2, 24 * 1000: 10, 10_000_000: 19} {
		if got := hashBits(terms); got != want {
			t.Errorf("hashBits(%d) = %d, want %d", terms, got, want)
		}
	}
	// Between one and two dozen in a row, on average.
	for _, terms := range []int{24, 100, 5000, 1 << 20} {
		if each := terms >> hashBits(terms); each < termsPerRow/2 || each > termsPerRow {
			t.Errorf("%d terms make rows of %d", terms, each)
		}
	}
}

func TestLengthCodes(t *testing.T) {
	t.Parallel()
	for words, want := range map[int]byte{-1: 1, 0: 1, 1: 1, 2: 9, 4: 17, 1024: 81, math.MaxInt: 255} {
		if got := encodeLength(words); got != want {
			t.Errorf("encodeLength(%d) = %d, want %d", words, got, want)
		}
	}
	before := byte(1)
	for words := 1; words < 2_000_000; words += 1 + words/100 {
		code := encodeLength(words)
		if off := decodedLengths[code]/float64(words) - 1; math.Abs(off) > 0.0453 {
			t.Errorf("%d words become %v, off by %v", words, decodedLengths[code], off)
		}
		if code < before {
			t.Errorf("%d words have a lower code than fewer", words)
		}
		before = code
	}
	if decodedLengths[0] != 0 {
		t.Errorf("no document has the length %v", decodedLengths[0])
	}
}

func TestNewSegment(t *testing.T) {
	t.Parallel()
	s, lists := newSegment(40, []Document{
		{Title: "printer burns", Body: "printer " + strings.Repeat("fire ", 300)}, {}, {Body: "printer"},
	})
	if s.first != 40 || s.end() != 43 || s.live != 3 || s.removed != 0 || s.terms != 3 || s.analyzer != analyzerVersion {
		t.Errorf("segment %+v", s)
	}
	if want := []byte{encodeLength(2*TitleWeight + 301), 1, 1}; !bytes.Equal(s.lengths, want) {
		t.Errorf("lengths %v, want %v", s.lengths, want)
	}
	var words int64
	for _, code := range s.lengths {
		words += int64(decodedLengths[code])
	}
	if s.words != words {
		t.Errorf("%d words, want %d", s.words, words)
	}
	want := map[string][]posting{"printer": {{40, TitleWeight + 1}, {42, 1}}, "burn": {{40, TitleWeight}}, "fire": {{40, 255}}}
	got := map[string][]posting{}
	for term, list := range lists {
		got[term], _ = decoded(list.appendTo(nil))
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("lists %v, want %v", got, want)
	}
}
