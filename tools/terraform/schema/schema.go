// Package schema owns what of a Terraform provider's schema the checks of deploy/terraform need: the names, types and nesting of the
// arguments of those resources that it uses.
package schema

import "encoding/json"

// Provider is one provider: its release, its own arguments, and its resources by type.
type Provider struct {
	Version   string           `json:"version"`
	Config    Block            `json:"config"`
	Resources map[string]Block `json:"resources"`
}

// Block has arguments and blocks by name.
type Block struct {
	Attributes map[string]Attribute `json:"attributes,omitempty"`
	Blocks     map[string]Nested    `json:"blocks,omitempty"`
}

// Attribute has a type as Terraform writes it in JSON ("string", ["list", "string"]), or Nested attributes of its own.
type Attribute struct {
	Type     json.RawMessage      `json:"type,omitempty"`
	Nested   map[string]Attribute `json:"nested,omitempty"`
	Nesting  string               `json:"nesting,omitempty"` // single, list, set
	Required bool                 `json:"required,omitempty"`
	Optional bool                 `json:"optional,omitempty"`
	Computed bool                 `json:"computed,omitempty"`
}

// Nested is a block within another: single, list or set, with a least and a greatest number (0: any).
type Nested struct {
	Nesting string `json:"nesting"`
	Min     int    `json:"min,omitempty"`
	Max     int    `json:"max,omitempty"`
	Block   Block  `json:"block"`
}
