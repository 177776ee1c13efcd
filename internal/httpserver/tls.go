package httpserver

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

// UseTLS has the server speak TLS with the certificate and the key in the files, both PEM. They are read again when they
// have changed, so that a certificate can be renewed without a restart; a pair that cannot be used leaves the one before, and
// is told to the server's error log once.
func UseTLS(server *http.Server, certFile, keyFile string) error {
	pair := &keyPair{certFile: certFile, keyFile: keyFile}
	if _, err := pair.get(nil); err != nil {
		return err
	}
	if server.ErrorLog != nil {
		pair.tell = server.ErrorLog.Printf
	}
	server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
	return nil
}

// keyPair is a certificate with its key.
type keyPair struct {
	certFile, keyFile string
	// tell may be nil.
	tell func(format string, args ...any)

	mu      sync.Mutex
	loaded  *tls.Certificate
	changed [2]time.Time
	refused [2]time.Time // what could not be used, and was told
}

func (p *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed, err := p.times()
	if err == nil && p.loaded != nil && changed == p.changed {
		return p.loaded, nil
	}
	if err == nil {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(p.certFile, p.keyFile); err == nil {
			p.loaded, p.changed = &pair, changed
		}
	}
	if p.loaded == nil {
		return nil, fmt.Errorf("load the TLS certificate: %w", err)
	}
	if err != nil && changed != p.refused && p.tell != nil {
		p.refused = changed
		p.tell("the TLS certificate was changed and cannot be used, the one before stays: %v", err)
	}
	return p.loaded, nil
}

func (p *keyPair) times() (changed [2]time.Time, err error) {
	for i, file := range []string{p.certFile, p.keyFile} {
		info, err := os.Stat(file)
		if err != nil {
			return changed, fmt.Errorf("look at the file: %w", err)
		}
		changed[i] = info.ModTime()
	}
	return changed, nil
}
