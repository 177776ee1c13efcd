package embedding

import (
	"errors"
	"math"
)

// Vector is a direction in a model's space: of length 1.
type Vector []float32

// NewVector brings raw to length 1. It fails for what has no direction: nothing, zero, and numbers that
// are none.
func NewVector(raw []float32) (Vector, error) {
	square := 0.0
	for _, x := range raw {
		square += float64(x) * float64(x)
	}
	if math.IsNaN(square) || math.IsInf(square, 0) {
		return nil, errors.New("the vector holds what is no number")
	}
	if square == 0 {
		return nil, errors.New("the vector is empty or zero")
	}
	v := make(Vector, len(raw))
	length := math.Sqrt(square)
	for i, x := range raw {
		v[i] = float32(float64(x) / length)
	}
	return v, nil
}

// quantised is a Vector as it is stored: one signed byte a dimension, in units that make the greatest
// one ±127. A cosine does not depend on the unit, so that need not be kept.
//
// Rounding is off by at most half a unit in each dimension, and a unit is at most 1/127. The errors of
// the dimensions are independent, so that the error of a cosine has a standard deviation of unit/√12: 0.0023 when
// one dimension dominates all others, and less than 0.0005 for flat vectors of some hundred dimensions and more.
type quantised []byte

func quantise(v Vector) quantised {
	const most = math.MaxInt8
	greatest := 0.0
	for _, x := range v {
		greatest = max(greatest, math.Abs(float64(x)))
	}
	q := make(quantised, len(v))
	for i, x := range v {
		q[i] = byte(int8(math.Round(float64(x) / greatest * most))) //nolint:gosec // the sign comes back in cosine
	}
	return q
}

// cosine of the angle between v and q, -1 to 1; false when they cannot be of one model, for they differ in
// dimensions.
func (q quantised) cosine(v Vector) (float64, bool) {
	if len(q) != len(v) || len(q) == 0 {
		return 0, false
	}
	var (
		dot    float32
		square int64
	)
	for i, b := range q {
		x := int8(b) //nolint:gosec // the sign is meant to come back
		dot += v[i] * float32(x)
		square += int64(x) * int64(x)
	}
	if square == 0 {
		return 0, false
	}
	return min(1, max(-1, float64(dot)/math.Sqrt(float64(square)))), true
}
