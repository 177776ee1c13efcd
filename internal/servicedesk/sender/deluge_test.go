package sender_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
)

// request is what a function of the cloud sends by invokeurl.
type request struct {
	url, body string
	header    http.Header
}

// deluge interprets as much of Zoho's language as the function uses.
type deluge struct {
	t      *testing.T
	source []rune
	at     int
	vars   map[string]any
	sent   *request
}

func runDeluge(t *testing.T, source string, requestObj map[string]any) request {
	t.Helper()
	d := &deluge{t: t, source: []rune(regexp.MustCompile(`(?m)^//.*$`).ReplaceAllString(source, "")), vars: map[string]any{"requestObj": requestObj}}
	d.statements(true)
	if d.sent == nil {
		t.Fatal("the function sends nothing")
	}
	return *d.sent
}

// as is the value as a T, without which the function would not run.
func as[T any](d *deluge, value any) T {
	d.t.Helper()
	typed, is := value.(T)
	if !is {
		d.t.Fatalf("Deluge: %v is a %T", value, value)
	}
	return typed
}

func (d *deluge) skip() {
	for d.at < len(d.source) && unicode.IsSpace(d.source[d.at]) {
		d.at++
	}
}

func (d *deluge) peek(text string) bool {
	d.skip()
	return strings.HasPrefix(string(d.source[d.at:]), text)
}

func (d *deluge) take(text string) bool {
	if d.peek(text) {
		d.at += len([]rune(text))
		return true
	}
	return false
}

func (d *deluge) expect(text string) {
	d.t.Helper()
	if !d.take(text) {
		d.t.Fatalf("Deluge: %q is missing before %.60q", text, string(d.source[d.at:]))
	}
}

func (d *deluge) name() string {
	d.skip()
	from := d.at
	for d.at < len(d.source) && (unicode.IsLetter(d.source[d.at]) || unicode.IsDigit(d.source[d.at])) {
		d.at++
	}
	return string(d.source[from:d.at])
}

func (d *deluge) statements(run bool) {
	for d.skip(); d.at < len(d.source) && !d.peek("}"); d.skip() {
		d.statement(run)
	}
}

func (d *deluge) statement(run bool) {
	d.t.Helper()
	name := d.name()
	switch {
	case name == "if":
		d.expect("(")
		holds := as[bool](d, d.compare())
		d.expect(")")
		d.expect("{")
		d.skipOrRun(holds && run)
		d.expect("}")
		return
	case name == "info":
		d.compare()
	case d.take("="):
		if d.take("invokeurl") {
			d.invoke()
			d.vars[name] = "answer"
		} else {
			d.vars[name] = d.compare()
		}
	default:
		d.postfix(d.vars[name])
	}
	d.expect(";")
}

// skipOrRun goes over a block, whose values may be null when its condition does not hold.
func (d *deluge) skipOrRun(run bool) {
	if run {
		d.statements(true)
		return
	}
	for depth := 0; d.at < len(d.source); d.at++ {
		switch d.source[d.at] {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return
			}
			depth--
		}
	}
}

func (d *deluge) invoke() {
	d.expect("[")
	r := &request{header: http.Header{}}
	for !d.take("]") {
		key := d.name()
		d.expect(":")
		switch key {
		case "type":
			if method := d.name(); method != http.MethodPost {
				d.t.Fatalf("the method is %s", method)
			}
		case "detailed":
			d.name()
		case "url":
			r.url = fmt.Sprint(d.sum())
		case "parameters":
			r.body = fmt.Sprint(d.sum())
		case "headers":
			for name, value := range as[*orderedMap](d, d.sum()).values {
				r.header.Set(name, fmt.Sprint(value))
			}
		default:
			d.t.Fatalf("invokeurl has %q", key)
		}
	}
	d.sent = r
}

func (d *deluge) compare() any {
	left := d.sum()
	switch {
	case d.take("!="):
		return left != d.sum()
	case d.take(">"):
		return as[int](d, left) > as[int](d, d.sum())
	default:
		return left
	}
}

