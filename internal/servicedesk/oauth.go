package servicedesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

const (
	opRefresh = "refresh_token"

	// The token endpoint locks an account out after 5 refreshes in a minute. After two in a row the next ones are apart,
	// so that there are 4 in a minute at most, which leaves one for another process that serves the same tenant, and an
	// endpoint that is well again is noticed soon.
	refreshesInARow = 2
	refreshPause    = 20 * time.Second
	refreshWindow   = time.Minute

	defaultTokenLife = time.Hour
)

// tokenSource keeps the access token of a cloud account in memory. A new one is fetched
// only when there is none (or it has reached its age) and after a 401.
type tokenSource struct {
	cfg     OAuth
	http    *http.Client
	timeout time.Duration
	clock   func() time.Time
	observe Observe
	logger  *slog.Logger
	flight  singleflight.Group

	mu        sync.Mutex
	token     string
	expires   time.Time
	refreshes []time.Time // within the last refreshWindow
}

// get returns a token, and whether it had to be fetched for this call.
func (t *tokenSource) get(ctx context.Context) (token string, fresh bool, err error) {
	if token = t.current(); token != "" {
		return token, false, nil
	}
	token, err = t.renew(ctx, "")
	return token, true, err
}

// renew replaces a token the server has refused. Callers that arrive together share one
// refresh, and one that arrives late gets the token others have fetched meanwhile.
func (t *tokenSource) renew(ctx context.Context, refused string) (string, error) {
	result := t.flight.DoChan("refresh", func() (any, error) {
		if token := t.current(); token != "" && token != refused {
			return token, nil
		}
		// The first caller's cancellation must not fail the others.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.timeout)
		defer cancel()
		return t.refresh(ctx)
	})
	select {
	case <-ctx.Done():
		e := transportError(ctx, ctx.Err())
		e.Op, e.uncertain = opRefresh, false
		return "", e
	case r := <-result:
		token, _ := r.Val.(string)
		return token, r.Err
	}
}

func (t *tokenSource) current() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.clock().Before(t.expires) {
		return ""
	}
	return t.token
}

// mayRefresh takes one of the refreshes the account has per minute, or says how long there is none.
func (t *tokenSource) mayRefresh() (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock()
	for len(t.refreshes) > 0 && now.Sub(t.refreshes[0]) >= refreshWindow {
		t.refreshes = t.refreshes[1:]
	}
	if n := len(t.refreshes); n >= refreshesInARow {
		if wait := refreshPause - now.Sub(t.refreshes[n-1]); wait > 0 {
			return wait
		}
	}
	t.refreshes = append(t.refreshes, now)
	return 0
}

// notRefreshed gives back what mayRefresh took last: the endpoint was not asked.
func (t *tokenSource) notRefreshed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refreshes = t.refreshes[:len(t.refreshes)-1]
}

func (t *tokenSource) refresh(ctx context.Context) (string, error) {
	if wait := t.mayRefresh(); wait > 0 {
		return "", &Error{
			Op: opRefresh, Kind: KindRetry,
			Message: fmt.Sprintf("held back for %s: too many token refreshes in a minute", wait.Round(time.Second)),
		}
	}
	started, host := t.clock(), telemetry.Host(t.cfg.AccountsURL).Value
	token, life, failed := t.fetch(ctx)
	t.observe.observed(ctx, opRefresh, failed, t.clock().Sub(started))
	if failed != nil {
		if _, kept := errors.AsType[*outbound.RefusedError](failed); kept {
			t.notRefreshed() // else the fifth call in a minute would hear of too many refreshes instead
		}
		failed.Op, failed.uncertain = opRefresh, false
		failed.Message = withhold(failed.Message, "", t.cfg.ClientSecret, t.cfg.RefreshToken)
		t.logger.WarnContext(ctx, "servicedesk call failed", telemetry.KeyCall, opRefresh, telemetry.KeyHost, host,
			telemetry.KeyHTTPStatus, failed.HTTPStatus, "kind", failed.Kind, "duration", t.clock().Sub(started), "error", failed.Error())
		return "", failed
	}
	t.logger.InfoContext(ctx, "servicedesk call", telemetry.KeyCall, opRefresh, telemetry.KeyHost, host,
		"duration", t.clock().Sub(started))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token, t.expires = token, t.clock().Add(life)
	return token, nil
}

func (t *tokenSource) fetch(ctx context.Context) (string, time.Duration, *Error) {
	form := url.Values{
		"grant_type":    {"refresh_token"},
		"client_id":     {t.cfg.ClientID},
		"client_secret": {t.cfg.ClientSecret},
		"refresh_token": {t.cfg.RefreshToken},
	}
	endpoint := strings.TrimRight(t.cfg.AccountsURL, "/") + "/oauth/v2/token"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, refused(opRefresh, "", "the request cannot be built")
	}
	req.Header.Set("Content-Type", formType)
	req.Header.Set("Accept", "application/json")
	got, failed := send(t.http, req)
	if failed != nil {
		return "", 0, failed
	}
	return readToken(got.status, got.body)
}

// readToken understands that the endpoint reports bad credentials with 200 as well as
// with 4xx, and its own lockout with 400.
func readToken(httpStatus int, body []byte) (string, time.Duration, *Error) {
	var answer struct {
		AccessToken text `json:"access_token"`
		ExpiresIn   text `json:"expires_in"`
		Error       text `json:"error"`
		Description text `json:"error_description"`
	}
	err := json.Unmarshal(body, &answer)
	if err == nil && httpStatus == http.StatusOK && answer.AccessToken != "" {
		life := defaultTokenLife
		if seconds, parseErr := strconv.Atoi(string(answer.ExpiresIn)); parseErr == nil && seconds > 0 {
			life = time.Duration(seconds) * time.Second
		}
		return string(answer.AccessToken), life, nil
	}
	failed := &Error{HTTPStatus: httpStatus, Kind: KindRetry, Message: excerpt(string(answer.Error + " " + answer.Description))}
	busy := httpStatus == http.StatusTooManyRequests || httpStatus == http.StatusRequestTimeout ||
		strings.Contains(strings.ToLower(string(answer.Description)), "too many requests")
	refusal := httpStatus >= http.StatusBadRequest && httpStatus < http.StatusInternalServerError || httpStatus == http.StatusOK && answer.Error != ""
	failed.RateLimited = busy && httpStatus != http.StatusRequestTimeout
	switch {
	case refusal && !busy:
		failed.Kind = KindUnauthorized
	case httpStatus >= http.StatusMultipleChoices && httpStatus < http.StatusBadRequest:
		failed.Kind, failed.Message = KindGiveUp, "accounts_url redirects, which is not followed with credentials"
	}
	return "", 0, failed
}
