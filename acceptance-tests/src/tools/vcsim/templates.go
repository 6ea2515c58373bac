package main

import (
	"context"
	"fmt"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

// A template to clone.
type template struct {
	Name string `json:"name"`
	// Such as vmx-15.
	HardwareVersion string            `json:"hardware_version"`
	CPUs            int32             `json:"cpus"`
	MemoryMiB       int64             `json:"memory_mib"`
	DiskGiB         int64             `json:"disk_gib"`
	ExtraConfig     map[string]string `json:"extra_config"`
	// A plain machine instead, which is off.
	Machine bool `json:"machine"`
}

// Makes the templates in the first datacenter, each with one disk and one card.
func makeTemplates(service *simulator.Service, templates []template) error {
	ctx := context.Background()
	client, err := vim25.NewClient(ctx, service)
	if err != nil {
		return err
	}
	finder := find.NewFinder(client)
	for _, wanted := range templates {
		if err := wanted.make(ctx, finder); err != nil {
			return fmt.Errorf("make %s: %w", wanted.Name, err)
		}
	}
	return nil
}

func (t template) make(ctx context.Context, finder *find.Finder) error {
	datacenter, err := finder.Datacenter(ctx, "/DC0")
	if err != nil {
		return err
	}
	finder.SetDatacenter(datacenter)
	folders, err := datacenter.Folders(ctx)
	if err != nil {
		return err
	}
	pool, err := finder.ResourcePool(ctx, "/DC0/host/DC0_C0/Resources")
	if err != nil {
		return err
	}
	network, err := finder.Network(ctx, "VM Network")
	if err != nil {
		return err
	}
	backing, err := network.EthernetCardBackingInfo(ctx)
	if err != nil {
		return err
	}
	spec, err := t.spec(backing)
	if err != nil {
		return err
	}
	task, err := folders.VmFolder.CreateVM(ctx, spec, pool, nil)
	if err != nil {
		return err
	}
	made, err := task.WaitForResult(ctx, nil)
	if err != nil || t.Machine {
		return err
	}
	machine := object.NewVirtualMachine(folders.VmFolder.Client(), made.Result.(types.ManagedObjectReference))
	return machine.MarkAsTemplate(ctx)
}

func (t template) spec(backing types.BaseVirtualDeviceBackingInfo) (types.VirtualMachineConfigSpec, error) {
	spec := types.VirtualMachineConfigSpec{
		Name: t.Name, GuestId: "ubuntu64Guest", Version: t.HardwareVersion, NumCPUs: t.CPUs, MemoryMB: t.MemoryMiB,
		Files: &types.VirtualMachineFileInfo{VmPathName: "[LocalDS_0]"},
	}
	for key, value := range t.ExtraConfig {
		spec.ExtraConfig = append(spec.ExtraConfig, &types.OptionValue{Key: key, Value: value})
	}
	var devices object.VirtualDeviceList
	controller, err := devices.CreateSCSIController("pvscsi")
	if err != nil {
		return spec, err
	}
	disk := devices.CreateDisk(controller.(types.BaseVirtualController), types.ManagedObjectReference{},
		fmt.Sprintf("[LocalDS_0] %s/disk1.vmdk", t.Name))
	disk.CapacityInKB = t.DiskGiB * 1024 * 1024
	card, err := devices.CreateEthernetCard("vmxnet3", backing)
	if err != nil {
		return spec, err
	}
	spec.DeviceChange, err = append(devices, controller, disk, card).ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	return spec, err
}
