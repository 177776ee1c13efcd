package servicedesk

import (
	"context"
	"net/http"
	"slices"
)

// Workstation is an asset with addresses. Any field but the id may be empty.
type Workstation struct {
	ID       string
	Name     string
	AssetTag string
	Site     string
	// State is In Use, In Store, In Repair, Expired, Disposed or one of the customer's own.
	State string
	// ProductType is what it is used as: Server, Workstation, Router.
	ProductType string
	// Account is the client it belongs to; MSP edition only.
	Account string
	// Addresses are the IP addresses as somebody or a scan entered them.
	Addresses []string
}

// WorkstationPage is one page of a list.
type WorkstationPage struct {
	Workstations []Workstation
	HasMore      bool
	// NextStartIndex is the StartIndex of the following page.
	NextStartIndex int
	// Total is how many there are on all pages, 0 when the server did not say.
	Total int
}

// The places where builds keep their assets, the older one first.
const (
	folderWorkstations = "workstations"
	folderAssets       = "asset_assets"
)

// ListWorkstations reads one page, in the server's order. Newer builds keep assets elsewhere; where this
// one does is found out with the first call.
func (c *Client) ListWorkstations(ctx context.Context, q PageQuery) (WorkstationPage, error) {
	folders := []string{folderWorkstations, folderAssets}
	if known := c.assets.Load(); known != nil && *known == folderAssets {
		slices.Reverse(folders)
	}
	page, err := c.listAssets(ctx, folders[0], q)
	if !isNotFound(err) {
		return page, err
	}
	if page, elsewhere := c.listAssets(ctx, folders[1], q); !isNotFound(elsewhere) {
		return page, elsewhere
	}
	return WorkstationPage{}, err
}

func (c *Client) listAssets(ctx context.Context, folder string, q PageQuery) (WorkstationPage, error) {
	const op = "list_workstations"
	info := q.input()
	env, err := c.list(ctx, op, folder, info)
	if err != nil {
		return WorkstationPage{}, err
	}
	found := env.Workstations
	for _, spelling := range [][]wireAsset{env.AssetAssets, env.Assets} {
		if found == nil {
			found = spelling
		}
	}
	workstations, p, err := pageOf(env, op, info, found, wireAsset.workstation)
	if err != nil {
		return WorkstationPage{}, err
	}
	c.assets.Store(&folder)
	return WorkstationPage{Workstations: workstations, HasMore: p.more, NextStartIndex: p.next, Total: p.total}, nil
}

// Workstation reads one asset.
func (c *Client) Workstation(ctx context.Context, id string) (Workstation, error) {
	const op = "get_workstation"
	if !isID(id) {
		return Workstation{}, refused(op, "", "the asset id must consist of digits")
	}
	if c.assets.Load() == nil {
		// Without knowing where assets are, "not found" would mean nothing.
		if _, err := c.ListWorkstations(ctx, PageQuery{RowCount: 1}); err != nil {
			return Workstation{}, err
		}
	}
	env, err := c.do(ctx, call{op: op, method: http.MethodGet, path: []string{*c.assets.Load(), id}})
	if err != nil {
		return Workstation{}, err
	}
	for _, found := range []*wireAsset{env.Workstation, env.AssetAsset, env.Asset} {
		if found != nil && found.ID != "" {
			return found.workstation(), nil
		}
	}
	return Workstation{}, &Error{Op: op, Kind: KindRetry, HTTPStatus: http.StatusOK, Message: "the answer holds no asset"}
}

type wireAsset struct {
	ID          text      `json:"id"`
	Name        text      `json:"name"`
	AssetTag    text      `json:"asset_tag"`
	Site        reference `json:"site"`
	State       reference `json:"state"`
	ProductType reference `json:"product_type"`
	Account     reference `json:"account"`
	IPAddresses words     `json:"ip_addresses"`
	PrimaryIP   words     `json:"primary_ip"` // newer builds
}

func (w wireAsset) workstation() Workstation {
	addresses := slices.Clone(w.IPAddresses)
	for _, address := range w.PrimaryIP {
		if !slices.Contains(addresses, address) {
			addresses = append(addresses, address)
		}
	}
	return Workstation{
		ID: string(w.ID), Name: string(w.Name), AssetTag: string(w.AssetTag), Site: string(w.Site.Name),
		State: string(w.State.Name), ProductType: string(w.ProductType.Name), Account: string(w.Account.Name), Addresses: addresses,
	}
}
