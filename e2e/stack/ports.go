package stack

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// PortPolicy says what becomes of the ports in dapr.yaml.
type PortPolicy int

const (
	// Prefer keeps a port that is free and takes the next free one in place of one that is not.
	Prefer PortPolicy = iota
	// Any takes free ports without regard to the preferred ones, so that stacks can run side by side.
	Any
)

// Random ports come from below the range (32768 and up on Linux) from which the kernel serves outgoing
// connections: those would now and then hold a port that a process needs again at its restart.
const (
	lowestRandomPort  = 20000
	highestRandomPort = 32000
	maxPort           = 65535
	randomAttempts    = 200
)

var errNoFreePort = errors.New("no free port on 127.0.0.1: stop something that listens")

// allocator hands out ports on 127.0.0.1, each only once. It listens on a port from the moment it is
// chosen until it is vacated, just before the process that will use it starts, and claims its number
// for as long as the stack lasts, so that no other stack takes it in between or during a restart.
// Its methods may be called at the same time.
type allocator struct {
	policy PortPolicy
	moved  map[int]int // preferred to actual; settled before the first process starts

	mu     sync.Mutex
	held   map[int]net.Listener
	claims map[int]net.Listener
}

func newAllocator(policy PortPolicy) *allocator {
	return &allocator{
		policy: policy, moved: map[int]int{}, held: map[int]net.Listener{}, claims: map[int]net.Listener{},
	}
}

// prefer finds an actual port for each preferred one. Those that are free are taken first, so that
// none of them is used up in place of one that is not.
func (a *allocator) prefer(preferred ...int) error {
	var homeless []int
	for _, port := range preferred {
		if _, done := a.moved[port]; done {
			continue
		}
		if a.policy == Prefer && a.take(port) {
			a.moved[port] = port
			continue
		}
		homeless = append(homeless, port)
	}
	for _, port := range homeless {
		if _, done := a.moved[port]; done {
			continue
		}
		actual, err := a.replacement(port)
		if err != nil {
			return fmt.Errorf("replace port %d: %w", port, err)
		}
		a.moved[port] = actual
	}
	return nil
}

func (a *allocator) replacement(port int) (int, error) {
	if a.policy == Any {
		return a.any()
	}
	for next := port + 1; next <= maxPort; next++ {
		if a.take(next) {
			return next, nil
		}
	}
	return 0, errNoFreePort
}

// any returns some free port.
func (a *allocator) any() (int, error) {
	for range randomAttempts {
		//nolint:gosec // G404: a port is no secret.
		port := lowestRandomPort + rand.IntN(highestRandomPort-lowestRandomPort)
		if a.take(port) {
			return port, nil
		}
	}
	return 0, errNoFreePort
}

// one is prefer for a single port.
func (a *allocator) one(preferred int) (int, error) {
	if err := a.prefer(preferred); err != nil {
		return 0, err
	}
	return a.moved[preferred], nil
}

// actual is the port that stands in for preferred; itself when it was never asked for.
func (a *allocator) actual(preferred int) int {
	if port, ok := a.moved[preferred]; ok {
		return port
	}
	return preferred
}

// take claims the port and listens on it, if it is free.
func (a *allocator) take(port int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.claims[port] != nil {
		return false
	}
	// A name in the abstract namespace belongs to one process at a time, of whatever user, and is free
	// again when that process is gone.
	//nolint:noctx // Listening on this machine does not block.
	claim, err := net.Listen("unix", "@ai-agents-port-"+strconv.Itoa(port))
	if err != nil {
		return false
	}
	//nolint:noctx // Listening on this machine does not block.
	listener, err := net.Listen("tcp", loopback(port))
	if err != nil {
		_ = claim.Close() // it only held the place
		return false
	}
	a.claims[port], a.held[port] = claim, listener
	return true
}

// vacate lets a process listen on the ports, which remain claimed.
func (a *allocator) vacate(ports ...int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, port := range ports {
		if listener := a.held[port]; listener != nil {
			_ = listener.Close() // it only held the place
		}
		delete(a.held, port)
	}
}

// releaseAll gives everything back, claims included.
func (a *allocator) releaseAll() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, listeners := range []map[int]net.Listener{a.held, a.claims} {
		for _, listener := range listeners {
			_ = listener.Close() // it only held the place
		}
		clear(listeners)
	}
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
