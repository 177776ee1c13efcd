package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// BenchmarkImport imports tickets from a file into an empty history by the command itself, through a console, and reports rows per
// second.
// A ticket has 80 words of description and 40 of resolution. The number of rows comes from IMPORT_BENCH_ROWS; without it, it is small.
func BenchmarkImport(b *testing.B) {
	rows := 10_000
	if text := os.Getenv("IMPORT_BENCH_ROWS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		rows = n
	}
	path := filepath.Join(b.TempDir(), "t.csv")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	writeProse(b, file, rows)
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		environment(b)
		if out, err := agentctl(b.Context(), exampleTenant, "tenant", "apply", "--file", "-"); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		b.StartTimer()
		if out, err := agentctl(b.Context(), "", "import", "tickets", "--tenant", "alpha", "--file", path, "--quiet"); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// writeProse writes tickets whose words are as frequent as those of a language: a few all the time, most of them rarely.
func writeProse(b *testing.B, w io.Writer, rows int) {
	b.Helper()
	const vocabulary = 20_000
	zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 4, vocabulary) // the same text in every run
	out := bufio.NewWriter(w)
	words := func(n int) {
		for range n {
			// Consonants only, so that no word is a stop word or is stemmed into another.
			for number := zipf.Uint64() + 100; number > 0; number /= 16 {
				_ = out.WriteByte("bcdfghjklmnpqrtz"[number%16])
			}
			_ = out.WriteByte(' ')
		}
	}
	_, _ = out.WriteString(generatedHeader)
	for i := range rows {
		fmt.Fprintf(out, "%d,", i)
		words(8)
		_, _ = out.WriteString(",\"")
		words(80)
		_, _ = out.WriteString("\n\",")
		words(40)
		_, _ = out.WriteString(",2026-01-02 03:04:05\n")
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
}
