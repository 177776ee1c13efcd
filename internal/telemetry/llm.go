package telemetry

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// LLMCall is one request to a language model, as the metrics know it.
type LLMCall struct {
	Model                                        string
	Failed                                       bool
	PromptTokens, CachedTokens, CompletionTokens int // cached ones are among those of the prompt
	CostUSD                                      float64
	Unpriced                                     bool // no price is known
}

// llmMetrics are of what language models cost.
type llmMetrics struct {
	calls, tokens, cost, unpriced, answers, alerts, masked *prometheus.CounterVec

	budget *prometheus.Desc
	now    func() time.Time

	mu     sync.Mutex
	states map[string]budgetState // by tenant
}

// budgetState is how a tenant stood with its budget in a month.
type budgetState struct {
	month time.Time // its first day
	value float64
}

func newLLMMetrics(now func() time.Time) *llmMetrics {
	return &llmMetrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricLLMCalls, Help: "Requests to language models, by model and outcome (answered, failed).",
		}, []string{labelTenant, "model", "outcome"}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricLLMTokens, Help: "Tokens by kind: prompt (without those that the server had read before), cached_prompt, completion.",
		}, []string{labelTenant, "model", "kind"}),
		cost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricLLMCost, Help: "What language models cost, in US dollars by the price table.",
		}, []string{labelTenant}),
		unpriced: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricLLMUnpriced, Help: "Requests to models of which no price is known: what they cost is missing everywhere.",
		}, []string{"model"}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricLLMAnswers, Help: "Questions to language models by what the cache of answers gave (hit, miss, failed).",
		}, []string{"cache"}),
		alerts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricBudgetAlerts, Help: "Limits of budgets that were reached, once a month for each limit (soft, hard), over all replicas.",
		}, []string{labelTenant, "level"}),
		masked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricMasked, Help: "Values that were hidden from a language model, each once a draft, by kind.",
		}, []string{"kind"}),
		budget: prometheus.NewDesc(MetricBudgetState,
			"0 while a tenant's budget for language models lasts, 1 over the soft limit, 2 over the hard one. Missing without a budget.",
			[]string{labelTenant}, nil),
		now: now, states: map[string]budgetState{},
	}
}

func (l *llmMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{l.calls, l.tokens, l.cost, l.unpriced, l.answers, l.alerts, l.masked}
}

// Describe implements prometheus.Collector.
func (l *llmMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, c := range l.all() {
		c.Describe(out)
	}
	out <- l.budget
}

// Collect implements prometheus.Collector. What was said of a month that is over is not true any more: the budget is new.
func (l *llmMetrics) Collect(out chan<- prometheus.Metric) {
	for _, c := range l.all() {
		c.Collect(out)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now().UTC()
	for tenantID, s := range l.states {
		value := s.value
		if s.month.Year() != now.Year() || s.month.Month() != now.Month() {
			value = 0
		}
		out <- prometheus.MustNewConstMetric(l.budget, prometheus.GaugeValue, value, tenantID)
	}
}

// LLMCalled counts a request to a language model.
func (m *Metrics) LLMCalled(tenantID string, c LLMCall) {
	outcome := "answered"
	if c.Failed {
		outcome = "failed"
	}
	m.llm.calls.WithLabelValues(tenantID, c.Model, outcome).Inc()
	for kind, n := range map[string]int{
		"prompt": c.PromptTokens - c.CachedTokens, "cached_prompt": c.CachedTokens, "completion": c.CompletionTokens,
	} {
		m.llm.tokens.WithLabelValues(tenantID, c.Model, kind).Add(float64(max(0, n)))
	}
	m.llm.cost.WithLabelValues(tenantID).Add(max(0, c.CostUSD))
	if c.Unpriced {
		m.llm.unpriced.WithLabelValues(c.Model).Inc()
	}
}

// Masked counts values of a kind that a draft hid from a language model.
func (m *Metrics) Masked(kind string, n int) {
	m.llm.masked.WithLabelValues(kind).Add(float64(max(0, n)))
}

// AnswerCache counts what the cache of answers gave.
func (m *Metrics) AnswerCache(gave string) { m.llm.answers.WithLabelValues(gave).Inc() }

// BudgetState says how a tenant stands with its budget in the month that begins on a day: within, over_soft or over_hard; nothing for
// a tenant that has none.
func (m *Metrics) BudgetState(tenantID string, month time.Time, state string) {
	m.llm.mu.Lock()
	defer m.llm.mu.Unlock()
	if state == "" {
		delete(m.llm.states, tenantID)
		return
	}
	m.llm.states[tenantID] = budgetState{month, map[string]float64{"over_soft": 1, "over_hard": 2}[state]}
}

// BudgetAlert counts a limit of a tenant's budget that was reached: soft or hard.
func (m *Metrics) BudgetAlert(tenantID, level string) {
	m.llm.alerts.WithLabelValues(tenantID, level).Inc()
}
