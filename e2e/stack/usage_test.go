package stack

import (
	"os"
	"testing"
	"time"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	before, err := usageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	kept := make([]byte, 64<<20)
	after := before
	for i := 0; after.Processor < before.Processor+2*tick; i++ {
		for at := i % 4096; at < len(kept); at += 4096 {
			kept[at]++
		}
		if after, err = usageOf(os.Getpid()); err != nil {
			t.Fatal(err)
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("a minute of work has used %s", after.Processor-before.Processor)
		}
	}
	if grown := after.Memory - before.Memory; grown < int64(len(kept))*9/10 {
		t.Errorf("64 MiB in use are %d bytes more", grown)
	}
	if kept[0] == 0 {
		t.Error("nothing was written")
	}
}

func TestUsageOfNobody(t *testing.T) {
	t.Parallel()
	if got, err := usageOf(-1); err == nil {
		t.Errorf("nobody uses %+v", got)
	}
	for _, bad := range []string{"", "Rss: 10 kB\n", "Pss: many kB\n"} {
		if got, err := proportional(bad); err == nil {
			t.Errorf("%q: got %d", bad, got)
		}
	}
	if got, err := proportional("00400000-7ffd [rollup]\nRss:      20 kB\nPss:      10 kB\nPss_Dirty: 4 kB\n"); err != nil || got != 10<<10 {
		t.Errorf("got %d, %v, want 10 KiB", got, err)
	}
}
