package alerting_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/alerting"
)

// platform serves the metrics of a platform that is well, but for the jobs of one tenant.
type platform struct {
	succeeded, failed atomic.Int64
	started           int64
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprintf(w, "process_start_time_seconds %d\n", p.started)
	if r.URL.Path != "/enhancer" {
		return
	}
	_, _ = fmt.Fprintf(w, "worker_active_count 1\nenhancement_requests_total{tenant_id=%q,status=\"success\",operation_type=\"created\"} %d\n", clinic, p.succeeded.Load())
	if n := p.failed.Load(); n > 0 { // the series begins with the first failure
		_, _ = fmt.Fprintf(w, "enhancement_requests_total{tenant_id=%q,status=\"failure\",operation_type=\"created\"} %d\n", clinic, n)
	}
	// What a model is called is not for us to say.
	_, _ = io.WriteString(w, "llm_unpriced_calls_total{model=\"<!channel> & <b>co</b>\"} 1\n")
}

// From what is measured to who is told, with the rules and the configuration that ship.
func TestFromAMetricToAMessageAndBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	p := &platform{started: time.Now().Unix()}
	p.succeeded.Store(10)
	exporter := httptest.NewServer(p)
	t.Cleanup(exporter.Close)
	address := exporter.Listener.Addr().String()
	config, err := alerting.Prometheus(filepath.Join(root(t), alerting.RulesDir), d.dir, time.Second,
		map[string]string{"gateway": address, "enhancer": address, "console": address}, strings.TrimPrefix(d.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	prometheus, err := alerting.StartPrometheus(t.Context(), d.dir, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		prometheus.Stop()
		if log, err := os.ReadFile(prometheus.Log); err == nil && t.Failed() {
			t.Logf("Prometheus said:\n%s", log)
		}
	})
	until(t, "the watchdog's alert gets through", func() bool { return d.beats.Load() > 0 })
	if got := d.said("example-clinic"); len(got) != 0 {
		t.Fatalf("a tenant whose jobs succeed is told of: %+v", got)
	}

	p.failed.Store(6)
	until(t, "all channels are told", func() bool {
		return len(d.said("Only 62.5% of the jobs of tenant example-clinic succeed")) > 0 && len(d.paged("62.5%", clinic)) > 0 && len(d.mailed("62.5%", clinic)) > 0
	})
	said := d.said("62.5%")[0]
	for _, want := range []string{
		"|Runbook>", "<https://github.com/ai-agents/ai-agents/blob/main/docs/runbooks/low-success-rate.md|",
		"<https://grafana.example.com/d/ai-agents-tenant?var-tenant_id=example-clinic|Dashboard>",
		"<https://alertmanager.example.com/#/silences/new?filter=" + url.QueryEscape(`{alertname="EnhancementSuccessRateLow",tenant_id="example-clinic"}`) + "|Silence>",
	} {
		if !strings.Contains(said.Text, want) {
			t.Errorf("Slack was not told %s:\n%s", want, said.Text)
		}
	}
	if said.Color != "danger" || !strings.HasPrefix(said.Title, "[CRITICAL] tenant example-clinic: ") {
		t.Errorf("the title is %q, in %q", said.Title, said.Color)
	}

	p.succeeded.Store(10_000)
	until(t, "all channels are told that it is over", func() bool {
		incidents := d.paged("62.5%", clinic)
		return len(d.said("Resolved:", "of tenant example-clinic")) > 0 && len(d.mailed("Resolved:", "of tenant example-clinic")) > 0 && !incidents[0].Open
	})
	until(t, "the model without a price is told of", func() bool { return len(d.said("The price of the model")) > 0 })
	if got := d.said("The price of the model")[0]; !strings.Contains(got.Text, "&lt;!channel&gt; &amp; &lt;b&gt;co&lt;/b&gt;") || strings.Contains(got.Text, "<!") {
		t.Errorf("Slack was told of a model in its own markup: %s", got.Text)
	}
}
