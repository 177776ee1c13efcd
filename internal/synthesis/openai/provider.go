package openai

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	goopenai "github.com/sashabaranov/go-openai"
)

// Provider says in what a server differs from OpenAI's own.
type Provider string

// The providers.
const (
	ProviderOpenAI Provider = "openai" // OpenAI, and whatever speaks its API and wants a key as a bearer token
	ProviderAzure  Provider = "azure"  // the model is a deployment's name
	ProviderVLLM   Provider = "vllm"   // wants no key unless it was started with one
	ProviderOllama Provider = "ollama" // the same
)

// Validate says what the providers are called.
func (p Provider) Validate() error {
	switch p {
	case ProviderOpenAI, ProviderAzure, ProviderVLLM, ProviderOllama:
		return nil
	default:
		return fmt.Errorf("provider %q is not known: use openai, azure, vllm or ollama", p)
	}
}

// KeyOptional says whether its servers usually want no key.
func (p Provider) KeyOptional() bool { return p == ProviderVLLM || p == ProviderOllama }

// DefaultAzureVersion is the version of Azure's API that is asked for; from this one on it enforces schemas.
const DefaultAzureVersion = "2024-10-21"

// azureV1 is where Azure serves OpenAI's own API, without deployments in the path.
const azureV1 = "/openai/v1"

var azureVersion = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}(-preview)?|preview|latest|v1)$`)

// Server is where a model is asked.
type Server struct {
	Provider Provider `envconfig:"LLM_PROVIDER" default:"openai"`
	// BaseURL is the server's address up to and without "/chat/completions"; for Azure that of the resource, or up to "/openai/v1".
	BaseURL string `envconfig:"LLM_BASE_URL" default:"https://api.openai.com/v1"`
	// APIVersion is for Azure alone; DefaultAzureVersion when empty.
	APIVersion string `envconfig:"LLM_API_VERSION"`
	// Model is the one that is asked unless a tenant prefers another. For Azure it is a deployment.
	Model string `envconfig:"LLM_MODEL" default:"gpt-4o"`
	// APIKey may be empty for a server that asks for none. It comes from the secret store.
	APIKey string `ignored:"true" json:"-"`
}

// Configured says whether there is a server to ask: one with a key, or one that wants none.
func (s Server) Configured() bool { return s.APIKey != "" || s.Provider.KeyOptional() }

// validate names everything that is wrong with s.
func (s Server) validate() error {
	var errs []error
	if err := s.Provider.Validate(); err != nil {
		errs = append(errs, err)
	}
	u, err := parseURL(s.BaseURL)
	if err != nil {
		errs = append(errs, err)
	} else if err := s.validateAddress(u); err != nil {
		errs = append(errs, err)
	}
	if err := validModel(s.Model); err != nil {
		errs = append(errs, err)
	}
	switch {
	case s.APIVersion == "":
	case s.Provider != ProviderAzure:
		errs = append(errs, errors.New("an API version goes with the provider azure alone: leave it out"))
	case !azureVersion.MatchString(s.APIVersion):
		errs = append(errs, fmt.Errorf("API version %q is none of Azure's: they look like %s", s.APIVersion, DefaultAzureVersion))
	}
	return errors.Join(errs...)
}

// validateAddress finds the addresses that are meant for another provider, or miss or have too much of a path.
func (s Server) validateAddress(u *url.URL) error {
	path := strings.TrimRight(u.Path, "/")
	atOpenAI := u.Hostname() == "api.openai.com"
	atAzure := strings.HasSuffix(u.Hostname(), ".openai.azure.com")
	switch {
	case s.Provider != ProviderOpenAI && atOpenAI:
		return fmt.Errorf("the provider is %s, and the base URL is OpenAI's: give the server's own", s.Provider)
	case s.Provider != ProviderAzure && atAzure && !strings.HasSuffix(path, azureV1):
		return errors.New("the base URL is Azure's: set the provider to azure")
	case s.Provider == ProviderAzure && (strings.HasSuffix(path, "/openai") || strings.Contains(path, "/openai/deployments")):
		return errors.New("the base URL for the provider azure is that of the resource: leave out /openai and what follows, or end with /openai/v1")
	case s.Provider.KeyOptional() && path == "":
		return fmt.Errorf("the base URL lacks its path: %s speaks OpenAI's API below /v1", s.Provider)
	default:
		return nil
	}
}

// validModel refuses names that no server has, because they go into paths, logs and metrics.
func validModel(name string) error {
	const longest = 200
	switch {
	case name == "":
		return errors.New("model is empty")
	case len(name) > longest || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return errors.New("model is not a name: it has spaces, or more than 200 characters")
	default:
		return nil
	}
}

// parseURL refuses credentials and queries in the address, since addresses are logged. It does not
// repeat the address for the same reason.
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, errors.New("base URL is not an http or https address")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("base URL must not carry credentials, a query or a fragment")
	}
	return u, nil
}

// api is s in the library's terms. It has a type for Azure's deployments, and one that differs from OpenAI's only in the
// header of the key, which is what Azure's /openai/v1 wants.
func (s Server) api() goopenai.ClientConfig {
	api := goopenai.DefaultConfig(s.APIKey)
	api.BaseURL = s.BaseURL
	if s.Provider != ProviderAzure {
		return api
	}
	api.APIVersion = s.APIVersion
	if strings.HasSuffix(strings.TrimRight(s.BaseURL, "/"), azureV1) {
		api.APIType = goopenai.APITypeCloudflareAzure
		return api
	}
	api.APIType = goopenai.APITypeAzure
	if api.APIVersion == "" {
		api.APIVersion = DefaultAzureVersion
	}
	api.AzureModelMapperFunc = url.PathEscape
	return api
}
