package history

const (
	// MinRelevance is the relevance below which a past ticket is no help: it shares a few everyday
	// words and nothing else.
	MinRelevance = 0.15
	// maxTerms bounds the words searched for. Each costs time on every row, and beyond some thirty a
	// ticket repeats itself.
	maxTerms = 30
)

// similarTickets finds resolved tickets by the words of another one.
//
// There is no condition on the tenant: row-level security is what keeps tenants apart, and with a
// second mechanism nobody would notice when the first one fails.
//
// terms: which words are rare among the tenant's tickets is not known without counting, so
// the subject's words go first, being the technician's own summary, then the longer ones, being the
// more special. Words of more than 40 characters are tokens and checksums, which nobody writes twice.
//
// question: a tsquery is put together from the lexemes as values. Inside its quotes, quote and
// backslash are the only characters with a meaning.
//
// best: ranks with {0, 0, 0.7, 1} for the weights D to A, that is 1 for the subject's words and 0.7
// for the description's; normalisation 1 divides by 1 + log(length of the text).
// The texts are cut outside of it, for five rows and not for all.
const similarTickets = `
WITH own AS MATERIALIZED (
    SELECT setweight(to_tsvector('english', @subject::text), 'A') ||
           setweight(to_tsvector('english', @description::text), 'B') AS document
), terms AS (
    SELECT lexeme
    FROM own, unnest(document)
    WHERE length(lexeme) BETWEEN 2 AND 40
    ORDER BY 'A' = ANY (weights) DESC, length(lexeme) DESC, lexeme
    LIMIT @terms
), words AS (
    SELECT string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery AS query
    FROM terms
), question AS MATERIALIZED (
    SELECT query, ts_rank('{0, 0, 0.7, 1}', document, query, 1) AS own_rank
    FROM words, own
    WHERE query IS NOT NULL
), candidates AS (
    SELECT h.ticket_id, h.subject, h.description, h.resolution, h.resolved_at, h.url,
           least(1, ts_rank('{0, 0, 0.7, 1}', h.search, q.query, 1) / q.own_rank)::float8 AS relevance
    FROM question q
    JOIN ticket_history h ON h.search @@ q.query
    WHERE h.resolution <> '' AND h.resolved_at IS NOT NULL AND h.ticket_id <> @self
), best AS (
    SELECT ticket_id, subject, description, resolution, resolved_at, url, relevance
    FROM candidates
    WHERE relevance >= @floor
    ORDER BY relevance DESC, resolved_at DESC, ticket_id
    LIMIT @limit
)
SELECT ticket_id, subject, left(description, @text), left(resolution, @resolution), resolved_at, url, relevance
FROM best
ORDER BY relevance DESC, resolved_at DESC, ticket_id`
