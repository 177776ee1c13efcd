package stack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// appMode makes this test binary act as an app.
const appMode = "STACK_TEST_APP"

func TestMain(m *testing.M) {
	if os.Getenv(appMode) != "" {
		if err := actAsApp(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// actAsApp is ready at once, shows its environment, and ends when asked to.
func actAsApp() error {
	if os.Getenv("FAIL") != "" {
		return errors.New("the app was told to fail")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /env", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(os.Environ()) // the test sees an incomplete answer
	})
	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("APP_PORT"), Handler: mux, ReadHeaderTimeout: time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.WithoutCancel(ctx)) // the process ends anyway
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func TestAppRunsBesideItsSidecar(t *testing.T) {
	t.Setenv("SECRET_OF_THE_PARENT", "x")
	opts := options(t)
	describe(t, opts.File, fmt.Sprintf("- {appID: gateway, command: [%q], appPort: 8081, "+
		"env: {%s: yes, PUBLIC_ADDR: '127.0.0.1:8080', LEVEL: file}}", os.Args[0], appMode))
	opts.Env = map[string]map[string]string{"gateway": {"LEVEL": "option"}}
	s, err := stack.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	checkEnvironment(t, s)
	for _, name := range []string{"gateway", "gateway-dapr"} {
		if err := s.Process(name).Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if status(t, s.InternalURL("gateway")+"/readyz") != http.StatusOK {
			t.Errorf("the app is not ready after the restart of %s", name)
		}
	}
	replaceApp(t, s)
	stopAll(t, s)
}

// replaceApp gives the app another executable and setting; what it had besides stays.
func replaceApp(t *testing.T, s *stack.Stack) {
	t.Helper()
	app := s.Process("gateway")
	copied := filepath.Join(t.TempDir(), "another")
	if err := os.Link(os.Args[0], copied); err != nil {
		t.Fatal(err)
	}
	if err := app.Replace(t.Context(), copied, map[string]string{"LEVEL": "replaced"}); err != nil {
		t.Fatal(err)
	}
	settings := environmentOf(t, s)
	for _, want := range []string{"LEVEL=replaced", "APP_ID=gateway"} {
		if !slices.Contains(settings, want) {
			t.Errorf("the app's environment lacks %s", want)
		}
	}
	if slices.Contains(settings, "LEVEL=option") {
		t.Error("the setting that was replaced is still there")
	}
	if running, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", app.PID())); err != nil || running != copied {
		t.Errorf("%s runs, want %s: %v", running, copied, err)
	}
	if err := app.Kill(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := app.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Ready(t.Context()); err == nil {
		t.Error("an app that was killed is ready")
	}
}

func TestReplicasHavePortsOfTheirOwn(t *testing.T) {
	t.Parallel()
	opts := options(t)
	describe(t, opts.File, fmt.Sprintf("- {appID: gateway, command: [%q], appPort: 8081, "+
		"env: {%s: yes, PUBLIC_ADDR: '127.0.0.1:8080'}}", os.Args[0], appMode))
	opts.Replicas = map[string]int{"gateway": 3}
	s, err := stack.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	urls := s.GatewayURLs()
	slices.Sort(urls)
	if len(slices.Compact(urls)) != 3 || !slices.Contains(urls, s.GatewayURL()) {
		t.Errorf("the gateways are at %q, the first at %s", urls, s.GatewayURL())
	}
	for _, name := range []string{"gateway", "gateway-2", "gateway-3", "gateway-2-dapr", "gateway-3-dapr"} {
		if p := s.Process(name); p == nil || !p.Alive() {
			t.Errorf("%s does not run", name)
		}
	}
	stopAll(t, s)
}

func TestFailingAppIsExplained(t *testing.T) {
	t.Parallel()
	opts := options(t)
	describe(t, opts.File, fmt.Sprintf("- {appID: gateway, command: [%q], env: {%s: yes, FAIL: yes}}", os.Args[0], appMode))
	_, err := stack.Start(t.Context(), opts)
	for _, want := range []string{"gateway", "exit status 1", "told to fail", "logs/gateway.log"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to mention %q", err, want)
		}
	}
	if _, err := stack.Attach(opts.Dir); !errors.Is(err, stack.ErrNotRunning) {
		t.Errorf("something was left running: %v", err)
	}
}

func environmentOf(t *testing.T, s *stack.Stack) (env []string) {
	t.Helper()
	response, err := http.Get(s.InternalURL("gateway") + "/env")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&env); err != nil {
		t.Fatal(err)
	}
	return env
}

func checkEnvironment(t *testing.T, s *stack.Stack) {
	t.Helper()
	env := environmentOf(t, s)
	for _, want := range []string{
		"APP_ID=gateway", "APP_PROTOCOL=http", "LEVEL=option",
		"PUBLIC_ADDR=" + strings.TrimPrefix(s.GatewayURL(), "http://"),
		"DAPR_HTTP_PORT=" + s.SidecarURL("gateway")[len("http://127.0.0.1:"):],
		"DAPR_API_TOKEN=" + s.APIToken("gateway"), "APP_API_TOKEN=" + s.AppToken("gateway"),
	} {
		if !slices.Contains(env, want) {
			t.Errorf("the app's environment lacks %s", want)
		}
	}
	for _, setting := range env {
		if strings.HasPrefix(setting, "SECRET_OF_THE_PARENT=") {
			t.Error("the parent's environment leaked into the app")
		}
	}
	if got := status(t, s.SidecarURL("gateway")+"/v1.0/metadata"); got != http.StatusUnauthorized {
		t.Errorf("daprd answered %d without its token, want %d", got, http.StatusUnauthorized)
	}
}

func status(t *testing.T, url string) int {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // only the status matters
	return response.StatusCode
}
