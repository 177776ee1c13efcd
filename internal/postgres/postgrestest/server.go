package postgrestest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// serverURLVariable names the environment variable that replaces the throw-away cluster.
const serverURLVariable = "TEST_DATABASE_URL"

// poolSize of a test is small, so that many run at once on one server.
const poolSize = 4

// server is the Postgres that all tests of one binary share. It starts with the first test that asks
// for a database, so that a run without such tests does not pay for it.
type server struct {
	start sync.Once
	err   error // of start

	base     *url.URL // superuser, database to be replaced
	pool     *pgxpool.Pool
	roles    postgres.Roles
	template string
	cluster  *Cluster
	scratch  *scratch
}

// ensure starts the server once; all callers get the same error.
func (s *server) ensure(ctx context.Context) error {
	s.start.Do(func() { s.err = s.open(ctx) })
	return s.err
}

func (s *server) open(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	address := os.Getenv(serverURLVariable)
	if address == "" {
		started, err := s.startCluster(ctx)
		if err != nil {
			return err
		}
		address = started
	}
	return s.use(ctx, address)
}

// use takes the server at address, and makes there what is missing of roles and template.
func (s *server) use(ctx context.Context, address string) error {
	base, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("%s is no URL of the form postgres://user:password@host:port/database: %w",
			serverURLVariable, errors.Unwrap(err)) // the outer error would print the password
	}
	s.base = base
	password, _ := base.User.Password()
	// The roles are the server's, and other test binaries set their passwords at the same time: derived,
	// they come out the same for all.
	s.roles = postgres.Roles{
		AdminPassword: derive(password, postgres.RoleAdmin), AppPassword: derive(password, postgres.RoleApp),
		ConsolePassword: derive(password, postgres.RoleConsole),
	}
	s.pool, err = openPool(ctx, address)
	if err != nil {
		return err
	}
	s.template, err = s.ensureTemplate(ctx)
	return err
}

func (s *server) startCluster(ctx context.Context) (string, error) {
	folder, err := newScratch()
	if err != nil {
		return "", err
	}
	s.scratch = folder
	if err := fillScratch(ctx, folder.dir); err != nil {
		return "", err
	}
	s.cluster, err = StartCluster(ctx, ClusterOptions{Dir: folder.dir})
	if err != nil {
		return "", fmt.Errorf("start a throw-away PostgreSQL: %w", err)
	}
	return s.cluster.SuperURL("postgres"), nil
}

// close stops what was started and removes its data.
func (s *server) close(ctx context.Context) error {
	var errs []error
	if s.pool != nil {
		s.pool.Close()
	}
	if s.cluster != nil {
		errs = append(errs, s.cluster.Stop(ctx))
	}
	if s.scratch != nil {
		errs = append(errs, s.scratch.remove())
	}
	return errors.Join(errs...)
}

// url connects to database as the given role.
func (s *server) url(database, role, password string) string {
	address := *s.base
	address.User = url.UserPassword(role, password)
	address.Path = "/" + database
	return address.String()
}

// superURL connects to database as the superuser.
func (s *server) superURL(database string) string {
	address := *s.base
	address.Path = "/" + database
	return address.String()
}

func derive(password, role string) string {
	mac := hmac.New(sha256.New, []byte(password))
	mac.Write([]byte(role))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// openPool makes a small pool; it connects with its first query.
func openPool(ctx context.Context, address string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	config.MaxConns = poolSize
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("make a connection pool: %w", err)
	}
	return pool, nil
}
