// Package search owns the full-text index over a tenant's texts: how text becomes terms, how postings are
// kept in Postgres, and how documents are ranked.
//
// It is an inverted index of immutable segments, as in Lucene, whose postings are rows of a tenant table.
// A search asks for them by equality on the primary key, which row-level security lets through to the
// index; Postgres' own text search cannot do that (docs/decisions/0013). Ranking is BM25 with the tenant's own
// document frequencies: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond"
// (2009), https://doi.org/10.1561/1500000019, equation 3.15 with the query's term frequency of 3.17; a word of
// the title counts as TitleWeight words, the simple form of BM25F of its section 3.6.
//
// Documents are known by numbers that the index gives out, per tenant and collection, and never twice.
// Their texts stay with the caller.
package search

// Collection is one index of a tenant.
type Collection string

// The collections. They are stored.
const (
	Tickets  Collection = "tickets"
	Articles Collection = "articles"
)

// Document is what is indexed: plain text of two fields.
type Document struct {
	Title, Body string
}

// Hit is a document that has words of the query.
type Hit struct {
	Document int32
	// Score is positive; it compares hits of one search only.
	Score float64
}

// Result is what a search found.
type Result struct {
	// Hits are the best, best first.
	Hits []Hit
	// Perfect is the score that a document with the very text of the query would have.
	Perfect float64
	// Terms weighs the query's terms for this collection: rare ones more, those no document has not at all.
	Terms Weights
}

// Weights are terms with their weight in one search.
type Weights map[string]float64

// The parameters of BM25. Past tickets and articles differ in length by orders of magnitude and the query is a
// whole ticket, which is why length counts for more (B) and repetition saturates later (K1) than the usual .75 and
// 1.2 have it; `make bench-retrieval` measures the effect.
const (
	k1 = 2.0
	b  = 0.9
	// k3 saturates repetition in the query: a pasted log says the same word hundreds of times.
	k3 = 8.0
	// minIDF is what a term weighs at least: about that of one in three of four documents. In a history that is mostly
	// one monitor's alerts, another one's words would otherwise say next to nothing.
	minIDF = 0.3
	// TitleWeight is how many words of the body one of the title is worth.
	TitleWeight = 3
)
