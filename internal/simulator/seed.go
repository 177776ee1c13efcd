package simulator

import (
	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// AddSample adds the sample tenants: their past tickets as resolved requests, and their articles. An
// article's link leads to the simulated knowledge base, so that a reader of a note can follow it. Tenants that are there
// already stay as they are.
func (w *World) AddSample() error {
	for _, t := range Tenants() {
		data, err := Sample(t.ID)
		if err != nil {
			return err
		}
		created, err := w.AddTenant(t.ID, t.Profile)
		if err != nil {
			return err
		}
		if !created {
			continue // kept from an earlier process, with what has become of it
		}
		d, err := w.desk(t.ID)
		if err != nil {
			return err
		}
		for _, past := range data.Tickets {
			d.sdp.AddRequest(servicedesktest.Request{
				ID: past.ID, Subject: past.Subject, Description: htmlFrom(past.Description),
				Status: statusResolved, CreatedTime: past.CreatedAt, Resolution: htmlFrom(past.Resolution),
			})
		}
		for _, a := range data.Articles {
			d.addArticle(knowledgetest.Article{
				ID: a.ID, Title: a.Title, Summary: a.Summary, URL: w.endpoints(d).KnowledgeURL + "/articles/" + a.ID,
			})
		}
	}
	return nil
}
