package main

import (
	"context"
	"fmt"
	"path"
	"reflect"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// What is done to a machine behind the provider's back.
type change struct {
	Machine string `json:"machine"`
	// One of rename, cpus, memory, power_on, power_off, suspend, destroy, extra_config and attach.
	Action string `json:"action"`
	// The new name, the key of the extra configuration, or the path of a disk in the datastore of the machine.
	Name  string `json:"name"`
	Value string `json:"value"`
	// How many CPUs, or how many MiB of memory or of a disk.
	Number int64 `json:"number"`
	// Whether the disk is one that vCenter keeps apart from machines, as those of volumes are.
	FirstClass bool `json:"first_class"`
}

func (c *change) apply(service *simulator.Service) error {
	ctx := context.WithValue(context.Background(), behind{}, true)
	client, err := vim25.NewClient(ctx, service)
	if err != nil {
		return err
	}
	found, err := entityNamed[*simulator.VirtualMachine](service, c.Machine)
	if err != nil {
		return err
	}
	machine := object.NewVirtualMachine(client, found.Self)
	var task *object.Task
	switch c.Action {
	case "rename":
		task, err = machine.Rename(ctx, c.Name)
	case "cpus":
		task, err = machine.Reconfigure(ctx, types.VirtualMachineConfigSpec{NumCPUs: int32(c.Number)})
	case "memory":
		task, err = machine.Reconfigure(ctx, types.VirtualMachineConfigSpec{MemoryMB: c.Number})
	case "power_on":
		task, err = machine.PowerOn(ctx)
	case "power_off":
		task, err = machine.PowerOff(ctx)
	case "suspend":
		task, err = machine.Suspend(ctx)
	case "destroy":
		task, err = machine.Destroy(ctx)
	case "extra_config":
		option := &types.OptionValue{Key: c.Name, Value: c.Value}
		task, err = machine.Reconfigure(ctx, types.VirtualMachineConfigSpec{ExtraConfig: []types.BaseOptionValue{option}})
	case "attach":
		return c.attach(ctx, service, machine, found)
	default:
		return fmt.Errorf("there is no change %q", c.Action)
	}
	if err != nil {
		return err
	}
	return task.Wait(ctx)
}

// Makes a disk in a folder that is not the machine's, and attaches it.
func (c *change) attach(
	ctx context.Context, service *simulator.Service, machine *object.VirtualMachine, found *simulator.VirtualMachine,
) error {
	devices, err := machine.Device(ctx)
	if err != nil {
		return err
	}
	controller, err := devices.FindDiskController("")
	if err != nil {
		return err
	}
	var home object.DatastorePath
	home.FromString(found.Config.Files.VmPathName)
	datacenter := object.NewDatacenter(machine.Client(), *datacenterOf(service, found))
	directory := object.DatastorePath{Datastore: home.Datastore, Path: path.Dir(c.Name)}
	err = object.NewFileManager(machine.Client()).MakeDirectory(ctx, directory.String(), datacenter, true)
	if err != nil {
		return fmt.Errorf("make %s: %w", directory.String(), err)
	}
	file := object.DatastorePath{Datastore: home.Datastore, Path: c.Name}
	task, err := object.NewVirtualDiskManager(machine.Client()).CreateVirtualDisk(ctx, file.String(), datacenter,
		&types.FileBackedVirtualDiskSpec{
			VirtualDiskSpec: types.VirtualDiskSpec{AdapterType: "lsiLogic", DiskType: "thin"}, CapacityKb: c.Number * 1024,
		})
	if err == nil {
		err = task.Wait(ctx)
	}
	if err != nil {
		return fmt.Errorf("create %s: %w", file.String(), err)
	}
	disk := devices.CreateDisk(controller, found.Datastore[0], file.String())
	disk.CapacityInKB = c.Number * 1024
	disk.CapacityInBytes = c.Number * 1024 * 1024
	if c.FirstClass {
		disk.VDiskId = &types.ID{Id: uuid.NewString()}
	}
	added := &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: disk}
	spec := types.VirtualMachineConfigSpec{DeviceChange: []types.BaseVirtualDeviceConfigSpec{added}}
	task, err = machine.Reconfigure(ctx, spec)
	if err != nil {
		return err
	}
	return task.Wait(ctx)
}

// The datacenter that a machine is in.
func datacenterOf(service *simulator.Service, machine *simulator.VirtualMachine) *types.ManagedObjectReference {
	for at := machine.Parent; at != nil; at = parentOf(service.Context.Map.Get(*at)) {
		if at.Type == "Datacenter" {
			return at
		}
	}
	return nil
}

// The entity of this type that has this name.
func entityNamed[T mo.Entity](service *simulator.Service, name string) (T, error) {
	kind := reflect.TypeFor[T]().Elem().Name()
	for _, found := range service.Context.Map.All(kind) {
		if entity, ok := found.(T); ok && entity.Entity().Name == name {
			return entity, nil
		}
	}
	var none T
	return none, fmt.Errorf("there is no %s %s", kind, name)
}
