//go:build mutation

package mutation

import "os"

// Variable is the environment variable that names the switch.
const Variable = "MUTATION"

// On says whether the switch is the one that the environment names.
func On(s Switch) bool { return os.Getenv(Variable) == string(s) }
