package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// etag is a tenant's version as HTTP wants it.
func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// ifMatch is which versions a change may be made to (RFC 9110, section 13.1.1).
type ifMatch struct {
	any      bool
	versions []int64
}

// parseIfMatch reads the header. Tags that are weak, or none of ours, are left out, for they match nothing.
func parseIfMatch(header string) ifMatch {
	var m ifMatch
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" {
			m.any = true
		}
		inner, opened := strings.CutPrefix(tag, `"`)
		inner, closed := strings.CutSuffix(inner, `"`)
		version, err := strconv.ParseInt(inner, 10, 64)
		if opened && closed && err == nil && version > 0 && etag(version) == tag {
			m.versions = append(m.versions, version)
		}
	}
	return m
}

// matches says whether a change may be made to the version.
func (m ifMatch) matches(version int64) bool {
	return m.any || slices.Contains(m.versions, version)
}

// noneMatches says whether the header If-None-Match leaves something to send: weak comparison, which is enough for reading.
func noneMatches(header string, version int64) bool {
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == "*" || tag == etag(version) {
			return false
		}
	}
	return true
}

// errRequired is the answer to a change that has to say which version it is for.
func errRequired() *Problem {
	p := problem(http.StatusPreconditionRequired,
		"say which version you want to change: read the tenant, and send its ETag as If-Match")
	p.Errors = []FieldProblem{{Location: "header.If-Match", Message: "is missing"}}
	return p
}

// errStale is the answer to a change of a version that is no longer there.
func errStale(current int64) *Problem {
	return problem(http.StatusPreconditionFailed,
		"the tenant was changed meanwhile: read it again, and repeat the change if it is still right").with("ETag", etag(current))
}
