package tenant

import "fmt"

// Isolation says whose enhancer works for a tenant.
type Isolation string

// The isolations.
const (
	// IsolationShared is the enhancer that tenants share.
	IsolationShared Isolation = "shared"
	// IsolationDedicated is one of the tenant's own, which works for nobody else.
	IsolationDedicated Isolation = "dedicated"
)

// SharedEnhancer is the name of the enhancer that tenants share. One of a tenant's own is named as the tenant's id.
const SharedEnhancer = ""

// longestDedicated is the longest id of a tenant that may have an enhancer of its own: Kubernetes allows 63 characters, and Dapr makes
// enhancer-<id>-dapr of it.
const longestDedicated = 49

// IsolationOf is what being worked for by an enhancer of that name means.
func IsolationOf(enhancer string) Isolation {
	if enhancer == SharedEnhancer {
		return IsolationShared
	}
	return IsolationDedicated
}

// EnhancerOf names the enhancer that works for the tenant under the isolation. An error says what is wrong with either.
func EnhancerOf(tenantID string, i Isolation) (string, error) {
	switch {
	case i == IsolationShared:
		return SharedEnhancer, nil
	case i != IsolationDedicated:
		return "", fmt.Errorf("%q is neither %q nor %q", i, IsolationShared, IsolationDedicated)
	case !ValidEnhancer(tenantID) || tenantID == SharedEnhancer:
		return "", fmt.Errorf("an enhancer of its own is for tenants whose id has at most %d characters", longestDedicated)
	}
	return tenantID, nil
}

// ValidEnhancer says whether an enhancer may be called so: as a tenant whose id is short enough for the names that are made of it, or not at
// all.
func ValidEnhancer(name string) bool {
	return name == SharedEnhancer || ValidID(name) && len(name) <= longestDedicated
}
