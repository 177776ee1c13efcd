package httpserver_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/httpserver"
)

// writePair puts a certificate for name and its key into files.
func writePair(t *testing.T, certFile, keyFile, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACertificateIsRenewedWithoutARestart(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	server := httpserver.New("127.0.0.1:0", http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if err := httpserver.UseTLS(server, cert, key); err == nil {
		t.Error("files that are not there are taken")
	}
	writePair(t, cert, key, "first.example.com")
	if err := httpserver.UseTLS(server, cert, key); err != nil {
		t.Fatal(err)
	}
	name := func() string {
		t.Helper()
		pair, err := server.TLSConfig.GetCertificate(&tls.ClientHelloInfo{})
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return parsed.Subject.CommonName
	}
	if got := name(); got != "first.example.com" || server.TLSConfig.MinVersion < tls.VersionTLS12 {
		t.Errorf("certificate of %s", got)
	}
	later := func(d time.Duration) {
		for _, file := range []string{cert, key} {
			if err := os.Chtimes(file, time.Now(), time.Now().Add(d)); err != nil {
				t.Fatal(err)
			}
		}
	}
	writePair(t, cert, key, "second.example.com")
	later(time.Minute)
	if got := name(); got != "second.example.com" {
		t.Errorf("after the renewal: %s", got)
	}
	if err := os.WriteFile(cert, []byte("half written"), 0o600); err != nil {
		t.Fatal(err)
	}
	later(2 * time.Minute)
	if got := name(); got != "second.example.com" {
		t.Errorf("a pair that cannot be used takes the place of one that can: %s", got)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if got := name(); got != "second.example.com" {
		t.Errorf("without files: %s", got)
	}
}
