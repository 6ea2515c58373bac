package main

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"sort"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Reads the simulator's own objects, so that tests need not believe what the provider says of them.
type observer struct {
	service *simulator.Service
	guests  *guests
}

type machineView struct {
	ID           string            `json:"id"`
	Name         string            `json:"name"`
	Path         string            `json:"path"`
	Pool         string            `json:"pool"`
	Template     bool              `json:"template"`
	UUID         string            `json:"uuid"`
	InstanceUUID string            `json:"instance_uuid"`
	Power        string            `json:"power"`
	Version      string            `json:"hardware_version"`
	Annotation   string            `json:"annotation"`
	CPUs         int32             `json:"cpus"`
	Cores        int32             `json:"cores_per_socket"`
	MemoryMiB    int32             `json:"memory_mib"`
	CPUHotAdd    bool              `json:"cpu_hot_add"`
	MemoryHotAdd bool              `json:"memory_hot_add"`
	DiskUUID     bool              `json:"disk_uuid"`
	ExtraConfig  map[string]string `json:"extra_config"`
	Controllers  []string          `json:"controllers"`
	Disks        []diskView        `json:"disks"`
	NICs         []nicView         `json:"nics"`
	Guest        guestView         `json:"guest"`
}

type diskView struct {
	Key        int32  `json:"key"`
	Path       string `json:"path"`
	SizeKiB    int64  `json:"size_kib"`
	FirstClass bool   `json:"first_class"`
}

type nicView struct {
	Key        int32  `json:"key"`
	Kind       string `json:"kind"`
	MACAddress string `json:"mac_address"`
	Network    string `json:"network"`
}

type guestView struct {
	HostName     string   `json:"host_name"`
	IPAddress    string   `json:"ip_address"`
	IPAddresses  []string `json:"ip_addresses"`
	ToolsRunning bool     `json:"tools_running"`
	Boots        int      `json:"boots"`
	seen
}

// All machines, by name.
func (o observer) machines() []machineView {
	found := []machineView{}
	for _, entity := range o.service.Context.Map.All("VirtualMachine") {
		machine, ok := entity.(*simulator.VirtualMachine)
		if !ok {
			continue
		}
		ctx := newContext(o.service)
		ctx.WithLock(machine, func() { found = append(found, o.machine(ctx, machine)) })
	}
	sort.Slice(found, func(a, b int) bool { return found[a].Path < found[b].Path })
	return found
}

func (o observer) machine(ctx *simulator.Context, machine *simulator.VirtualMachine) machineView {
	config := machine.Config
	made := machineView{
		ID: machine.Self.Value, Name: machine.Name, Path: o.path(machine), Template: config.Template,
		UUID: config.Uuid, InstanceUUID: config.InstanceUuid, Power: string(machine.Runtime.PowerState),
		Version: config.Version, Annotation: config.Annotation,
		CPUs: config.Hardware.NumCPU, MemoryMiB: config.Hardware.MemoryMB,
		CPUHotAdd: isOn(config.CpuHotAddEnabled), MemoryHotAdd: isOn(config.MemoryHotAddEnabled),
		DiskUUID: isOn(config.Flags.DiskUuidEnabled), ExtraConfig: map[string]string{},
		Controllers: []string{}, Disks: []diskView{}, NICs: []nicView{},
		Guest: o.guest(machine),
	}
	if config.Hardware.NumCoresPerSocket != nil {
		made.Cores = *config.Hardware.NumCoresPerSocket
	}
	if machine.ResourcePool != nil {
		made.Pool = o.path(ctx.Map.Get(*machine.ResourcePool))
	}
	for _, option := range config.ExtraConfig {
		value := option.GetOptionValue()
		made.ExtraConfig[value.Key] = fmt.Sprint(value.Value)
	}
	for _, device := range config.Hardware.Device {
		switch device := device.(type) {
		case *types.VirtualDisk:
			made.Disks = append(made.Disks, viewDisk(device))
		case types.BaseVirtualEthernetCard:
			card := device.GetVirtualEthernetCard()
			made.NICs = append(made.NICs, nicView{
				Key: card.Key, Kind: kindOf(device), MACAddress: card.MacAddress, Network: networkName(ctx, card),
			})
		case types.BaseVirtualSCSIController:
			made.Controllers = append(made.Controllers, kindOf(device))
		}
	}
	return made
}

func (o observer) guest(machine *simulator.VirtualMachine) guestView {
	made := guestView{
		HostName: machine.Guest.HostName, IPAddress: machine.Guest.IpAddress, IPAddresses: []string{},
		ToolsRunning: machine.Guest.ToolsRunningStatus == string(types.VirtualMachineToolsRunningStatusGuestToolsRunning),
		Boots:        o.guests.bootsOf(machine.Self).count,
		seen:         o.guests.whatWasSeen(machine.Self),
	}
	for _, nic := range machine.Guest.Net {
		made.IPAddresses = append(made.IPAddresses, nic.IpAddress...)
	}
	return made
}

