package embedding_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// run has the tenant's texts embedded in batches of three and fails on an error.
func run(t *testing.T, d *gathertest.Database, m embedding.Embedder, tenantID string) embedding.Progress {
	t.Helper()
	done, err := embedding.NewBackfill(d.DB, m, embedding.BackfillOptions{Batch: 3}).Run(t.Context(), tenantID)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestRunEmbedsWhatIsMissing(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	want := seed(t, d, gathertest.Tenant, 10)
	seed(t, d, gathertest.Neighbour, 2)
	addTicket(t, d, gathertest.Tenant, "open", "Not resolved yet", nil)
	addTicket(t, d, gathertest.Tenant, "unsolved", "Closed without a word", resolvedOn(1))
	exec(t, d, "UPDATE ticket_history SET resolution = '' WHERE ticket_id = 'unsolved'")
	addArticle(t, d, "kb-1", "Renewing\x01certificates", "Ask the authority.  \n")
	addArticle(t, d, "kb-2", strings.Repeat("long ", 10_000), "never read")
	m := &model{name: "first"}
	if done := run(t, d, m, gathertest.Tenant); done != (embedding.Progress{Embedded: 12}) {
		t.Errorf("progress is %+v", done)
	}
	asked := m.took()
	if len(asked) != 12 {
		t.Fatalf("asked for %d texts", len(asked))
	}
	if diff := cmp.Diff(want, asked[:10]); diff != "" {
		t.Errorf("the newest tickets first (-want +got):\n%s", diff)
	}
	if asked[10] != "Renewingcertificates\nAsk the authority." || len([]rune(asked[11])) > embedding.MaxText {
		t.Errorf("articles are %q, and %d characters", asked[10], len([]rune(asked[11])))
	}
	if n := len(stored(t, d, gathertest.Tenant)); n != 12 {
		t.Errorf("%d vectors stored", n)
	}
	if left := stored(t, d, gathertest.Neighbour); len(left) != 0 {
		t.Errorf("the neighbour has %v", left)
	}
	if done := run(t, d, m, gathertest.Tenant); done != (embedding.Progress{}) || m.calls != 0 {
		t.Errorf("a second run did %+v", done)
	}
	if done := run(t, d, m, gathertest.Neighbour); done.Embedded != 2 {
		t.Errorf("the neighbour's run did %+v", done)
	}
}

// A number that begins before the end of what is embedded, and goes on behind it, is not embedded; also where what is masked before
// makes the text so short that what was cut off in the database would come in.
func TestRunCutsNoValueInTwo(t *testing.T) {
	t.Parallel()
	const card = " 4111 1111 1111 1111"
	d := gathertest.NewDatabase(t)
	key := "password: " + strings.Repeat("Aa1!", 400) + " "
	var wants []string
	for i, head := range []string{"", key} {
		for _, end := range []int{embedding.MaxText - 10, embedding.MaxText + gather.Overhang - 10} {
			id := fmt.Sprintf("kb-%d-%d", i, end)
			addArticle(t, d, id, "T", head+strings.Repeat("x ", (end-len(head))/2)+card+strings.Repeat(" and so on", 200))
			wants = append(wants, id)
		}
	}
	m := &model{name: "first"}
	if done := run(t, d, m, gathertest.Tenant); done.Embedded != len(wants) {
		t.Errorf("progress is %+v", done)
	}
	for _, asked := range m.took() {
		if strings.Contains(asked, "4111") || strings.Contains(asked, "1111") || len([]rune(asked)) > embedding.MaxText {
			t.Errorf("embedded %d characters that end in %q", len(asked), asked[len(asked)-50:])
		}
	}
}

func TestAChangeOfModelOrTextEmbedsAnew(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	subjects := seed(t, d, gathertest.Tenant, 4)
	run(t, d, &model{name: "first"}, gathertest.Tenant)

	second := &model{name: "second"}
	run(t, d, second, gathertest.Tenant)
	if diff := cmp.Diff(subjects, second.took()); diff != "" {
		t.Errorf("after the change of the model (-want +got):\n%s", diff)
	}
	addTicket(t, d, gathertest.Tenant, "north-998", "Something else", resolvedOn(1))
	if done := run(t, d, second, gathertest.Tenant); done.Embedded != 1 {
		t.Errorf("did %+v", done)
	}
	if diff := cmp.Diff([]string{"Something else"}, second.took()); diff != "" {
		t.Errorf("after the change of a text (-want +got):\n%s", diff)
	}
	for id, name := range stored(t, d, gathertest.Tenant) {
		if name != "second" {
			t.Errorf("%s is of model %s", id, name)
		}
	}
}

func TestARefusedTextIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	seed(t, d, gathertest.Tenant, 4)
	addTicket(t, d, gathertest.Tenant, "blank", " \n ", resolvedOn(2))
	refusing := func(_ context.Context, texts []string) ([]embedding.Result, error) {
		results := vectors("first", texts)
		for i, text := range texts {
			if strings.Contains(text, "number1") {
				results[i] = embedding.Result{Err: fmt.Errorf("%w: status 400", embedding.ErrRefused)}
			}
		}
		return results, nil
	}
	m := &model{name: "first", before: refusing}
	if done := run(t, d, m, gathertest.Tenant); done != (embedding.Progress{Embedded: 3, Refused: 2}) {
		t.Errorf("progress is %+v", done)
	}
	found := stored(t, d, gathertest.Tenant)
	if !strings.Contains(found["north-998"], "status 400") || !strings.Contains(found["blank"], "empty") {
		t.Errorf("stored is %v", found)
	}
	m.took()
	if run(t, d, m, gathertest.Tenant); m.calls != 0 {
		t.Errorf("asked again for %q", m.took())
	}
	addTicket(t, d, gathertest.Tenant, "north-998", "A better text", resolvedOn(1))
	run(t, d, m, gathertest.Tenant)
	if diff := cmp.Diff([]string{"A better text"}, m.took()); diff != "" || stored(t, d, gathertest.Tenant)["north-998"] != "first" {
		t.Errorf("after the change of its text (-want +got):\n%s", diff)
	}
	other := &model{name: "second"}
	if done := run(t, d, other, gathertest.Tenant); done != (embedding.Progress{Embedded: 4, Refused: 1}) {
		t.Errorf("after the change of the model: %+v", done)
	}
}

