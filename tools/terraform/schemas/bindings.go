package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/ai-agents/ai-agents/tools/terraform/schema"
)

// bindings are of one resource: declarations have what is needed and how it nests, code which lists are sets.
type bindings struct{ declarations, code string }

func open(folder string) (bindings, error) {
	declarations, err := os.ReadFile(filepath.Join(folder, "index.d.ts"))
	if err != nil {
		return bindings{}, err
	}
	code, err := os.ReadFile(filepath.Join(folder, "index.js"))
	return bindings{string(declarations), string(code)}, err
}

var (
	mainConfig = regexp.MustCompile(`export interface (\w+Config) (?:extends cdktf\.TerraformMetaArguments )?\{`)
	mainClass  = regexp.MustCompile(`export declare class (\w+) extends cdktf\.Terraform(?:Resource|Provider) \{`)
	field      = regexp.MustCompile(`(?s)/\*\*(.*?)\*/\s+readonly (\w+)(\??): (.*?);\n(?:    (?:/\*\*|readonly)|\})`)
	anchor     = regexp.MustCompile(`#(\w+) \w+#\w+\}`)
	getter     = regexp.MustCompile(`(?m)^    get (\w+)\(\): ([^;]+);`)
	kindOf     = regexp.MustCompile(`(?s)\b(\w+): \{\s+value: [^\n]*\n\s+isBlock: (true|false),\s+type: "(\w+)",\s+storageClassType: "(\w+)",`)
)

func (b bindings) main() (schema.Block, error) {
	config := mainConfig.FindStringSubmatch(b.declarations)
	if config == nil {
		return schema.Block{}, fmt.Errorf("the bindings declare no configuration")
	}
	block := b.block(config[1], "synthesizeHclAttributes() {")
	class := mainClass.FindStringSubmatch(b.declarations)
	if class == nil || strings.Contains(class[0], "TerraformProvider") {
		return block, nil
	}
	b.addOutputs(block, class[1])
	return block, nil
}

// addOutputs adds what is no argument, and known after a resource is made.
func (b bindings) addOutputs(block schema.Block, class string) {
	for name, kind := range b.outputs(b.body("export declare class " + class + " ")) {
		_, argument := block.Attributes[name]
		_, nested := block.Blocks[name]
		if !argument && !nested {
			block.Attributes[name] = schema.Attribute{Type: kind, Computed: true}
		}
	}
}

// body is the text of a declaration up to the brace at the beginning of a line.
func (b bindings) body(head string) string {
	_, rest, found := strings.Cut(b.declarations, head)
	if !found {
		return ""
	}
	text, _, _ := strings.Cut(rest, "\n}")
	return text + "\n}"
}

func (b bindings) block(name, function string) schema.Block {
	kinds := map[string][]string{}
	if _, rest, found := strings.Cut(b.code, function); found {
		text, _, _ := strings.Cut(rest, "\n    };\n")
		if strings.HasPrefix(function, "synthesize") {
			text, _, _ = strings.Cut(rest, "\n        };\n")
		}
		for _, match := range kindOf.FindAllStringSubmatch(text, -1) {
			kinds[match[1]] = match[2:]
		}
	}
	block := schema.Block{Attributes: map[string]schema.Attribute{}, Blocks: map[string]schema.Nested{}}
	text := b.body("export interface " + name + " ")
	for len(text) > 0 {
		at := field.FindStringSubmatchIndex(text)
		if at == nil {
			break
		}
		match := func(i int) string { return text[at[2*i]:at[2*i+1]] }
		comment, key, required, kind := match(1), snake(match(2)), match(3) == "", match(4)
		if found := anchor.FindStringSubmatch(comment); found != nil {
			key = found[1]
		}
		b.add(block, key, kind, required, strings.Contains(comment, key+" block"), kinds[key])
		text = text[at[9]:]
	}
	return block
}

var structName = regexp.MustCompile(`^([A-Z]\w+)(\[\])?( \| cdktf\.IResolvable)?$`)

func (b bindings) add(block schema.Block, key, kind string, required, isBlock bool, code []string) {
	nesting := "list"
	if len(code) == 3 && code[1] == "set" {
		nesting = "set"
	}
	if found := structName.FindStringSubmatch(kind); found != nil {
		function := strings.ToLower(found[1][:1]) + found[1][1:] + "ToHclTerraform(struct) {"
		inner := b.block(found[1], function)
		one := found[2] == ""
		if key == "timeouts" || (one && len(code) == 3 && code[1] == "struct") {
			nesting = "single"
		}
		if !isBlock && key != "timeouts" {
			block.Attributes[key] = schema.Attribute{Nested: inner.Attributes, Nesting: nesting, Required: required, Optional: !required}
			return
		}
		b.addOutputs(inner, found[1]+"OutputReference")
		nested := schema.Nested{Nesting: nesting, Block: inner}
		if required {
			nested.Min = 1
		}
		if one && nesting != "single" {
			nested.Max = 1
		}
		if nesting == "single" {
			nested.Min = 0
		}
		block.Blocks[key] = nested
		return
	}
	computed := !required && key != "tags" && !strings.HasSuffix(kind, "}")
	block.Attributes[key] = schema.Attribute{Type: simple(kind, nesting), Required: required, Optional: !required, Computed: computed}
}

// outputs are the getters of a class: what is known after a resource is made.
func (b bindings) outputs(class string) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for _, match := range getter.FindAllStringSubmatch(class, -1) {
		if match[1] == "internalValue" || match[1] == "fqn" || strings.HasSuffix(match[1], "Input") {
			continue
		}
		kind := simple(match[2], "list")
		if list, found := strings.CutSuffix(match[2], "List"); found && kind == nil {
			object, _ := json.Marshal([]any{"object", b.outputs(b.body("export declare class " + list + "OutputReference "))})
			kind, _ = json.Marshal([]any{"list", json.RawMessage(object)})
		}
		if kind != nil {
			out[snake(match[1])] = kind
		}
	}
	return out
}

func simple(kind, nesting string) json.RawMessage {
	switch strings.TrimSuffix(strings.Join(strings.Fields(kind), " "), " | cdktf.IResolvable") {
	case "string":
		return json.RawMessage(`"string"`)
	case "number":
		return json.RawMessage(`"number"`)
	case "boolean", "cdktf.IResolvable":
		return json.RawMessage(`"bool"`)
	case "string[]":
		return json.RawMessage(`["` + nesting + `","string"]`)
	case "number[]":
		return json.RawMessage(`["` + nesting + `","number"]`)
	case "{ [key: string]: string; }", "cdktf.StringMap":
		return json.RawMessage(`["map","string"]`)
	}
	return nil
}

var hump = regexp.MustCompile(`([a-z0-9])([A-Z])`)

func snake(name string) string { return strings.ToLower(hump.ReplaceAllString(name, "${1}_${2}")) }
