package packaging

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// ComposeFile is the name of the compose file in the repository's root.
const ComposeFile = "docker-compose.yml"

// Compose loads a compose file as the engine's client would, by the compose specification: schema, interpolation, merging, references between
// services. All profiles are on. What is required and not in env is an error.
func Compose(ctx context.Context, root string, content []byte, env map[string]string) (*types.Project, error) {
	project, err := loader.LoadWithContext(ctx, types.ConfigDetails{
		WorkingDir:  root,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(root, ComposeFile), Content: content}},
		Environment: env,
	}, func(o *loader.Options) {
		o.SetProjectName("ai-agents", true)
		o.Profiles = []string{"*"}
	})
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", ComposeFile, err)
	}
	return project, nil
}

// Env reads settings as the engine's client reads a .env file.
func Env(content io.Reader) (map[string]string, error) {
	env, err := dotenv.ParseWithLookup(content, func(string) (string, bool) { return "", false })
	if err != nil {
		return nil, fmt.Errorf("read the settings of compose: %w", err)
	}
	return env, nil
}

var variable = regexp.MustCompile(`\$\{([A-Z][A-Z0-9_]*)`)

// Variables are the settings that a compose file reads: by interpolation, and as the environment of secrets.
func Variables(content []byte, project *types.Project) []string {
	var names []string
	for _, match := range variable.FindAllSubmatch(content, -1) {
		names = append(names, string(match[1]))
	}
	for _, secret := range project.Secrets {
		if secret.Environment != "" {
			names = append(names, secret.Environment)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// noHealthcheck says why a service has none.
const noHealthcheck = "x-no-healthcheck"

// CheckCompose says what is wrong with the services as such, whatever they are.
func CheckCompose(project *types.Project) []string {
	var found problems
	for name := range project.Services {
		service := project.Services[name]
		found.image(name, &service)
		found.health(name, &service, project)
		found.hardened(name, &service)
		for _, volume := range service.Volumes {
			if volume.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(volume.Source); err != nil {
				found.addf("%s mounts %s, which does not exist", name, volume.Source)
			}
			if !volume.ReadOnly {
				found.addf("%s may write to %s", name, volume.Source)
			}
		}
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				found.addf("%s publishes %s on %q: a fresh .env publishes on this machine only", name, port.Published, port.HostIP)
			}
		}
	}
	return found
}

func (p *problems) image(name string, service *types.ServiceConfig) {
	_, tag, _ := strings.Cut(service.Image[strings.LastIndex(service.Image, "/")+1:], ":")
	switch {
	case tag == "" || tag == "latest":
		p.addf("%s: image %s has no version", name, service.Image)
	case service.Build != nil && !strings.HasPrefix(service.Image, registry+service.Build.Target+":"):
		p.addf("%s: target %s is called %s, want %s%[2]s", name, service.Build.Target, service.Image, registry)
	case service.Build == nil && !exactly.MatchString(service.Image):
		p.addf("%s: image %s is not pinned to an exact version", name, service.Image)
	}
}

func (p *problems) health(name string, service *types.ServiceConfig, project *types.Project) {
	reason, _ := service.Extensions[noHealthcheck].(string)
	if has := service.HealthCheck != nil && len(service.HealthCheck.Test) > 0; has == (reason != "") {
		p.addf("%s: give it a health check, or say in %s why there is none", name, noHealthcheck)
	}
	for other, dependency := range service.DependsOn {
		needed := project.Services[other]
		switch dependency.Condition {
		case types.ServiceConditionHealthy:
			if needed.HealthCheck == nil {
				p.addf("%s waits for the health of %s, which has no health check", name, other)
			}
		case types.ServiceConditionCompletedSuccessfully:
			if needed.Restart != types.RestartPolicyNo {
				p.addf("%s waits for the end of %s, which is started again", name, other)
			}
		}
	}
}

// hardened: what is ours, or Dapr's, needs no right at all.
func (p *problems) hardened(name string, service *types.ServiceConfig) {
	if service.Privileged || !slices.Contains(service.SecurityOpt, "no-new-privileges:true") {
		p.addf("%s may gain privileges", name)
	}
	if service.Build == nil && !strings.HasPrefix(service.Image, "daprio/") {
		return
	}
	if !service.ReadOnly || !slices.Equal(service.CapDrop, []string{"ALL"}) {
		p.addf("%s: want read_only and cap_drop: [ALL]", name)
	}
}
