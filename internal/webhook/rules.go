package webhook

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// rules is immutable once made, and safe for concurrent use.
var rules = newRules() //nolint:gochecknoglobals // built once from constants

func newRules() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string { return f.Tag.Get("json") })
	for tag, valid := range map[string]func(string) bool{
		"tenant_id": tenant.ValidID,
		"ticket_id": ticket.ValidID,
		"timestamp": func(s string) bool { _, err := parseTimestamp(s); return err == nil },
	} {
		err := v.RegisterValidation(tag, func(fl validator.FieldLevel) bool { return valid(fl.Field().String()) })
		if err != nil {
			panic(fmt.Sprintf("webhook: rule %s: %v", tag, err)) // a mistake in this file
		}
	}
	return v
}

// validate checks fields or claims.
func validate(checked any) []FieldError {
	var wrong validator.ValidationErrors
	if !errors.As(rules.Struct(checked), &wrong) {
		return nil
	}
	problems := make([]FieldError, len(wrong))
	for i, w := range wrong {
		problems[i] = FieldError{w.Field(), problem(w)}
	}
	return problems
}

// problem tells the sender what to do.
func problem(w validator.FieldError) string {
	switch w.Tag() {
	case "required":
		return "is missing"
	case "max":
		return fmt.Sprintf("is longer than %s characters", w.Param())
	case "oneof":
		return "is none of: " + strings.ReplaceAll(w.Param(), " ", ", ")
	case "tenant_id":
		return "use 1 to 63 lower-case letters, digits and hyphens"
	case "ticket_id":
		return "use ServiceDesk Plus's request id: 1 to 25 digits, the first of them not 0"
	case "timestamp":
		return "use RFC 3339 (2006-01-02T15:04:05Z) or milliseconds since 1970, in quotation marks"
	default:
		return "is not valid (" + w.Tag() + ")"
	}
}
