package embedding

import (
	"math"
	"math/rand/v2"
	"testing"
)

// randomVector has dimensions that are normally distributed, but for a first one that is outlier times as great.
func randomVector(t testing.TB, random *rand.Rand, dimensions int, outlier float64) Vector {
	t.Helper()
	raw := make([]float32, dimensions)
	for i := range raw {
		raw[i] = float32(random.NormFloat64())
	}
	raw[0] *= float32(outlier)
	v, err := NewVector(raw)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNewVector(t *testing.T) {
	t.Parallel()
	v, err := NewVector([]float32{3, 0, -4})
	if err != nil || v[0] != 0.6 || v[1] != 0 || v[2] != -0.8 {
		t.Errorf("got %v, %v", v, err)
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for _, bad := range [][]float32{nil, {}, {0, 0}, {1, nan}, {inf, 1}} {
		if v, err := NewVector(bad); err == nil {
			t.Errorf("NewVector(%v) = %v", bad, v)
		}
	}
	if _, err := NewVector([]float32{math.MaxFloat32, math.MaxFloat32}); err != nil {
		t.Errorf("great numbers: %v", err)
	}
}

// TestRoundingIsSmall holds the documented error of a cosine against the exact one.
func TestRoundingIsSmall(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, tc := range []struct {
		dimensions int
		outlier    float64
		most       float64 // four times the standard deviation that is documented
	}{
		{1536, 1, 4 * 0.0005},
		{384, 1, 4 * 0.0005},
		{768, 1000, 4 * 0.0023},
	} {
		worst := 0.0
		for range 500 {
			a, b := randomVector(t, random, tc.dimensions, tc.outlier), randomVector(t, random, tc.dimensions, 1)
			exact := 0.0
			for i := range a {
				exact += float64(a[i]) * float64(b[i])
			}
			rounded, ok := quantise(a).cosine(b)
			if !ok {
				t.Fatal("not comparable")
			}
			worst = max(worst, math.Abs(rounded-exact))
		}
		if worst > tc.most || worst == 0 {
			t.Errorf("%d dimensions, outlier %v: a cosine is off by %v", tc.dimensions, tc.outlier, worst)
		}
		t.Logf("%d dimensions, outlier %v: off by %.5f at most", tc.dimensions, tc.outlier, worst)
	}
}

func TestCosine(t *testing.T) {
	t.Parallel()
	right, _ := NewVector([]float32{1, 0})
	left, _ := NewVector([]float32{-5, 0})
	up, _ := NewVector([]float32{0, 0.1})
	for _, tc := range []struct {
		a, b Vector
		want float64
	}{{right, right, 1}, {right, left, -1}, {up, right, 0}} {
		if got, ok := quantise(tc.a).cosine(tc.b); !ok || got != tc.want {
			t.Errorf("cosine of %v and %v is %v", tc.a, tc.b, got)
		}
	}
	for _, q := range []quantised{nil, {127}, {127, 0, 0}, {0, 0}} {
		if got, ok := q.cosine(right); ok {
			t.Errorf("%v is compared with %v: %v", q, right, got)
		}
	}
	if n := len(quantise(make(Vector, 1536))); n != 1536 {
		t.Errorf("1536 dimensions take %d bytes", n)
	}
}
