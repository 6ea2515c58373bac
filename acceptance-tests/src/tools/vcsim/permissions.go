package main

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Roles and permissions as a real vCenter keeps them. The simulator grants everything to everyone, answers no id of a
// new role, lists no privileges, and forgets the other permissions of an entity when one is set. Neither refuses methods for lack of a
// privilege: a test lets that happen with a fault. Principals need not exist, and who is in a group is not known.
type authorization struct {
	*simulator.AuthorizationManager
}

func (a *authorization) AddAuthorizationRole(req *types.AddAuthorizationRole) soap.HasFault {
	answered := a.AuthorizationManager.AddAuthorizationRole(req)
	if body, ok := answered.(*methods.AddAuthorizationRoleBody); ok && body.Res != nil {
		// The ids of the simulator begin with zero, which is nobody's.
		last := &a.RoleList[len(a.RoleList)-1]
		last.RoleId += 1000
		body.Res.Returnval = last.RoleId
	}
	return answered
}

func (a *authorization) RemoveAuthorizationRole(req *types.RemoveAuthorizationRole) soap.HasFault {
	for _, used := range a.all() {
		if used.RoleId != req.RoleId {
			continue
		}
		if req.FailIfUsed {
			return &methods.RemoveAuthorizationRoleBody{Fault_: simulator.Fault("", &types.ResourceInUse{})}
		}
		a.RemoveEntityPermission(&types.RemoveEntityPermission{Entity: *used.Entity, User: used.Principal, IsGroup: used.Group})
	}
	return a.AuthorizationManager.RemoveAuthorizationRole(req)
}

func (a *authorization) SetEntityPermissions(ctx *simulator.Context, req *types.SetEntityPermissions) soap.HasFault {
	body := &methods.SetEntityPermissionsBody{Res: &types.SetEntityPermissionsResponse{}}
	if _, ok := ctx.Map.Get(req.Entity).(mo.Entity); !ok {
		return &methods.SetEntityPermissionsBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.Entity})}
	}
	merged := slices.Clone(a.own(ctx, req.Entity))
	for _, given := range req.Permission {
		if a.role(given.RoleId) == nil {
			return &methods.SetEntityPermissionsBody{Fault_: simulator.Fault("", &types.NotFound{})}
		}
		given.Entity = &req.Entity
		merged = slices.DeleteFunc(merged, func(known types.Permission) bool {
			return known.Group == given.Group && strings.EqualFold(known.Principal, given.Principal)
		})
		merged = append(merged, given)
	}
	a.AuthorizationManager.SetEntityPermissions(&types.SetEntityPermissions{Entity: req.Entity, Permission: merged})
	return body
}

func (a *authorization) RemoveEntityPermission(req *types.RemoveEntityPermission) soap.HasFault {
	known := slices.ContainsFunc(a.all(), func(known types.Permission) bool {
		return *known.Entity == req.Entity && known.Principal == req.User && known.Group == req.IsGroup
	})
	if !known {
		return &methods.RemoveEntityPermissionBody{Fault_: simulator.Fault("", &types.NotFound{})}
	}
	return a.AuthorizationManager.RemoveEntityPermission(req)
}

// Permissions of what an entity is in count for it only where they propagate.
func (a *authorization) RetrieveEntityPermissions(
	ctx *simulator.Context, req *types.RetrieveEntityPermissions,
) soap.HasFault {
	if _, ok := ctx.Map.Get(req.Entity).(mo.Entity); !ok {
		missing := &types.ManagedObjectNotFound{Obj: req.Entity}
		return &methods.RetrieveEntityPermissionsBody{Fault_: simulator.Fault("", missing)}
	}
	found := a.own(ctx, req.Entity)
	if req.Inherited {
		found = slices.Concat(a.levels(ctx, req.Entity)...)
	}
	return &methods.RetrieveEntityPermissionsBody{Res: &types.RetrieveEntityPermissionsResponse{Returnval: found}}
}

func (a *authorization) HasPrivilegeOnEntities(ctx *simulator.Context, req *types.HasPrivilegeOnEntities) soap.HasFault {
	user := ctx.Session.UserName
	for _, session := range sessions(ctx.Map) {
		if session.Key == req.SessionId {
			user = session.UserName
		}
	}
	granted := a.granted(ctx, user, req.Entity, req.PrivId)
	return &methods.HasPrivilegeOnEntitiesBody{Res: &types.HasPrivilegeOnEntitiesResponse{Returnval: granted}}
}

