package mirror

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// disposed is the state of assets that are no more. Their addresses belong to others by now.
const disposed = "Disposed"

// mirrorAssets lists all assets each time; the list says all there is to say about them.
func (r *run) mirrorAssets(ctx context.Context) error {
	if r.foreground {
		if err := r.beginImport(ctx); err != nil {
			return err
		}
		r.done = 0 // the list begins anew
	}
	if err := r.listKnown(ctx); err != nil {
		return err
	}
	r.quiet = true // the same ones each time
	defer r.tellRejected(ctx)
	var all []servicedesk.Workstation
	q := servicedesk.PageQuery{WithTotal: r.foreground}
	for {
		r.budget++ // a list has to be read to its end to be of use
		page, err := ask(ctx, r, func(ctx context.Context) (servicedesk.WorkstationPage, error) { return r.desk.ListWorkstations(ctx, q) })
		if err != nil {
			return fmt.Errorf("list the assets: %w", err)
		}
		if page.Total > 0 {
			r.total = page.Total
		}
		if err := r.assetPage(ctx, page.Workstations); err != nil {
			return err
		}
		all = append(all, page.Workstations...)
		if !page.HasMore {
			break
		}
		q.StartIndex, q.WithTotal = page.NextStartIndex, false
	}
	return r.endCatalog(ctx, len(all), checking{
		ids: r.m.systems.IDs, remove: r.m.systems.Delete, fate: r.assetFate,
		unseen: notAmong(all, func(w servicedesk.Workstation) string { return w.ID }),
	})
}

func (r *run) assetPage(ctx context.Context, listed []servicedesk.Workstation) error {
	var unwanted []string
	systems := make([]inventory.System, 0, len(listed))
	for _, w := range listed {
		r.sum.Read++
		r.done++
		switch {
		case w.ID == "":
			r.reject(ctx, "", "the server lists an asset without an id")
		case strings.EqualFold(w.State, disposed):
			r.sum.Skipped++
			unwanted = append(unwanted, w.ID)
		case r.opts.Limit == 0 || r.stored+len(systems) < r.opts.Limit:
			systems = append(systems, system(w))
		}
	}
	if err := r.storeAssets(ctx, systems, unwanted); err != nil {
		return err
	}
	r.report(0, "")
	if r.stored += len(systems); r.opts.Limit > 0 && r.stored >= r.opts.Limit {
		return errLimit
	}
	return nil
}

func (r *run) storeAssets(ctx context.Context, systems []inventory.System, unwanted []string) error {
	if r.opts.DryRun {
		for _, s := range systems {
			switch err := validate(s); {
			case err != nil:
				r.reject(ctx, s.ID, oneLine(err))
			case r.known[s.ID]:
				r.sum.Unchanged++ // as far as one can tell without writing
			default:
				r.sum.Added++
			}
		}
		return nil
	}
	systems = withoutTwins(systems, func(s inventory.System) string { return s.ID })
	if _, err := put(ctx, r, r.m.systems, systems, func(s inventory.System) string { return s.ID }); err != nil {
		return err
	}
	if len(unwanted) == 0 {
		return nil
	}
	n, err := r.m.systems.Delete(ctx, r.tenantID, gather.OriginServiceDesk, unwanted)
	if err != nil {
		return fmt.Errorf("remove assets that were disposed of: %w", err)
	}
	r.sum.Removed += n
	return nil
}

// listKnown finds out for a dry run which assets there are: unlike tickets and articles, they are not looked up by page.
func (r *run) listKnown(ctx context.Context) error {
	if !r.opts.DryRun {
		return nil
	}
	r.known = make(map[string]bool)
	after := ""
	for {
		ids, err := r.m.systems.IDs(ctx, r.tenantID, gather.OriginServiceDesk, after, checkBatch)
		if err != nil {
			return fmt.Errorf("see which assets there are: %w", err)
		}
		if len(ids) == 0 {
			return nil
		}
		for _, id := range ids {
			r.known[id] = true
		}
		after = ids[len(ids)-1]
	}
}

// tellRejected says once what was rejected: all assets are looked at each time, and those without a name stay without.
func (r *run) tellRejected(ctx context.Context) {
	if r.sum.Rejected > 0 {
		r.log.WarnContext(ctx, "assets cannot be mirrored", "count", r.sum.Rejected,
			"first_id", r.sum.Rejections[0].ID, "first_reason", r.sum.Rejections[0].Reason)
	}
}

// system is an asset as the inventory keeps it. What stands among its addresses and is none is left out: scans write
// "0.0.0.0" and people "DHCP".
func system(w servicedesk.Workstation) inventory.System {
	var addresses []string
	for _, field := range w.Addresses {
		addr, err := netip.ParseAddr(strings.TrimSpace(field))
		if err == nil && !addr.Unmap().IsUnspecified() && !addr.IsLoopback() {
			addresses = append(addresses, addr.WithZone("").Unmap().String())
		}
	}
	return inventory.System{
		ID: w.ID, Hostname: w.Name, Address: strings.Join(addresses, ", "), AssetTag: w.AssetTag,
		Role: w.ProductType, Client: w.Account, Location: w.Site,
	}
}

func (r *run) assetFate(ctx context.Context, id string) (fate, error) {
	found, err := ask(ctx, r, func(ctx context.Context) (servicedesk.Workstation, error) { return r.desk.Workstation(ctx, id) })
	switch {
	case isGone(err), err == nil && strings.EqualFold(found.State, disposed):
		return fateGone, nil
	case err != nil:
		return fateUnknown, fmt.Errorf("look for asset %s: %w", id, err)
	}
	return fateAlive, nil
}
