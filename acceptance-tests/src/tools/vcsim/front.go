package main

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Stands before the simulator: each request is logged, checked, delayed, lets itself be spoilt by a fault, and is
// passed on.
type front struct {
	service      *simulator.Service
	control      http.Handler
	checksSchema bool

	mu       sync.Mutex
	requests []*request
	faults   []*fault
	delays   map[string]time.Duration
	// Closed when a delay changes.
	changed chan struct{}
	// Sessions of the front's own.
	own map[string]bool
}

// A request as tests see it.
type request struct {
	Method     string `json:"method"`
	ObjectType string `json:"object_type"`
	Object     string `json:"object"`
	Name       string `json:"name"`
	SOAPAction string `json:"soap_action"`
	UserAgent  string `json:"user_agent"`
	Body       string `json:"body"`
	// The session of REST.
	Session string `json:"session"`
	// The class of the fault that was answered, if any.
	Fault string `json:"fault"`
	// The <name> among the arguments: who clones calls the clone so.
	argument string
}

func newFront(service *simulator.Service, chosen options, users *users, played *guests) *front {
	f := &front{
		service:      service,
		checksSchema: chosen.ChecksSchema,
		delays:       map[string]time.Duration{},
		changed:      make(chan struct{}),
		own:          map[string]bool{},
	}
	f.control = newControl(f, users, played)
	return f
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer crash()
	if strings.HasPrefix(r.URL.Path, "/_ctl/") {
		f.control.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if r.Method == http.MethodPost {
		for path, known := range schemas {
			if strings.HasPrefix(r.URL.Path, path) {
				f.soap(w, r, body, known)
				return
			}
		}
	}
	asked := f.log(&request{
		Method:    r.Method + " " + r.URL.Path,
		UserAgent: r.UserAgent(),
		Body:      string(body),
		Session:   r.Header.Get("vmware-api-session-id"),
	})
	f.wait(asked.Method)
	if taken := f.take(asked); taken != nil {
		f.spoil(taken, asked, w, r)
		return
	}
	f.service.ServeMux.ServeHTTP(w, r)
}

// A panic is a defect of the simulator. Go's HTTP server would go on after it with locks that are held for ever.
func crash() {
	failure := recover()
	if failure == http.ErrAbortHandler {
		panic(failure)
	}
	if failure != nil {
		log.Fatalf("panic: %v\n%s", failure, debug.Stack())
	}
}

func (f *front) soap(w http.ResponseWriter, r *http.Request, body []byte, known schema) {
	envelope, err := parse(body)
	asked := f.describe(envelope, r, body)
	if err == nil && f.checksSchema {
		err = known.check(envelope)
	}
	if err != nil {
		f.answerFault(w, asked, err.Error(), &types.InvalidRequest{})
		return
	}
	f.wait(asked.Method)
	if taken := f.take(asked); taken != nil {
		f.spoil(taken, asked, w, r)
		return
	}
	if f.delay(taskKey(asked.Method)) > 0 && f.runs(asked, r) {
		f.answerTask(w, asked, func(t *simulator.Task) (types.AnyType, types.BaseMethodFault) {
			return f.runLater(t, asked, body)
		})
		return
	}
	f.pass(asked, r).copyTo(w)
}

// An answer of the simulator.
type answer struct{ *httptest.ResponseRecorder }

func (f *front) pass(asked *request, r *http.Request) answer {
	got := answer{httptest.NewRecorder()}
	f.service.ServeMux.ServeHTTP(got, r)
	if got.Code == http.StatusInternalServerError {
		if envelope, err := parse(got.Body.Bytes()); err == nil {
			if detail := envelope.find("detail"); detail != nil && len(detail.children) > 0 {
				f.setFault(asked, strings.TrimSuffix(detail.children[0].name.Local, "Fault"))
			}
		}
	}
	return got
}

func (a answer) copyTo(w http.ResponseWriter) {
	for name, values := range a.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Code)
	_, _ = w.Write(a.Body.Bytes())
}

func (f *front) describe(envelope *element, r *http.Request, body []byte) *request {
	asked := &request{SOAPAction: r.Header.Get("SOAPAction"), UserAgent: r.UserAgent(), Body: string(body)}
	if method := call(orEmpty(envelope)); method != nil {
		asked.Method = method.name.Local
		if this := method.child("_this"); this != nil {
			asked.ObjectType, _ = this.attribute("", "type")
			asked.Object = strings.TrimSpace(this.text)
			asked.Name = nameOf(f.service.Context.Map.Get(asked.reference()))
		}
		if name := method.child("name"); name != nil {
			asked.argument = name.text
		}
	}
	return f.log(asked)
}

func orEmpty(e *element) *element {
	if e == nil {
		return &element{}
	}
	return e
}

func (r *request) reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: r.ObjectType, Value: r.Object}
}

// The name of an entity; nothing for other objects.
func nameOf(object mo.Reference) string {
	entity, ok := object.(mo.Entity)
	if !ok {
		return ""
	}
	if name := entity.Entity().Name; name != "" {
		return name
	}
	// Networks have a name of their own beside the one that all entities have.
	if name := reflect.ValueOf(object).Elem().FieldByName("Name"); name.IsValid() && name.Kind() == reflect.String {
		return name.String()
	}
	return ""
}

func (f *front) log(asked *request) *request {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, asked)
	return asked
}

func (f *front) setFault(asked *request, class string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked.Fault = class
}

func taskKey(method string) string { return "task " + method }

func (f *front) delay(key string) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.delays[key]
}

func (f *front) setDelay(key string, delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delays[key] = delay
	close(f.changed)
	f.changed = make(chan struct{})
}

// Waits for as long as the delay says, also if it changes meanwhile.
func (f *front) wait(key string) {
	start := time.Now()
	for {
		f.mu.Lock()
		left, changed := f.delays[key]-time.Since(start), f.changed
		f.mu.Unlock()
		if left <= 0 {
			return
		}
		select {
		case <-time.After(left):
		case <-changed:
		}
	}
}
