package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
)

// encodingVersion is the first field of what is hashed.
const encodingVersion = "ai-agents audit 1"

// Sum computes the hash that the record should have. It is what the SQL function audit_hash computes: each text with its
// length before it, in bytes, so that no two records have one encoding; the details by key, in the order of bytes.
func (r Record) Sum() Hash {
	var b []byte
	b = appendField(b, encodingVersion)
	b = append(b, r.PreviousHash[:]...)
	b = appendNumber(b, r.Seq)
	b = appendNumber(b, r.At.UnixMicro())
	for _, field := range []string{
		string(r.Operation), string(r.Status), r.Actor, r.TenantID, r.Target, r.Address, r.CorrelationID, r.WrittenBy,
	} {
		b = appendField(b, field)
	}
	b = appendLength(b, len(r.Detail))
	for _, key := range slices.Sorted(maps.Keys(r.Detail)) {
		b = appendField(b, key)
		b = appendField(b, r.Detail[key])
	}
	return sha256.Sum256(b)
}

func appendField(b []byte, field string) []byte {
	return append(appendLength(b, len(field)), field...)
}

func appendLength(b []byte, n int) []byte {
	return binary.BigEndian.AppendUint32(b, uint32(n)) //nolint:gosec // G115: nothing in a record comes near 4 GB.
}

func appendNumber(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(n)) //nolint:gosec // G115: two's complement, as int8send writes it.
}
