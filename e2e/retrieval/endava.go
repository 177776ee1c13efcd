package retrieval

import (
	"context"
	"encoding/csv"
	"fmt"
	"strconv"

	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// endava: of the five nearest among the other tickets, how many have the same topic. Every twentieth ticket asks.
func endava(ctx context.Context, w *world, opts Options, r *report) error {
	texts, topics, err := readEndava(opts.Data)
	if err != nil {
		return skip(r, "endava", err)
	}
	const stride, deep = 20, 5
	w.sayf("endava: %d tickets, %d of them ask", len(texts), (len(texts)+stride-1)/stride)
	tickets := make([]history.PastTicket, len(texts))
	for i, text := range texts {
		tickets[i] = past(i, "", text, longAgo())
	}
	source, err := w.history(ctx, "endava", tickets, history.Options{MaxTickets: deep})
	if err != nil {
		return err
	}
	plain := newReference(texts)
	ours, theirs := newTally(), newTally()
	for i := 0; i < len(texts); i += stride {
		found, err := ask(ctx, source, "endava", ticket.Ticket{ID: strconv.Itoa(i), Description: texts[i]})
		if err != nil {
			return err
		}
		same := func(other int) bool { return topics[other] == topics[i] }
		ours.add(judge(found, same), 0)
		theirs.add(judge(plain.search(texts[i], func(other int) bool { return other != i }, deep), same), 0)
	}
	r.quality("endava", "same topic P@5", ours.precisionAt(five), theirs.precisionAt(five),
		fmt.Sprintf("%d queries, %d without a result; near-identical ones are shown as one", ours.queries, ours.nothing))
	return nil
}

func readEndava(data string) (texts, topics []string, err error) {
	file, err := open(data, "endava", "tickets.csv.gz")
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("read endava: %w", err)
	}
	for _, row := range rows[1:] {
		texts, topics = append(texts, row[0]), append(topics, row[1])
	}
	return texts, topics, nil
}
