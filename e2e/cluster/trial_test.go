package cluster_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const trialNamespace = "trial"

// trialVolumes are what the claims of PostgreSQL and Redis are bound to; nothing is kept there. Their class is theirs alone, so that no other claim takes them.
const trialVolumes = `
apiVersion: v1
kind: PersistentVolume
metadata: {name: trial-postgresql}
spec: {capacity: {storage: 20Gi}, accessModes: [ReadWriteOnce], storageClassName: trial-postgresql, hostPath: {path: /var/lib/trial-postgresql}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: trial-redis}
spec: {capacity: {storage: 5Gi}, accessModes: [ReadWriteOnce], storageClassName: trial-redis, hostPath: {path: /var/lib/trial-redis}}
`

// TestATrialKeepsItsData goes the way of a small installation, with the chart's own PostgreSQL and Redis: what opens their data, and the volumes that
// it is in, stay over an upgrade, and over an uninstall and a second installation.
func TestATrialKeepsItsData(t *testing.T) {
	t.Parallel()
	newNamespace(t, trialNamespace)
	if err := running.Apply(bounded(t), trialVolumes); err != nil {
		t.Fatal(err)
	}
	trialHelm(t, "install", "--set", "secrets.values.tenant-keyset=example-keyset")
	for _, name := range []string{"postgresql", "redis"} {
		found, err := running.Client().AppsV1().StatefulSets(trialNamespace).Get(bounded(t), name, metav1.GetOptions{})
		if err != nil || found.Status.ReadyReplicas != 1 {
			t.Errorf("%s has %d ready pods, %v", name, found.Status.ReadyReplicas, err)
		}
	}
	migrated(t, "migrate-1")
	passwords, volumes := trialPasswords(t), trialClaims(t)
	if !bytes.Contains(trialSecret(t, "database-url")["database-url"], trialSecret(t, "postgresql")["app-password"]) {
		t.Error("the apps' address of the database lacks the password that the database was made with")
	}

	trialHelm(t, "upgrade", "--set", "secrets.values.tenant-keyset=example-keyset,gateway.replicas=3")
	migrated(t, "migrate-2")
	if _, err := running.Client().BatchV1().Jobs(trialNamespace).Get(bounded(t), "migrate-1", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the first release's Job is still there: %v", err)
	}
	stays(t, "the upgrade", passwords, volumes)

	if _, err := running.Helm(bounded(t), "uninstall", "trial", "--namespace", trialNamespace, "--wait", "--timeout", "2m"); err != nil {
		t.Fatal(err)
	}
	stays(t, "the uninstall", passwords, volumes)
	trialHelm(t, "install")
	stays(t, "the second installation", passwords, volumes)
	if got := string(trialSecret(t, "tenant-keyset")["tenant-keyset"]); got != "example-keyset" {
		t.Errorf("the keyset is %q now", got)
	}
}

func trialHelm(t *testing.T, verb string, more ...string) {
	t.Helper()
	args := []string{
		verb, "trial", filepath.Join("..", "..", "charts", "ai-agents"), "--namespace", trialNamespace, "--wait", "--wait-for-jobs", "--timeout", "2m",
		"--set", "postgresql.enabled=true,redis.enabled=true", "--set", "postgresql.persistence.storageClass=trial-postgresql,redis.persistence.storageClass=trial-redis",
	}
	if out, err := running.Helm(bounded(t), append(args, more...)...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func migrated(t *testing.T, job string) {
	t.Helper()
	found, err := running.Client().BatchV1().Jobs(trialNamespace).Get(bounded(t), job, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range found.Status.Conditions {
		if c.Type == batchv1.JobComplete && c.Status == corev1.ConditionTrue {
			return
		}
	}
	t.Errorf("%s is not complete: %v", job, found.Status.Conditions)
}

func trialSecret(t *testing.T, name string) map[string][]byte {
	t.Helper()
	found, err := running.Client().CoreV1().Secrets(trialNamespace).Get(bounded(t), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return found.Data
}

// trialPasswords are those that the data was made with.
func trialPasswords(t *testing.T) string {
	t.Helper()
	all := fmt.Sprintf("%s %s", trialSecret(t, "postgresql"), trialSecret(t, "redis-password"))
	if len(all) < 5*16 {
		t.Errorf("five passwords have %d characters", len(all))
	}
	return all
}

// trialClaims says which claim has which volume.
func trialClaims(t *testing.T) string {
	t.Helper()
	found, err := running.Client().CoreV1().PersistentVolumeClaims(trialNamespace).List(bounded(t), metav1.ListOptions{})
	if err != nil || len(found.Items) != 2 {
		t.Fatalf("there are %d claims, %v", len(found.Items), err)
	}
	var all strings.Builder
	for i := range found.Items {
		claim := &found.Items[i]
		if claim.Status.Phase != corev1.ClaimBound {
			t.Errorf("%s is %s", claim.Name, claim.Status.Phase)
		}
		fmt.Fprintln(&all, claim.Name, claim.UID, claim.Spec.VolumeName)
	}
	return all.String()
}

func stays(t *testing.T, over, passwords, volumes string) {
	t.Helper()
	if trialPasswords(t) != passwords {
		t.Errorf("%s made other passwords than the data was made with", over)
	}
	if got := trialClaims(t); got != volumes {
		t.Errorf("%s: other volumes than before:\n%swant\n%s", over, got, volumes)
	}
}
