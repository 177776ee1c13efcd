package tracing

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Config is OpenTelemetry's own environment, which the sidecar reads, too
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). Besides, the exporter itself reads
// OTEL_EXPORTER_OTLP_HEADERS, _TIMEOUT, _COMPRESSION and _CERTIFICATE, and their kin for traces alone.
type Config struct {
	// Endpoint is the collector's, for OTLP over gRPC: http://host:4317, https://host:4317, or host:4317. Nothing is traced without.
	Endpoint string `envconfig:"OTEL_EXPORTER_OTLP_ENDPOINT"`
	// TracesEndpoint is for traces alone, before Endpoint.
	TracesEndpoint string `envconfig:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"`
	// Insecure is no TLS, where the endpoint does not say so by its scheme.
	Insecure flag   `envconfig:"OTEL_EXPORTER_OTLP_INSECURE"`
	Protocol string `envconfig:"OTEL_EXPORTER_OTLP_PROTOCOL" default:"grpc"`
	// Sampler and SamplerArg say which traces are recorded; the arg is the share of them, from 0 to 1, where the sampler has one.
	Sampler    string `envconfig:"OTEL_TRACES_SAMPLER" default:"parentbased_always_on"`
	SamplerArg string `envconfig:"OTEL_TRACES_SAMPLER_ARG"`
	// Service is how the app is called in the traces; its name when empty.
	Service string `envconfig:"OTEL_SERVICE_NAME"`
	// Resource is what else is said of the app: key=value, separated by commas, percent-encoded.
	Resource string `envconfig:"OTEL_RESOURCE_ATTRIBUTES"`
	// Disabled leaves the endpoint unused.
	Disabled flag `envconfig:"OTEL_SDK_DISABLED"`
	// QueueSize is how many spans wait for the collector at most; what is over it is dropped.
	QueueSize int `envconfig:"OTEL_BSP_MAX_QUEUE_SIZE" default:"2048"`
	// FlushTimeout is how long the end of the app may take to send what waits.
	FlushTimeout time.Duration `envconfig:"TRACE_FLUSH_TIMEOUT" default:"3s"`
}

// flag is a bool that is false when its variable is empty: to OpenTelemetry that is the same as unset.
type flag bool

// Decode implements envconfig.Decoder.
func (f *flag) Decode(value string) error {
	if value == "" {
		*f = false
		return nil
	}
	given, err := strconv.ParseBool(value)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", value)
	}
	*f = flag(given)
	return nil
}

// Validate names every setting that is wrong, and what to do about it.
func (c Config) Validate() error {
	var errs []error
	if _, _, err := c.target(); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.sampler(); err != nil {
		errs = append(errs, err)
	}
	if _, err := attributes(c.Resource); err != nil {
		errs = append(errs, err)
	}
	if c.on() && c.Protocol != "" && c.Protocol != "grpc" {
		errs = append(errs, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: %q: the apps export over grpc only; leave it unset", c.Protocol))
	}
	if c.QueueSize < 1 {
		errs = append(errs, fmt.Errorf("OTEL_BSP_MAX_QUEUE_SIZE: %d is not at least 1", c.QueueSize))
	}
	if c.FlushTimeout <= 0 {
		errs = append(errs, fmt.Errorf("TRACE_FLUSH_TIMEOUT: %s is not positive", c.FlushTimeout))
	}
	return errors.Join(errs...)
}

func (c Config) endpoint() string {
	if c.TracesEndpoint != "" {
		return c.TracesEndpoint
	}
	return c.Endpoint
}

func (c Config) on() bool { return c.endpoint() != "" && !bool(c.Disabled) }

// target is the collector's host and port, and whether it is talked to without TLS.
func (c Config) target() (hostPort string, plain bool, err error) {
	given := c.endpoint()
	if given == "" {
		return "", false, nil
	}
	hostPort, plain = given, bool(c.Insecure)
	if strings.Contains(given, "://") {
		u, err := url.Parse(given)
		switch {
		case err != nil || u.Scheme != "http" && u.Scheme != "https":
			return "", false, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT is no http:// or https:// address of a collector")
		case u.User != nil:
			return "", false, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT holds credentials: use OTEL_EXPORTER_OTLP_HEADERS")
		case strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
			return "", false, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT has a path, which OTLP over gRPC has not: use http://host:4317")
		}
		hostPort, plain = u.Host, u.Scheme == "http"
	}
	if _, port, err := net.SplitHostPort(hostPort); err != nil || port == "" {
		return "", false, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT names no port: use http://host:4317")
	}
	return hostPort, plain, nil
}

func (c Config) sampler() (sdktrace.Sampler, error) {
	name, parentBased := strings.CutPrefix(c.Sampler, "parentbased_")
	var root sdktrace.Sampler
	switch name {
	case "", "always_on":
		root, parentBased = sdktrace.AlwaysSample(), parentBased || name == ""
	case "always_off":
		root = sdktrace.NeverSample()
	case "traceidratio":
		share := 1.0
		if c.SamplerArg != "" {
			var err error
			if share, err = strconv.ParseFloat(c.SamplerArg, 64); err != nil || share < 0 || share > 1 {
				return nil, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG: %q is no share from 0 to 1", c.SamplerArg)
			}
		}
		root = sdktrace.TraceIDRatioBased(share)
	default:
		return nil, fmt.Errorf("OTEL_TRACES_SAMPLER: %q is none of always_on, always_off, traceidratio, and these with parentbased_ before them", c.Sampler)
	}
	if parentBased {
		return goesOn{sdktrace.ParentBased(root)}, nil
	}
	return root, nil
}
