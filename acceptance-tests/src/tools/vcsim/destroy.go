package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Destroying a machine leaves the disks in its folder that it does not have: they were taken off before. The
// simulator removes the folder with all that is in it.
func (m *machine) DestroyTask(ctx *simulator.Context, req *types.Destroy_Task) soap.HasFault {
	run := func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		restore := m.setOthersAside(ctx)
		result, fault := finished(ctx, m.VirtualMachine.DestroyTask(ctx, req))
		restore()
		return result, fault
	}
	task := simulator.CreateTask(m.VirtualMachine, "destroy", run)
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: task.Run(ctx)}}
}

// Moves the disks that are not the machine's away from its folder, and answers what brings them back.
func (m *machine) setOthersAside(ctx *simulator.Context) func() {
	own := map[string]bool{}
	for _, disk := range object.VirtualDeviceList(m.Config.Hardware.Device).SelectByType((*types.VirtualDisk)(nil)) {
		if backing, ok := disk.GetVirtualDevice().Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
			own[backing.GetVirtualDeviceFileBackingInfo().FileName] = true
		}
	}
	folder := m.folder(ctx)
	aside, err := os.MkdirTemp("", "vcsim-aside-")
	if folder.local == "" || err != nil {
		return func() {}
	}
	moved := []string{}
	files, _ := filepath.Glob(filepath.Join(folder.local, "*.vmdk"))
	for _, file := range files {
		name := filepath.Base(file)
		if own[folder.path+"/"+strings.TrimSuffix(name, "-flat.vmdk")+".vmdk"] || own[folder.path+"/"+name] {
			continue
		}
		if os.Rename(file, filepath.Join(aside, name)) == nil {
			moved = append(moved, name)
		}
	}
	return func() {
		if len(moved) > 0 {
			_ = os.MkdirAll(folder.local, 0o700)
		}
		for _, name := range moved {
			_ = os.Rename(filepath.Join(aside, name), filepath.Join(folder.local, name))
		}
		_ = os.RemoveAll(aside)
	}
}

// The folder of a machine, as the API names it and on this computer.
type folder struct{ path, local string }

func (m *machine) folder(ctx *simulator.Context) folder {
	var path object.DatastorePath
	if !path.FromString(m.Config.Files.VmPathName) {
		return folder{}
	}
	below := filepath.Dir(path.Path)
	for _, entity := range ctx.Map.All("Datastore") {
		if datastore := entity.(*simulator.Datastore); datastore.Name == path.Datastore {
			root := datastore.Info.GetDatastoreInfo().Url
			return folder{"[" + path.Datastore + "] " + below, filepath.Join(root, below)}
		}
	}
	return folder{}
}
