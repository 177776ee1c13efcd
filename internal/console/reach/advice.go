package reach

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
)

// advice says what is wrong and what to do about it. Addresses that a host has led to are left out: they would tell of the
// inside of our network.
func advice(err error, patience time.Duration, explain func(error) string) string {
	if refused, ok := errors.AsType[*outbound.RefusedError](err); ok {
		return refused.Error()
	}
	if unknown, ok := errors.AsType[*net.DNSError](err); ok {
		if unknown.IsNotFound {
			return "the host " + unknown.Name + " is not known: check the URL"
		}
		return "the host " + unknown.Name + " could not be looked up: check the name servers of this installation"
	}
	if text := certificate(err); text != "" {
		return text
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return "the server does not speak TLS there: check scheme and port of the URL"
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "nothing listens there: check host and port of the URL, and that the server runs"
	}
	if errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH) {
		return "there is no way to the host from here: check the URL, and the network of this installation"
	}
	if isTimeout(err) {
		return fmt.Sprintf("no answer within %s: check the URL, and whether a firewall lets us through", patience)
	}
	return explain(err)
}

// Advice is the same for an error of a tenant's ServiceDesk Plus in longer work; other when it is something else.
func Advice(err error, other string) string {
	if _, ok := errors.AsType[*servicedesk.Error](err); ok {
		return advice(err, Timeout, explainDesk)
	}
	return other
}

func isTimeout(err error) bool {
	slow, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && slow.Timeout()
}

// certificate says what is wrong with the server's certificate; empty when nothing is.
func certificate(err error) string {
	if wrong, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the certificate is for another host than " + wrong.Host + ": check the URL, or the server's certificate"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "the certificate has expired, or is not yet valid: renew it on the server"
	}
	_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	if unverified || unknown {
		return "the certificate is not signed by an authority that is trusted here: have the server send all of its chain, or add " +
			"its authority to those that this installation trusts (SSL_CERT_FILE)"
	}
	return ""
}

func explainDesk(err error) string {
	if errors.Is(err, errUnusable) {
		return "the URL or the key has not the form that the profile wants: correct them"
	}
	failed, ok := errors.AsType[*servicedesk.Error](err)
	switch {
	case !ok:
		return "the connection failed"
	case failed.Kind == servicedesk.KindUnauthorized:
		return "the key is not accepted: replace it"
	case failed.RateLimited:
		return "the server has had too many calls: try again in some minutes"
	case failed.Kind == servicedesk.KindNotFound:
		return "there is no ServiceDesk Plus at this URL: it ends with /api/v3"
	case failed.HTTPStatus == 0:
		return "the connection failed: check the URL"
	case failed.HTTPStatus >= http.StatusInternalServerError:
		return fmt.Sprintf("the server answered with status %d: try again later, and look into its log", failed.HTTPStatus)
	default:
		return fmt.Sprintf("the server answered with status %d, code %d: check the URL, and what the key may do", failed.HTTPStatus, failed.Code)
	}
}

// explainKnowledge repeats what the client says of the settings; it names no address.
func explainKnowledge(err error) string {
	if wrong, ok := errors.AsType[*gather.PermanentError](err); ok {
		return wrong.Error()
	}
	if text := err.Error(); strings.HasPrefix(text, "status ") || strings.HasPrefix(text, "the answer ") {
		return "the knowledge base does not answer as it should: " + text
	}
	return "the connection failed, or the answer has not the expected form: check the URL"
}

// explainModel names the secret of the model's key, and the settings that say which model it is and where.
func explainModel(key, model, address string) func(error) string {
	return func(err error) string {
		switch status := openai.StatusOf(err); {
		case status == http.StatusUnauthorized, status == http.StatusForbidden:
			return "the key is not accepted: put another into the secret store (" + key + ")"
		case status == http.StatusNotFound:
			return "there is no such model, or no such server: check " + model + ", with Azure the name of a deployment, and " + address
		case status == http.StatusTooManyRequests:
			return "the server has had too many requests, or the account is out of quota"
		case status == http.StatusBadRequest:
			return "the server answered with status 400: check " + model + ", and the provider and its API version"
		case status != 0:
			return fmt.Sprintf("the server answered with status %d", status)
		default:
			return "the connection failed: check " + address
		}
	}
}
