package cluster

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

const keyBits = 2048

// settings are what the parts of the control plane have in common.
type settings struct {
	pki, tokens                                   string
	certificate                                   string // of the API server, which makes it itself
	signingKey                                    string // of service accounts' tokens
	managerConfig, schedulerConfig, kubeletConfig string
}

// prepare writes keys, tokens and one kubeconfig for each part.
func (c *Cluster) prepare() (*settings, error) {
	pki := filepath.Join(c.dir, "pki")
	s := &settings{
		pki: pki, tokens: filepath.Join(pki, "tokens.csv"), certificate: filepath.Join(pki, "apiserver.crt"),
		signingKey:    filepath.Join(pki, "service-accounts.key"),
		managerConfig: filepath.Join(c.dir, "manager.kubeconfig"), schedulerConfig: filepath.Join(c.dir, "scheduler.kubeconfig"),
		kubeletConfig: filepath.Join(c.dir, "kubelet.kubeconfig"),
	}
	if err := os.MkdirAll(pki, privateDir); err != nil {
		return nil, fmt.Errorf("make the folder for keys: %w", err)
	}
	var err error
	if c.port, err = c.processes.FreePort(0); err != nil {
		return nil, fmt.Errorf("find a port for the API server: %w", err)
	}
	if err := writeSigningKey(s.signingKey); err != nil {
		return nil, err
	}
	var tokens strings.Builder
	for _, user := range []struct{ name, groups, config string }{
		{"admin", "system:masters", c.Kubeconfig()},
		{"system:kube-controller-manager", "", s.managerConfig},
		{"system:kube-scheduler", "", s.schedulerConfig},
		{"nodes", "system:masters", s.kubeletConfig}, // one identity for all nodes, which no kubelet has
	} {
		token := rand.Text()
		fmt.Fprintf(&tokens, "%s,%s,%s,%q\n", token, user.name, user.name, user.groups)
		if err := c.writeKubeconfig(user.config, user.name, token, s.certificate); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(s.tokens, []byte(tokens.String()), private); err != nil {
		return nil, fmt.Errorf("write tokens: %w", err)
	}
	return s, nil
}

func writeSigningKey(path string) error {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return fmt.Errorf("make a signing key: %w", err)
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), private); err != nil {
		return fmt.Errorf("write the signing key: %w", err)
	}
	return nil
}

func (c *Cluster) writeKubeconfig(path, user, token, certificate string) error {
	config := api.NewConfig()
	config.Clusters["cluster"] = &api.Cluster{Server: fmt.Sprintf("https://127.0.0.1:%d", c.port), CertificateAuthority: certificate}
	config.AuthInfos[user] = &api.AuthInfo{Token: token}
	config.Contexts["cluster"] = &api.Context{Cluster: "cluster", AuthInfo: user}
	config.CurrentContext = "cluster"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
