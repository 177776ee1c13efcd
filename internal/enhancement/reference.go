package enhancement

import (
	"crypto/sha256"
	"encoding/hex"
)

// NoteReference is the visible text by which we find our note on a ticket again: the same for every job on
// the ticket, and different for each tenant and ticket.
func NoteReference(tenantID, ticketID string) string {
	const digits = 16
	sum := sha256.Sum256([]byte("note\x00" + tenantID + "\x00" + ticketID))
	return "AI Agents reference " + hex.EncodeToString(sum[:])[:digits]
}
