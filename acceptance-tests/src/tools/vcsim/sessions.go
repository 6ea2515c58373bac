package main

import (
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// Who may log in.
type users struct {
	mu        sync.Mutex
	passwords map[string]string
}

func newUsers(passwords map[string]string) *users { return &users{passwords: passwords} }

func (u *users) valid(login *types.Login) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	password, ok := u.passwords[login.UserName]
	return ok && password == login.Password
}

func (u *users) add(name, password string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.passwords[name] = password
}

// The sessions that there are.
func sessions(registry *simulator.Registry) []types.UserSession {
	// A view of its own of the session manager has the list.
	view := &simulator.Session{Registry: simulator.NewRegistry(), Map: registry}
	return view.Get(registry.SessionManager().Self).(*simulator.SessionManager).SessionList
}

// The sessions of clients.
func (f *front) sessions() []types.UserSession {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := []types.UserSession{}
	for _, session := range sessions(f.service.Context.Map) {
		if !f.own[session.Key] {
			found = append(found, session)
		}
	}
	return found
}

func terminate(service *simulator.Service, keys ...string) {
	service.Context.Map.SessionManager().TerminateSession(service.Context, &types.TerminateSession{SessionId: keys})
}
