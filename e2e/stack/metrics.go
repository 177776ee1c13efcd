package stack

import "net/url"

// The jobs that deploy/prometheus/prometheus.yaml has besides one for each app, which is called like the app.
const (
	JobSidecars     = "daprd"
	JobControlPlane = "dapr-control-plane"
)

// simulator is the app that plays the outer world, of which nobody watches the metrics.
const simulator = "simulator"

// preferOTLP is not the usual 4317, where a collector of the machine would get the traces of any stack.
const preferOTLP = 14317

// MetricsTarget is a process whose metrics Prometheus can scrape.
type MetricsTarget struct {
	Process string `json:"process"`         // its name in the stack
	Job     string `json:"job"`             // the job that scrapes it, which also says under which path
	AppID   string `json:"appId,omitempty"` // of an app or its sidecar
	Address string `json:"address"`         // host:port
}

// MetricsTargets are all processes that have metrics, but for the simulator and its sidecar.
func (s *Stack) MetricsTargets() []MetricsTarget { return s.endpoints.Metrics }

func (l *launch) addMetrics(job, process, appID string, port int) {
	if appID == simulator {
		return
	}
	target := MetricsTarget{Process: process, Job: job, AppID: appID, Address: loopback(port)}
	l.stack.endpoints.Metrics = append(l.stack.endpoints.Metrics, target)
}

// OTLPAddr is host:port to which apps and sidecars export traces, over gRPC; empty unless the stack was started as Traced.
func (s *Stack) OTLPAddr() string { return s.endpoints.OTLPAddr }

// TracingEnvironment is what makes apps and sidecars export to OTLPAddr: the variables of OpenTelemetry, which daprd reads, too.
// It is empty when the stack is not traced.
func (s *Stack) TracingEnvironment() map[string]string {
	if s.endpoints.OTLPAddr == "" {
		return nil
	}
	endpoint := url.URL{Scheme: "http", Host: s.endpoints.OTLPAddr}
	return map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint.String(), "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_INSECURE": "true",
	}
}

func (l *launch) chooseOTLP() error {
	if !l.opts.Traced {
		return nil
	}
	port, err := l.stack.ports.one(preferOTLP)
	if err != nil {
		return err
	}
	l.stack.endpoints.OTLPAddr = loopback(port)
	return nil
}
