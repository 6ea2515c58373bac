package main

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/pbm"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

// A real vCenter reads requests by its WSDL: elements come in the order of the schema, those that are required are
// there, and no others. The simulator takes any order and passes over what it does not know. The fields of govmomi's
// types follow the order of the WSDL, so they are what requests are held against.

var (
	typeOf        = types.TypeFunc()
	referenceType = reflect.TypeFor[types.ManagedObjectReference]()
	timeType      = reflect.TypeFor[time.Time]()
	bytesType     = reflect.TypeFor[[]byte]()
)

// One element of a type.
type member struct {
	name     string
	kind     reflect.Type
	required bool
	repeated bool
}

// The schema of one of the APIs.
type schema struct {
	namespace string
	// What the names of its types begin with among govmomi's.
	prefix string
}

// The schemas by the paths of the APIs.
var schemas = map[string]schema{
	vim25.Path: {namespace: vimNamespace},
	pbm.Path:   {namespace: "urn:" + pbm.Namespace, prefix: pbm.Namespace + ":"},
}

func (s schema) typeOf(name string) (reflect.Type, bool) { return typeOf(s.prefix + name) }

// Says what in an envelope a real vCenter would not understand.
func (s schema) check(envelope *element) error {
	if envelope.name.Space != envelopeNamespace || envelope.name.Local != "Envelope" {
		return fmt.Errorf("%s is no SOAP envelope", envelope.name.Local)
	}
	method := call(envelope)
	if method == nil {
		return fmt.Errorf("the envelope has no body")
	}
	if method.name.Space != s.namespace {
		return fmt.Errorf("%s is in the namespace %q", method.name.Local, method.name.Space)
	}
	kind, ok := s.typeOf(method.name.Local)
	if !ok {
		return fmt.Errorf("there is no method %s", method.name.Local)
	}
	return s.checkMembers(method, kind, method.name.Local)
}

// Checks an element against the type that is declared for it.
func (s schema) checkElement(e *element, declared reflect.Type, path string) error {
	kind, err := s.actual(e, declared, path)
	if err != nil || kind == nil {
		return err
	}
	switch {
	case kind == referenceType:
		if _, ok := e.attribute("", "type"); !ok || strings.TrimSpace(e.text) == "" {
			return fmt.Errorf("%s refers to no object", path)
		}
		return noChildren(e, path)
	case kind == timeType || kind == bytesType || kind.Kind() != reflect.Struct:
		if err := noChildren(e, path); err != nil {
			return err
		}
		return checkText(e, kind, path)
	default:
		return s.checkMembers(e, kind, path)
	}
}

// The type of an element: the declared one, or the one that xsi:type says. None if it is simple and may be any.
func (s schema) actual(e *element, declared reflect.Type, path string) (reflect.Type, error) {
	if declared.Kind() == reflect.Pointer {
		declared = declared.Elem()
	}
	name, said := e.typeName()
	isInterface := declared.Kind() == reflect.Interface
	switch {
	case !said && isInterface && declared.NumMethod() == 0:
		return nil, fmt.Errorf("%s has no xsi:type", path)
	case !said && isInterface:
		base, ok := s.typeOf(strings.TrimPrefix(declared.Name(), "Base"))
		if !ok {
			return nil, fmt.Errorf("%s has no xsi:type", path)
		}
		return base, nil
	case !said:
		return declared, nil
	case name.Space == schemaNamespace:
		return simple(e, name.Local, declared, path)
	case name.Space != s.namespace:
		return nil, fmt.Errorf("%s has an xsi:type %q in the namespace %q", path, name.Local, name.Space)
	}
	kind, ok := s.typeOf(name.Local)
	switch {
	case !ok:
		return nil, fmt.Errorf("%s has the unknown type %s", path, name.Local)
	case isInterface && !reflect.PointerTo(kind).Implements(declared), !isInterface && kind != declared:
		return nil, fmt.Errorf("%s cannot be of the type %s", path, name.Local)
	}
	return kind, nil
}

