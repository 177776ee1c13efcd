package telemetry

// The names of the metrics of sources and caches.
const (
	MetricSources   = "source_requests_total"
	MetricRelevance = "source_relevance"
	MetricCache     = "cache_requests_total"
)

// SourceStatus is what came of asking a source.
type SourceStatus string

// The states, as the label of the metric names them.
const (
	SourceFound    SourceStatus = "found"
	SourceEmpty    SourceStatus = "empty"    // it was asked, and has nothing
	SourceDegraded SourceStatus = "degraded" // it answered with less than it has
	SourceFailed   SourceStatus = "failed"
)

// Cache is something that is remembered.
type Cache string

// The caches, as the label of the metric names them.
const (
	CacheKnowledge Cache = "knowledge" // answers of tenants' knowledge bases
	CacheTenant    Cache = "tenant"    // copies of tenants' configurations
	CacheAnswer    Cache = "answer"    // answers of language models
)

// CacheResult is what a cache gave.
type CacheResult string

// The results, as the label of the metric names them.
const (
	CacheHit    CacheResult = "hit"
	CacheMiss   CacheResult = "miss"
	CacheStale  CacheResult = "stale"  // what it had was too old, and was asked for anew
	CacheFailed CacheResult = "failed" // it could not be asked
)

type sourceMetrics struct {
	requests, caches counter
	relevance        histogram
}

func newSourceMetrics(c *catalogue) sourceMetrics {
	c.theme = "Sources and caches"
	enhancer := []App{AppEnhancer}
	operation := oneOf(labelOperation, "ticket_search", "doc_search", "ip_search")
	return sourceMetrics{
		requests: c.counter(Family{
			Name: MetricSources, Help: "Searches for the context of a ticket, by source and result.",
			Use: "`failed` or `degraded`: notes lack a section. `empty` that rises after an import or an upgrade: the search index, or the data. " +
				"How long a search takes is in enhancement_step_duration_seconds.",
			Labels: []Label{operation, oneOf("status", SourceFound, SourceEmpty, SourceDegraded, SourceFailed)}, Apps: enhancer,
		}),
		relevance: c.histogram(Family{
			Name: MetricRelevance, Help: "How well the best item of a search fits its ticket, from 0 to 1; only of searches that found something.",
			Use:    "Falls when sources get worse: an import that went wrong, another embedding model.",
			Labels: []Label{operation}, Apps: enhancer, Buckets: []float64{.1, .2, .3, .4, .5, .6, .7, .8, .9, 1},
		}),
		caches: c.counter(Family{
			Name: MetricCache, Help: "Questions to caches by what they gave.",
			Use:    "The share of `hit`: of `answer` it saves money, of `knowledge` and `tenant` calls. `failed`: the state store is in trouble; work goes on without.",
			Labels: []Label{oneOf("cache", CacheKnowledge, CacheTenant, CacheAnswer), oneOf("result", CacheHit, CacheMiss, CacheStale, CacheFailed)},
			Apps:   []App{AppGateway, AppEnhancer},
		}),
	}
}

// SourceAsked counts one search.
func (m *Metrics) SourceAsked(operation string, status SourceStatus) {
	m.sources.requests.WithLabelValues(operation, string(status)).Inc()
}

// SourceRelevance notes how well the best item of a search fits, from 0 to 1.
func (m *Metrics) SourceRelevance(operation string, best float64) {
	m.sources.relevance.WithLabelValues(operation).Observe(best)
}

// Cached counts one question to a cache.
func (m *Metrics) Cached(cache Cache, gave CacheResult) {
	m.sources.caches.WithLabelValues(string(cache), string(gave)).Inc()
}
