package openaitest

import (
	"hash/fnv"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Embed is the vector that the fake's model of that name gives text: of unit length, the same each time.
// Texts with the same words, or with the synonyms that the fake knows, have a cosine near 1; texts
// without one in common have one near 0.
func Embed(model, text string) []float32 {
	sum := make([]float64, dimensions(model))
	for word, count := range bag(text) {
		weight := 1 + math.Log(float64(count))
		for position, sign := range direction(model, word, len(sum)) {
			sum[position] += sign * weight
		}
	}
	return unit(sum)
}

// dimensions differ between models, as they do in life.
func dimensions(model string) int {
	const small, large, least, step, steps = 1536, 3072, 256, 64, 4
	switch model {
	case "text-embedding-3-small", "text-embedding-ada-002":
		return small
	case "text-embedding-3-large":
		return large
	default:
		return least + step*int(hash(model)%steps)
	}
}

// direction spreads a word over a few dimensions, pseudo-randomly: random indexing (M. Sahlgren, "An
// Introduction to Random Indexing", 2005).
func direction(model, word string, size int) map[int]float64 {
	const spread = 16
	signs := make(map[int]float64, spread)
	for i := range spread {
		h := hash(model, word, strconv.Itoa(i))
		sign := 1.0
		if h&1 == 1 {
			sign = -1
		}
		signs[int(h>>1%uint64(size))] = sign //nolint:gosec // below size
	}
	return signs
}

func hash(parts ...string) uint64 {
	h := fnv.New64a()
	for _, part := range parts {
		_, _ = h.Write([]byte(part + "\x00")) // never fails
	}
	// FNV's low bits are weak for texts that differ in their last byte only.
	return (h.Sum64() ^ h.Sum64()>>29) * 0xbf58476d1ce4e5b9 >> 3 //nolint:mnd // a step of splitmix64
}

func unit(sum []float64) []float32 {
	square := 0.0
	for _, x := range sum {
		square += x * x
	}
	vector := make([]float32, len(sum))
	if square == 0 {
		vector[0] = 1 // a text without words; a model gives it some vector, too
		return vector
	}
	for i, x := range sum {
		vector[i] = float32(x / math.Sqrt(square))
	}
	return vector
}

// bag counts what text is about.
func bag(text string) map[string]int {
	text = strings.NewReplacer("sign-in", "login", "sign in", "login", "signing in", "login", "log in", "login",
		"log on", "login", "log-on", "login", "e-mail", "mail").Replace(strings.ToLower(text))
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	counts := make(map[string]int)
	for _, word := range words {
		if !strings.Contains(stopWords, " "+word+" ") {
			counts[concept(stem(word))]++
		}
	}
	return counts
}

const stopWords = " a an and are as at be but by can cannot do does for from has have he her his i in is it its me my no" +
	" not of on or our she since so that the their them they this to very was we were when while with you your "

// stem takes common endings off. It need not be right, only the same for the forms of a word.
func stem(word string) string {
	const shortest = 3
	for _, ending := range []string{"ing", "ed", "es", "s", "ly"} {
		if short, cut := strings.CutSuffix(word, ending); cut && len(short) >= shortest {
			word = short
			break
		}
	}
	if n := len(word); n > shortest && word[n-1] == word[n-2] {
		word = word[:n-1]
	}
	return strings.TrimSuffix(word, "e")
}

// concept is one stem for all words of a meaning.
func concept(stem string) string {
	switch stem {
	case "tunnel":
		return "vpn"
	case "logon", "signin", "authenticat", "authentication":
		return "login"
	case "sluggish", "crawl", "lag", "laggy":
		return "slow"
	case "disconnect", "interrupt":
		return "drop"
	case "mailbox", "email", "outlook":
		return "mail"
	case "passphras", "credential":
		return "password"
	case "notebook":
		return "laptop"
	case "monitor", "display":
		return "screen"
	case "freez", "hang":
		return "crash"
	default:
		return stem
	}
}
