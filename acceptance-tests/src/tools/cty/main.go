// Judges encodings of values by go-cty, the library that cores keep their values in.
//
// Each line on stdin is a case, each line on stdout its answer; both are JSON. Values come in either encoding and go back in
// both, so that the asker can compare what it wrote with what go-cty understood.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"
)

// A value in one or both of its encodings.
type question struct {
	Type    json.RawMessage `json:"type"`
	Msgpack []byte          `json:"msgpack"`
	JSON    []byte          `json:"json"`
}

type answer struct {
	Msgpack reading `json:"msgpack"`
	JSON    reading `json:"json"`
}

// What became of one encoding: the value in both encodings, or why it is none. A value that is not wholly known has no JSON.
type reading struct {
	Msgpack []byte `json:"msgpack"`
	JSON    []byte `json:"json"`
	Error   string `json:"error"`
}

type decoder func([]byte, cty.Type) (cty.Value, error)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	buffered := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(buffered)
	for in.More() {
		var asked question
		if err := in.Decode(&asked); err != nil {
			return err
		}
		// A type that go-cty does not know is refused like a value of it.
		var answered answer
		ty, err := ctyjson.UnmarshalType(asked.Type)
		if err != nil {
			answered.Msgpack.Error, answered.JSON.Error = err.Error(), err.Error()
		} else {
			answered.Msgpack = read(asked.Msgpack, ty, msgpack.Unmarshal)
			answered.JSON = read(asked.JSON, ty, ctyjson.Unmarshal)
		}
		if err := out.Encode(answered); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

func read(encoded []byte, ty cty.Type, decode decoder) (result reading) {
	if encoded == nil {
		return reading{}
	}
	// Some malformed values make go-cty panic, which ends a core: that is a refusal as well.
	defer func() {
		if failure := recover(); failure != nil {
			result = reading{Error: fmt.Sprint("panic: ", failure)}
		}
	}()
	value, err := decode(encoded, ty)
	if err != nil {
		return reading{Error: err.Error()}
	}
	if result.Msgpack, err = msgpack.Marshal(value, ty); err != nil {
		return reading{Error: err.Error()}
	}
	if value.IsWhollyKnown() {
		// Infinity has no JSON.
		result.JSON, _ = ctyjson.Marshal(value, ty)
	}
	return result
}
