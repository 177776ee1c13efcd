package kubelet

import (
	"fmt"
	"hash/fnv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nodeAddress is that of all nodes; nothing listens there.
const nodeAddress = "192.0.2.1"

// report is the status of a pod that was bound to a node: running, of a Job succeeded, or waiting for what is missing.
func report(pod *corev1.Pod, missing string, now metav1.Time) corev1.PodStatus {
	status := corev1.PodStatus{Phase: corev1.PodRunning, StartTime: &now, HostIP: nodeAddress, PodIP: address(pod)}
	status.PodIPs = []corev1.PodIP{{IP: status.PodIP}}
	finished := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: now, FinishedAt: now}}
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CreateContainerConfigError", Message: missing}}

	ready, once, lasting := corev1.ConditionTrue, finished, running
	switch {
	case missing != "":
		status.Phase, ready, once, lasting = corev1.PodPending, corev1.ConditionFalse, waiting, waiting
	case ends(pod):
		status.Phase, ready, lasting = corev1.PodSucceeded, corev1.ConditionFalse, finished
	}
	for i := range pod.Spec.InitContainers {
		state := once
		if isSidecar(&pod.Spec.InitContainers[i]) {
			state = lasting
		}
		status.InitContainerStatuses = append(status.InitContainerStatuses, container(&pod.Spec.InitContainers[i], state, missing == ""))
	}
	for i := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, container(&pod.Spec.Containers[i], lasting, lasting.Running != nil))
	}
	for _, condition := range []corev1.PodConditionType{corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		status.Conditions = append(status.Conditions, corev1.PodCondition{
			Type: condition, Status: ready, LastTransitionTime: now, Reason: "Simulated", Message: Simulated,
		})
	}
	return status
}

func container(c *corev1.Container, state corev1.ContainerState, ready bool) corev1.ContainerStatus {
	started := state.Waiting == nil
	return corev1.ContainerStatus{Name: c.Name, Image: c.Image, Ready: ready, Started: &started, State: state}
}

// isSidecar tells an init container that goes on beside the others, such as a native sidecar of Dapr.
func isSidecar(c *corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// ends says whether the pod's work is done at some time: that of a Job, or of a bare pod that is not to be started again, such as a
// helm test.
func ends(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	return pod.Spec.RestartPolicy != corev1.RestartPolicyAlways && (owner == nil || owner.Kind == "Job")
}

// address is within 10.64.0.0/10 and follows from the pod's uid.
func address(pod *corev1.Pod) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(pod.UID)) // never fails
	sum := hash.Sum32()
	const network, host, low = 64, 63, 255
	return fmt.Sprintf("10.%d.%d.%d", network+sum>>24&host, sum>>16&low, sum>>8&low)
}
