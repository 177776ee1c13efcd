package main

import (
	"slices"
	"strings"
	"testing"
)

func TestDeprovisionATenant(t *testing.T) {
	w, c := provisioned(t)
	must(t, "", "tenant move alpha --to dedicated")
	w.exec(t, `INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id, status, started_at, begun_by)
		VALUES ('alpha', gen_random_uuid(), '1', 'created', 'd', 'p', 'c', 'running', now(), 'alpha')`)
	fails(t, "alpha\n", "tenant deprovision alpha", "enhancer-alpha", "--yes")
	if isolation(t) != "dedicated" {
		t.Error("it was moved unasked")
	}
	// It is moved, and what runs there is waited for.
	fails(t, "", "tenant deprovision alpha --yes --timeout 1ms", "1 job still runs at enhancer-alpha", "nothing was removed", "--take-over")
	if did := c.changes(t); len(did) > 0 || isolation(t) != "shared" {
		t.Errorf("did %v, and the tenant is %s", did, isolation(t))
	}
	w.exec(t, "DELETE FROM enhancement_history WHERE tenant_id = 'alpha'")
	c.put(t, "fail", "helm uninstall\nError: Kubernetes cluster unreachable\n")
	fails(t, "", "tenant deprovision alpha --yes", "cluster unreachable")
	c.put(t, "fail", "nothing\n")
	if out := must(t, "", "tenant deprovision alpha --yes"); !strings.Contains(out, "shared already") || !strings.Contains(out, "is still there, with its Secrets") {
		t.Errorf("says %s", out)
	}
	if did := c.changes(t); !slices.Equal(did, []string{"helm uninstall", "helm uninstall"}) {
		t.Errorf("did %v", did)
	}
	if out := must(t, "", "tenant deprovision alpha --yes --delete-namespace"); !strings.Contains(out, "and so is its namespace") {
		t.Errorf("says %s", out)
	}
	if calls := c.read(t, "calls"); !strings.Contains(calls, "kubectl delete namespace tenant-alpha") {
		t.Errorf("did not remove the namespace:\n%s", calls)
	}
}

// With nobody to take its jobs, the tenant stays where it is, and so does its enhancer.
func TestDeprovisionNeedsTheSharedEnhancer(t *testing.T) {
	w, c := provisioned(t)
	must(t, "", "tenant move alpha --to dedicated")
	w.exec(t, "DELETE FROM workers WHERE enhancer IS DISTINCT FROM 'alpha'")
	fails(t, "", "tenant deprovision alpha --yes", "no worker of that enhancer takes work")
	if did := c.changes(t); len(did) > 0 || isolation(t) != "dedicated" {
		t.Errorf("did %v, and the tenant is %s", did, isolation(t))
	}
}
