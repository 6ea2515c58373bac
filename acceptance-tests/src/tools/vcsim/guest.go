package main

import (
	"fmt"
	"net/netip"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Plays the guests: a machine that is powered on reads its metadata as cloud-init does, and shows its name and
// addresses through VMware Tools. Without metadata, or where it says so, a card gets an address by DHCP.
type guests struct {
	service *simulator.Service

	mu sync.Mutex
	// What guests do, by the name of their machine, "*" for those that have none of their own: answers, silent, deaf or
	// hosted.
	moods map[string]string
	seen  map[types.ManagedObjectReference]seen
	boots map[types.ManagedObjectReference]boots
	// How many addresses DHCP has given.
	leases int
}

// What a guest found in its metadata.
type seen struct {
	Metadata string `json:"metadata"`
	Userdata string `json:"userdata"`
	Error    string `json:"error"`
}

// How often a machine was powered on, and whether a guest that is hosted elsewhere is up since the last time.
type boots struct {
	count int
	isUp  bool
}

func newGuests(service *simulator.Service) *guests {
	played := &guests{
		service: service,
		moods:   map[string]string{"*": "answers"},
		seen:    map[types.ManagedObjectReference]seen{},
		boots:   map[types.ManagedObjectReference]boots{},
	}
	service.Context.Map.AddHandler(played)
	for _, machine := range service.Context.Map.All("VirtualMachine") {
		go played.boot(machine.Reference())
	}
	return played
}

func (g *guests) mood(machine string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if mood, ok := g.moods[machine]; ok {
		return mood
	}
	return g.moods["*"]
}

// From now on guests behave so, also those that are up.
func (g *guests) setMood(machine, mood string) {
	g.mu.Lock()
	g.moods[machine] = mood
	g.mu.Unlock()
	for _, machine := range g.service.Context.Map.All("VirtualMachine") {
		g.boot(machine.Reference())
	}
}

// A guest that is hosted elsewhere is up after that boot of its machine; a later one is not the same.
func (g *guests) hostIsUp(machine types.ManagedObjectReference, boot int) {
	g.mu.Lock()
	counted := g.boots[machine]
	counted.isUp = counted.isUp || counted.count == boot
	g.boots[machine] = counted
	g.mu.Unlock()
	g.boot(machine)
}

func (g *guests) bootsOf(machine types.ManagedObjectReference) boots {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.boots[machine]
}

func (g *guests) whatWasSeen(machine types.ManagedObjectReference) seen {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.seen[machine]
}

// Reference is the name under which the registry tells of changes.
func (g *guests) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "Guests", Value: "guests"}
}

// PutObject does nothing: a new machine is off.
func (g *guests) PutObject(*simulator.Context, mo.Reference) {}

// RemoveObject forgets a machine.
func (g *guests) RemoveObject(_ *simulator.Context, object types.ManagedObjectReference) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.seen, object)
	delete(g.boots, object)
}

// UpdateObject boots a guest whose machine was powered on, and takes its addresses away when it is powered off.
func (g *guests) UpdateObject(_ *simulator.Context, object mo.Reference, changes []types.PropertyChange) {
	for _, change := range changes {
		if change.Name == "runtime.powerState" {
			g.count(object.Reference(), change.Val == types.VirtualMachinePowerStatePoweredOn)
			// The machine is locked by who changes it.
			go g.boot(object.Reference())
		}
	}
}

func (g *guests) count(machine types.ManagedObjectReference, isOn bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	counted := boots{count: g.boots[machine].count}
	if isOn {
		counted.count++
	}
	g.boots[machine] = counted
}

// Lets the guest show what its machine's state makes of it.
func (g *guests) boot(reference types.ManagedObjectReference) {
	defer crash()
	machine, ok := g.service.Context.Map.Get(reference).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	ctx := newContext(g.service)
	ctx.WithLock(machine, func() {
		isOn := machine.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
		mood := g.mood(machine.Name)
		waits := isOn && mood == "hosted" && !g.bootsOf(reference).isUp
		if waits {
			found, _ := readMetadata(machine)
			g.note(reference, found)
		}
		if !isOn || waits || mood == "silent" {
			g.quiet(ctx, machine)
			return
		}
		if machine.Guest.ToolsRunningStatus != string(types.VirtualMachineToolsRunningStatusGuestToolsRunning) {
			g.speak(ctx, machine)
		}
	})
}

