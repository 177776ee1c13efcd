package ticket_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/cluster"
	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// outside is what an installation of the chart for production finds there already: a database, a Redis, ServiceDesk Plus and a language model.
type outside struct {
	superURL  string // of the database, which has no roles yet
	redis     string // host:port, by TLS
	simulator string // a URL
	keys      simulator.Keys
	// certificate and key are files: for the names of the console's Service and of this machine.
	certificate, key string
}

const databaseName = "ai_agents"

func startOutside(t *testing.T) *outside {
	t.Helper()
	o := &outside{keys: simulator.NewKeys(password("simulator"))}
	o.makeCertificate(t)
	o.startPostgres(t)
	o.startRedis(t)
	o.startSimulator(t)
	return o
}

// password is one for the purpose, good for nothing but this test.
func password(purpose string) string {
	return "example-" + purpose + "-long-enough-for-a-token-of-the-console"
}

// databaseURL is that of a role.
func (o *outside) databaseURL(t *testing.T, role string) string {
	t.Helper()
	address, err := url.Parse(o.superURL)
	if err != nil {
		t.Fatal(err)
	}
	address.User, address.Path = url.UserPassword(role, password(role)), "/"+databaseName
	return address.String()
}

// startRedis runs one that takes nothing but TLS and a password.
func (o *outside) startRedis(t *testing.T) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("no Redis: install it with tools/install-packages.sh: %v", err)
	}
	port, err := running.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	o.redis = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if err := running.StartProcesses(bounded(t), stack.Beside{
		Name: "redis", Command: program, Ports: []int{port}, Dir: dir, Args: []string{
			"--bind", "127.0.0.1", "--port", "0", "--tls-port", strconv.Itoa(port), "--tls-cert-file", o.certificate, "--tls-key-file", o.key,
			"--tls-auth-clients", "no", "--requirepass", password("redis"), "--appendonly", "yes", "--save", "",
		},
	}); err != nil {
		t.Fatal(err)
	}
	stopped(t, "redis")
	if err := cluster.Await(bounded(t), "Redis", func(ctx context.Context) error {
		dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // it only has to listen
		connection, err := dialer.DialContext(ctx, "tcp", o.redis)
		if err != nil {
			return err
		}
		return connection.Close()
	}); err != nil {
		t.Fatal(err)
	}
}

// stopped has the processes end with the test.
func stopped(t *testing.T, processes ...string) {
	t.Helper()
	t.Cleanup(func() {
		if err := running.StopProcesses(context.WithoutCancel(t.Context()), processes...); err != nil {
			t.Error(err)
		}
	})
}

// startSimulator runs ServiceDesk Plus, knowledge base and language model within this program. Webhooks go to the gateway's Service.
func (o *outside) startSimulator(t *testing.T) {
	t.Helper()
	var world http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { world.ServeHTTP(w, r) }))
	simulated := simulator.New(simulator.Options{
		Keys: o.keys, LLMKey: password("llm"), GatewayURL: "http://gateway." + platformNamespace + ".svc", BaseURL: server.URL,
	})
	world, o.simulator = simulated, server.URL
	t.Cleanup(func() {
		server.Close()
		simulated.Close()
	})
}

// makeCertificate is what cert-manager would do.
func (o *outside) makeCertificate(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "example"}, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"console." + platformNamespace + ".svc"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	o.certificate, o.key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	for path, block := range map[string]*pem.Block{o.certificate: {Type: "CERTIFICATE", Bytes: certificate}, o.key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
