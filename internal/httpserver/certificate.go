package httpserver

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"time"
)

// CertificateEnd is when the certificate in the file ends: the first one, which is the server's own.
func CertificateEnd(file string) (time.Time, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the TLS certificate: %w", err)
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return time.Time{}, fmt.Errorf("read the TLS certificate %s: %w", file, err)
		}
		return certificate.NotAfter, nil
	}
	return time.Time{}, fmt.Errorf("read the TLS certificate: %s holds none", file)
}
