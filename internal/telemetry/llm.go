package telemetry

import (
	"context"
	"sync"
	"time"
)

// The names of the metrics of language models.
const (
	MetricLLMCalls     = "llm_calls_total"
	MetricLLMDuration  = "llm_call_duration_seconds"
	MetricLLMErrors    = "llm_errors_total"
	MetricLLMTokens    = "llm_tokens_total" //nolint:gosec // a name
	MetricLLMCost      = "llm_cost_usd_total"
	MetricLLMUnpriced  = "llm_unpriced_calls_total"
	MetricBudgetState  = "llm_budget_state"
	MetricBudgetAlerts = "llm_budget_alerts_total"
)

// LLMFailure is why a request to a language model failed.
type LLMFailure string

// The reasons, as the label of the metric names them.
const (
	LLMTimeout     LLMFailure = "timeout"
	LLMUnreachable LLMFailure = "unreachable"
	LLMThrottled   LLMFailure = "throttled"  // 429
	LLMAuth        LLMFailure = "auth"       // 401, 403
	LLMRefused     LLMFailure = "refused"    // the model, its filter or its server does not want the question
	LLMServer      LLMFailure = "server"     // 5xx
	LLMUnreadable  LLMFailure = "unreadable" // an answer that is none
	LLMFailed      LLMFailure = "failed"     // anything else
)

// LLMCall is one request to a language model, as the metrics know it.
type LLMCall struct {
	Model string
	// Failure is empty for a request that was answered.
	Failure                                      LLMFailure
	Took                                         time.Duration
	PromptTokens, CachedTokens, CompletionTokens int // cached ones are among those of the prompt
	CostUSD                                      float64
	Unpriced                                     bool // no price is known
}

// llmMetrics are of what language models do and cost.
type llmMetrics struct {
	calls, tokens, cost, alerts tenantCounter

	duration         histogram
	errors, unpriced counter
	budget           *tenantGauge
	now              func() time.Time

	mu     sync.Mutex
	months map[string]time.Time // by tenant, the first day of that of which the state was said
}

func newLLMMetrics(c *catalogue, now func() time.Time) *llmMetrics {
	c.theme = "Language models"
	l := &llmMetrics{now: now, months: map[string]time.Time{}}
	l.measure(c, []App{AppEnhancer})
	l.account(c, []App{AppEnhancer})
	c.guard.gone = append(c.guard.gone, l.forget)
	return l
}

func modelLabel() Label { return Label{Name: "model", Of: "its name"} }

func outcomeLabel() Label { return oneOf("outcome", "answered", "failed") }

func (l *llmMetrics) measure(c *catalogue, enhancer []App) {
	l.calls = c.tenantCounter(Family{
		Name: MetricLLMCalls, Help: "Requests to language models, by model and outcome.",
		Use:    "The share of `failed`. A note is made without the model then.",
		Labels: []Label{tenantLabel(), modelLabel(), outcomeLabel()}, Apps: enhancer,
	})
	l.duration = c.histogram(Family{
		Name: MetricLLMDuration, Help: "Seconds that one request to a language model took.",
		Use:    "What most of a note's time is spent on. Compare with LLM_TIMEOUT.",
		Labels: []Label{modelLabel(), outcomeLabel()}, Apps: enhancer, Buckets: durationBuckets(),
	})
	l.errors = c.counter(Family{
		Name: MetricLLMErrors, Help: "Requests to language models that failed, by reason.",
		Use: "`throttled`: the provider's limit; `auth`: the key; `refused`: the question, by a filter or as of a model that does not exist; `timeout`, `unreachable`, `server`: " +
			"[its server](operations.md#the-language-models-server).",
		Labels: []Label{
			modelLabel(), oneOf("reason", LLMTimeout, LLMUnreachable, LLMThrottled, LLMAuth, LLMRefused, LLMServer, LLMUnreadable, LLMFailed),
		},
		Apps: enhancer,
	})
	l.unpriced = c.counter(Family{
		Name: MetricLLMUnpriced, Help: "Requests to models of which no price is known: what they cost is missing everywhere.",
		Use:    "Must stay 0 where budgets matter: add the model to LLM_PRICES.",
		Labels: []Label{modelLabel()}, Apps: enhancer,
	})
}

