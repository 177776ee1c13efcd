package tenant

// Mode is what becomes of a tenant's notes.
type Mode string

// The modes. The names are durable: the ledger keeps them with the jobs that ended under one.
const (
	ModeOff    Mode = "off"    // none is made
	ModeShadow Mode = "shadow" // they are made and kept, and never posted
	ModeLive   Mode = "live"
)

// Effective is what m comes to: live unless the tenant chose. One that this release does not know is a later release's, and nobody
// is to find notes on tickets that it may have meant to withhold.
func (m Mode) Effective() Mode {
	switch m {
	case "", ModeLive:
		return ModeLive
	case ModeOff:
		return ModeOff
	case ModeShadow:
	}
	return ModeShadow
}

// NoteMode is the mode, live unless the tenant chose.
func (p Preferences) NoteMode() Mode { return p.Mode.Effective() }
