package openaitest_test

import (
	"math"
	"slices"
	"testing"

	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

func cosine(a, b []float32) float64 {
	sum := 0.0
	for i, x := range a {
		sum += float64(x) * float64(b[i])
	}
	return sum
}

func TestNearTextsHaveNearVectors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b        string
		least, most float64
	}{
		{"VPN drops", "VPN drops", 0.999, 1},
		{"VPN drops", "The VPN dropped!", 0.999, 1},
		{"VPN drops", "The tunnel disconnects", 0.999, 1},
		{"Login is slow", "Sign-in: sluggish", 0.999, 1},
		{"She cannot log in", "Logon", 0.999, 1},
		{"E-mails are lost", "Lost: a mailbox", 0.999, 1},
		{"VPN drops", "VPN certificate", 0.35, 0.65},
		{"VPN drops", "The printer is out of paper", -0.3, 0.3},
		{"Toner for the plotter", "Backup fails at night", -0.3, 0.3},
		{"", "of the", 0.999, 1},
	} {
		for _, model := range []string{"example-embeddings", "text-embedding-3-small"} {
			if got := cosine(openaitest.Embed(model, tc.a), openaitest.Embed(model, tc.b)); got < tc.least || got > tc.most+1e-6 {
				t.Errorf("%s: the cosine of %q and %q is %.3f, want %v to %v", model, tc.a, tc.b, got, tc.least, tc.most)
			}
		}
	}
}

func TestModelsDiffer(t *testing.T) {
	t.Parallel()
	for model, dimensions := range map[string]int{
		"text-embedding-3-small": 1536, "text-embedding-ada-002": 1536, "text-embedding-3-large": 3072,
	} {
		v := openaitest.Embed(model, "VPN drops")
		if len(v) != dimensions || math.Abs(cosine(v, v)-1) > 1e-6 {
			t.Errorf("%s has %d dimensions and the length %v", model, len(v), math.Sqrt(cosine(v, v)))
		}
	}
	small, ada := openaitest.Embed("text-embedding-3-small", "VPN drops"), openaitest.Embed("text-embedding-ada-002", "VPN drops")
	if math.Abs(cosine(small, ada)) > 0.3 {
		t.Error("two models agree")
	}
	sizes := make(map[int]bool)
	for _, model := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		sizes[len(openaitest.Embed(model, "VPN"))] = true
	}
	if len(sizes) < 2 {
		t.Errorf("all models have the dimensions %v", sizes)
	}
	if !slices.Equal(openaitest.Embed("a", "x y z"), openaitest.Embed("a", "z, y; x")) {
		t.Error("the order of words matters")
	}
}
