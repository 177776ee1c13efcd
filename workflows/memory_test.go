package workflows_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dapr/durabletask-go/api"
	"github.com/dapr/durabletask-go/api/protos"
	"github.com/dapr/durabletask-go/backend"
	"github.com/dapr/durabletask-go/backend/local"
	"github.com/dapr/durabletask-go/backend/runtimestate"
	"google.golang.org/protobuf/proto"
)

// queueLength is more work than a test ever has waiting, so that nobody waits to put something there.
const queueLength = 256

// errNotOffered answers what our workflows do not ask for.
var errNotOffered = errors.New("the engine of the tests does not offer this")

// memory keeps what the engine is told to keep: histories, events and tasks. The stores that come with the engine ask
// SQLite for work without a pause, which takes a core from the tests beside them; here whoever has nothing to do sleeps.
type memory struct {
	*local.TasksBackend

	ready chan *instance
	tasks chan *backend.ActivityWorkItem

	mu        sync.Mutex
	instances map[api.InstanceID]*instance
}

// instance is a run of a workflow.
type instance struct {
	id      api.InstanceID
	start   *protos.ExecutionStartedEvent
	history []*protos.HistoryEvent
	inbox   []*protos.HistoryEvent // not yet seen by the workflow
	retries int32
	// taken says that the instance is in the queue or being worked on, which is never done twice at once.
	taken bool
	// changed is closed and replaced when there is more history.
	changed chan struct{}
}

func newMemory() *memory {
	return &memory{
		TasksBackend: local.NewTasksBackend(), instances: map[api.InstanceID]*instance{},
		ready: make(chan *instance, queueLength), tasks: make(chan *backend.ActivityWorkItem, queueLength),
	}
}

func (*memory) CreateTaskHub(context.Context) error { return nil }
func (*memory) DeleteTaskHub(context.Context) error { return nil }
func (*memory) Start(context.Context) error         { return nil }
func (*memory) Stop(context.Context) error          { return nil }
func (*memory) String() string                      { return "memory" }

func (m *memory) CreateWorkflowInstance(_ context.Context, e *protos.HistoryEvent) error {
	start := e.GetExecutionStarted()
	if start == nil {
		return errors.New("an instance begins with its start")
	}
	id := api.InstanceID(start.GetWorkflowInstance().GetInstanceId())
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.instances[id]; ok {
		return api.ErrDuplicateInstance
	}
	i := &instance{id: id, start: start, changed: make(chan struct{})}
	m.instances[id] = i
	m.deliver(i, e)
	return nil
}

func (m *memory) AddNewWorkflowEvent(_ context.Context, id api.InstanceID, e *protos.HistoryEvent) error {
	return m.deliverTo(id, e)
}

func (m *memory) deliverTo(id api.InstanceID, e *protos.HistoryEvent) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.instances[id]
	if !ok {
		return api.ErrInstanceNotFound
	}
	m.deliver(i, e)
	return nil
}

// deliver hands events to the instance. The caller holds mu.
func (m *memory) deliver(i *instance, events ...*protos.HistoryEvent) {
	i.inbox = append(i.inbox, copies(events)...)
	if len(i.inbox) > 0 && !i.taken {
		i.taken = true
		m.ready <- i
	}
}

