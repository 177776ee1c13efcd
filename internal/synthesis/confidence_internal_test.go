package synthesis

import (
	"math"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// The figures are those of the formula in docs/notes.md, reckoned by hand.
func TestConfidence(t *testing.T) {
	t.Parallel()
	one := []string{"T1"}
	for name, tc := range map[string]struct {
		advice  [][]string // labels of each recommendation
		similar [][]string
		dropped map[string]int
		change  func(*Input, *answer)
		score   float64
		level   Level
		because string
	}{
		"one source of 90 %":        {advice: [][]string{one}, score: 0.6*0.9 + 0.4*0.5, level: LevelHigh, because: "1 statement passed all checks; 1 source cited, the best 90% relevant."},
		"two that agree":            {advice: [][]string{{"T1", "A1"}}, score: 0.6*0.75 + 0.4*0.75, level: LevelHigh},
		"one with many like it":     {advice: [][]string{{"T2"}}, score: 0.6*0.5 + 0.4*(1-1.0/16), level: LevelMedium},
		"a weak one":                {advice: [][]string{{"T3"}}, score: 0.6*0.1 + 0.4*0.5, level: LevelLow},
		"relevance out of range":    {advice: [][]string{{"T4"}}, score: 0.6*1 + 0.4*0.5, level: LevelHigh},
		"half was dropped":          {advice: [][]string{one}, dropped: map[string]int{DropUnsupportedCode: 1}, score: 0.74 / 2, level: LevelLow, because: "1 of 2 statements passed the checks"},
		"doubles are no fault":      {advice: [][]string{one}, dropped: map[string]int{DropDuplicate: 3, DropUnknownCitation: 2, DropPromptBudget: 5}, score: 0.74, level: LevelHigh},
		"no recommendation":         {similar: [][]string{one}, score: 0.6, level: LevelMedium},
		"a search failed":           {advice: [][]string{one}, change: func(in *Input, _ *answer) { in.Articles.Unavailable = "x" }, score: 0.74 * 0.85, level: LevelMedium, because: "1 kind of source not searched"},
		"two searches failed":       {advice: [][]string{one}, change: func(in *Input, _ *answer) { in.Articles.Unavailable, in.Systems.Unavailable = "x", "x" }, score: 0.74 * 0.85 * 0.85, level: LevelMedium},
		"a cached search":           {advice: [][]string{one}, change: func(in *Input, _ *answer) { in.Articles.Note = "cached" }, score: 0.74 * 0.95, level: LevelHigh},
		"broken off":                {advice: [][]string{one}, change: func(_ *Input, a *answer) { a.truncated = true }, score: 0.74 * 0.85, level: LevelMedium, because: "the answer broke off"},
		"repaired":                  {advice: [][]string{one}, change: func(_ *Input, a *answer) { a.repaired = true }, score: 0.74 * 0.9, level: LevelMedium},
		"advice is not wanted":      {similar: [][]string{one}, change: func(in *Input, _ *answer) { in.Voice.Off = []string{keyRecommendations} }, score: 0.74, level: LevelHigh},
		"everything at its weakest": {advice: [][]string{{"T3"}}, dropped: map[string]int{DropUncited: 9}, score: 0.026, level: LevelLow},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var (
				in    Input
				a     answer
				items [sectionCount][]Item
			)
			in.Tickets.Items = []gather.Item{{ID: "1", Relevance: 0.9}, {ID: "2", Relevance: 0.5, Similar: 7}, {ID: "3", Relevance: 0.1}, {ID: "4", Relevance: 3}}
			in.Articles.Items = []gather.Item{{ID: "5", Relevance: 0.6}}
			if tc.change != nil {
				tc.change(&in, &a)
			}
			src := newSources(in)
			c := newChecker(in, src, nil)
			for reason, n := range tc.dropped {
				c.drop(reason, n)
			}
			for i, section := range [][][]string{tc.similar, nil, nil, tc.advice} {
				for _, labels := range section {
					items[i] = append(items[i], Item{Text: "x", Sources: refsTo(src, labels...)})
				}
			}
			got := c.confidence(a, items)
			if math.Abs(got.Score-tc.score) > 0.0051 || got.Level != tc.level {
				t.Errorf("%v, want %.3f and %s", got, tc.score, tc.level)
			}
			if !strings.Contains(got.Because, tc.because) || shorten(got.Because, maxBecauseWords) != got.Because {
				t.Errorf("because %q, want %q", got.Because, tc.because)
			}
		})
	}
}

func TestOnlyWhatAModelWroteHasAConfidence(t *testing.T) {
	t.Parallel()
	in := claimedInput()
	if out := New(nil, Options{}).Synthesize(t.Context(), in); out.Note.Confidence != nil {
		t.Errorf("the context alone has %v", out.Note.Confidence)
	}
}

func TestEstimatedTokens(t *testing.T) {
	t.Parallel()
	// The second figure is what cl100k_base counts; the estimate must not be below it.
	for text, counted := range map[string]int{
		"": 0,
		"The VPN client drops the connection every ten minutes since the last update. Renewed the certificate and restarted the agent.":           23,
		"Der VPN-Client verliert seit der letzten Aktualisierung alle zehn Minuten die Verbindung. Zertifikat erneuert und Dienst neu gestartet.": 39,
		`2026-03-01T10:12:33.123Z ERROR [0x80070005] C:\Windows\System32\svchost.exe -k netsvcs pid=4711 10.1.2.3:443 a1b2c3d4-e5f6-7890`:         67,
		"自上次更新以来，虚拟专用网络客户端每十分钟断开一次连接。已更新证书并重新启动代理。":                                                                                               37,
		"前回の更新以降、VPNクライアントが10分ごとに切断されます。証明書を更新しました。":                                                                                              36,
		"마지막 업데이트 이후 VPN 클라이언트가 10분마다 끊어집니다.":                                                                                                     34,
		"पिछले अपडेट के बाद से कनेक्शन हर दस मिनट में टूट जाता है।":                                                                               56,
		"🙂🔥👩\u200d👩\u200d👧": 18,
	} {
		if got := estimateTokens(text); got < counted || got > 4*counted+1 {
			t.Errorf("%q: %d, and %d are counted", text, got, counted)
		}
	}
}