// A type of XML Schema itself, such as xsd:string.
func simple(e *element, name string, declared reflect.Type, path string) (reflect.Type, error) {
	kinds := map[string]reflect.Type{
		"string": reflect.TypeFor[string](), "boolean": reflect.TypeFor[bool](), "byte": reflect.TypeFor[int8](),
		"short": reflect.TypeFor[int16](), "int": reflect.TypeFor[int32](), "long": reflect.TypeFor[int64](),
		"float": reflect.TypeFor[float32](), "double": reflect.TypeFor[float64](), "dateTime": timeType,
		"base64Binary": bytesType, "anyURI": reflect.TypeFor[string](),
	}
	kind, ok := kinds[name]
	if !ok {
		return nil, fmt.Errorf("%s has the unknown type xsd:%s", path, name)
	}
	if declared.Kind() != reflect.Interface && declared.Kind() != kind.Kind() {
		return nil, fmt.Errorf("%s cannot be of the type xsd:%s", path, name)
	}
	return kind, nil
}

// Checks that the elements in one are those of its type, in their order.
func (s schema) checkMembers(e *element, kind reflect.Type, path string) error {
	known := members(kind)
	next := 0
	for _, child := range e.children {
		name := child.name.Local
		at := slices.IndexFunc(known, func(m member) bool { return m.name == name })
		switch {
		case at < 0:
			return fmt.Errorf("%s has the unknown element %s", path, name)
		case child.name.Space != s.namespace:
			return fmt.Errorf("%s/%s is in the namespace %q", path, name, child.name.Space)
		case at < next-1 || at == next-1 && !known[at].repeated:
			return fmt.Errorf("%s/%s comes after %s, the order of the schema is another", path, name, known[next-1].name)
		}
		if err := missing(known, next, at, path); err != nil {
			return err
		}
		next = at + 1
		if err := s.checkElement(child, known[at].kind, path+"/"+name); err != nil {
			return err
		}
	}
	return missing(known, next, len(known), path)
}

func missing(known []member, from, to int, path string) error {
	for at := from; at < to; at++ {
		if known[at].required {
			return fmt.Errorf("%s lacks the required element %s", path, known[at].name)
		}
	}
	return nil
}

// The elements of a type in the order of the schema: those of the type that it extends come first.
func members(kind reflect.Type) []member {
	var found []member
	for at := range kind.NumField() {
		field := kind.Field(at)
		if field.Anonymous {
			found = append(found, members(field.Type)...)
			continue
		}
		tag := strings.Split(field.Tag.Get("xml"), ",")
		if tag[0] == "" || slices.Contains(tag, "attr") {
			continue
		}
		made := member{name: tag[0], kind: field.Type}
		if made.kind.Kind() == reflect.Slice && made.kind != bytesType {
			made.repeated, made.kind = true, made.kind.Elem()
		}
		// That a list must have something in it cannot be told from the Go type.
		optional := slices.Contains(tag, "omitempty") || made.kind.Kind() == reflect.Pointer
		made.required = !optional && !made.repeated
		found = append(found, made)
	}
	return found
}

func noChildren(e *element, path string) error {
	if len(e.children) != 0 {
		return fmt.Errorf("%s/%s is in a simple value", path, e.children[0].name.Local)
	}
	return nil
}

func checkText(e *element, kind reflect.Type, path string) error {
	text := strings.TrimSpace(e.text)
	var err error
	switch {
	case kind == timeType:
		_, err = time.Parse(time.RFC3339, text)
	case kind == bytesType:
		_, err = base64.StdEncoding.DecodeString(text)
	case kind.Kind() == reflect.Bool:
		if !slices.Contains([]string{"true", "false", "1", "0"}, text) {
			err = fmt.Errorf("no boolean")
		}
	case kind.Kind() >= reflect.Int && kind.Kind() <= reflect.Int64:
		_, err = strconv.ParseInt(text, 10, kind.Bits())
	case kind.Kind() == reflect.Float32, kind.Kind() == reflect.Float64:
		_, err = strconv.ParseFloat(text, kind.Bits())
	case kind.Kind() == reflect.String:
		enum, ok := reflect.Zero(kind).Interface().(interface{ Strings() []string })
		if ok && !slices.Contains(enum.Strings(), text) {
			err = fmt.Errorf("not one of %s", strings.Join(enum.Strings(), ", "))
		}
	}
	if err != nil {
		return fmt.Errorf("%s is %q: %w", path, text, err)
	}
	return nil
}
