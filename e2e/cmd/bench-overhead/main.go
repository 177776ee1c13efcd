// Command bench-overhead says what watching costs: tickets enhanced in a second by a stack with traces and metrics and by one without,
// side by side and in turns. Watched means that apps, and with -sidecars their sidecars, export every trace to the collector, which keeps
// all of them in Jaeger, and that Prometheus scrapes every 15 s, all on the same machine; otherwise there is no endpoint and none of these
// programs runs. Halfway the stacks change places. It ends with status 1 when the pairs say more than 5 %, and with 2 when they do not tell.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const (
	// A measurement takes so many seconds that a ticket which waits for one of them hardly matters.
	usualPairs, usualTickets = 12, 250
	// atMost is the share of the throughput that watching may cost.
	atMost = 0.05
)

// Exit statuses besides 0.
const (
	exitFailed    = 1
	exitUndecided = 2
)

var errUndecided = errors.New("it is not decided whether watching costs too much")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-overhead:", err)
		if errors.Is(err, errUndecided) {
			os.Exit(exitUndecided)
		}
		os.Exit(exitFailed)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	pairs := flag.Int("pairs", usualPairs, "how many times to measure with and without")
	tickets := flag.Int("tickets", usualTickets, "how many tickets each measurement takes")
	sidecars := flag.Bool("sidecars", false, "have the sidecars export their spans, too")
	flag.Parse()
	if *pairs < 1 || *tickets < 1 {
		return errors.New("-pairs and -tickets have to be at least 1")
	}
	b := &bench{tickets: *tickets, sidecars: *sidecars}
	defer func() { err = errors.Join(err, b.close(context.WithoutCancel(ctx))) }()
	for i := range b.sides {
		if b.sides[i], err = open(ctx); err != nil {
			return err
		}
	}
	return measure(ctx, out, b, *pairs)
}

// measure takes the pairs as on off, off on, on off, …, and has the stacks change places halfway: what grows with time, or is better
// with one of them, is for and against either as often.
func measure(ctx context.Context, out io.Writer, b *bench, pairs int) error {
	fmt.Fprintf(out, "%d pairs of %d tickets each way, sidecars traced: %t\n", pairs, b.tickets, b.sidecars)
	var taken []pair
	for watched := range b.sides {
		n := pairs / len(b.sides)
		if watched == 0 {
			n = pairs - n
		}
		more, err := b.pairs(ctx, out, watched, n)
		if err != nil {
			return err
		}
		taken = append(taken, more...)
	}
	verdict := judge(taken)
	fmt.Fprintln(out, verdict)
	switch {
	case !verdict.throughput.tells():
		return errUndecided
	case verdict.throughput.median < 1-atMost:
		return fmt.Errorf("watching costs %.1f %% of the throughput, at most %.0f %% are wanted", 100*(1-verdict.throughput.median), 100*atMost)
	default:
		return nil
	}
}
