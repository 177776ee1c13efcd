package web

import (
	"bytes"
	"io"
	"net/http"
)

// inProcess carries a request to the API without a connection. The API sees the address that the page's request came from, so that
// its limits and its audit log are about the person and not about the console.
type inProcess struct {
	api    http.Handler
	page   *http.Request
	writer http.ResponseWriter
}

// fromClient are the headers by which proxies tell the client's address; the API decides whom to believe.
func fromClient() []string { return []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded"} }

// RoundTrip implements http.RoundTripper.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := r.Clone(r.Context())
	asked.RemoteAddr, asked.RequestURI = t.page.RemoteAddr, r.URL.RequestURI()
	asked.Host, asked.TLS = t.page.Host, t.page.TLS
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	for _, name := range fromClient() {
		for _, value := range t.page.Header.Values(name) {
			asked.Header.Add(name, value)
		}
	}
	answer := &recording{page: t.writer, header: http.Header{}}
	t.api.ServeHTTP(answer, asked)
	if answer.status == 0 {
		answer.status = http.StatusOK
	}
	return &http.Response{
		Status: http.StatusText(answer.status), StatusCode: answer.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: answer.header, Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len()), Request: r,
	}, nil
}

// recording takes the API's answer. How long the page's connection may take is the API's to say, so it is reached through it.
type recording struct {
	page   http.ResponseWriter
	header http.Header
	body   bytes.Buffer
	status int
}

func (r *recording) Header() http.Header { return r.header }

func (r *recording) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recording) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p) //nolint:wrapcheck // it never fails
}

// FlushError keeps a flush of the API's answer from flushing the page.
func (*recording) FlushError() error { return nil }

// Unwrap is for http.ResponseController.
func (r *recording) Unwrap() http.ResponseWriter { return r.page }
