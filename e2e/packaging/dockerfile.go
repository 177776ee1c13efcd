package packaging

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// user is whom every image runs as, and what the charts expect: a number, so that Kubernetes can tell that it is not root.
const user = "65532:65532"

// Target is a stage of the Dockerfile that is an image.
type Target struct {
	Name       string
	Entrypoint []string
	User       string   // of it, or of the stage it is made from
	Base       string   // the image at the bottom
	Labels     []string // the names, those of the stages below included
}

// Dockerfile is what it says about images.
type Dockerfile struct {
	Targets []Target
	// Images are those that some stage begins with.
	Images []string
	// Builds are the commands that are run while building.
	Builds []string
}

// ParseDockerfile reads a Dockerfile with BuildKit's own parser.
func ParseDockerfile(content []byte) (*Dockerfile, error) {
	tree, err := parser.Parse(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("parse the Dockerfile: %w", err)
	}
	stages, _, err := instructions.Parse(tree.AST, nil)
	if err != nil {
		return nil, fmt.Errorf("parse the Dockerfile: %w", err)
	}
	var file Dockerfile
	known := map[string]Target{}
	for i := range stages {
		file.stage(&stages[i], known)
	}
	return &file, nil
}

func (f *Dockerfile) stage(stage *instructions.Stage, known map[string]Target) {
	target, inherited := known[stage.BaseName]
	if !inherited {
		target.Base = stage.BaseName
		f.Images = append(f.Images, stage.BaseName)
	}
	target.Name, target.Entrypoint, target.Labels = stage.Name, nil, slices.Clone(target.Labels)
	for _, command := range stage.Commands {
		switch c := command.(type) {
		case *instructions.EntrypointCommand:
			target.Entrypoint = c.CmdLine
			if c.PrependShell {
				target.Entrypoint = append([]string{"/bin/sh", "-c"}, c.CmdLine...)
			}
		case *instructions.UserCommand:
			target.User = c.User
		case *instructions.LabelCommand:
			for _, label := range c.Labels {
				target.Labels = append(target.Labels, label.Key)
			}
		case *instructions.RunCommand:
			f.Builds = append(f.Builds, strings.Join(c.CmdLine, " "))
		}
	}
	known[stage.Name] = target
	if target.Entrypoint != nil {
		f.Targets = append(f.Targets, target)
	}
}

// exactly is an image by an exact version, digest or not.
var exactly = regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9]+)*(@sha256:[0-9a-f]{64})?$`)

// CheckDockerfile says what is wrong with the images of these apps.
func CheckDockerfile(file *Dockerfile, apps []string) []string {
	var found problems
	var names []string
	for _, target := range file.Targets {
		names = append(names, target.Name)
		if want := []string{"/" + target.Name}; !slices.Equal(target.Entrypoint, want) {
			found.addf("%s: ENTRYPOINT is %q, want %q: its binary, without a shell", target.Name, target.Entrypoint, want)
		}
		if target.User != user {
			found.addf("%s: USER is %q, want %s", target.Name, target.User, user)
		}
		if target.Base != "scratch" {
			found.addf("%s: is made from %s, and not from scratch", target.Name, target.Base)
		}
		for _, label := range []string{"source", "version", "revision", "title", "description"} {
			if !slices.Contains(target.Labels, "org.opencontainers.image."+label) {
				found.addf("%s: label org.opencontainers.image.%s is missing", target.Name, label)
			}
		}
	}
	found.differ("targets of the Dockerfile", names, apps)
	for _, image := range file.Images {
		if image != "scratch" && !exactly.MatchString(image) {
			found.addf("FROM %s: name an exact version", image)
		}
	}
	builds := strings.Join(file.Builds, "\n")
	for _, flag := range []string{"-trimpath", "-s -w", "linkedVersion=$VERSION", "linkedRevision=$REVISION", "GOARCH=$TARGETARCH"} {
		if !strings.Contains(builds, flag) {
			found.addf("no build says %s", flag)
		}
	}
	return found
}
