package enhancement

// Dependency is something of a tenant's that its jobs cannot do without. The names are durable.
type Dependency string

// The dependencies.
const (
	DependencyServiceDesk Dependency = "servicedesk"
)
