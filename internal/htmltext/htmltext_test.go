package htmltext_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/htmltext"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
)

func lines(l ...string) string { return strings.Join(l, "\n") }

func TestTextsHoldNothingDeceptive(t *testing.T) {
	t.Parallel()
	for _, markup := range []string{"<p>" + tickettest.Deceptive + "</p>", "<pre>" + tickettest.Deceptive, tickettest.Deceptive} {
		tickettest.CheckDeceptive(t, "the text", htmltext.FromHTML(markup))
		tickettest.CheckDeceptive(t, "the text of either", htmltext.FromEither(markup))
	}
	if got := htmltext.FromHTML("<p>a&#x202e;&#8203;&#xE0041;b&rlm;&zwj;c</p>"); got != "abc" {
		t.Errorf("as entities: %+q", got)
	}
}

func TestFromHTML(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"paragraphs":          {"<p>One\n  line</p><p>Two</p>", "One line\n\nTwo"},
		"line breaks":         {"a<br>b<br/>c<BR clear=all><br><br><br>d", "a\nb\nc\n\nd"},
		"divs as a mail has":  {"<div>a</div><div>b</div><div><br></div><div>c</div>", "a\nb\n\nc"},
		"inline tags":         {"<p>in<b>sta</b>ll <i>it</i> <span>now</span></p>", "install it now"},
		"words do not merge":  {"<ul><li>a<li>b</ul>c<h2>d</h2>e", "- a\n- b\nc\n\nd\n\ne"},
		"entities":            {"<p>Tom &amp; J&eacute;r&ocirc;me&#39;s &lt;none&gt; &#x1F5A8;</p>", "Tom & Jérôme's <none> 🖨"},
		"no-break spaces":     {"<p>a&nbsp;&nbsp;\u00a0b</p>", "a b"},
		"not shown":           {"<style>p{}</style><p>a<!-- b --><script>c<p>d</script><template>e</template>f</p><title>g</title>", "af"},
		"hidden":              {`<div style="Display : NONE !important;font-size:1px">preheader <p>x</p></div><p hidden>b</p><span style="visibility:hidden">c</span>seen`, "seen"},
		"hidden, not closed":  {`<div><p>a <span style="display:none">b <b>c</p><p>d</p></div>`, "a\n\nd"},
		"hidden code":         {`<span hidden><code></span><p>a   b</p>`, "a b"},
		"hidden table":        {`<table hidden><tr><td>a<table><tr><td>b</table></table>c`, "c"},
		"conditional comment": {"<!--[if gte mso 9]><xml><o:x>1</o:x></xml><![endif]--><p>a<![if !supportLists]>b<![endif]><o:p>c</o:p></p>", "abc"},
		"headings":            {"<h1>Title</h1>text<h2>Next</h2><p>more</p>", "Title\n\ntext\n\nNext\n\nmore"},
		"rule":                {"a<hr>b", "a\n\nb"},
		"definition list":     {"<dl><dt>Host<dd>192.0.2.1<dt>Port<dd>22</dl>", "Host\n192.0.2.1\nPort\n22"},
		"quotation":           {"<p>a</p><blockquote type=cite>b</blockquote>c", "a\n\nb\n\nc"},
		"lists": {"<p>Do:</p><ol><li>one<ul><li>a<li><p>b</p><p>c</p></li></ul></li><li>two<br>more</ol>", lines(
			"Do:", "1. one", "  - a", "  - b", "", "    c", "2. two", "  more")},
		"code":                     {"<p>Run</p><pre>\nGet-Service |\n    Where Status -eq 'Stopped'\n\n\n# done\n\n</pre><p>then</p>", lines("Run", "", "Get-Service |", "    Where Status -eq 'Stopped'", "", "", "# done", "", "then")},
		"code with spans":          {"<pre><span class=k>if</span> <span>x</span>:\n  <span>y</span>&nbsp;&nbsp;z<br>q</pre>", "if x:\n  y  z\nq"},
		"code without pre":         {"<p>Run <code>a\n  b</code> now</p>", "Run a\n  b now"},
		"code in a line":           {"<p>Run <code>net  use</code>, then</p>", "Run net  use, then"},
		"link":                     {`<p>See <a href="https://kb.example.com/1">the article</a>.</p>`, "See the article (https://kb.example.com/1)."},
		"link that shows itself":   {`<a href="https://www.example.com/">example.com</a> <a href="http://example.com/a">HTTP://example.com/a</a>`, "example.com HTTP://example.com/a"},
		"links elsewhere":          {`<a href="javascript:alert(1)">a</a> <a href="mailto:x@example.com">b</a> <a href="#c">c</a> <a name=d>d</a> <a href="file:///x">e</a>`, "a b c d e"},
		"link of a picture":        {`<a href="https://example.com"><img src="data:image/png;base64,AAAA" alt="logo"></a>x`, "x"},
		"link of a scanner":        {`<a href="https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.com%2Fa&amp;data=05">here</a>`, "here (https://example.com/a)"},
		"link that is not closed":  {`<p><a href="https://example.com/1">one <a href="https://example.com/2">two</p>three`, "one (https://example.com/1) two (https://example.com/2)\nthree"},
		"what people write":        {"<p>List<String> x = a < b ? <none> : <server-name> <mailto:x@example.com> <http://example.com/> Map<Object></p>", "List<String> x = a < b ? <none> : <server-name> <mailto:x@example.com> <http://example.com/> Map<Object>"},
		"no tag":                   {"Tom &amp; Jerry\n  a &lt; b", "Tom & Jerry\n  a < b"},
		"misnested":                {"<b><p>a</b>b</p></i></div></td></table>c<p>d", "ab\nc\n\nd"},
		"a cell keeps to itself":   {"<div><table><tr><td>a</div></p></b>b<td>c</table>d</div>", "a b | c\n\nd"},
		"nothing":                  {"<p>&nbsp;</p><div><br></div>", ""},
		"text area":                {"<textarea>a\n  b</textarea>", "a\n  b"},
		"tag that does not end":    {"<p>a</p><p title=\"b", "a"},
		"comment without an end":   {"<p>a</p><!-- b", "a"},
		"script without an end":    {"<p>a</p><script>b", "a"},
		"control characters":       {"<p>a\x00\u202eb\u200bc\xff</p>", "abc\uFFFD"},
		"select, and other blocks": {"<select><option>a<option>b</select><center>c</center>", "a\nb\nc"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, htmltext.FromHTML(c.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"rows":          {"<table><thead><tr><th>Host</th><th>IP</th></tr></thead><tbody><tr><td>db 1</td><td>192.0.2.1</td></tr></tbody></table>", "Host | IP\ndb 1 | 192.0.2.1"},
		"without ends":  {"<table><tr><th>Host<th>IP<tr><td>a<td>b</table>", "Host | IP\na | b"},
		"empty cells":   {"<table><tr><td>a<td><td>c<td>&nbsp;<tr><td><td>b<td>c<tr><td></table>", "a | | c\n| b | c"},
		"text between":  {"x<table>y<tr>z<td>a</td>q<td>b</tr></table>w", "x\ny\nzq\na | b\n\nw"},
		"caption":       {"<table><caption>Hosts</caption><tr><td>a<td>b</table>", "Hosts\na | b"},
		"cells of HTML": {"<table><tr><td><p>a</p><p>b</p><td><ul><li>c<li>d</ul><td><b>e</b><br>f</table>", "a b | - c - d | e f"},
		"layout":        {"<table><tr><td>&nbsp;</td><td><p>Dear all,</p><p>it broke.</p></td></tr></table>after", "Dear all,\n\nit broke.\n\nafter"},
		"nested": {
			"<table><tr><td><p>Hello</p><table><tr><td>Host<td>IP</tr><tr><td>a<td>192.0.2.1</table><p>Bye</p></td></tr></table>",
			lines("Hello", "Host | IP", "a | 192.0.2.1", "", "Bye"),
		},
		"nested beside another": {
			"<table><tr><td>left<td><table><tr><td>a<td>b<tr><td>c<td>d</table></table>", lines("left", "a | b", "c | d"),
		},
		"code in a cell": {
			"<table><tr><td>Step 1<td><pre>Stop-Service x\n  -Force</pre><tr><td>Step 2<td>wait</table>",
			lines("Step 1", "Stop-Service x", "  -Force", "Step 2 | wait"),
		},
		"in a list": {"<ul><li>see<table><tr><td>a<td>b<tr><td>c<td>d</table></ul>", "- see\n  a | b\n  c | d"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := ticket.Normalize(c.want)
			if diff := cmp.Diff(want, htmltext.FromHTML(c.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// outlook is a mail as Word writes it, quoted reply included.
const outlook = `<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<style><!-- p.MsoNormal {margin:0cm; font-family:"Calibri",sans-serif;} --></style>
<!--[if gte mso 9]><xml><o:shapedefaults v:ext="edit" spidmax="1026" /></xml><![endif]--></head>
<body lang="EN-GB" link="#0563C1"><div class="WordSection1">
<p class="MsoNormal"><span style="font-size:11.0pt">Hi all,<o:p></o:p></span></p>
<p class="MsoNormal"><o:p>&nbsp;</o:p></p>
<p class="MsoNormal">the VPN gateway&nbsp;<b>vpn1.example.com</b> (192.0.2.10) drops every 5&nbsp;minutes:<o:p></o:p></p>
<table class="MsoNormalTable" border="0" cellspacing="0"><tbody><tr><td width="10">&nbsp;</td><td>
<table class="MsoTableGrid" border="1"><tr><td><p class="MsoNormal"><b>Time</b></p></td><td><p class="MsoNormal"><b>Event</b></p></td></tr>
<tr><td><p class="MsoNormal">10:02</p></td><td><p class="MsoNormal">IKE_SA deleted</p></td></tr></table>
</td></tr></tbody></table>
<p class="MsoNormal">See <a href="https://eur02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fkb.example.com%2Fvpn&amp;data=05%7C02">our article</a>.</p>
<p class="MsoListParagraph" style="text-indent:-18.0pt"><![if !supportLists]><span>1.<span style="font:7.0pt">&nbsp;&nbsp;&nbsp;</span></span><![endif]>restart</p>
<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class="MsoNormal"><b>From:</b> Person &lt;person@example.com&gt;<br><b>Sent:</b> Monday</p></div>
</div></body></html>`

const confluence = `<h2 id="Restart">Restart the <em>spooler</em></h2><div class="table-wrap"><table class="wrapped confluenceTable">
<colgroup><col /><col /></colgroup><tbody>
<tr><th class="confluenceTh">Symptom</th><th class="confluenceTh"><p>Action</p></th></tr>
<tr><td class="confluenceTd"><p>Queue is stuck</p></td><td class="confluenceTd"><div class="code panel"><pre class="syntaxhighlighter-pre">Stop-Service Spooler
Remove-Item C:\Windows\System32\spool\PRINTERS\* -Force
if ($LASTEXITCODE -ne 0) {
    exit 1
}</pre></div></td></tr>
<tr><td class="confluenceTd">Offline</td><td class="confluenceTd"><ul><li>ping it</li><li>re-add it</li></ul></td></tr>
</tbody></table></div><p>Owner:&nbsp;<a class="confluence-userlink" href="https://wiki.example.com/~it">IT</a></p>`

func TestDocuments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"Outlook": {outlook, lines(
			"Hi all,", "", "the VPN gateway vpn1.example.com (192.0.2.10) drops every 5 minutes:", "Time | Event", "10:02 | IKE_SA deleted", "",
			"See our article (https://kb.example.com/vpn).", "", "1. restart", "From: Person <person@example.com>", "Sent: Monday")},
		"Confluence": {confluence, lines(
			"Restart the spooler", "", "Symptom | Action", "Queue is stuck", "Stop-Service Spooler",
			`Remove-Item C:\Windows\System32\spool\PRINTERS\* -Force`, "if ($LASTEXITCODE -ne 0) {", "    exit 1", "}",
			"Offline | - ping it - re-add it", "", "Owner: IT (https://wiki.example.com/~it)")},
	} {
		if diff := cmp.Diff(c.want, htmltext.FromHTML(c.in)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestFromEither(t *testing.T) {
	t.Parallel()
	for _, plain := range []string{
		"a < b && c > d", "<none>", "List<String> x = new ArrayList<Object>();", "ping <address>\n  then <title>", "if a <b && c> d",
		"AT&amp;T writes &lt;p&gt;", "x\n    y\tz\n\n\nw", "Person <person@example.com>", "<config><name>x</name></config>", "1<2", "", "<", "</>",
	} {
		if got := htmltext.FromEither(plain); got != plain {
			t.Errorf("plain text %q became %q", plain, got)
		}
	}
	if got := htmltext.FromEither("a\r\nb  \n\x00c\n\n"); got != "a\nb\nc" {
		t.Errorf("not normalised: %q", got)
	}
	for markup, want := range map[string]string{
		"<p>a &amp; b</p>": "a & b", "x<br>y": "x\ny", "<DIV CLASS=x>a</DIV>": "a", "<!-- a -->b": "b", `<a href="https://example.com">example.com</a>`: "example.com",
		"a</b>": "a", "<!DOCTYPE html>a": "a",
	} {
		if got := htmltext.FromEither(markup); got != want {
			t.Errorf("%q became %q, want %q", markup, got, want)
		}
	}
}

func hostile() map[string]string {
	const many = 100_000
	huge := strings.Repeat("x", 3<<20)
	return map[string]string{
		"nested divs":       strings.Repeat("<div>", many) + "end",
		"nested tables":     strings.Repeat("<table><tr><td>", many) + "end",
		"closed tables":     strings.Repeat("<table><tr><td>a<td>", 5000) + "end" + strings.Repeat("</table>", 5000),
		"nested lists":      strings.Repeat("<ul><li>", many) + "end",
		"nested bold":       strings.Repeat("<b>", many) + "<p>" + strings.Repeat("</i></b>", many) + "end",
		"nested code":       strings.Repeat("<pre><code>", many) + "end",
		"nested hidden":     strings.Repeat("<p hidden><div hidden>", many),
		"nested links":      strings.Repeat(`<a href="https://example.com/">`, many) + "end",
		"paragraphs":        strings.Repeat("<b>", 200) + strings.Repeat("<p>", many) + "end",
		"cells":             "<table>" + strings.Repeat("<td>", many) + "end",
		"ends":              strings.Repeat("</table></td></p>", many) + "end",
		"huge attribute":    `<p title="` + huge + `">end</p>`,
		"huge style":        `<p style="` + huge + `">end</p>`,
		"many attributes":   "<p " + strings.Repeat("a=b ", many) + ">end</p>",
		"huge link":         `<a href="https://example.com/` + huge + `">end</a>`,
		"huge tag":          "<p>a</p><" + huge + ">end",
		"huge text":         "<p>" + huge,
		"huge code":         "<pre>" + strings.Repeat("\n ", 1<<20),
		"brackets":          "<p>" + strings.Repeat("<", 1<<20),
		"entities":          "<p>" + strings.Repeat("&amp", 1<<20),
		"unclosed brackets": "<p>" + strings.Repeat("<a ", 1<<20),
		"comments":          "<p>" + strings.Repeat("<!--", 1<<20),
		"row of cells":      "<table><tr>" + strings.Repeat("<td>"+strings.Repeat("word ", 50), 20_000) + "</table>",
	}
}

func TestHostileMarkup(t *testing.T) {
	t.Parallel()
	for name, markup := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := htmltext.FromHTML(markup)
			check(t, got)
			shown := !strings.Contains(markup, "end") || strings.Contains(name, "huge tag")
			if !shown && len(got) < htmltext.MaxText && !strings.Contains(got, "end") {
				t.Errorf("the text is lost: %.100q", got)
			}
		})
	}
}

func TestALongTextIsCut(t *testing.T) {
	t.Parallel()
	for name, markup := range map[string]string{
		"flow": "<p>" + strings.Repeat("é ", htmltext.MaxText), "plain": strings.Repeat("é ", htmltext.MaxText),
		"rows": "<table>" + strings.Repeat("<tr><td>é<td>b", htmltext.MaxText),
	} {
		got := htmltext.FromHTML(markup)
		check(t, got)
		if len(got) < htmltext.MaxText/3 || len(got) > htmltext.MaxText {
			t.Errorf("%s: %d bytes", name, len(got))
		}
		if name != "rows" && !strings.HasSuffix(got, "\n…") {
			t.Errorf("%s: ends with %q", name, got[len(got)-10:])
		}
	}
}

// check fails unless text is what every result is.
func check(t *testing.T, text string) {
	t.Helper()
	switch {
	case len(text) > htmltext.MaxText:
		t.Errorf("%d bytes", len(text))
	case !utf8.ValidString(text):
		t.Error("not valid UTF-8")
	case ticket.Normalize(text) != text:
		t.Errorf("not in normal form: %.200q", text)
	}
}

func FuzzFromHTML(f *testing.F) {
	for _, seed := range []string{
		outlook, confluence, "<table><tr><td hidden>a<table><td>b</span></table>", "<pre><span hidden><code>\n</pre></span>x",
		"<ul><li><ol><li hidden></ul><a href=http://a/>b</ul>", "<p>a < b <none> &lt; \xff</p><svg/><textarea>", "<b><table></b><tr><p><td></p>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		check(t, htmltext.FromHTML(in))
		check(t, htmltext.FromEither(in))
	})
}
