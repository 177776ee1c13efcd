package servicedesktest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// The headers a receiver looks for. SDP itself signs nothing: the signature comes from a
// script or function that the administrator installs.
const (
	HeaderSecret    = "X-ServiceDesk-Secret" //nolint:gosec // the name of a header
	HeaderSignature = "X-ServiceDesk-Signature"
)

// UnsignedWebhook is a webhook action with a payload template and nothing else.
func UnsignedWebhook(ctx context.Context, url string, payload []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	return req, nil
}

// StaticHeaderWebhook is a webhook action with the secret as a static request header.
func StaticHeaderWebhook(ctx context.Context, url, secret string, payload []byte) (*http.Request, error) {
	return webhookWith(ctx, url, payload, HeaderSecret, secret)
}

// SignedHexWebhook is sent by a script that signs the body: HMAC-SHA256 in hexadecimal.
func SignedHexWebhook(ctx context.Context, url, secret string, payload []byte) (*http.Request, error) {
	return webhookWith(ctx, url, payload, HeaderSignature, hex.EncodeToString(sign(secret, payload)))
}

// SignedPrefixedHexWebhook is the same with "sha256=" before the digits.
func SignedPrefixedHexWebhook(ctx context.Context, url, secret string, payload []byte) (*http.Request, error) {
	return webhookWith(ctx, url, payload, HeaderSignature, "sha256="+hex.EncodeToString(sign(secret, payload)))
}

// SignedBase64Webhook is sent by a cloud function that left the encoding at its default.
func SignedBase64Webhook(ctx context.Context, url, secret string, payload []byte) (*http.Request, error) {
	return webhookWith(ctx, url, payload, HeaderSignature, base64.StdEncoding.EncodeToString(sign(secret, payload)))
}

func webhookWith(ctx context.Context, url string, payload []byte, header, value string) (*http.Request, error) {
	req, err := UnsignedWebhook(ctx, url, payload)
	if err != nil {
		return nil, err
	}
	req.Header.Set(header, value)
	return req, nil
}

func sign(secret string, payload []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(payload)
	return mac.Sum(nil)
}

// TemplatePayload fills in a payload template the way the server does: without any
// escaping, so that a quotation mark in a subject breaks the JSON around it.
func TemplatePayload(template string, r Request) []byte {
	return []byte(strings.NewReplacer(
		"$RequestId", r.ID, "$DisplayId", r.DisplayID, "$Subject", r.Subject, "$Description", r.Description,
		"$RequesterName", r.Requester.Name, "$RequesterEmail", r.Requester.Email, "$Technician", r.Technician,
		"$Priority", r.Priority, "$Status", r.Status, "$Category", r.Category, "$Site", r.Site,
		"$CreatedTime", strconv.FormatInt(r.CreatedTime.UnixMilli(), 10),
	).Replace(template))
}

// CompletePayload is the content of $COMPLETE_V3_JSON_FILE: the whole ticket, well formed.
func (s *Server) CompletePayload(ticketID string) ([]byte, error) {
	ticket, ok := s.find(ticketID)
	if !ok {
		return nil, fmt.Errorf("webhook: no request %s", ticketID)
	}
	body := s.requestObject(ticket)
	body["description"] = orNull(ticket.Description)
	payload, err := json.Marshal(object{"request": body})
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	return payload, nil
}
