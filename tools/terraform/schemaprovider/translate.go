package main

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/ai-agents/ai-agents/tools/terraform/schema"
)

func translate(known schema.Provider) (*tfprotov6.GetProviderSchemaResponse, error) {
	config, err := block(known.Config)
	if err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	response := &tfprotov6.GetProviderSchemaResponse{
		ServerCapabilities: &tfprotov6.ServerCapabilities{},
		Provider:           &tfprotov6.Schema{Block: config},
		ResourceSchemas:    map[string]*tfprotov6.Schema{},
		DataSourceSchemas:  map[string]*tfprotov6.Schema{},
	}
	for name, resource := range known.Resources {
		body, err := block(resource)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		response.ResourceSchemas[name] = &tfprotov6.Schema{Block: body}
	}
	return response, nil
}

var blockNesting = map[string]tfprotov6.SchemaNestedBlockNestingMode{
	"single": tfprotov6.SchemaNestedBlockNestingModeSingle,
	"list":   tfprotov6.SchemaNestedBlockNestingModeList,
	"set":    tfprotov6.SchemaNestedBlockNestingModeSet,
}

func block(known schema.Block) (*tfprotov6.SchemaBlock, error) {
	attributes, err := attributes(known.Attributes)
	if err != nil {
		return nil, err
	}
	told := &tfprotov6.SchemaBlock{Attributes: attributes}
	for name, nested := range known.Blocks {
		inner, err := block(nested.Block)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		told.BlockTypes = append(told.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Block: inner, Nesting: blockNesting[nested.Nesting],
			MinItems: int64(nested.Min), MaxItems: int64(nested.Max),
		})
	}
	return told, nil
}

var attributeNesting = map[string]tfprotov6.SchemaObjectNestingMode{
	"single": tfprotov6.SchemaObjectNestingModeSingle,
	"list":   tfprotov6.SchemaObjectNestingModeList,
	"set":    tfprotov6.SchemaObjectNestingModeSet,
}

func attributes(known map[string]schema.Attribute) ([]*tfprotov6.SchemaAttribute, error) {
	var told []*tfprotov6.SchemaAttribute
	for name, attribute := range known {
		next := &tfprotov6.SchemaAttribute{Name: name, Required: attribute.Required, Optional: attribute.Optional, Computed: attribute.Computed}
		if attribute.Nested != nil {
			inner, err := attributes(attribute.Nested)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			next.NestedType = &tfprotov6.SchemaObject{Attributes: inner, Nesting: attributeNesting[attribute.Nesting]}
		} else {
			kind, err := tftypes.ParseJSONType(attribute.Type) //nolint:staticcheck // The form is Terraform's own.
			if err != nil {
				return nil, fmt.Errorf("%s: type %q: %w", name, attribute.Type, err)
			}
			next.Type = kind
		}
		told = append(told, next)
	}
	return told, nil
}
