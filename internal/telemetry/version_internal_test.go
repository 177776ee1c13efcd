package telemetry

import "testing"

// TestTheLinkerHasTheLastWord: an image is built without git, and still knows its version.
func TestTheLinkerHasTheLastWord(t *testing.T) {
	t.Cleanup(func() { linkedVersion, linkedRevision = "", "" })
	before := Version()
	linkedVersion, linkedRevision = "v1.2.3", "0123456789abcdef"
	if version, revision, _ := build(); Version() != "v1.2.3" || version != "v1.2.3" || revision != "0123456789abcdef" {
		t.Errorf("%s: %s %s", Version(), version, revision)
	}
	linkedVersion, linkedRevision = "", ""
	if Version() != before {
		t.Errorf("%s, and %s before", Version(), before)
	}
}
