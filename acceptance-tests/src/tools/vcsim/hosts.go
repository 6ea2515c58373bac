package main

import (
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Gives the hosts as many CPUs and as much memory as those of a data center have. The simulator's own have two CPUs, on
// which a real vCenter would power on none of the machines that it takes.
func equip(service *simulator.Service) {
	for _, entity := range service.Context.Map.All("HostSystem") {
		host := entity.(*simulator.HostSystem)
		hardware := *host.Summary.Hardware
		hardware.NumCpuCores, hardware.NumCpuThreads = 32, 64
		hardware.MemorySize = 512 << 30
		host.Summary.Hardware = &hardware
	}
}

// What becomes of a host behind the provider's back.
type hostChange struct {
	Host string `json:"host"`
	// One of maintenance, lose_datastore and lose_network.
	Action string `json:"action"`
	// The datastore or the network.
	Name string `json:"name"`
}

func (c *hostChange) apply(service *simulator.Service) error {
	host, err := entityNamed[*simulator.HostSystem](service, c.Host)
	if err != nil {
		return err
	}
	newContext(service).WithLock(host, func() {
		switch c.Action {
		case "maintenance":
			host.Runtime.InMaintenanceMode = true
		case "lose_datastore":
			host.Datastore, err = without(service, host.Datastore, c.Name)
		case "lose_network":
			host.Network, err = without(service, host.Network, c.Name)
		default:
			err = fmt.Errorf("there is no change %q", c.Action)
		}
	})
	return err
}

// The objects that have another name than this one.
func without(
	service *simulator.Service, objects []types.ManagedObjectReference, name string,
) ([]types.ManagedObjectReference, error) {
	rest := slices.DeleteFunc(slices.Clone(objects), func(object types.ManagedObjectReference) bool {
		entity, ok := service.Context.Map.Get(object).(mo.Entity)
		return ok && entity.Entity().Name == name
	})
	if len(rest) == len(objects) {
		return nil, fmt.Errorf("the host has no %s", name)
	}
	return rest, nil
}

// How much is left of a datastore from now on.
type datastoreChange struct {
	Datastore string `json:"datastore"`
	FreeGiB   int64  `json:"free_gib"`
}

func (c *datastoreChange) apply(service *simulator.Service) error {
	datastore, err := entityNamed[*simulator.Datastore](service, c.Datastore)
	if err != nil {
		return err
	}
	newContext(service).WithLock(datastore, func() { datastore.Summary.FreeSpace = c.FreeGiB << 30 })
	return nil
}