func (m *memory) NextWorkflowWorkItem(ctx context.Context) (*backend.WorkflowWorkItem, error) {
	select {
	case i := <-m.ready:
		m.mu.Lock()
		defer m.mu.Unlock()
		item := &backend.WorkflowWorkItem{InstanceID: i.id, NewEvents: i.inbox, RetryCount: i.retries}
		i.inbox = nil
		return item, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) GetWorkflowRuntimeState(_ context.Context, item *backend.WorkflowWorkItem) (*protos.WorkflowRuntimeState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.instances[item.InstanceID]
	if !ok {
		return nil, api.ErrInstanceNotFound
	}
	return i.state(), nil
}

// state is rebuilt from copies, as from a database.
func (i *instance) state() *protos.WorkflowRuntimeState {
	return runtimestate.NewWorkflowRuntimeState(string(i.id), nil, copies(i.history))
}

func (m *memory) CompleteWorkflowWorkItem(_ context.Context, item *backend.WorkflowWorkItem) error {
	for _, message := range item.State.GetPendingMessages() {
		if message.GetHistoryEvent().GetExecutionStalled() != nil {
			m.stall(item, message.GetHistoryEvent())
			return nil
		}
	}
	if len(item.State.GetPendingMessages()) > 0 || item.State.GetContinuedAsNew() {
		return errNotOffered
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.instances[item.InstanceID]
	if !ok {
		return api.ErrInstanceNotFound
	}
	i.history = append(i.history, copies(item.State.GetNewEvents())...)
	for _, task := range copies(item.State.GetPendingTasks()) {
		m.tasks <- &backend.ActivityWorkItem{InstanceID: i.id, NewEvent: task}
	}
	for _, timer := range copies(item.State.GetPendingTimers()) {
		time.AfterFunc(time.Until(timer.GetTimerFired().GetFireAt().AsTime()), func() { _ = m.deliverTo(i.id, timer) })
	}
	close(i.changed)
	i.changed, i.taken, i.retries = make(chan struct{}), false, 0
	m.deliver(i)
	return nil
}

// stall leaves the instance as it was, for a worker that knows its version, as daprd does: what it was to see next waits.
func (m *memory) stall(item *backend.WorkflowWorkItem, stalled *protos.HistoryEvent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.instances[item.InstanceID]
	i.history = append(i.history, copies([]*protos.HistoryEvent{stalled})...)
	i.inbox = append(copies(item.NewEvents), i.inbox...)
	close(i.changed)
	i.changed = make(chan struct{})
}

// move has what stalled be tried by the workers that there are now, as when daprd moves it to another replica.
func (m *memory) move() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range m.instances {
		if n := len(i.history); n > 0 && i.history[n-1].GetExecutionStalled() != nil {
			m.ready <- i
		}
	}
}

func (m *memory) AbandonWorkflowWorkItem(_ context.Context, item *backend.WorkflowWorkItem) error {
	time.AfterFunc(item.GetAbandonDelay(), func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		i := m.instances[item.InstanceID]
		i.inbox, i.taken = append(copies(item.NewEvents), i.inbox...), false
		i.retries++
		m.deliver(i)
	})
	return nil
}

func (m *memory) NextActivityWorkItem(ctx context.Context) (*backend.ActivityWorkItem, error) {
	select {
	case item := <-m.tasks:
		return item, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) CompleteActivityWorkItem(_ context.Context, item *backend.ActivityWorkItem) error {
	return m.deliverTo(item.InstanceID, item.Result)
}

func (m *memory) AbandonActivityWorkItem(_ context.Context, item *backend.ActivityWorkItem) error {
	m.tasks <- item
	return nil
}

func (m *memory) WatchWorkflowRuntimeStatus(
	ctx context.Context, id api.InstanceID, condition func(*protos.WorkflowMetadata) bool,
) error {
	for {
		m.mu.Lock()
		i, ok := m.instances[id]
		if !ok {
			m.mu.Unlock()
			return api.ErrInstanceNotFound
		}
		metadata, changed := i.metadata(), i.changed
		m.mu.Unlock()
		if condition(metadata) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (m *memory) GetWorkflowMetadata(_ context.Context, id api.InstanceID) (*protos.WorkflowMetadata, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.instances[id]
	if !ok {
		return nil, api.ErrInstanceNotFound
	}
	return i.metadata(), nil
}

func (i *instance) metadata() *protos.WorkflowMetadata {
	state := i.state()
	return &protos.WorkflowMetadata{
		InstanceId: string(i.id), Name: i.start.GetName(), Version: i.start.GetVersion(), Input: i.start.GetInput(),
		RuntimeStatus: runtimestate.RuntimeStatus(state), CreatedAt: state.GetCreatedTime(), LastUpdatedAt: state.GetLastUpdatedTime(),
		Output: state.GetCompletedEvent().GetResult(), FailureDetails: state.GetCompletedEvent().GetFailureDetails(),
	}
}

func (m *memory) GetInstanceHistory(
	_ context.Context, request *protos.GetInstanceHistoryRequest,
) (*protos.GetInstanceHistoryResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.instances[api.InstanceID(request.GetInstanceId())]
	if !ok {
		return nil, api.ErrInstanceNotFound
	}
	return &protos.GetInstanceHistoryResponse{Events: copies(i.history)}, nil
}

func (*memory) RerunWorkflowFromEvent(context.Context, *protos.RerunWorkflowFromEventRequest) (api.InstanceID, error) {
	return "", errNotOffered
}

func (*memory) PurgeWorkflowState(context.Context, api.InstanceID, *protos.TaskRouter, bool) (int, error) {
	return 0, errNotOffered
}

func (*memory) ListInstanceIDs(context.Context, *protos.ListInstanceIDsRequest) (*protos.ListInstanceIDsResponse, error) {
	return nil, errNotOffered
}

// copies keeps what is stored apart from what the engine goes on working with.
func copies(events []*protos.HistoryEvent) []*protos.HistoryEvent {
	copied := make([]*protos.HistoryEvent, len(events))
	for i, e := range events {
		copied[i] = proto.CloneOf(e)
	}
	return copied
}
