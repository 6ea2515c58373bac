package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// Whether a request would be carried out as a task: it has a session and an object. If not, the simulator says so.
func (f *front) runs(asked *request, r *http.Request) bool {
	cookie, err := r.Cookie(soap.SessionCookieName)
	if err != nil || f.service.Context.Map.Get(asked.reference()) == nil {
		return false
	}
	for _, session := range sessions(f.service.Context.Map) {
		if session.Key == cookie.Value {
			return true
		}
	}
	return false
}

// Answers with a task of the front's own, which runs as it is told to. The simulator's own tasks hold the lock of
// their object from their start to their end, so none of them can be slow while others look at the object.
func (f *front) answerTask(
	w http.ResponseWriter, asked *request, run func(*simulator.Task) (types.AnyType, types.BaseMethodFault),
) {
	object := asked.reference()
	name := strings.TrimSuffix(asked.Method, "_Task")
	ctx := newContext(f.service)
	lock := types.ManagedObjectReference{Type: object.Type, Value: "slow-" + object.Value}
	id := strings.ToLower(name[:1]) + name[1:]
	task := simulator.CreateTask(lock, id, func(t *simulator.Task) (types.AnyType, types.BaseMethodFault) {
		defer crash()
		ctx.WithLock(t, func() {
			t.Info.Entity, t.Info.EntityName = &object, asked.Name
		})
		result, failure := run(t)
		if f.canceled(t) {
			return nil, &types.RequestCanceled{}
		}
		return result, failure
	})
	reference := task.Run(ctx)
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	fmt.Fprintf(w, `%s<%sResponse xmlns="%s"><returnval type="Task">`, envelopeStart, asked.Method, vimNamespace)
	_ = xml.EscapeText(w, []byte(reference.Value))
	fmt.Fprintf(w, "</returnval></%sResponse>%s", asked.Method, envelopeEnd)
}

// Carries a request out when its delay is over, unless it was canceled meanwhile.
func (f *front) runLater(t *simulator.Task, asked *request, body []byte) (types.AnyType, types.BaseMethodFault) {
	f.wait(taskKey(asked.Method))
	if f.canceled(t) {
		return nil, nil
	}
	reference, err := f.replay(asked, body)
	if err != nil {
		return nil, &types.SystemError{Reason: err.Error()}
	}
	task, ok := f.service.Context.Map.Get(reference).(*simulator.Task)
	if !ok {
		return nil, &types.SystemError{Reason: "the task is gone"}
	}
	task.Wait()
	if task.Info.Error != nil {
		return nil, task.Info.Error.Fault
	}
	return task.Info.Result, nil
}

func (f *front) canceled(t *simulator.Task) bool {
	canceled := false
	newContext(f.service).WithLock(t, func() { canceled = t.Info.Cancelled })
	return canceled
}

// Asks for a task again, with a session of the front's own: the one it was asked with may have ended.
func (f *front) replay(asked *request, body []byte) (types.ManagedObjectReference, error) {
	manager := f.service.Context.Map.SessionManager()
	user := f.service.Listen.User
	password, _ := user.Password()
	// The name of the session manager, user and password are texts that need no escapes: the lab makes them.
	login := fmt.Sprintf(`%s<Login xmlns="%s"><_this type="SessionManager">%s</_this>`+
		`<userName>%s</userName><password>%s</password></Login>%s`,
		envelopeStart, vimNamespace, manager.Self.Value, user.Username(), password, envelopeEnd)
	f.mu.Lock()
	got := f.send([]byte(login), nil)
	cookies := got.Result().Cookies()
	for _, cookie := range cookies {
		f.own[cookie.Value] = true
	}
	f.mu.Unlock()
	if len(cookies) == 0 {
		return types.ManagedObjectReference{}, fmt.Errorf("cannot log in: %s", got.Body)
	}
	defer terminate(f.service, cookies[0].Value)
	got = f.send(body, cookies)
	envelope, err := parse(got.Body.Bytes())
	if err != nil {
		return types.ManagedObjectReference{}, err
	}
	task := envelope.find("returnval")
	if task == nil {
		return types.ManagedObjectReference{}, fmt.Errorf("%s was refused: %s", asked.Method, got.Body)
	}
	return types.ManagedObjectReference{Type: "Task", Value: strings.TrimSpace(task.text)}, nil
}

func (f *front) send(body []byte, cookies []*http.Cookie) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, vim25.Path, bytes.NewReader(body))
	for _, cookie := range cookies {
		r.AddCookie(cookie)
	}
	got := httptest.NewRecorder()
	f.service.ServeMux.ServeHTTP(got, r)
	return got
}