func viewDisk(disk *types.VirtualDisk) diskView {
	made := diskView{Key: disk.Key, SizeKiB: disk.CapacityInKB, FirstClass: disk.VDiskId != nil}
	if backing, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
		made.Path = backing.GetVirtualDeviceFileBackingInfo().FileName
	}
	return made
}

func kindOf(device any) string { return strings.TrimPrefix(fmt.Sprintf("%T", device), "*types.") }

// The inventory path of an object, which begins below the root folder.
func (o observer) path(object mo.Reference) string {
	parent := parentOf(object)
	if parent == nil {
		return ""
	}
	return o.path(o.service.Context.Map.Get(*parent)) + "/" + nameOf(object)
}

// The paths of all objects of a kind.
func (o observer) containers(kind string) []string {
	found := []string{}
	for _, entity := range o.service.Context.Map.All(kind) {
		if path := o.path(entity); path != "" {
			found = append(found, path)
		}
	}
	sort.Strings(found)
	return found
}

type ruleView struct {
	Cluster   string   `json:"cluster"`
	Key       int32    `json:"key"`
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	Enabled   bool     `json:"enabled"`
	Mandatory bool     `json:"mandatory"`
	Machines  []string `json:"machines"`
}

func (o observer) rules() []ruleView {
	found := []ruleView{}
	for _, entity := range o.service.Context.Map.All("ClusterComputeResource") {
		cluster := entity.(*simulator.ClusterComputeResource)
		config, ok := cluster.ConfigurationEx.(*types.ClusterConfigInfoEx)
		if !ok {
			continue
		}
		for _, rule := range config.Rule {
			info := rule.GetClusterRuleInfo()
			made := ruleView{
				Cluster: o.path(cluster), Key: info.Key, Name: info.Name, Kind: kindOf(rule),
				Enabled: isOn(info.Enabled), Mandatory: isOn(info.Mandatory), Machines: []string{},
			}
			for _, machine := range ruled(rule) {
				made.Machines = append(made.Machines, nameOf(o.service.Context.Map.Get(machine)))
			}
			found = append(found, made)
		}
	}
	return found
}

func isOn(flag *bool) bool { return flag != nil && *flag }

// The machines that a rule keeps together or apart.
func ruled(rule types.BaseClusterRuleInfo) []types.ManagedObjectReference {
	switch rule := rule.(type) {
	case *types.ClusterAntiAffinityRuleSpec:
		return rule.Vm
	case *types.ClusterAffinityRuleSpec:
		return rule.Vm
	}
	return nil
}

type permissionView struct {
	Entity    string `json:"entity"`
	Kind      string `json:"kind"`
	Principal string `json:"principal"`
	Group     bool   `json:"group"`
	Role      string `json:"role"`
	Propagate bool   `json:"propagate"`
}

func (o observer) authorization() *authorization {
	registry := o.service.Context.Map
	content := registry.Get(vim25.ServiceInstance).(*simulator.ServiceInstance).Content
	return &authorization{registry.Get(*content.AuthorizationManager).(*simulator.AuthorizationManager)}
}

func (o observer) roles() map[string][]string {
	found := map[string][]string{}
	for _, role := range o.authorization().RoleList {
		if !role.System {
			found[role.Name] = append([]string{}, role.Privilege...)
		}
	}
	return found
}

func (o observer) permissions() []permissionView {
	manager := o.authorization()
	found := []permissionView{}
	for _, known := range manager.all() {
		made := permissionView{
			Entity: o.path(o.service.Context.Map.Get(*known.Entity)), Kind: known.Entity.Type,
			Principal: known.Principal, Group: known.Group, Propagate: known.Propagate,
		}
		if role := manager.role(known.RoleId); role != nil {
			made.Role = role.Name
		}
		found = append(found, made)
	}
	sort.Slice(found, func(a, b int) bool { return fmt.Sprint(found[a]) < fmt.Sprint(found[b]) })
	return found
}

// The files in all datastores, as "[datastore] path".
func (o observer) files() []string {
	found := []string{}
	for _, entity := range o.service.Context.Map.All("Datastore") {
		datastore := entity.(*simulator.Datastore)
		root := datastore.Info.GetDatastoreInfo().Url
		_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				below, _ := filepath.Rel(root, path)
				found = append(found, fmt.Sprintf("[%s] %s", datastore.Name, below))
			}
			return nil
		})
	}
	sort.Strings(found)
	return found
}
