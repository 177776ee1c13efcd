package stack

import (
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// localPort finds 127.0.0.1:8080 and localhost:8080, alone or inside a URL.
func localPort() *regexp.Regexp { return regexp.MustCompile(`\b(127\.0\.0\.1|localhost):(\d{1,5})\b`) }

// preferredPorts collects every loopback address and port key of the document, in its order.
func preferredPorts(document *yaml.Node) []int {
	var ports []int
	pattern := localPort()
	walk(document, func(key string, value *yaml.Node) {
		if isPortKey(key) {
			if port, err := strconv.Atoi(value.Value); err == nil && port != 0 {
				ports = append(ports, port)
			}
			return
		}
		for _, match := range pattern.FindAllStringSubmatch(value.Value, -1) {
			if port, err := strconv.Atoi(match[2]); err == nil && port != 0 && port <= maxPort {
				ports = append(ports, port)
			}
		}
	})
	return ports
}

// movePorts replaces the preferred ports by the actual ones, wherever they occur.
func movePorts(document *yaml.Node, ports *allocator) {
	pattern := localPort()
	walk(document, func(key string, value *yaml.Node) {
		if isPortKey(key) {
			if port, err := strconv.Atoi(value.Value); err == nil {
				value.Value = strconv.Itoa(ports.actual(port))
			}
			return
		}
		value.Value = pattern.ReplaceAllStringFunc(value.Value, func(address string) string {
			host, number, _ := strings.Cut(address, ":")
			port, err := strconv.Atoi(number)
			if err != nil {
				return address
			}
			return host + ":" + strconv.Itoa(ports.actual(port))
		})
	})
}

// isPortKey knows appPort, daprHTTPPort and their kind by how they end.
func isPortKey(key string) bool { return strings.HasSuffix(key, "Port") }

// walk visits every scalar value with the key it belongs to, empty for elements of lists.
func walk(node *yaml.Node, visit func(key string, value *yaml.Node)) {
	if node.Kind != yaml.MappingNode {
		for _, child := range node.Content {
			walkValue("", child, visit)
		}
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		walkValue(node.Content[i].Value, node.Content[i+1], visit)
	}
}

func walkValue(key string, node *yaml.Node, visit func(key string, value *yaml.Node)) {
	if node.Kind == yaml.ScalarNode {
		visit(key, node)
		return
	}
	walk(node, visit)
}
