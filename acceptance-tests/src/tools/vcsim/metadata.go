package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net/netip"
	"path"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
	"gopkg.in/yaml.v3"
)

// What cloud-init's datasource for VMware reads, as its documentation says: guestinfo.metadata and
// guestinfo.userdata, plain, in Base64 or also packed with gzip, and in the metadata a network configuration of
// version 2.

type settings struct {
	HostName string `yaml:"local-hostname"`
	// What is taken out of the extra configuration when it has been read: userdata, vendordata.
	Redact  []string `yaml:"redact"`
	Network struct {
		Config  *network `yaml:"config"`
		network `yaml:",inline"`
	} `yaml:"network"`
	given bool
}

type network struct {
	Version   int                 `yaml:"version"`
	Ethernets map[string]ethernet `yaml:"ethernets"`
}

type ethernet struct {
	Match struct {
		MACAddress string `yaml:"macaddress"`
		Name       string `yaml:"name"`
	} `yaml:"match"`
	DHCP4     bool     `yaml:"dhcp4"`
	Addresses []string `yaml:"addresses"`
}

// What cloud-init leaves in the place of what it takes out.
const redacted = "---"

// The addresses of one card.
type addresses struct {
	static []netip.Prefix
	dhcp   bool
}

// Reads what a machine's guest would, and says what it could not read.
func readMetadata(machine *simulator.VirtualMachine) (seen, settings) {
	var found seen
	var read settings
	extra := map[string]string{}
	for _, option := range machine.Config.ExtraConfig {
		value := option.GetOptionValue()
		extra[value.Key] = fmt.Sprint(value.Value)
	}
	var err error
	if found.Userdata, err = decode(extra, "guestinfo.userdata"); err == nil {
		err = checkUserdata(found.Userdata)
	}
	if err != nil {
		found.Error = fmt.Sprint("userdata: ", err)
		return found, settings{given: true}
	}
	if found.Metadata, err = decode(extra, "guestinfo.metadata"); err == nil {
		read, err = parseMetadata(found.Metadata)
	}
	if err != nil {
		found.Error = fmt.Sprint("metadata: ", err)
		return found, settings{given: true}
	}
	return found, read
}

func decode(extra map[string]string, key string) (string, error) {
	text := extra[key]
	switch encoding := extra[key+".encoding"]; encoding {
	case "base64", "b64", "gzip+base64", "gz+b64":
		decoded, err := base64.StdEncoding.DecodeString(text)
		if err != nil || !strings.HasPrefix(encoding, "gz") || text == "" {
			return string(decoded), err
		}
		unpacked, err := gzip.NewReader(bytes.NewReader(decoded))
		if err != nil {
			return "", err
		}
		plain, err := io.ReadAll(unpacked)
		return string(plain), err
	default:
		return text, nil
	}
}

// Cloud-init ignores user data without a first line that it knows.
func checkUserdata(text string) error {
	switch {
	case text == "", text == redacted, strings.HasPrefix(text, "#!"):
		return nil
	case strings.HasPrefix(text, "Content-Type:"), strings.HasPrefix(text, "MIME"):
		return nil
	case strings.HasPrefix(text, "#cloud-config"):
		var anything map[string]any
		return yaml.Unmarshal([]byte(text), &anything)
	}
	return fmt.Errorf("neither #cloud-config nor a script nor in parts")
}

func parseMetadata(text string) (settings, error) {
	read := settings{given: text != ""}
	if err := yaml.Unmarshal([]byte(text), &read); err != nil {
		return settings{}, err
	}
	if read.Network.Config == nil {
		read.Network.Config = &read.Network.network
	}
	for name, card := range read.Network.Config.Ethernets {
		if read.Network.Config.Version != 2 {
			return settings{}, fmt.Errorf("network is of version %d", read.Network.Config.Version)
		}
		for _, address := range card.Addresses {
			if _, err := netip.ParsePrefix(address); err != nil {
				return settings{}, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return read, nil
}

// What a card gets: by DHCP if nothing is said of any card, and nothing if something is said of others only.
func (s settings) addresses(mac string, index int) addresses {
	if s.Network.Config == nil || len(s.Network.Config.Ethernets) == 0 {
		return addresses{dhcp: !s.given || s.Network.Config != nil}
	}
	for key, card := range s.Network.Config.Ethernets {
		if !card.matches(key, mac, index) {
			continue
		}
		found := addresses{dhcp: card.DHCP4}
		for _, address := range card.Addresses {
			// What is no address was refused before.
			if prefix, err := netip.ParsePrefix(address); err == nil {
				found.static = append(found.static, prefix)
			}
		}
		return found
	}
	return addresses{}
}

// A card is named by its address, or by its name, which is the key where no other is said.
func (e ethernet) matches(key, mac string, index int) bool {
	if e.Match.MACAddress != "" {
		return strings.EqualFold(e.Match.MACAddress, mac)
	}
	pattern := e.Match.Name
	if pattern == "" {
		pattern = key
	}
	for _, name := range []string{fmt.Sprintf("eth%d", index), fmt.Sprintf("ens%d", 192+32*index)} {
		if found, err := path.Match(pattern, name); err == nil && found {
			return true
		}
	}
	return false
}

// Writes into the extra configuration what cloud-init does: its address, and nothing more of what is to be taken out.
func writeBack(ctx *simulator.Context, machine *simulator.VirtualMachine, read settings, address string) {
	if !read.given {
		return
	}
	written := map[string]string{"guestinfo.local-ipv4": address}
	for _, name := range read.Redact {
		written["guestinfo."+name] = redacted
		written["guestinfo."+name+".encoding"] = " "
	}
	var options []types.BaseOptionValue
	for _, option := range machine.Config.ExtraConfig {
		if _, ok := written[option.GetOptionValue().Key]; !ok {
			options = append(options, option)
		}
	}
	for key, value := range written {
		options = append(options, &types.OptionValue{Key: key, Value: value})
	}
	ctx.Update(machine, []types.PropertyChange{{Name: "config.extraConfig", Val: options}})
}
