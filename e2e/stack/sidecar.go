package stack

import "strconv"

// sidecarArgs is daprd's command line, as the Dapr CLI would make it out of dapr.yaml, except that
// everything listens on loopback only and logs are JSON.
func (l *launch) sidecarArgs(a *app) []string {
	common := &l.file.Common
	args := []string{
		"--app-id", a.AppID,
		"--app-port", strconv.Itoa(a.AppPort),
		"--app-protocol", l.protocol(a),
		"--dapr-http-port", strconv.Itoa(a.HTTPPort),
		"--dapr-grpc-port", strconv.Itoa(a.GRPCPort),
		"--dapr-internal-grpc-port", strconv.Itoa(a.InternalGRPCPort),
		"--metrics-port", strconv.Itoa(a.MetricsPort),
		"--dapr-listen-addresses", "127.0.0.1",
		"--dapr-internal-grpc-listen-address", "127.0.0.1",
		"--metrics-listen-address", "127.0.0.1",
		"--placement-host-address", first(a.PlacementHostAddress, common.PlacementHostAddress, loopback(l.infra.placement)),
		"--scheduler-host-address", first(a.SchedulerHostAddress, common.SchedulerHostAddress, loopback(l.infra.scheduler)),
		"--log-as-json",
	}
	for _, path := range l.resourcePaths(a) {
		args = append(args, "--resources-path", l.file.path(path))
	}
	if config := first(a.ConfigFilePath, common.ConfigFilePath); config != "" {
		args = append(args, "--config", l.file.path(config))
	}
	return append(args, passedOn(&a.settings, common)...)
}

// resourcePaths are the app's own or else the common ones.
func (l *launch) resourcePaths(a *app) []string {
	for _, s := range []*settings{&a.settings, &l.file.Common} {
		if len(s.ResourcesPaths) > 0 {
			return s.ResourcesPaths
		}
		if s.ResourcesPath != "" {
			return []string{s.ResourcesPath}
		}
	}
	return nil
}

// passedOn turns the keys that daprd has a flag for into that flag.
func passedOn(own, common *settings) []string {
	var args []string
	for _, setting := range []struct{ flag, value string }{
		{"--log-level", first(own.LogLevel, common.LogLevel)},
		{"--app-max-concurrency", first(own.AppMaxConcurrency, common.AppMaxConcurrency)},
		{"--max-body-size", first(own.MaxBodySize, common.MaxBodySize)},
		{"--read-buffer-size", first(own.ReadBufferSize, common.ReadBufferSize)},
		{"--app-health-check-path", first(own.AppHealthCheckPath, common.AppHealthCheckPath)},
		{"--app-health-probe-interval", first(own.AppHealthInterval, common.AppHealthInterval)},
		{"--app-health-probe-timeout", first(own.AppHealthTimeout, common.AppHealthTimeout)},
		{"--app-health-threshold", first(own.AppHealthThreshold, common.AppHealthThreshold)},
	} {
		if setting.value != "" {
			args = append(args, setting.flag, setting.value)
		}
	}
	for _, setting := range []struct {
		flag string
		on   bool
	}{
		{"--enable-app-health-check", own.EnableAppHealthCheck || common.EnableAppHealthCheck},
		{"--enable-api-logging", own.EnableAPILogging || common.EnableAPILogging},
	} {
		if setting.on {
			args = append(args, setting.flag)
		}
	}
	return args
}
