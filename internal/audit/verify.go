package audit

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// ErrAnchorPruned says that an anchor's entry is older than the log, so that nothing follows from it.
var ErrAnchorPruned = errors.New("the entry to be found again is older than the log: it was pruned; use a newer one")

// Anchor is an entry that somebody has noted elsewhere. It is what tells of a log whose end was cut off, or that was
// written anew from some entry on: neither can be seen from the inside.
type Anchor struct {
	Seq  int64
	Hash Hash
}

// Verification is what became of checking a log.
type Verification struct {
	// Records were read, from FirstSeq to LastSeq.
	Records, FirstSeq, LastSeq int64
	// LastHash and LastSeq are the Anchor to keep elsewhere for the next time.
	LastHash Hash
	// BadSeq is the first entry that is not as it was written, 0 for none; Problem says why.
	BadSeq  int64
	Problem string
}

// Intact says whether all is as it was written.
func (v Verification) Intact() bool { return v.Problem == "" }

// Verify recomputes all hashes, on one state of the log, and looks for the anchors. It stops at the first problem, which
// is part of its result and no error. It needs a log as console_user.
func (l *Log) Verify(ctx context.Context, anchors ...Anchor) (Verification, error) {
	var v Verification
	err := l.db.InPlatformSnapshot(ctx, func(tx postgres.Tx) error {
		c := newChecker(anchors)
		for c.intact() {
			page, err := read(ctx, tx, "WHERE seq > $1 ORDER BY seq LIMIT "+strconv.Itoa(longestPage), []any{c.result.LastSeq})
			if err != nil {
				return err
			}
			for i := range page {
				if !c.add(&page[i]) {
					break
				}
			}
			if len(page) < longestPage {
				break
			}
		}
		var err error
		v, err = c.end()
		return err
	})
	if err != nil {
		return v, fmt.Errorf("verify the audit log: %w", err)
	}
	return v, nil
}

// checker follows a chain, entry by entry.
type checker struct {
	anchors map[int64]Hash
	result  Verification
	// begin is what the first entry follows; begun says that a prune's entry, or an anchor, confirms it.
	begin Anchor
	begun bool
}

func newChecker(anchors []Anchor) *checker {
	c := &checker{anchors: map[int64]Hash{}}
	for _, a := range anchors {
		if known, ok := c.anchors[a.Seq]; ok && known != a.Hash {
			c.failf(a.Seq, "two anchors for this entry contradict each other")
		}
		c.anchors[a.Seq] = a.Hash
	}
	return c
}

func (c *checker) intact() bool { return c.result.Intact() }

// failf records the first problem.
func (c *checker) failf(seq int64, format string, args ...any) {
	if c.intact() {
		c.result.BadSeq, c.result.Problem = seq, fmt.Sprintf("entry %d: "+format, append([]any{seq}, args...)...)
	}
}

// add checks one record and says whether to go on.
func (c *checker) add(r *Record) bool {
	if c.result.Records == 0 {
		c.first(r)
	} else if r.Seq != c.result.LastSeq+1 {
		c.failf(r.Seq, "it stands behind entry %d: what belongs between them, or in this order, does not", c.result.LastSeq)
	}
	switch {
	case !c.intact():
	case c.result.Records > 0 && r.PreviousHash != c.result.LastHash:
		c.failf(r.Seq, "its previous hash is not the hash of entry %d", c.result.LastSeq)
	case r.Sum() != r.Hash:
		c.failf(r.Seq, "its hash does not fit its contents: they were changed")
	default:
		if want, ok := c.anchors[r.Seq]; ok && want != r.Hash {
			c.failf(r.Seq, "its hash is not the one that was kept elsewhere: the log was written anew")
		}
		if r.Operation == OperationAuditPrune {
			c.pruned(r)
		}
	}
	if !c.intact() {
		return false
	}
	c.result.Records++
	c.result.LastSeq, c.result.LastHash = r.Seq, r.Hash
	return true
}

func (c *checker) first(r *Record) {
	c.result.FirstSeq = r.Seq
	c.begin = Anchor{r.Seq - 1, r.PreviousHash}
	switch want, ok := c.anchors[c.begin.Seq]; {
	case r.Seq < 1:
		c.failf(r.Seq, "entries are counted from 1")
	case r.Seq == 1 && r.PreviousHash != Hash{}:
		c.failf(r.Seq, "it is the first and names a hash before it")
	case ok && want != r.PreviousHash:
		c.failf(r.Seq, "its previous hash is not the one that was kept elsewhere")
	}
	_, anchored := c.anchors[c.begin.Seq]
	c.begun = r.Seq == 1 || anchored
}

// pruned looks whether r is about the removal after which the log begins where it does.
func (c *checker) pruned(r *Record) {
	if r.Detail[detailLastSeq] != strconv.FormatInt(c.begin.Seq, 10) {
		return
	}
	if r.Detail[detailLastHash] != c.begin.Hash.String() {
		c.failf(r.Seq, "it says what was removed before entry %d, which names another hash", c.result.FirstSeq)
		return
	}
	c.begun = true
}

// end says how it went, once all records were added.
func (c *checker) end() (Verification, error) {
	if !c.intact() {
		return c.result, nil
	}
	if c.result.Records > 0 && !c.begun {
		c.failf(c.result.FirstSeq, "it is the first that is left, and no entry tells of the removal of those before it")
		return c.result, nil
	}
	var err error
	for seq := range c.anchors {
		if seq > c.result.LastSeq {
			c.failf(seq, "it was kept elsewhere, and is missing: the log was cut off behind entry %d", c.result.LastSeq)
		}
		if seq < c.begin.Seq {
			err = ErrAnchorPruned
		}
	}
	return c.result, err
}
