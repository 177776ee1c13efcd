package stack

import (
	"fmt"
	"maps"
	"strconv"
)

// publicAddr is where an app says on which address it faces the outside.
const publicAddr = "PUBLIC_ADDR"

// addReplicas adds further processes of the app, each with a daprd and ports of its own. Of the app's id and tokens there
// is one set, as in a cluster.
func (l *launch) addReplicas(a *app) error {
	for n := 2; n <= l.opts.Replicas[a.AppID]; n++ {
		replica, err := l.replica(a, n)
		if err != nil {
			return fmt.Errorf("replica %d of %s: %w", n, a.AppID, err)
		}
		if err := l.addApp(replica); err != nil {
			return err
		}
		if err := l.addSidecar(replica); err != nil {
			return err
		}
	}
	return nil
}

func (l *launch) replica(a *app, n int) (*app, error) {
	replica := *a
	replica.number = n
	for _, port := range []*int{
		&replica.AppPort, &replica.HTTPPort, &replica.GRPCPort, &replica.InternalGRPCPort, &replica.MetricsPort,
	} {
		var err error
		if *port, err = l.stack.ports.any(); err != nil {
			return nil, err
		}
	}
	if l.appEnv(a)[publicAddr] == "" {
		return &replica, nil
	}
	port, err := l.stack.ports.any()
	if err != nil {
		return nil, err
	}
	replica.Env = maps.Clone(l.appEnv(a))
	replica.Env[publicAddr] = loopback(port)
	if a.AppID == "gateway" {
		l.stack.endpoints.GatewayURLs = append(l.stack.endpoints.GatewayURLs, "http://"+loopback(port))
	}
	return &replica, nil
}

// processName tells the replicas of an app apart: gateway, gateway-2 and so on.
func (a *app) processName() string {
	if a.number < 2 {
		return a.AppID
	}
	return a.AppID + "-" + strconv.Itoa(a.number)
}
