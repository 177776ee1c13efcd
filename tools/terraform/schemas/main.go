// Command schemas writes providers/*.json anew: what deploy/terraform uses of the schemas of the providers aws and helm, read from the
// bindings that are generated from them, the npm packages @cdktf/provider-aws and @cdktf/provider-helm. Only names and types are kept.
//
// A provider's own program would tell more, and is no Go module at its present version; to build aws takes longer than all other tests.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/tools/terraform/schema"
)

func main() {
	packages := flag.String("packages", "", "a folder with the packages aws and helm, as `npm pack` and tar leave them")
	sources := flag.String("sources", "../../deploy/terraform", "where the resources are used")
	flag.Parse()
	for _, name := range []string{"aws", "helm"} {
		if err := write(name, filepath.Join(*packages, name, "package", "lib"), *sources); err != nil {
			fmt.Fprintf(os.Stderr, "schemas: %s: %v\n", name, err)
			os.Exit(1)
		}
	}
}

var (
	resource = regexp.MustCompile(`(?m)^resource "([a-z0-9_]+)"`)
	release  = regexp.MustCompile(`registry\.terraform\.io/providers/hashicorp/\w+/([0-9.]+)/docs`)
)

func write(name, lib, sources string) error {
	types, err := used(name, sources)
	if err != nil {
		return err
	}
	config, err := open(filepath.Join(lib, "provider"))
	if err != nil {
		return err
	}
	out := schema.Provider{Resources: map[string]schema.Block{}}
	if version := release.FindStringSubmatch(config.declarations); version != nil {
		out.Version = version[1]
	}
	if out.Config, err = config.main(); err != nil {
		return fmt.Errorf("provider: %w", err)
	}
	delete(out.Config.Attributes, "alias")
	for _, kind := range types {
		binding, err := open(filepath.Join(lib, strings.ReplaceAll(strings.TrimPrefix(kind, name+"_"), "_", "-")))
		if err != nil {
			return err
		}
		if out.Resources[kind], err = binding.main(); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	text, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return os.WriteFile(filepath.Join("providers", name+".json"), append(text, '\n'), 0o644)
}

func used(provider, sources string) ([]string, error) {
	var types []string
	err := filepath.WalkDir(sources, func(path string, entry os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".tf" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range resource.FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(match[1], provider+"_") {
				types = append(types, match[1])
			}
		}
		return err
	})
	slices.Sort(types)
	return slices.Compact(types), err
}
