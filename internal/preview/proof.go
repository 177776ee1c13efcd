package preview

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Validity is how long a request can be taken after it was made. Between replicas clocks may differ by as much.
const Validity = time.Minute

// purpose stands before the document that is proved, so that what else is vouched for with the keyset, such as copies of tenants,
// cannot pass for a request, nor a request for one of those.
const purpose = "preview-request\x00"

// Vouched is a request as it travels. The sidecars between do not prove who calls, so the console does, by the tenant keyset: the
// proof is of these bytes, for this tenant.
type Vouched struct {
	TenantID string `json:"tenant_id"`
	Document []byte `json:"document"`
	Proof    []byte `json:"proof"`
}

// document is what is vouched for.
type document struct {
	At      time.Time `json:"at"`
	Request Request   `json:"request"`
}

var errUnproved = errors.New("the request for a preview does not come from the console, or is old")

// vouch makes a request that open takes for Validity.
func vouch(sealer *tenant.Sealer, r Request, now time.Time) (Vouched, error) {
	v := Vouched{TenantID: r.TenantID}
	var err error
	if v.Document, err = json.Marshal(document{At: now, Request: r}); err != nil {
		return Vouched{}, fmt.Errorf("encode a request for a preview: %w", err)
	}
	if v.Proof, err = sealer.Vouch(v.TenantID, proved(v.Document)); err != nil {
		return Vouched{}, err
	}
	return v, nil
}

// open gives the request, if the console made it just now. Nothing of the document is read before its proof is.
func (v Vouched) open(sealer *tenant.Sealer, now time.Time) (Request, error) {
	if err := sealer.Verify(v.TenantID, proved(v.Document), v.Proof); err != nil {
		return Request{}, fmt.Errorf("%w: %w", errUnproved, err)
	}
	var d document
	if err := json.Unmarshal(v.Document, &d); err != nil {
		return Request{}, fmt.Errorf("%w: decode: %w", errUnproved, err)
	}
	age := now.Sub(d.At)
	switch {
	case d.Request.TenantID != v.TenantID:
		return Request{}, fmt.Errorf("%w: it is about another tenant", errUnproved)
	case age > Validity || age < -Validity:
		return Request{}, fmt.Errorf("%w: it is %s old, and taken up to %s: compare the clocks of console and enhancer", errUnproved,
			age.Round(time.Second), Validity)
	}
	return d.Request, nil
}

func proved(document []byte) []byte { return append([]byte(purpose), document...) }
