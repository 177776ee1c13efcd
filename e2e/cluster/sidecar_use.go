package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Publish sends an event to a topic through the sidecar, as the app does.
func (s *Sidecar) Publish(ctx context.Context, pubsub, topic string, event any) error {
	return s.post(ctx, "/v1.0/publish/"+pubsub+"/"+topic, event)
}

// SaveState writes one value through the sidecar.
func (s *Sidecar) SaveState(ctx context.Context, store, key string, value any) error {
	return s.post(ctx, "/v1.0/state/"+store, []map[string]any{{"key": key, "value": value}})
}

func (s *Sidecar) post(ctx context.Context, path string, body any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, strings.NewReader(string(content)))
	if err != nil {
		return fmt.Errorf("ask the sidecar: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Dapr-Api-Token", s.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the sidecar: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	switch {
	case response.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%s: %w", path, ErrRefused)
	case response.StatusCode >= http.StatusMultipleChoices:
		return fmt.Errorf("%s: the sidecar answered %s", path, strings.TrimSpace(response.Status))
	}
	return nil
}
