package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// The kinds of fields, beside the types of HTML's input.
const (
	kindText     = "text"
	kindPassword = "password"
	kindNumber   = "number"
	kindTime     = "datetime-local"
	kindArea     = "area"
	kindSelect   = "select"
	kindChoices  = "choices" // any number of the options
)

// The most characters that the API takes, which browsers know beforehand.
const (
	maxID, maxTicket, maxTechnician = 63, 100, 50
	maxLine, maxURL, maxActor       = 200, 2000, 500
	maxSubject, maxDescription      = 250, 10_000
)

// field is a field of a form as it is shown: with what was typed, and what is wrong with it.
type field struct {
	Name, Label, Kind, Hint string
	Value                   string
	Options                 []option
	Required                bool
	// Min, Max and Step are of a number.
	Min, Max, Step string
	MaxLength      int
	// Complete is the token of autocomplete; "off" unless set.
	Complete string
	Wrong    string
}

// Describers are the ids of the texts that tell more about the field, for aria-describedby.
func (f field) Describers() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	if f.Wrong != "" {
		ids = append(ids, f.Name+"-wrong")
	}
	return strings.Join(ids, " ")
}

// option is one of a field's choices.
type option struct {
	Value, Label string
	Chosen       bool
}

// options makes options of names of the API, with the chosen ones among them.
func options[T ~string](names []T, chosen ...T) []option {
	all := make([]option, len(names))
	for i, name := range names {
		all[i] = option{Value: string(name), Label: words(name)}
		for _, c := range chosen {
			all[i].Chosen = all[i].Chosen || c == name
		}
	}
	return all
}

// group is a part of a form.
type group struct {
	Legend string
	Fields []field
}

// form is one that is shown, for the first time or again.
type form struct {
	Groups []group
	// Problem is what is wrong as a whole, and Items what is wrong with fields that the form does not have.
	Problem string
	Items   []string
}

// blame puts what the API found wrong beside the fields that it is about. Locations lose the first of the prefixes that they begin with.
// It says whether err was about the form at all.
func (f *form) blame(err error, prefixes ...string) bool {
	problem, is := errors.AsType[*adminapi.Problem](err)
	if !is || problem.Status >= http.StatusInternalServerError || problem.Status == http.StatusUnauthorized || problem.Status == http.StatusForbidden ||
		problem.Status == http.StatusNotFound {
		return false
	}
	f.Problem = cmp.Or(problem.Detail, problem.Title)
	if problem.Status == http.StatusPreconditionFailed {
		f.Problem = "It was changed meanwhile, so nothing was saved. Open the page anew, and do it again if that is still right."
	}
	for _, wrong := range problem.Errors {
		if f.tell(located(wrong.Location, prefixes), wrong.Message) {
			f.Problem = "Something is not right yet; it says so beside it. Nothing was saved."
		} else {
			f.Items = append(f.Items, wrong.String())
		}
	}
	return true
}

func located(location string, prefixes []string) string {
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(location, prefix); ok {
			return rest
		}
	}
	return location
}

// tell puts the message beside the field of that name, or of the one that it is within, as of an item of a list.
func (f *form) tell(name, message string) bool {
	for name != "" {
		for g := range f.Groups {
			for i := range f.Groups[g].Fields {
				if own := &f.Groups[g].Fields[i]; own.Name == name {
					own.Wrong = strings.TrimPrefix(own.Wrong+"; "+message, "; ")
					return true
				}
			}
		}
		cut := strings.LastIndexAny(name, ".[")
		name = name[:max(cut, 0)]
	}
	return false
}

// typed puts what was typed into the fields. Secrets are typed again.
func (f *form) typed(values url.Values) {
	for g := range f.Groups {
		for i := range f.Groups[g].Fields {
			own := &f.Groups[g].Fields[i]
			switch own.Kind {
			case kindPassword:
			case kindSelect, kindChoices:
				for k := range own.Options {
					own.Options[k].Chosen = false
					for _, value := range values[own.Name] {
						own.Options[k].Chosen = own.Options[k].Chosen || own.Options[k].Value == value
					}
				}
			default:
				own.Value = values.Get(own.Name)
			}
		}
	}
}

// minute is how browsers write the value of a datetime-local, to the minute or to the second.
const (
	minute = "2006-01-02T15:04"
	second = "2006-01-02T15:04:05"
)

// moment reads a time that was typed, which is in UTC as all times are that pages show.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{minute, second, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &adminapi.Problem{
		Status: http.StatusBadRequest, Title: "That is no time", Detail: "Write times as 2026-11-24T13:05, in UTC.",
	}
}
