// Package kubelet owns nodes that run nothing: it registers them and reports of the pods bound to them what a kubelet would report if every
// image could be pulled and every container worked. Pods become Ready, those of Jobs succeed, and a pod that names a ConfigMap or Secret that is
// not there waits with CreateContainerConfigError. It starts no container, asks no probe, mounts no volume and enforces no limit, and says so in
// each pod's condition Ready (Simulated).
package kubelet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// Simulated stands in the condition Ready of every pod.
const Simulated = "simulated: no container was started, no image pulled, no probe asked, no volume mounted"

// A pod that waits for its configuration is looked at again after these times.
const (
	firstLook = 200 * time.Millisecond
	lastLook  = 2 * time.Second
)

// Kubelet plays the kubelets of all nodes.
type Kubelet struct {
	client kubernetes.Interface
	logger *slog.Logger
	pods   listers.PodLister
	queue  workqueue.TypedRateLimitingInterface[types.NamespacedName]
}

// Run registers nodes of these names and looks after their pods until ctx is done. Registered hears when the nodes are there.
func Run(ctx context.Context, client kubernetes.Interface, logger *slog.Logger, registered func(), nodes ...string) error {
	for i, name := range nodes {
		if err := register(ctx, client, name, i); err != nil {
			return fmt.Errorf("register node %s: %w", name, err)
		}
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods()
	k := &Kubelet{
		client: client, logger: logger, pods: pods.Lister(), queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[types.NamespacedName](firstLook, lastLook)),
	}
	if _, err := pods.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: k.notice, UpdateFunc: func(_, now any) { k.notice(now) },
	}); err != nil {
		return fmt.Errorf("watch pods: %w", err)
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	registered()
	stop := context.AfterFunc(ctx, k.queue.ShutDown)
	defer stop()
	for k.next(ctx) {
	}
	factory.Shutdown()
	return nil
}

func (k *Kubelet) notice(object any) {
	if pod, ok := object.(*corev1.Pod); ok && pod.Spec.NodeName != "" {
		k.queue.Add(types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name})
	}
}

// next looks after one pod; false when there will be no more.
func (k *Kubelet) next(ctx context.Context) bool {
	key, closed := k.queue.Get()
	if closed {
		return false
	}
	defer k.queue.Done(key)
	pod, err := k.pods.Pods(key.Namespace).Get(key.Name)
	if err == nil {
		err = k.tend(ctx, pod)
	}
	switch {
	case err == nil, apierrors.IsNotFound(err): // gone meanwhile
		k.queue.Forget(key)
	default:
		if !errors.Is(err, errWaits) && ctx.Err() == nil {
			k.logger.WarnContext(ctx, "pod is looked at again", "pod", key.String(), "error", err)
		}
		k.queue.AddRateLimited(key)
	}
	return true
}

// errWaits says that a pod lacks configuration and is to be looked at again.
var errWaits = errors.New("the pod waits for its configuration")

// tend does what is next for the pod: removes it, or reports its state.
func (k *Kubelet) tend(ctx context.Context, pod *corev1.Pod) error {
	if pod.DeletionTimestamp != nil {
		now := int64(0)
		if err := k.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
			GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &pod.UID},
		}); err != nil {
			return fmt.Errorf("remove the pod: %w", err)
		}
		return nil
	}
	if pod.Status.Phase != corev1.PodPending {
		return nil
	}
	missing, err := k.missing(ctx, pod)
	if err != nil {
		return err
	}
	status, err := json.Marshal(map[string]any{"status": report(pod, missing, metav1.Now())})
	if err != nil {
		return fmt.Errorf("encode the status: %w", err)
	}
	if _, err := k.client.CoreV1().Pods(pod.Namespace).Patch(
		ctx, pod.Name, types.StrategicMergePatchType, status, metav1.PatchOptions{}, "status"); err != nil {
		return fmt.Errorf("report the status: %w", err)
	}
	if missing != "" {
		return errWaits
	}
	return nil
}
