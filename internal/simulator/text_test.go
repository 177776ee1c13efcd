package simulator

import "testing"

func TestTextSurvivesTheWayThroughHTML(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "plain", "two\nlines\n\nand a gap", `<b>"quoted" & 'escaped'</b> &amp; &lt;`, "naïve 漢字 🔥", "a < b > c", "<br>",
		"5 < 6 and <script>alert(1)</script>",
	} {
		if got := textFrom(htmlFrom(text)); got != text {
			t.Errorf("%q became %q by way of %q", text, got, htmlFrom(text))
		}
	}
}

func TestTextFromForeignHTML(t *testing.T) {
	t.Parallel()
	const source = `<div><p>First &amp; foremost</p><ul><li>one</li><li>two</li></ul><script>alert(1)</script></div>`
	if got, want := textFrom(source), "First & foremost\none\ntwo\n\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
