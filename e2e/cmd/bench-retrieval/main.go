// Command bench-retrieval measures the context sources: how well they find and how fast.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/ai-agents/ai-agents/e2e/retrieval"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-retrieval:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	opts := retrieval.Options{Log: os.Stderr}
	flag.StringVar(&opts.Data, "data", "../shared/data", "folder with the data sets")
	flag.StringVar(&opts.Agentctl, "agentctl", "bin/agentctl", "the program that imports")
	const tickets = 100_000
	flag.IntVar(&opts.Import, "import", tickets, "tickets to import from a file; 0 for none")
	quality := flag.Bool("quality", true, "measure how well the sources find")
	sizes := flag.String("sizes", "10000,100000,1000000", "sizes of the histories to search, the smallest first; empty for none")
	flag.Parse()
	opts.SkipQuality = !*quality
	for size := range strings.SplitSeq(*sizes, ",") {
		if size == "" {
			continue
		}
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 {
			return fmt.Errorf("-sizes: %q is not a number of tickets", size)
		}
		opts.Sizes = append(opts.Sizes, n)
	}
	return retrieval.Run(ctx, opts, os.Stdout)
}
