package postgres_test

import (
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

func TestTimeOrNull(t *testing.T) {
	t.Parallel()
	if got := postgres.TimeOrNull(time.Time{}); got != nil {
		t.Errorf("the zero time is %s", got)
	}
	if at := time.Unix(1, 0); !postgres.TimeOrNull(at).Equal(at) {
		t.Error("another time is lost")
	}
}
