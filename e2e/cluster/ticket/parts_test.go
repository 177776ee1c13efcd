package ticket_test

import "testing"

func (i *installation) wentThroughActors(t *testing.T)   {}
func (i *installation) provesIdentities(t *testing.T)    {}
func (i *installation) keepsIdentities(t *testing.T)     {}
func (i *installation) controlsAccess(t *testing.T)      {}
func (i *installation) scopesComponents(t *testing.T)    {}
func (i *installation) refusesByRBAC(t *testing.T)       {}
func (i *installation) namesMissingSecrets(t *testing.T) {}
func (i *installation) namesWrongPasswords(t *testing.T) {}
