package servicedesk

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// Solution is an article of SDP's knowledge base. Any field but the id may be empty.
type Solution struct {
	ID    string
	Title string
	// Description is HTML as the server sent it. Empty in lists.
	Description string
	Topic       string
	Keywords    string // separated by ", "
	IsPublic    bool
	// ApprovalStatus is UnApproved, Approved, Approval Pending, Rejected or Expired.
	ApprovalStatus  string
	LastUpdatedTime time.Time // UTC; zero when unknown
}

// SolutionPage is one page of a list.
type SolutionPage struct {
	Solutions []Solution
	HasMore   bool
	// NextStartIndex is the StartIndex of the following page.
	NextStartIndex int
	// Total is how many there are on all pages, 0 when the server did not say.
	Total int
}

// ListSolutions reads one page, in the server's order, whatever their approval.
func (c *Client) ListSolutions(ctx context.Context, q PageQuery) (SolutionPage, error) {
	const op = "list_solutions"
	info := q.input()
	info.Fields = solutionFields()
	env, err := c.list(ctx, op, "solutions", info)
	if err != nil {
		return SolutionPage{}, err
	}
	solutions, p, err := pageOf(env, op, info, env.Solutions, wireSolution.solution)
	return SolutionPage{Solutions: solutions, HasMore: p.more, NextStartIndex: p.next, Total: p.total}, err
}

// Solution reads one article.
func (c *Client) Solution(ctx context.Context, id string) (Solution, error) {
	const op = "get_solution"
	if !isID(id) {
		return Solution{}, refused(op, "", "the solution id must consist of digits")
	}
	env, err := c.do(ctx, call{op: op, method: http.MethodGet, path: []string{"solutions", id}})
	if err != nil {
		return Solution{}, err
	}
	if env.Solution == nil || env.Solution.ID == "" {
		return Solution{}, &Error{Op: op, Kind: KindRetry, HTTPStatus: http.StatusOK, Message: "the answer holds no solution"}
	}
	return env.Solution.solution(), nil
}

type wireSolution struct {
	ID              text      `json:"id"`
	Title           text      `json:"title"`
	Description     text      `json:"description"`
	Topic           reference `json:"topic"`
	Keywords        words     `json:"keywords"`
	IsPublic        text      `json:"is_public"`
	ApprovalStatus  reference `json:"approval_status"`
	LastUpdatedTime stamp     `json:"last_updated_time"`
}

func (w wireSolution) solution() Solution {
	return Solution{
		ID: string(w.ID), Title: string(w.Title), Description: string(w.Description), Topic: string(w.Topic.Name),
		Keywords: strings.Join(w.Keywords, ", "), IsPublic: w.IsPublic == "true",
		ApprovalStatus: string(w.ApprovalStatus.Name), LastUpdatedTime: w.LastUpdatedTime.Time,
	}
}