func (d *deluge) sum() any {
	left := d.value()
	for {
		switch {
		case d.take("+"):
			right := d.value()
			left = fmt.Sprint(left) + fmt.Sprint(right)
		case d.take("-"):
			left = as[int](d, left) - as[int](d, d.value())
		default:
			return left
		}
	}
}

func (d *deluge) value() any {
	d.skip()
	switch r := d.source[d.at]; {
	case r == '"':
		return d.postfix(d.text())
	case unicode.IsDigit(r):
		n, _ := strconv.Atoi(d.name())
		return n
	}
	switch name := d.name(); name {
	case "null":
		return nil
	case "true", "false":
		return name == "true"
	case "Map":
		d.arguments()
		return &orderedMap{values: map[string]any{}}
	case "ifnull":
		args := d.arguments()
		if args[0] == nil {
			return d.postfix(args[1])
		}
		return d.postfix(args[0])
	case "zoho":
		return d.postfix(zoho{})
	default:
		value, known := d.vars[name]
		if !known {
			d.t.Fatalf("Deluge: %q is not known", name)
		}
		return d.postfix(value)
	}
}

func (d *deluge) text() string {
	from := d.at
	for d.at++; d.source[d.at] != '"'; d.at++ {
		if d.source[d.at] == '\\' {
			d.at++
		}
	}
	d.at++
	var text string
	if err := json.Unmarshal([]byte(string(d.source[from:d.at])), &text); err != nil {
		d.t.Fatalf("Deluge: %s is no text", string(d.source[from:d.at]))
	}
	return text
}

func (d *deluge) arguments() (args []any) {
	d.expect("(")
	for !d.take(")") {
		args = append(args, d.compare())
		d.take(",")
	}
	return args
}

type (
	zoho       struct{}
	encryption struct{}
)

// orderedMap keeps the order of its keys, as Deluge's does.
type orderedMap struct {
	keys   []string
	values map[string]any
}

func (d *deluge) postfix(value any) any {
	d.t.Helper()
	for d.take(".") {
		method := d.name()
		switch v := value.(type) {
		case zoho:
			value = any(encryption{})
			if method == "currenttime" {
				value = time.Now()
			}
			continue
		case encryption:
			args := d.arguments()
			mac := hmac.New(sha256.New, []byte(as[string](d, args[0])))
			mac.Write([]byte(as[string](d, args[1])))
			value = base64.StdEncoding.EncodeToString(mac.Sum(nil)) // the default of Zoho's
		case time.Time:
			d.arguments()
			value = int(v.UnixMilli())
		default:
			value = d.call(v, method, d.arguments())
		}
	}
	return value
}

func (d *deluge) call(value any, method string, args []any) any {
	d.t.Helper()
	switch v := value.(type) {
	case map[string]any:
		if method == "get" {
			return v[as[string](d, args[0])]
		}
	case *orderedMap:
		switch method {
		case "put":
			key := as[string](d, args[0])
			v.keys, v.values[key] = append(v.keys, key), args[1]
			return nil
		case "toString":
			var out bytes.Buffer
			for i, key := range v.keys {
				name, _ := json.Marshal(key)
				content, _ := json.Marshal(v.values[key])
				fmt.Fprintf(&out, "%s%s:%s", map[bool]string{true: "{", false: ","}[i == 0], name, content)
			}
			return out.String() + "}"
		}
	case int:
		if method == "toString" {
			return strconv.Itoa(v)
		}
	case string:
		switch method {
		case "toString":
			return v
		case "length":
			return len([]rune(v))
		case "replaceAll":
			return regexp.MustCompile(as[string](d, args[0])).ReplaceAllString(v, as[string](d, args[1]))
		case "subString":
			return string([]rune(v)[as[int](d, args[0]):as[int](d, args[1])])
		}
	}
	d.t.Fatalf("Deluge: %T has no %s", value, method)
	return nil
}
