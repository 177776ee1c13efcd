package stack

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/internal/event"
)

// enhancerID is the id of the enhancer that tenants share; one of a tenant's own is called enhancer-<tenant>.
const enhancerID = "enhancer"

// resourceMode lets daprd read what is written for it: it holds no secrets.
const resourceMode = 0o755

// addDedicated adds an enhancer of its own for each tenant of Options.Dedicated, and gives all sidecars resources that know of them: topics of
// their own, and scopes.
func (l *launch) addDedicated() error {
	if len(l.opts.Dedicated) == 0 {
		return nil
	}
	i := slices.IndexFunc(l.file.Apps, func(a app) bool { return a.AppID == enhancerID })
	if i < 0 || len(l.file.Common.ResourcesPaths) != 1 {
		return fmt.Errorf("%s: an enhancer of a tenant's own needs an app %q and one folder of resources", l.opts.File, enhancerID)
	}
	var found strings.Builder
	for _, tenantID := range l.opts.Dedicated {
		own, err := l.replica(&l.file.Apps[i], 0)
		if err != nil {
			return fmt.Errorf("the enhancer of %s: %w", tenantID, err)
		}
		own.AppID = enhancerID + "-" + tenantID
		own.Env = maps.Clone(l.appEnv(&l.file.Apps[i]))
		own.Env["ENHANCER_TENANT"] = tenantID
		l.file.Apps = append(l.file.Apps, *own)
		fmt.Fprintf(&found, `{{ if eq .ID %q }}%s{{ end }}`, own.AppID, loopback(own.InternalGRPCPort))
	}
	from, to := l.file.path(l.file.Common.ResourcesPaths[0]), filepath.Join(l.opts.Dir, "resources")
	if err := l.writeResources(from, to, found.String()); err != nil {
		return fmt.Errorf("resources for enhancers of tenants' own: %w", err)
	}
	l.file.Common.ResourcesPaths = []string{to}
	for i := range l.file.Apps {
		if config := l.file.Apps[i].ConfigFilePath; config != "" {
			l.file.Apps[i].ConfigFilePath = filepath.Join(to, filepath.Base(config))
		}
	}
	return nil
}

// writeResources copies the folder, changed so that the enhancers of tenants' own have what the shared one has. addresses is the template by
// which the console's sidecar finds theirs.
func (l *launch) writeResources(from, to, addresses string) error {
	if err := os.MkdirAll(to, resourceMode); err != nil {
		return err //nolint:wrapcheck // the caller says what for
	}
	files, err := filepath.Glob(filepath.Join(from, "*.yaml"))
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err //nolint:wrapcheck // as above
		}
		for name, content := range l.dedicated(filepath.Base(file), string(data), addresses) {
			if err := writeFile(filepath.Join(to, name), []byte(content)); err != nil {
				return err
			}
		}
	}
	return nil
}

// dedicated is what becomes of a file, by name.
func (l *launch) dedicated(name, content, addresses string) map[string]string {
	if name == "subscription.yaml" || name == "subscription-dead.yaml" {
		return l.subscriptions(name, content)
	}
	for _, tenantID := range l.opts.Dedicated {
		own, queue, dead := enhancerID+"-"+tenantID, event.TopicEnhancementOf(tenantID), event.TopicDeadOf(tenantID)
		for _, change := range [][2]string{
			{`value: "enhancement:queue,enhancement:dead,`, `value: "` + queue + "," + dead + `,enhancement:queue,enhancement:dead,`},
			{"gateway=enhancement:queue;console=", "gateway=enhancement:queue," + queue + ";" + own + "=" + dead + ";console="},
			{`value: "enhancer=enhancement:queue,`, `value: "` + own + "=" + queue + "," + dead + `,tenant:changed;enhancer=enhancement:queue,`},
			{"scopes: [gateway, enhancer", "scopes: [gateway, " + own + ", enhancer"},
		} {
			content = strings.ReplaceAll(content, change[0], change[1])
		}
	}
	content = strings.ReplaceAll(content, "{{ end }}'", "{{ end }}"+addresses+"'")
	return map[string]string{name: content}
}

// subscriptions are those of the shared enhancer, and the same of each other to topics of its own.
func (l *launch) subscriptions(name, content string) map[string]string {
	all := map[string]string{name: content}
	for _, tenantID := range l.opts.Dedicated {
		own := content
		for _, change := range [][2]string{
			{"name: enhancement-queue", "name: enhancement-queue-" + tenantID},
			{"name: enhancement-dead", "name: enhancement-dead-" + tenantID},
			{"topic: enhancement:queue", "topic: enhancement:queue:" + tenantID},
			{" enhancement:dead\n", " enhancement:dead:" + tenantID + "\n"}, // a topic, or that of dead letters
			{"scopes: [enhancer]", "scopes: [" + enhancerID + "-" + tenantID + "]"},
		} {
			own = strings.ReplaceAll(own, change[0], change[1])
		}
		all[tenantID+"-"+name] = own
	}
	return all
}
