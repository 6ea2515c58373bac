package main

import (
	"crypto/rand"
	"fmt"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// A machine that is cloned, changed and shut down as on a real vCenter.
type machine struct {
	*simulator.VirtualMachine
	lab *corrections
}

// A clone keeps the extra configuration of what it is made of, has new MAC addresses and identifiers, and gets all
// that the specification says. The simulator's has none of this.
func (m *machine) CloneVMTask(ctx *simulator.Context, req *types.CloneVM_Task) soap.HasFault {
	run := func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		inner := *req
		inner.Spec.PowerOn = false
		config := types.VirtualMachineConfigSpec{}
		if req.Spec.Config != nil {
			config = *req.Spec.Config
		}
		if config.Uuid == "" {
			config.Uuid = "42" + uuid.NewString()[2:]
		}
		if config.InstanceUuid == "" {
			config.InstanceUuid = "50" + uuid.NewString()[2:]
		}
		rest := config
		config.ExtraConfig = m.Config.ExtraConfig
		inner.Spec.Config = &config
		result, fault := finished(ctx, m.VirtualMachine.CloneVMTask(ctx, &inner))
		if fault != nil {
			return nil, fault
		}
		clone := ctx.Map.Get(result.(types.ManagedObjectReference)).(*simulator.VirtualMachine)
		m.renewAddresses(ctx, clone)
		rest.DeviceChange = nil
		if fault := reconfigured(ctx, clone, rest); fault != nil {
			clone.DestroyTask(ctx, &types.Destroy_Task{This: clone.Self})
			return nil, fault
		}
		if req.Spec.PowerOn && !req.Spec.Template {
			_, fault = finished(ctx, clone.PowerOnVMTask(ctx, &types.PowerOnVM_Task{This: clone.Self}))
		}
		return result, fault
	}
	task := simulator.CreateTask(m.VirtualMachine, "cloneVm", run)
	return &methods.CloneVM_TaskBody{Res: &types.CloneVM_TaskResponse{Returnval: task.Run(ctx)}}
}

// Applies what the simulator's clone passes over. A template takes no changes, so it is none for that while.
func reconfigured(
	ctx *simulator.Context, clone *simulator.VirtualMachine, rest types.VirtualMachineConfigSpec,
) types.BaseMethodFault {
	template := clone.Config.Template
	clone.Config.Template = false
	defer func() { clone.Config.Template = template }()
	_, fault := finished(ctx, clone.ReconfigVMTask(ctx, &types.ReconfigVM_Task{This: clone.Self, Spec: rest}))
	return fault
}

func (m *machine) renewAddresses(ctx *simulator.Context, clone *simulator.VirtualMachine) {
	taken := map[string]bool{}
	for _, card := range cards(m.VirtualMachine) {
		taken[card.MacAddress] = true
	}
	for _, card := range cards(clone) {
		if card.AddressType == string(types.VirtualEthernetCardMacTypeManual) || !taken[card.MacAddress] {
			continue
		}
		made := make([]byte, 3)
		_, _ = rand.Read(made)
		// The addresses that a vCenter assigns are in this range.
		card.MacAddress = fmt.Sprintf("00:50:56:%02x:%02x:%02x", 0x80|made[0]&0x3f, made[1], made[2])
		card.AddressType = string(types.VirtualEthernetCardMacTypeAssigned)
		for at := range clone.Guest.Net {
			if clone.Guest.Net[at].DeviceConfigId == card.Key {
				clone.Guest.Net[at].MacAddress = card.MacAddress
			}
		}
	}
	ctx.Update(clone, []types.PropertyChange{{Name: "config.hardware.device", Val: clone.Config.Hardware.Device}})
}

// The network cards of a machine, in its order.
func cards(vm *simulator.VirtualMachine) []*types.VirtualEthernetCard {
	var found []*types.VirtualEthernetCard
	for _, device := range vm.Config.Hardware.Device {
		if card, ok := device.(types.BaseVirtualEthernetCard); ok {
			found = append(found, card.GetVirtualEthernetCard())
		}
	}
	return found
}