func (a *authorization) HasUserPrivilegeOnEntities(
	ctx *simulator.Context, req *types.HasUserPrivilegeOnEntities,
) soap.HasFault {
	granted := a.granted(ctx, req.UserName, req.Entities, req.PrivId)
	return &methods.HasUserPrivilegeOnEntitiesBody{Res: &types.HasUserPrivilegeOnEntitiesResponse{Returnval: granted}}
}

func (a *authorization) FetchUserPrivilegeOnEntities(
	ctx *simulator.Context, req *types.FetchUserPrivilegeOnEntities,
) soap.HasFault {
	var found []types.UserPrivilegeResult
	for _, entity := range req.Entities {
		found = append(found, types.UserPrivilegeResult{Entity: entity, Privileges: a.privileges(ctx, req.UserName, entity)})
	}
	return &methods.FetchUserPrivilegeOnEntitiesBody{Res: &types.FetchUserPrivilegeOnEntitiesResponse{Returnval: found}}
}

func (a *authorization) granted(
	ctx *simulator.Context, user string, entities []types.ManagedObjectReference, asked []string,
) []types.EntityPrivilege {
	var found []types.EntityPrivilege
	for _, entity := range entities {
		known := a.privileges(ctx, user, entity)
		made := types.EntityPrivilege{Entity: entity}
		for _, id := range asked {
			made.PrivAvailability = append(made.PrivAvailability, types.PrivilegeAvailability{
				PrivId: id, IsGranted: slices.Contains(known, id),
			})
		}
		found = append(found, made)
	}
	return found
}

// What a user may do to an entity. The permission that is set nearest to it counts, alone.
func (a *authorization) privileges(ctx *simulator.Context, user string, entity types.ManagedObjectReference) []string {
	for _, level := range a.levels(ctx, entity) {
		for _, known := range level {
			if !known.Group && principal(known.Principal) == principal(user) {
				if role := a.role(known.RoleId); role != nil {
					return role.Privilege
				}
			}
		}
	}
	return nil
}

// The permissions that count for an entity, by where they are set: on itself first, on the root folder last.
func (a *authorization) levels(ctx *simulator.Context, entity types.ManagedObjectReference) [][]types.Permission {
	found := [][]types.Permission{a.own(ctx, entity)}
	for at := parentOf(ctx.Map.Get(entity)); at != nil; at = parentOf(ctx.Map.Get(*at)) {
		var inherited []types.Permission
		for _, known := range a.own(ctx, *at) {
			if known.Propagate {
				inherited = append(inherited, known)
			}
		}
		found = append(found, inherited)
	}
	return found
}

func parentOf(object mo.Reference) *types.ManagedObjectReference {
	if entity, ok := object.(mo.Entity); ok {
		return entity.Entity().Parent
	}
	return nil
}

func (a *authorization) own(ctx *simulator.Context, entity types.ManagedObjectReference) []types.Permission {
	var found []types.Permission
	for _, known := range a.all() {
		if *known.Entity == entity {
			found = append(found, known)
		}
	}
	return found
}

func (a *authorization) all() []types.Permission {
	answered := a.RetrieveAllPermissions(&types.RetrieveAllPermissions{})
	return answered.(*methods.RetrieveAllPermissionsBody).Res.Returnval
}

func (a *authorization) role(id int32) *types.AuthorizationRole {
	return object.AuthorizationRoleList(a.RoleList).ById(id)
}

// Users are written as DOMAIN\user and as user@domain.
func principal(name string) string {
	if domain, user, ok := strings.Cut(name, `\`); ok {
		name = user + "@" + domain
	}
	return strings.ToLower(name)
}

// Lists the privileges that there are, which the simulator knows and does not tell: those of the role that has all.
func listPrivileges(manager *simulator.AuthorizationManager) {
	for _, id := range object.AuthorizationRoleList(manager.RoleList).ByName("Admin").Privilege {
		group, name := id[:strings.LastIndex(id, ".")], id[strings.LastIndex(id, ".")+1:]
		manager.PrivilegeList = append(manager.PrivilegeList, types.AuthorizationPrivilege{
			PrivId: id, Name: name, PrivGroupName: group,
		})
	}
}

// Makes a user an administrator of everything.
func grantAll(service *simulator.Service, user string) {
	content := service.Context.Map.Get(vim25.ServiceInstance).(*simulator.ServiceInstance).Content
	manager := service.Context.Map.Get(*content.AuthorizationManager).(*simulator.AuthorizationManager)
	listPrivileges(manager)
	admin := object.AuthorizationRoleList(manager.RoleList).ByName("Admin")
	kept := &authorization{manager}
	kept.SetEntityPermissions(newContext(service), &types.SetEntityPermissions{
		Entity:     content.RootFolder,
		Permission: []types.Permission{{Principal: user, RoleId: admin.RoleId, Propagate: true}},
	})
}
