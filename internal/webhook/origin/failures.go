package origin

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

const (
	// known bounds the memory: some hundred bytes for each of so many addresses, suspected ones and good ones apart, so
	// that whoever has many addresses drives out only others like himself.
	known = 10_000
	// vouched is how long a good signature speaks for its address.
	vouched = 10 * time.Minute
	// trials a second are what a suspected address may still have checked when a good sender is known to share it.
	trials = 10
	// siteBits of an IPv6 address name the site; within it, everybody has as many addresses as he likes.
	siteBits = 64
)

// Failures counts the wrong signatures of each address. It is this process's own: with n replicas, an address has up
// to n times as many before all of them refuse it.
type Failures struct {
	perMinute int
	now       func() time.Time
	suspects  *lru.Cache[netip.Prefix, *rate.Limiter]
	good      *lru.Cache[netip.Prefix, *voucher]
}

type voucher struct {
	until  atomic.Int64 // nanoseconds since 1970
	trials *rate.Limiter
}

// NewFailures allows each address so many wrong signatures a minute.
func NewFailures(perMinute int, now func() time.Time) (*Failures, error) {
	suspects, err := lru.New[netip.Prefix, *rate.Limiter](known)
	if err != nil {
		return nil, fmt.Errorf("remember addresses: %w", err)
	}
	good, err := lru.New[netip.Prefix, *voucher](known)
	if err != nil {
		return nil, fmt.Errorf("remember addresses: %w", err)
	}
	return &Failures{perMinute: perMinute, now: now, suspects: suspects, good: good}, nil
}

// Admit says whether a request from the address is worth looking at, and otherwise, by a wait above zero, when the next
// will be. Below the limit all are. Above it, one is for each failure that the passing time forgives, so that a sender
// who has mended his secret gets in again; and where a good signature came from lately, a bounded number, which is
// what trial says, since a good sender may share the address with a bad one.
func (f *Failures) Admit(addr netip.Addr) (trial bool, wait time.Duration) {
	now := f.now()
	failures, suspected := f.suspects.Get(Site(addr))
	if !suspected {
		return false, 0
	}
	forgiven := failures.TokensAt(now)
	if forgiven >= 1 {
		return false, 0
	}
	if good, ok := f.good.Get(Site(addr)); ok && now.UnixNano() < good.until.Load() {
		if good.trials.AllowN(now, 1) {
			return true, 0
		}
		return false, time.Second
	}
	return false, time.Duration((1 - forgiven) / float64(failures.Limit()) * float64(time.Second))
}

// Failed counts a wrong signature from the address.
func (f *Failures) Failed(addr netip.Addr) {
	key := Site(addr)
	failures, ok := f.suspects.Get(key)
	if !ok {
		failures = rate.NewLimiter(rate.Limit(float64(f.perMinute)/time.Minute.Seconds()), f.perMinute)
		if other, raced, _ := f.suspects.PeekOrAdd(key, failures); raced {
			failures = other
		}
	}
	failures.AllowN(f.now(), 1) // at zero it stays there: what is refused anyway does not prolong the refusal
}

// Succeeded takes note of a right signature from the address.
func (f *Failures) Succeeded(addr netip.Addr) {
	key := Site(addr)
	good, ok := f.good.Get(key)
	if !ok {
		good = &voucher{trials: rate.NewLimiter(trials, trials)}
		if other, raced, _ := f.good.PeekOrAdd(key, good); raced {
			good = other
		}
	}
	good.until.Store(f.now().Add(vouched).UnixNano())
}

// Site is what one party has of the address space: an IPv4 address, or an IPv6 network.
func Site(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = siteBits
	}
	network, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // the unknown address, which is one party, too
	}
	return network
}
