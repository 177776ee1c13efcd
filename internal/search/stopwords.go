package search

// isStopWord says whether word, in lower case and without apostrophes, says nothing about the trouble: it is in any
// text, or it is what people say to a service desk.
func isStopWord(word string) bool {
	switch word {
	case "a", "about", "after", "again", "against", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be",
		"because", "been", "before", "being", "between", "both", "but", "by", "can", "could", "did", "didnt", "do", "does",
		"doesnt", "doing", "dont", "down", "during", "each", "few", "for", "from", "had", "has", "have", "having", "he", "her",
		"here", "hers", "him", "his", "how", "i", "if", "im", "in", "into", "is", "isnt", "it", "its", "ive", "just", "me", "more",
		"most", "my", "no", "nor", "not", "of", "off", "on", "once", "only", "or", "other", "our", "out", "over", "own",
		"same", "she", "should", "so", "some", "such", "than", "that", "the", "their", "them", "then", "there", "these",
		"they", "this", "those", "through", "to", "too", "under", "until", "up", "us", "very", "was", "wasnt", "we", "were",
		"what", "when", "where", "which", "while", "who", "why", "will", "with", "would", "you", "your":
		return true
	case "dear", "hello", "hi", "kind", "please", "regards", "thank", "thanks":
		return true
	default:
		return false
	}
}
