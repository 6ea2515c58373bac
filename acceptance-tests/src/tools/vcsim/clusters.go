package main

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// A cluster whose rules are those of a real vCenter: with at least two machines, all of them in the cluster, and known
// by their keys, so that they can be renamed. The simulator finds a rule that is edited by its name, and takes any
// machines. Neither places machines by rules.
type cluster struct {
	*simulator.ClusterComputeResource
}

func (c *cluster) ReconfigureComputeResourceTask(
	ctx *simulator.Context, req *types.ReconfigureComputeResource_Task,
) soap.HasFault {
	run := func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		inner := *req
		if asked, ok := req.Spec.(*types.ClusterConfigSpecEx); ok {
			spec := *asked
			spec.RulesSpec = nil
			for _, change := range asked.RulesSpec {
				isEdit := change.Operation == types.ArrayUpdateOperationEdit
				switch {
				case change.Info != nil && !c.takes(ctx, change.Info), isEdit && !c.edit(change.Info):
					return nil, &types.InvalidArgument{InvalidProperty: "spec.rulesSpec"}
				case !isEdit:
					spec.RulesSpec = append(spec.RulesSpec, change)
				}
			}
			inner.Spec = &spec
		}
		return finished(ctx, c.ClusterComputeResource.ReconfigureComputeResourceTask(ctx, &inner))
	}
	task := simulator.CreateTask(c.ClusterComputeResource, "reconfigureCluster", run)
	return &methods.ReconfigureComputeResource_TaskBody{
		Res: &types.ReconfigureComputeResource_TaskResponse{Returnval: task.Run(ctx)},
	}
}

// Whether a rule can have its machines.
func (c *cluster) takes(ctx *simulator.Context, rule types.BaseClusterRuleInfo) bool {
	machines := ruled(rule)
	for _, machine := range machines {
		found, ok := ctx.Map.Get(machine).(*simulator.VirtualMachine)
		if !ok || found.Runtime.Host == nil || !slices.Contains(c.Host, *found.Runtime.Host) {
			return false
		}
	}
	return len(machines) >= 2
}

// Puts a rule in the place of the one with its key.
func (c *cluster) edit(rule types.BaseClusterRuleInfo) bool {
	config := c.ConfigurationEx.(*types.ClusterConfigInfoEx)
	at, info := -1, rule.GetClusterRuleInfo()
	for i, known := range config.Rule {
		switch other := known.GetClusterRuleInfo(); {
		case other.Key == info.Key:
			at = i
			info.RuleUuid = other.RuleUuid
		case other.Name == info.Name:
			return false
		}
	}
	if at >= 0 {
		config.Rule[at] = rule
	}
	return at >= 0
}

// A machine that is destroyed is in no rule any more.
func leaveRules(ctx *simulator.Context, machine types.ManagedObjectReference) {
	for _, entity := range ctx.Map.All("ClusterComputeResource") {
		found := entity.(*simulator.ClusterComputeResource)
		ctx.WithLock(found, func() {
			for _, rule := range found.ConfigurationEx.(*types.ClusterConfigInfoEx).Rule {
				apart, ok := rule.(*types.ClusterAntiAffinityRuleSpec)
				if !ok {
					continue
				}
				apart.Vm = slices.DeleteFunc(slices.Clone(apart.Vm), func(known types.ManagedObjectReference) bool {
					return known == machine
				})
			}
		})
	}
}

// What is done to the way in which a cluster distributes its machines, behind the provider's back.
type distribution struct {
	Cluster string `json:"cluster"`
	Enabled bool   `json:"enabled"`
	// One of fullyAutomated, partiallyAutomated and manual.
	Behavior string `json:"behavior"`
}

func (d *distribution) apply(service *simulator.Service) error {
	found, err := entityNamed[*simulator.ClusterComputeResource](service, d.Cluster)
	if err != nil {
		return err
	}
	newContext(service).WithLock(found, func() {
		config := found.ConfigurationEx.(*types.ClusterConfigInfoEx)
		config.DrsConfig.Enabled = &d.Enabled
		config.DrsConfig.DefaultVmBehavior = types.DrsBehavior(d.Behavior)
	})
	return nil
}

// The newest virtual hardware that the hosts of a cluster offer.
type hardware struct {
	Cluster string `json:"cluster"`
	Newest  string `json:"newest"`
}

func (h *hardware) apply(service *simulator.Service) error {
	newest, err := types.ParseHardwareVersion(h.Newest)
	if err != nil {
		return err
	}
	found, err := entityNamed[*simulator.ClusterComputeResource](service, h.Cluster)
	if err != nil {
		return err
	}
	browser := service.Context.Map.Get(*found.EnvironmentBrowser).(*simulator.EnvironmentBrowser)
	newContext(service).WithLock(browser, func() {
		answer := &browser.QueryConfigOptionDescriptorResponse
		isNewer := func(offer types.VirtualMachineConfigOptionDescriptor) bool {
			version, err := types.ParseHardwareVersion(offer.Key)
			return err == nil && version > newest
		}
		answer.Returnval = slices.DeleteFunc(slices.Clone(answer.Returnval), isNewer)
	})
	return nil
}
