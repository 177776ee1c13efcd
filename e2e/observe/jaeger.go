package observe

import (
	"syscall"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// maxTraces bounds Jaeger's memory.
const maxTraces = "20000"

func (l *launch) jaeger() (stack.Beside, error) {
	program, err := l.built("jaeger")
	if err != nil {
		return stack.Beside{}, err
	}
	page := loopback(l.ports.jaeger)
	args := []string{
		"--memory.max-traces=" + maxTraces,
		"--query.http-server.host-port=" + page,
		"--collector.otlp.grpc.host-port=" + loopback(l.ports.jaegerOTLP),
	}
	// It listens for every protocol that it ever had; nobody asks for these.
	for _, unused := range []string{
		"admin.http.", "query.grpc-server.", "collector.grpc-server.", "collector.http-server.", "collector.otlp.http.", "http-server.",
		"processor.jaeger-binary.server-", "processor.jaeger-compact.server-", "processor.zipkin-compact.server-",
	} {
		args = append(args, "--"+unused+"host-port=127.0.0.1:0")
	}
	return stack.Beside{
		Name: processJaeger, Command: program, Args: args, Dir: l.dir, Ports: []int{l.ports.jaeger, l.ports.jaegerOTLP},
		URLVariable: "JAEGER_URL",
		Ready:       "http://" + page + "/api/services",
		// Asked politely it takes 10 s, and has nothing to save: its traces are in memory.
		StopSignal: syscall.SIGKILL,
	}, nil
}
