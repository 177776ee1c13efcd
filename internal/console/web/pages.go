package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// rowsPerPage is how many rows a list shows.
const rowsPerPage = 50

// frame puts the layout around a page.
func (v *visit) frame(title string, data any) frame {
	return frame{Title: title, Person: v.session.Subject, Path: v.r.URL.Path, permissions: v.session.Permissions, Data: data}
}

func (s *Site) show(v *visit, page, title string, data any) error {
	s.views.write(s.cfg.Logger, v.w, http.StatusOK, page, v.frame(title, data))
	return nil
}

// leadTo has the browser load another page, so that a reload of what follows does nothing again.
func (v *visit) leadTo(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// form gives what was typed.
func (v *visit) form() (url.Values, error) {
	err := v.r.ParseForm()
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		return nil, fmt.Errorf("read the form: %w", err)
	}
	if err != nil {
		return nil, &adminapi.Problem{Status: http.StatusBadRequest, Title: "Unreadable form", Detail: "What was sent is no form of this page."}
	}
	return v.r.PostForm, nil
}

// refused says whether err is that the reader may not read something: a page leaves that part out, and shows the rest.
func refused(err error) bool { return adminapi.StatusOf(err) == http.StatusForbidden }

// reached collects what the API tells of the whole platform or, for a reader of some tenants only, of each of these.
func reached[T any](v *visit, ask func(tenantID string) ([]T, error)) ([]T, error) {
	if len(v.session.Tenants) == 0 {
		return ask("")
	}
	var all []T
	for _, id := range v.session.Tenants {
		some, err := ask(id)
		if adminapi.StatusOf(err) == http.StatusNotFound { // the tenant was purged
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func accounts(v *visit) ([]adminapi.QueueAccount, error) {
	return reached(v, func(id string) ([]adminapi.QueueAccount, error) { return v.api.QueueAccounts(v.ctx, id) })
}

// listPage is a page of a list. Next is the address of the following one; empty at the end.
type listPage[T any] struct {
	Items []T
	Next  string
}

// listing makes a page of the list at the present address, with what is filtered by kept.
func listing[T any](v *visit, page adminapi.Page[T]) listPage[T] {
	shown := listPage[T]{Items: page.Items}
	if page.Next != "" {
		query := v.r.URL.Query()
		query.Set("cursor", page.Next)
		shown.Next = v.r.URL.EscapedPath() + "?" + query.Encode()
	}
	return shown
}