// What a real vCenter refuses, the task of a reconfiguration ends with.
func (m *machine) ReconfigVMTask(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	if fault := m.refusal(&req.Spec); m.lab.checksState && fault != nil {
		refuse := func(*simulator.Task) (types.AnyType, types.BaseMethodFault) { return nil, fault }
		task := simulator.CreateTask(m.VirtualMachine, "reconfigVm", refuse)
		return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{Returnval: task.Run(ctx)}}
	}
	return m.VirtualMachine.ReconfigVMTask(ctx, req)
}

func (m *machine) refusal(spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	if spec.ChangeVersion != "" && spec.ChangeVersion != m.Config.ChangeVersion {
		return &types.ConcurrentAccess{}
	}
	devices := object.VirtualDeviceList(m.Config.Hardware.Device)
	for at, change := range spec.DeviceChange {
		changed := change.GetVirtualDeviceConfigSpec()
		if changed.Operation == types.VirtualDeviceConfigSpecOperationAdd {
			continue
		}
		if devices.FindByKey(changed.Device.GetVirtualDevice().Key) == nil {
			return &types.InvalidDeviceSpec{DeviceIndex: int32(at)}
		}
	}
	if m.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff && m.needsPowerOff(spec) {
		return &types.InvalidPowerState{
			RequestedState: types.VirtualMachinePowerStatePoweredOff,
			ExistingState:  m.Runtime.PowerState,
		}
	}
	return nil
}

// Whether a change takes a machine that is off: all but more CPUs and more memory where they may be added while it is
// on.
func (m *machine) needsPowerOff(spec *types.VirtualMachineConfigSpec) bool {
	config, hardware := m.Config, m.Config.Hardware
	refused := func(to, from int64, hotAdd *bool) bool { return to != 0 && (to < from || to > from && !isOn(hotAdd)) }
	cpus := refused(int64(spec.NumCPUs), int64(hardware.NumCPU), config.CpuHotAddEnabled)
	memory := refused(spec.MemoryMB, int64(hardware.MemoryMB), config.MemoryHotAddEnabled)
	changed := func(to, from *bool) bool { return to != nil && isOn(to) != isOn(from) }
	cores := spec.NumCoresPerSocket != nil &&
		(hardware.NumCoresPerSocket == nil || *spec.NumCoresPerSocket != *hardware.NumCoresPerSocket)
	return cpus || memory || cores || changed(spec.CpuHotAddEnabled, config.CpuHotAddEnabled) ||
		changed(spec.MemoryHotAddEnabled, config.MemoryHotAddEnabled) ||
		spec.Firmware != "" && spec.Firmware != config.Firmware
}

// A guest can be asked to shut down only while its tools run. One that is deaf does not do it.
func (m *machine) ShutdownGuest(ctx *simulator.Context, req *types.ShutdownGuest) soap.HasFault {
	isOn := m.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	runs := m.Guest.ToolsRunningStatus == string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)
	switch {
	case isOn && !runs && m.lab.checksState:
		return &methods.ShutdownGuestBody{Fault_: simulator.Fault("", &types.ToolsUnavailable{})}
	case isOn && m.lab.guests.mood(m.Name) == "deaf":
		return &methods.ShutdownGuestBody{Res: &types.ShutdownGuestResponse{}}
	}
	return m.VirtualMachine.ShutdownGuest(ctx, req)
}

// What became of the task that a method started.
func finished(ctx *simulator.Context, answered soap.HasFault) (types.AnyType, types.BaseMethodFault) {
	if fault := answered.Fault(); fault != nil {
		return nil, fault.VimFault().(types.BaseMethodFault)
	}
	var reference types.ManagedObjectReference
	switch body := answered.(type) {
	case *methods.CloneVM_TaskBody:
		reference = body.Res.Returnval
	case *methods.ReconfigVM_TaskBody:
		reference = body.Res.Returnval
	case *methods.PowerOnVM_TaskBody:
		reference = body.Res.Returnval
	case *methods.ReconfigureComputeResource_TaskBody:
		reference = body.Res.Returnval
	case *methods.Destroy_TaskBody:
		reference = body.Res.Returnval
	}
	task := ctx.Map.Get(reference).(*simulator.Task)
	task.Wait()
	if task.Info.Error != nil {
		return nil, task.Info.Error.Fault
	}
	return task.Info.Result, nil
}
