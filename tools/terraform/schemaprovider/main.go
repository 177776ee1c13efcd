// Command schemaprovider stands in for a Terraform provider where nothing is made: it tells the schema in the file schema.json beside
// the name that it was started by. With it `tofu validate` and mocked `tofu test` know names, types and nesting of all arguments. What a
// provider checks of values beyond that, it does not; and it refuses to plan, read or make anything.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/ai-agents/ai-agents/tools/terraform/schema"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "schemaprovider: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(os.Args[0]), "schema.json"))
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	var known schema.Provider
	if err := json.Unmarshal(text, &known); err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	told, err := translate(known)
	if err != nil {
		return err
	}
	// The name is only for debuggers.
	return tf6server.Serve("registry.terraform.io/example/schema", func() tfprotov6.ProviderServer { return &provider{schema: told} })
}
