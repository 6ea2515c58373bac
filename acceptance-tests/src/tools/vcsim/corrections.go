package main

import (
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Puts what a real vCenter does in the place of what the simulator leaves out: machines, clusters and the authorization
// manager are replaced by our own. A session looks up objects in its own registry first, so that is where they are put.
type corrections struct {
	checksState bool
	guests      *guests

	mu sync.Mutex
	// The registries in which an object is replaced.
	replaced map[types.ManagedObjectReference][]*simulator.Registry
}

func correct(service *simulator.Service, checksState bool, played *guests) {
	c := &corrections{
		checksState: checksState,
		guests:      played,
		replaced:    map[types.ManagedObjectReference][]*simulator.Registry{},
	}
	service.Context.Map.Handler = c.handler
	service.Context.Map.AddHandler(c)
}

// Marks what a test does behind the provider's back. Nothing of it is refused.
type behind struct{}

// Replaces the object of a call, before the simulator looks it up.
func (c *corrections) handler(
	ctx *simulator.Context, method *simulator.Method,
) (mo.Reference, types.BaseMethodFault) {
	if ctx.Session == nil || ctx.Value(behind{}) != nil || ctx.Session.Registry.Get(method.This) != nil {
		return nil, nil
	}
	switch object := ctx.Map.Get(method.This).(type) {
	case *simulator.VirtualMachine:
		c.replace(ctx.Session.Registry, &machine{object, c})
	case *simulator.AuthorizationManager:
		c.replace(ctx.Session.Registry, &authorization{object})
	case *simulator.ClusterComputeResource:
		c.replace(ctx.Session.Registry, &cluster{object})
	}
	return nil, nil
}

func (c *corrections) replace(registry *simulator.Registry, object mo.Reference) {
	c.mu.Lock()
	defer c.mu.Unlock()
	registry.Put(object)
	c.replaced[object.Reference()] = append(c.replaced[object.Reference()], registry)
}

// Reference is the name under which the registry tells of changes.
func (c *corrections) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "Corrections", Value: "corrections"}
}

// PutObject does nothing: an object is replaced when it is called.
func (c *corrections) PutObject(*simulator.Context, mo.Reference) {}

// UpdateObject does nothing.
func (c *corrections) UpdateObject(*simulator.Context, mo.Reference, []types.PropertyChange) {}

// RemoveObject takes away what stands for an object that is no more.
func (c *corrections) RemoveObject(ctx *simulator.Context, object types.ManagedObjectReference) {
	if object.Type == "VirtualMachine" {
		leaveRules(ctx, object)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, registry := range c.replaced[object] {
		registry.Remove(ctx, object)
	}
	delete(c.replaced, object)
}