func TestATextThatFailsByItselfIsLeftForTheNextRun(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	seed(t, d, gathertest.Tenant, 7)
	m := &model{name: "first", before: func(_ context.Context, texts []string) ([]embedding.Result, error) {
		results := vectors("first", texts)
		if i := slices.IndexFunc(texts, func(s string) bool { return strings.Contains(s, "number0") }); i >= 0 {
			results[i] = embedding.Result{Err: errors.New("status 500")}
		}
		return results, nil
	}}
	if done := run(t, d, m, gathertest.Tenant); done != (embedding.Progress{Embedded: 6, Failed: 1}) || m.calls != 3 {
		t.Errorf("progress is %+v after %d calls", done, m.calls)
	}
	m.before = nil
	if done := run(t, d, m, gathertest.Tenant); done != (embedding.Progress{Embedded: 1}) {
		t.Errorf("the next run did %+v", done)
	}
}

func TestARunThatIsStoppedIsResumed(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	want := seed(t, d, gathertest.Tenant, 10)
	ctx, cancel := context.WithCancel(t.Context())
	m := &model{name: "first"}
	m.before = func(context.Context, []string) ([]embedding.Result, error) {
		if m.calls == 2 {
			cancel() // with the answer on its way
		}
		return nil, nil
	}
	done, err := embedding.NewBackfill(d.DB, m, embedding.BackfillOptions{Batch: 3}).Run(ctx, gathertest.Tenant)
	if !errors.Is(err, context.Canceled) || done.Embedded != 6 {
		t.Errorf("stopped with %+v, %v", done, err)
	}
	if n := len(stored(t, d, gathertest.Tenant)); n != 6 {
		t.Errorf("%d vectors stored, want those of the batch that was paid for, too", n)
	}
	m.before = nil
	if done := run(t, d, m, gathertest.Tenant); done.Embedded != 4 {
		t.Errorf("the rest is %+v", done)
	}
	if diff := cmp.Diff(want, m.took()); diff != "" {
		t.Errorf("each text once (-want +got):\n%s", diff)
	}
}

// mortal is a database whose user dies: from then on nothing reaches it, not even the return of the lease.
type mortal struct {
	embedding.Tenants

	mu      sync.Mutex
	dead    bool
	knocked int // how often it was called on since
}

func (m *mortal) InTenant(ctx context.Context, tenantID string, fn func(postgres.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		m.knocked++
		return errors.New("dead")
	}
	return m.Tenants.InTenant(ctx, tenantID, fn)
}

func TestARunThatIsKilledIsResumed(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	seed(t, d, gathertest.Tenant, 10)
	db := &mortal{Tenants: d.DB}
	m := &model{name: "first"}
	m.before = func(context.Context, []string) ([]embedding.Result, error) {
		db.mu.Lock()
		defer db.mu.Unlock()
		db.dead = m.calls == 3
		return nil, nil
	}
	b := embedding.NewBackfill(db, m, embedding.BackfillOptions{Batch: 3})
	if done, err := b.Run(t.Context(), gathertest.Tenant); err == nil || done.Embedded != 6 {
		t.Errorf("killed with %+v, %v", done, err)
	}
	if m.calls != 3 || db.knocked != 2 {
		t.Errorf("%d calls of the model; the database was tried %d times, want one for the vectors and one for the lease", m.calls, db.knocked)
	}
	m.before = nil
	m.took()
	if _, err := embedding.NewBackfill(d.DB, m, embedding.BackfillOptions{}).Run(t.Context(), gathertest.Tenant); !errors.Is(err, embedding.ErrBusy) {
		t.Errorf("while the dead one's lease lasts: %v", err)
	}
	exec(t, d, "UPDATE embedding_leases SET held_until = now() - interval '1 second'")
	if done := run(t, d, m, gathertest.Tenant); done.Embedded != 4 || len(m.took()) != 4 {
		t.Errorf("the rest is %+v", done)
	}
}

