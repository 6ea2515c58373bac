# vCenter, and what its administrator has prepared there.

variable "vcenter" {
  description = "The vCenter, and the certificates of the authorities that may have signed its certificate, such as file(\"vcenter-ca.pem\")."
  type = object({
    server         = string
    port           = optional(number, 443)
    ca_certificate = optional(string)
  })
}

variable "vcenter_user" {
  description = "User who makes the machines, the roles and the permissions."
  type        = string
}

variable "vcenter_password" {
  description = "Password of that user."
  type        = string
  sensitive   = true
}

variable "cluster_user" {
  description = "User of the programs in the cluster, who is there and may do nothing: what is needed is permitted here."
  type        = string
}

variable "cluster_user_password" {
  description = "Password of that user. It is stored in the cluster, and neither in plans nor in the state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "cluster_user_password_version" {
  description = "Another number says that the password is another one."
  type        = number
  default     = 1
}

variable "datacenter" {
  description = "Datacenter, by name or inventory path."
  type        = string
}

variable "cluster" {
  description = "Cluster of hosts that the machines run on, by name or inventory path."
  type        = string
}

variable "datastore" {
  description = "Datastore for the machines and the volumes, which all hosts of the cluster reach."
  type        = string
}

variable "folder" {
  description = "Inventory path of a folder that is for these machines alone, such as /Nairobi/vm/cht."
  type        = string
}

variable "network" {
  description = "Network, or port group, of the machines."
  type        = string
}

variable "gateway" {
  description = "Gateway of that network."
  type        = string
}

variable "nameservers" {
  description = "Name servers that the machines ask."
  type        = list(string)
  default     = []
}

variable "template" {
  description = "Template with cloud-init and open-vm-tools, such as one of Ubuntu's cloud image."
  type        = string
}

# The machines.

variable "name" {
  description = "What roles and rules in vCenter begin with, so that two clusters can have their own."
  type        = string
  default     = "cht"
}

variable "servers" {
  description = "The three machines that keep the cluster together, by name, each with its address and the length of the network's prefix, such as 10.20.0.11/24."
  type = map(object({
    address    = string
    cpus       = optional(number, 4)
    memory_mib = optional(number, 8192)
    disk_gib   = optional(number, 50)
  }))
}

variable "agents" {
  description = "The machines that CHT runs on, in the same way."
  type = map(object({
    address    = string
    cpus       = optional(number, 16)
    memory_mib = optional(number, 65536)
    disk_gib   = optional(number, 100)
  }))

  validation {
    condition     = length(setintersection(keys(var.servers), keys(var.agents))) == 0
    error_message = "A machine is either a server or an agent."
  }
}

variable "ssh_public_key" {
  description = "Public key that may log in to all machines, such as file(\"~/.ssh/id_ed25519.pub\")."
  type        = string
}

variable "ssh_private_key" {
  description = "The private key that belongs to it."
  type        = string
  sensitive   = true
}

variable "ssh_user" {
  description = "The template's own user, who may use sudo without a password."
  type        = string
  default     = "ubuntu"
}

# Kubernetes.

variable "k3s_version" {
  description = "Release of k3s, as on https://github.com/k3s-io/k3s/releases."
  type        = string
  default     = "v1.34.3+k3s1"
}

variable "k3s_binary" {
  description = "File with that release, where this machine cannot download it."
  type = object({
    path   = string
    sha256 = string
  })
  default = null
}

variable "k3s_images" {
  description = "Files with the images of k3s itself, such as k3s-airgap-images-amd64.tar.zst of that release, where the machines cannot pull any."
  type        = list(string)
  default     = null
}

variable "endpoint" {
  description = "Name or address that always leads to a server that answers, such as a virtual address or a load balancer; without one, the first server's."
  type        = string
  default     = null
}

variable "image_registry" {
  description = "Registry that has the images of vSphere's programs, where the machines cannot reach registry.k8s.io."
  type        = string
  default     = null
}

# CHT.

variable "counties" {
  description = "A CHT instance for each, with the name by which its users reach it, and the size of CouchDB's disk."
  type = map(object({
    host         = string
    cht_version  = optional(string, "5.3.1")
    storage_size = optional(string, "100Gi")
  }))
}

variable "certificate" {
  description = "Certificate for all of these names with its chain, in PEM."
  type        = string
}

variable "certificate_key" {
  description = "Private key of the certificate, in PEM."
  type        = string
  sensitive   = true
}

variable "cht_image_registry" {
  description = "Registry that has CHT's images, where the machines cannot reach public.ecr.aws."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether `tofu destroy` is refused. Apply `false` before you destroy."
  type        = bool
  default     = true
}
