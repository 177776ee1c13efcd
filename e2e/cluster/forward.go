package cluster

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
)

// forward takes connections to a Service's address on to a port of this machine until the cluster stops: what kube-proxy does, for one
// that cannot listen there itself.
func (c *Cluster) forward(address string, from, to int) error {
	//nolint:noctx // Listening on this machine does not block.
	listener, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(from)))
	if err != nil {
		return fmt.Errorf("listen in place of a Service: %w", err)
	}
	c.undo = append(c.undo, listener.Close)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // closed by undo
			}
			go pass(connection, net.JoinHostPort("127.0.0.1", strconv.Itoa(to)))
		}
	}()
	return nil
}

// pass copies both ways until both sides have said that they are done.
func pass(client net.Conn, target string) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", target) //nolint:noctx // It is on this machine.
	if err != nil {
		return // the client sees a closed connection, as of a Service without an endpoint
	}
	defer func() { _ = server.Close() }()
	var both sync.WaitGroup
	for _, way := range []struct{ from, to net.Conn }{{client, server}, {server, client}} {
		both.Go(func() {
			_, _ = io.Copy(way.to, way.from) // an error ends the connection, and each side sees that
			if half, ok := way.to.(*net.TCPConn); ok {
				_ = half.CloseWrite()
			}
		})
	}
	both.Wait()
}
