package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// What is to go wrong, and on which requests.
type fault struct {
	Method string `json:"method"`
	// What happens: thrown, failed_task, cut, lost_answer, hang, unavailable or status.
	Kind string `json:"kind"`
	// The class of a fault that is thrown or that a task ends with, its message, and its elements.
	Class   string          `json:"class"`
	Message string          `json:"message"`
	With    json.RawMessage `json:"with"`
	// What REST answers in place of 200.
	Status int `json:"status"`
	// Only for this object, by its name or its id, or for what is to be called so; for all if there is none.
	Object string `json:"object"`
	Skip   int    `json:"skip"`
	// How many requests it meets; all if it is zero.
	Times int `json:"times"`

	met int
}

func (f *front) addFault(added *fault) error {
	kinds := []string{"thrown", "failed_task", "cut", "lost_answer", "hang", "unavailable", "status"}
	if !slices.Contains(kinds, added.Kind) {
		return fmt.Errorf("there is no kind %q of fault", added.Kind)
	}
	if added.Class != "" {
		if _, err := added.make(types.ManagedObjectReference{}); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, added)
	return nil
}

// Forgets all faults, and says how many requests they met.
func (f *front) clearFaults() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	met := 0
	for _, known := range f.faults {
		met += known.met
	}
	f.faults = nil
	return met
}

// The fault that meets a request.
func (f *front) take(asked *request) *fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, known := range f.faults {
		if known.Method != asked.Method && known.Method != "*" || known.Times > 0 && known.met >= known.Times {
			continue
		}
		if known.Object != "" && !slices.Contains([]string{asked.Name, asked.Object, asked.argument}, known.Object) {
			continue
		}
		if known.Skip > 0 {
			known.Skip--
			continue
		}
		known.met++
		return known
	}
	return nil
}

// Lets a request go wrong.
func (f *front) spoil(taken *fault, asked *request, w http.ResponseWriter, r *http.Request) {
	switch taken.Kind {
	case "cut":
		panic(http.ErrAbortHandler)
	case "lost_answer":
		f.pass(asked, r)
		panic(http.ErrAbortHandler)
	case "hang":
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case "unavailable":
		http.Error(w, "503 Service Unavailable (Failed to connect to endpoint)", http.StatusServiceUnavailable)
	case "status":
		w.WriteHeader(taken.Status)
	case "thrown":
		made, err := taken.make(asked.reference())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		f.answerFault(w, asked, taken.Message, made)
	case "failed_task":
		f.answerTask(w, asked, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
			f.wait(taskKey(asked.Method))
			made, err := taken.make(asked.reference())
			if err != nil {
				return nil, &types.SystemError{Reason: err.Error()}
			}
			return nil, made
		})
	}
}

// Makes the fault of the class. Where it names an object, that is the one that was called unless the test says
// another.
func (t *fault) make(object types.ManagedObjectReference) (types.BaseMethodFault, error) {
	kind, ok := typeOf(t.Class)
	if !ok {
		return nil, fmt.Errorf("there is no class %s", t.Class)
	}
	value := reflect.New(kind)
	for _, name := range []string{"Object", "Obj"} {
		field := value.Elem().FieldByName(name)
		switch {
		case !field.IsValid():
		case field.Type() == referenceType:
			field.Set(reflect.ValueOf(object))
		case field.Type() == reflect.PointerTo(referenceType):
			field.Set(reflect.ValueOf(&object))
		}
	}
	if len(t.With) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(t.With))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(value.Interface()); err != nil {
			return nil, fmt.Errorf("%s: %w", t.Class, err)
		}
	}
	made, ok := value.Interface().(types.BaseMethodFault)
	if !ok {
		return nil, fmt.Errorf("%s is no fault", t.Class)
	}
	return made, nil
}

func (f *front) answerFault(w http.ResponseWriter, asked *request, message string, made types.BaseMethodFault) {
	class := reflect.TypeOf(made).Elem().Name()
	f.setFault(asked, class)
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	fmt.Fprint(w, envelopeStart, "<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>")
	_ = xml.EscapeText(w, []byte(message))
	fmt.Fprint(w, "</faultstring><detail>")
	start := xml.StartElement{Name: xml.Name{Local: class + "Fault"}, Attr: []xml.Attr{
		{Name: xml.Name{Local: "xmlns"}, Value: vimNamespace},
		{Name: xml.Name{Local: "xsi:type"}, Value: class},
	}}
	_ = xml.NewEncoder(w).EncodeElement(made, start)
	fmt.Fprint(w, "</detail></soapenv:Fault>", envelopeEnd)
}

const (
	envelopeStart = xml.Header + `<soapenv:Envelope xmlns:soapenv="` + envelopeNamespace +
		`" xmlns:xsd="` + schemaNamespace + `" xmlns:xsi="` + instanceNamespace + `"><soapenv:Body>`
	envelopeEnd = "</soapenv:Body></soapenv:Envelope>"
)
