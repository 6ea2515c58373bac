package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// What tests see and change, below /_ctl/. observe.go reads the simulator's own objects, change.go changes them.
func newControl(f *front, users *users, played *guests) http.Handler {
	mux := http.NewServeMux()
	observer := observer{f.service, played}
	shows := func(path string, read func() any) {
		mux.HandleFunc("GET /_ctl/"+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(read())
		})
	}
	shows("requests", func() any { return f.logged() })
	shows("sessions", func() any { return f.sessions() })
	shows("machines", func() any { return observer.machines() })
	shows("folders", func() any { return observer.containers("Folder") })
	shows("pools", func() any { return observer.containers("ResourcePool") })
	shows("rules", func() any { return observer.rules() })
	shows("roles", func() any { return observer.roles() })
	shows("permissions", func() any { return observer.permissions() })
	shows("files", func() any { return observer.files() })
	does(mux, "fault", f.addFault)
	mux.HandleFunc("POST /_ctl/clear_faults", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, f.clearFaults())
	})
	does(mux, "forget_requests", func(*struct{}) error {
		f.forget()
		return nil
	})
	does(mux, "delay", func(asked *delay) error {
		key := asked.Method
		if asked.Task {
			key = taskKey(key)
		}
		f.setDelay(key, time.Duration(asked.Milliseconds)*time.Millisecond)
		return nil
	})
	does(mux, "end_sessions", func(*struct{}) error {
		for _, session := range f.sessions() {
			terminate(f.service, session.Key)
		}
		return nil
	})
	does(mux, "user", func(asked *user) error {
		users.add(asked.Name, asked.Password)
		return nil
	})
	does(mux, "guest", func(asked *guest) error {
		played.setMood(asked.Machine, asked.Mood)
		return nil
	})
	does(mux, "guest_up", func(asked *guestUp) error {
		played.hostIsUp(types.ManagedObjectReference{Type: "VirtualMachine", Value: asked.Machine}, asked.Boot)
		return nil
	})
	does(mux, "distribution", func(asked *distribution) error { return asked.apply(f.service) })
	does(mux, "hardware", func(asked *hardware) error { return asked.apply(f.service) })
	does(mux, "datastore", func(asked *datastoreChange) error { return asked.apply(f.service) })
	does(mux, "host", func(asked *hostChange) error { return asked.apply(f.service) })
	does(mux, "change", func(asked *change) error { return asked.apply(f.service) })
	return mux
}

type delay struct {
	Method       string `json:"method"`
	Task         bool   `json:"task"`
	Milliseconds int64  `json:"milliseconds"`
}

type user struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

type guest struct {
	Machine string `json:"machine"`
	Mood    string `json:"mood"`
}

type guestUp struct {
	Machine string `json:"machine"`
	Boot    int    `json:"boot"`
}

// Answers a request to do something, which comes as JSON.
func does[T any](mux *http.ServeMux, path string, do func(*T) error) {
	mux.HandleFunc("POST /_ctl/"+path, func(w http.ResponseWriter, r *http.Request) {
		var asked T
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&asked)
		if err == nil {
			err = do(&asked)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
}

func (f *front) logged() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := []request{}
	for _, asked := range f.requests {
		found = append(found, *asked)
	}
	return found
}

func (f *front) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = nil
}