func (l *llmMetrics) account(c *catalogue, enhancer []App) {
	l.tokens = c.tenantCounter(Family{
		Name: MetricLLMTokens, Help: "Tokens by kind, each of one: prompt without those that the server had read before.",
		Use:    "What costs are made of.",
		Labels: []Label{tenantLabel(), modelLabel(), oneOf("kind", "prompt", "cached_prompt", "completion")}, Apps: enhancer,
	})
	l.cost = c.tenantCounter(Family{
		Name: MetricLLMCost, Help: "What language models cost, in US dollars by the price table.",
		Use:    "Cost by tenant and day. The [books](operations.md#what-the-language-model-costs) are exact, this is for graphs and alerts.",
		Labels: []Label{tenantLabel()}, Apps: enhancer,
	})
	l.budget = c.tenantGauge(Family{
		Name: MetricBudgetState,
		Help: "0 while a tenant's budget for language models lasts, 1 over the soft limit, 2 over the hard one. Missing without a budget.",
		Use: "2: the tenant's notes are made without a model until the month is over, or the [budget](operations.md#budgets) is raised. " +
			"A replica knows what it saw at its last draft: take the `max`.",
		Labels: []Label{tenantLabel()}, Apps: enhancer, Rest: RestMax,
	})
	l.budget.seen = l.inItsMonth
	l.alerts = c.tenantCounter(Family{
		Name: MetricBudgetAlerts, Help: "Limits of budgets that were reached, once a month for each limit, over all replicas.",
		Use:    "An alert for each; the log names the amounts.",
		Labels: []Label{tenantLabel(), oneOf("level", "soft", "hard")}, Apps: enhancer,
	})
}

// inItsMonth is a tenant's state now. What was said of a month that is over is not true any more: the budget is new.
func (l *llmMetrics) inItsMonth(tenantID string, state float64) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	month, now := l.months[tenantID], l.now().UTC()
	if month.Year() != now.Year() || month.Month() != now.Month() {
		return 0
	}
	return state
}

func (l *llmMetrics) forget(tenantID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.months, tenantID)
}

// LLMCalled counts a request to a language model.
func (m *Metrics) LLMCalled(ctx context.Context, tenantID string, c LLMCall) {
	outcome := "answered"
	if c.Failure != "" {
		outcome = "failed"
		m.llm.errors.WithLabelValues(c.Model, string(c.Failure)).Inc()
	}
	m.llm.calls.inc(tenantID, c.Model, outcome)
	observe(ctx, m.llm.duration.WithLabelValues(c.Model, outcome), c.Took.Seconds())
	for kind, n := range map[string]int{
		"prompt": c.PromptTokens - c.CachedTokens, "cached_prompt": c.CachedTokens, "completion": c.CompletionTokens,
	} {
		m.llm.tokens.add(float64(max(0, n)), tenantID, c.Model, kind)
	}
	m.llm.cost.add(max(0, c.CostUSD), tenantID)
	if c.Unpriced {
		m.llm.unpriced.WithLabelValues(c.Model).Inc()
	}
}

// BudgetState says how a tenant stands with its budget in the month that begins on a day: within, over_soft or over_hard; nothing for
// a tenant that has none.
func (m *Metrics) BudgetState(tenantID string, month time.Time, state string) {
	if state == "" {
		m.llm.forget(tenantID)
		m.llm.budget.remove(tenantID)
		return
	}
	m.llm.mu.Lock()
	m.llm.months[tenantID] = month
	m.llm.mu.Unlock()
	m.llm.budget.set(map[string]float64{"over_soft": 1, "over_hard": 2}[state], tenantID)
}

// BudgetAlert counts a limit of a tenant's budget that was reached: soft or hard.
func (m *Metrics) BudgetAlert(tenantID, level string) { m.llm.alerts.inc(tenantID, level) }