func TestTwoAtOnceDoNotDoTheSameWork(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	want := seed(t, d, gathertest.Tenant, 20)
	theirs := seed(t, d, gathertest.Neighbour, 20)
	m := &model{name: "first"}
	b := embedding.NewBackfill(d.DB, m, embedding.BackfillOptions{Batch: 3})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			tenantID := []string{gathertest.Tenant, gathertest.Neighbour}[i%2]
			if _, err := b.Run(t.Context(), tenantID); err != nil && !errors.Is(err, embedding.ErrBusy) {
				t.Errorf("run %d: %v", i, err)
			}
		})
	}
	all.Wait()
	asked := m.took()
	slices.Sort(asked)
	want = append(want, theirs...)
	slices.Sort(want)
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("each text once (-want +got):\n%s", diff)
	}
}

func TestWhoLostTheLeaseStops(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	seed(t, d, gathertest.Tenant, 4)
	m := &model{name: "first", before: func(context.Context, []string) ([]embedding.Result, error) {
		exec(t, d, "UPDATE embedding_leases SET holder = gen_random_uuid()")
		return nil, nil
	}}
	b := embedding.NewBackfill(d.DB, m, embedding.BackfillOptions{Batch: 3})
	if done, err := b.Run(t.Context(), gathertest.Tenant); !errors.Is(err, embedding.ErrBusy) || done.Embedded != 0 || m.calls != 1 {
		t.Errorf("got %+v, %v after %d calls", done, err, m.calls)
	}
	var leases int
	if err := d.Admin.QueryRow(t.Context(), "SELECT count(*) FROM embedding_leases").Scan(&leases); err != nil || leases != 1 {
		t.Errorf("%d leases are left, %v; the other one's must be", leases, err)
	}
}

func TestRowsThatChangeMeanwhile(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	seed(t, d, gathertest.Tenant, 3)
	m := &model{name: "first"}
	m.before = func(context.Context, []string) ([]embedding.Result, error) {
		addTicket(t, d, gathertest.Tenant, "north-999", "Changed meanwhile", nil)
		exec(t, d, "DELETE FROM ticket_history WHERE ticket_id = 'north-998'")
		return nil, nil
	}
	if done := run(t, d, m, gathertest.Tenant); done != (embedding.Progress{Embedded: 1}) {
		t.Errorf("progress is %+v", done)
	}
	m.before = nil
	m.took()
	run(t, d, m, gathertest.Tenant)
	if diff := cmp.Diff([]string{"Changed meanwhile"}, m.took()); diff != "" {
		t.Errorf("the next run (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"north-997", "north-999"}, ids(stored(t, d, gathertest.Tenant))); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func TestProgressIsTold(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	seed(t, d, gathertest.Tenant, 5)
	addArticle(t, d, "kb-1", "Renewing certificates", "")
	var told []embedding.Progress
	b := embedding.NewBackfill(d.DB, &model{name: "first"}, embedding.BackfillOptions{
		Batch: 3, Lease: time.Minute,
		Progress: func(_ string, done embedding.Progress) { told = append(told, done) },
	})
	if _, err := b.Run(t.Context(), gathertest.Tenant); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]embedding.Progress{{Embedded: 3}, {Embedded: 5}, {Embedded: 6}}, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What identifies somebody does not leave with the texts, whatever the tenant chose; and what an older release sent is not compared with it.
func TestTextsAreMasked(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	addTicket(t, d, gathertest.Tenant, "1", "Jane Quimby (jane@example.com, 212-555-0123) cannot reach 192.0.2.10, password: hunter2", resolvedOn(1))
	exec(t, d, "UPDATE ticket_history SET people = '{Jane Quimby}'")
	addArticle(t, d, "KB-1", "VPN", "Write to help@example.com")
	m := &model{name: "m"}
	run(t, d, m, gathertest.Tenant)
	want := []string{"[NAME] ([EMAIL], [PHONE]) cannot reach [ADDRESS], password: [CREDENTIAL]", "VPN\nWrite to [EMAIL]"}
	if diff := cmp.Diff(want, m.took()); diff != "" {
		t.Errorf("embedded (-want +got):\n%s", diff)
	}
	r := newReranker(t, d.DB, m, embedding.RerankOptions{})
	q := gather.Query{TenantID: gathertest.Tenant, Ticket: ticket.Ticket{Subject: "Mark Page, mark@example.org", Description: "see +49 30 1234567", People: []string{"Mark Page"}}}
	if _, err := r.Rerank(t.Context(), q, gather.KindTicket, []gather.Candidate{{ID: "1", Relevance: 0.5}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"[NAME], [EMAIL]\nsee [PHONE]"}, m.took()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	exec(t, d, "UPDATE ticket_embeddings SET model = 'm'")
	if done := run(t, d, m, gathertest.Tenant); done.Embedded != 1 {
		t.Errorf("vectors of texts that were not masked: %+v", done)
	}
}
