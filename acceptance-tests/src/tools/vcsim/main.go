// Plays a vCenter: the simulator of govmomi, more like a real vCenter where it is too lenient, behind a front that
// logs what is asked of it, checks it and lets it go wrong.
//
// The only argument is a file with options. The address is printed as one line as soon as requests are answered.
// front.go has the way of a request, control.go what tests see and change.
package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log"
	"net/url"
	"os"

	"github.com/google/uuid"
	_ "github.com/vmware/govmomi/cns/simulator"
	_ "github.com/vmware/govmomi/pbm/simulator"
	"github.com/vmware/govmomi/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
	"github.com/vmware/govmomi/vim25/types"
	_ "github.com/vmware/govmomi/vslm/simulator"
)

// What a test chooses.
type options struct {
	Certificate    string            `json:"certificate"`
	Key            string            `json:"key"`
	Users          map[string]string `json:"users"`
	Administrator  string            `json:"administrator"`
	APIVersion     string            `json:"api_version"`
	SessionTimeout string            `json:"session_timeout"`
	Datacenters    int               `json:"datacenters"`
	Clusters       int               `json:"clusters"`
	Hosts          int               `json:"hosts"`
	Pools          int               `json:"pools"`
	Datastores     int               `json:"datastores"`
	Portgroups     int               `json:"portgroups"`
	Machines       int               `json:"machines"`
	Templates      []template        `json:"templates"`
	ChecksSchema   bool              `json:"checks_schema"`
	ChecksState    bool              `json:"checks_state"`
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: vcsim OPTIONS.json")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
	select {}
}

func run(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var chosen options
	if err := json.Unmarshal(text, &chosen); err != nil {
		return err
	}
	certificate, err := tls.LoadX509KeyPair(chosen.Certificate, chosen.Key)
	if err != nil {
		return err
	}
	model := inventory(chosen)
	if err := model.Create(); err != nil {
		return err
	}
	service := model.Service
	service.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	service.RegisterEndpoints = true
	administrator := url.UserPassword(chosen.Administrator, chosen.Users[chosen.Administrator])
	service.Listen = &url.URL{Host: "127.0.0.1:0", User: administrator}
	users := newUsers(chosen.Users)
	service.Context.Map.SessionManager().ValidLogin = users.valid
	if chosen.SessionTimeout != "" {
		setOption(service, "config.vmacore.soap.sessionTimeout", chosen.SessionTimeout)
	}
	if err := makeTemplates(service, chosen.Templates); err != nil {
		return err
	}
	equip(service)
	grantAll(service, chosen.Administrator)
	played := newGuests(service)
	simulator.TaskDelay.MethodDelay = map[string]int{"LockHandoff": 0}
	correct(service, chosen.ChecksState, played)
	server := service.NewServer()
	server.Server.Config.Handler = newFront(service, chosen, users, played)
	fmt.Println(server.URL.Host)
	return nil
}

// The objects that are there from the start.
func inventory(chosen options) *simulator.Model {
	model := simulator.VPX()
	model.Datacenter = chosen.Datacenters
	model.Cluster = chosen.Clusters
	model.ClusterHost = chosen.Hosts
	model.Host = 0
	model.Pool = chosen.Pools
	model.Datastore = chosen.Datastores
	model.Portgroup = chosen.Portgroups
	model.Machine = chosen.Machines
	model.ServiceContent.About.ApiVersion = chosen.APIVersion
	// Each vCenter has an id of its own.
	model.ServiceContent.About.InstanceUuid = uuid.NewString()
	model.ServiceContent.About.Version = chosen.APIVersion
	model.ServiceContent.About.FullName = "VMware vCenter Server " + chosen.APIVersion
	return model
}

func setOption(service *simulator.Service, key, value string) {
	service.Context.Map.OptionManager().UpdateOptions(&types.UpdateOptions{
		ChangedValue: []types.BaseOptionValue{&types.OptionValue{Key: key, Value: value}},
	})
}

// A context of our own for the simulator's locks: they are shared by those who have the same one.
func newContext(service *simulator.Service) *simulator.Context {
	ctx := *service.Context
	return &ctx
}
