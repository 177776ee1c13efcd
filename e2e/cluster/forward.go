package cluster

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Serve takes connections to the Service on to the pod, which is one of its own: what kube-proxy does. It lasts until the cluster stops.
func (c *Cluster) Serve(ctx context.Context, namespace, name string, pod *corev1.Pod) error {
	service, err := c.client.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("find the Service %s: %w", name, err)
	}
	if !labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(pod.Labels)) {
		return fmt.Errorf("%s is no pod of the Service %s", pod.Name, name)
	}
	for _, port := range service.Spec.Ports {
		target, err := portNumber(pod, port.TargetPort)
		if err != nil {
			return fmt.Errorf("the Service %s: %w", name, err)
		}
		if err := c.forward(service.Spec.ClusterIP, int(port.Port), pod.Status.PodIP, target); err != nil {
			return err
		}
	}
	return nil
}

// portNumber is the number of a port that may be named.
func portNumber(pod *corev1.Pod, port intstr.IntOrString) (int, error) {
	if port.Type == intstr.Int {
		return port.IntValue(), nil
	}
	for i := range pod.Spec.Containers {
		for _, has := range pod.Spec.Containers[i].Ports {
			if has.Name == port.StrVal {
				return int(has.ContainerPort), nil
			}
		}
	}
	return 0, fmt.Errorf("pod %s has no port %s", pod.Name, port.StrVal)
}

// forward takes connections to a Service's address on to another one of this machine until the cluster stops: what kube-proxy does, for one
// that cannot listen there itself.
func (c *Cluster) forward(address string, from int, target string, to int) error {
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
			go pass(connection, net.JoinHostPort(target, strconv.Itoa(to)))
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