func (g *guests) quiet(ctx *simulator.Context, machine *simulator.VirtualMachine) {
	if machine.Guest.ToolsRunningStatus != string(types.VirtualMachineToolsRunningStatusGuestToolsRunning) {
		return
	}
	nics := append([]types.GuestNicInfo{}, machine.Guest.Net...)
	for at := range nics {
		nics[at].IpAddress, nics[at].IpConfig, nics[at].Connected = nil, nil, false
	}
	show(ctx, machine, "", "", nics, false)
}

// A guest that cannot read its metadata, or finds none of its cards there, has no address.
func (g *guests) speak(ctx *simulator.Context, machine *simulator.VirtualMachine) {
	found, settings := readMetadata(machine)
	nics := []types.GuestNicInfo{}
	first := ""
	for at, card := range cards(machine) {
		nic := types.GuestNicInfo{
			Network: networkName(ctx, card), MacAddress: card.MacAddress, Connected: true, DeviceConfigId: card.Key,
		}
		addresses := settings.addresses(card.MacAddress, at)
		if addresses.dhcp {
			addresses.static = append(addresses.static, g.lease())
		}
		for _, address := range addresses.static {
			nic.IpAddress = append(nic.IpAddress, address.Addr().String())
		}
		nic.IpConfig = ipConfig(addresses.static)
		if first == "" && len(nic.IpAddress) > 0 {
			first = nic.IpAddress[0]
		}
		nics = append(nics, nic)
	}
	name := settings.HostName
	if !settings.given {
		name = machine.Guest.HostName
	}
	if machine.Guest.IpAddress != "" {
		// A customization of the simulator's own, or SET.guest.ipAddress, said it before.
		first, name, nics = machine.Guest.IpAddress, machine.Guest.HostName, machine.Guest.Net
	}
	g.note(machine.Self, found)
	if found.Error == "" {
		writeBack(ctx, machine, settings, first)
	}
	show(ctx, machine, name, first, nics, true)
}

func (g *guests) note(machine types.ManagedObjectReference, found seen) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen[machine] = found
}

func (g *guests) lease() netip.Prefix {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leases++
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 99, byte(g.leases >> 8), byte(g.leases)}), 16)
}

func show(
	ctx *simulator.Context, machine *simulator.VirtualMachine, name, address string, nics []types.GuestNicInfo, runs bool,
) {
	running := types.VirtualMachineToolsRunningStatusGuestToolsNotRunning
	status, state := types.VirtualMachineToolsStatusToolsNotRunning, types.VirtualMachineGuestStateNotRunning
	if runs {
		running = types.VirtualMachineToolsRunningStatusGuestToolsRunning
		status, state = types.VirtualMachineToolsStatusToolsOk, types.VirtualMachineGuestStateRunning
	}
	changes := []types.PropertyChange{{Name: "guest.net", Val: nics}, {Name: "guest.guestState", Val: string(state)}}
	for _, prefix := range []string{"", "summary."} {
		changes = append(changes,
			types.PropertyChange{Name: prefix + "guest.hostName", Val: name},
			types.PropertyChange{Name: prefix + "guest.ipAddress", Val: address},
			types.PropertyChange{Name: prefix + "guest.toolsRunningStatus", Val: string(running)},
			types.PropertyChange{Name: prefix + "guest.toolsStatus", Val: status},
		)
	}
	ctx.Update(machine, changes)
}

func ipConfig(prefixes []netip.Prefix) *types.NetIpConfigInfo {
	made := &types.NetIpConfigInfo{}
	for _, prefix := range prefixes {
		made.IpAddress = append(made.IpAddress, types.NetIpConfigInfoIpAddress{
			IpAddress: prefix.Addr().String(), PrefixLength: int32(prefix.Bits()), State: "preferred",
		})
	}
	return made
}

func networkName(ctx *simulator.Context, card *types.VirtualEthernetCard) string {
	switch backing := card.Backing.(type) {
	case *types.VirtualEthernetCardNetworkBackingInfo:
		return backing.DeviceName
	case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
		portgroup := types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: backing.Port.PortgroupKey}
		return nameOf(ctx.Map.Get(portgroup))
	case nil:
		return ""
	default:
		return fmt.Sprintf("%T", backing)
	}
}
