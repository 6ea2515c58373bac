package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

const (
	envelopeNamespace = "http://schemas.xmlsoap.org/soap/envelope/"
	schemaNamespace   = "http://www.w3.org/2001/XMLSchema"
	instanceNamespace = "http://www.w3.org/2001/XMLSchema-instance"
	vimNamespace      = "urn:vim25"
)

// An element with all that is in it.
type element struct {
	name       xml.Name
	attributes []xml.Attr
	// The namespaces of prefixes, which the values of xsi:type need.
	namespaces map[string]string
	children   []*element
	text       string
}

func parse(document []byte) (*element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	root := &element{namespaces: map[string]string{}}
	open := []*element{root}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			child := newElement(token.Copy(), top)
			top.children = append(top.children, child)
			open = append(open, child)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(token)
		}
	}
	if len(root.children) != 1 {
		return nil, errors.New("no document")
	}
	return root.children[0], nil
}

func newElement(start xml.StartElement, parent *element) *element {
	made := &element{name: start.Name, attributes: start.Attr, namespaces: parent.namespaces}
	for _, attribute := range start.Attr {
		prefix, declares := attribute.Name.Local, attribute.Name.Space == "xmlns"
		if attribute.Name.Space == "" && prefix == "xmlns" {
			prefix, declares = "", true
		}
		if !declares {
			continue
		}
		namespaces := map[string]string{prefix: attribute.Value}
		for known, namespace := range made.namespaces {
			if known != prefix {
				namespaces[known] = namespace
			}
		}
		made.namespaces = namespaces
	}
	return made
}

func (e *element) attribute(space, local string) (string, bool) {
	for _, attribute := range e.attributes {
		if attribute.Name.Space == space && attribute.Name.Local == local {
			return attribute.Value, true
		}
	}
	return "", false
}

// The type that xsi:type names, in its namespace.
func (e *element) typeName() (xml.Name, bool) {
	value, ok := e.attribute(instanceNamespace, "type")
	if !ok {
		return xml.Name{}, false
	}
	prefix, local, qualified := strings.Cut(value, ":")
	if !qualified {
		prefix, local = "", value
	}
	return xml.Name{Space: e.namespaces[prefix], Local: local}, true
}

func (e *element) child(local string) *element {
	if e == nil {
		return nil
	}
	for _, child := range e.children {
		if child.name.Local == local {
			return child
		}
	}
	return nil
}

// The first element with this name, at whatever depth.
func (e *element) find(local string) *element {
	if e == nil || e.name.Local == local {
		return e
	}
	for _, child := range e.children {
		if found := child.find(local); found != nil {
			return found
		}
	}
	return nil
}

// What is called in an envelope.
func call(envelope *element) *element {
	body := envelope.child("Body")
	if body == nil || len(body.children) == 0 {
		return nil
	}
	return body.children[0]
}
