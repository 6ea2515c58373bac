variable "servers" {
  description = "The three machines that keep the cluster together, by name: each with its address, and with what `cat /etc/ssh/ssh_host_ed25519_key.pub` says on it."
  type = map(object({
    host     = string
    host_key = string
  }))
}

variable "agents" {
  description = "The machines that CHT runs on, in the same way."
  type = map(object({
    host     = string
    host_key = string
  }))
}

variable "endpoint" {
  description = "Name or address that always leads to a server that answers, such as a virtual address or a load balancer; without one, the first server's."
  type        = string
  default     = null
}

variable "ssh_user" {
  description = "User to log in as on all machines: root, or one who may use sudo without a password."
  type        = string
  default     = "root"
}

variable "ssh_private_key" {
  description = "Private key to log in with, such as file(\"~/.ssh/id_ed25519\")."
  type        = string
  sensitive   = true
}

variable "domain" {
  description = "Name by which users reach CHT. It has to point at the machines."
  type        = string
}

variable "certificate" {
  description = "Certificate for the domain with its chain, in PEM."
  type        = string
}

variable "certificate_key" {
  description = "Private key of the certificate, in PEM."
  type        = string
  sensitive   = true
}

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

variable "cht_version" {
  description = "CHT release to run."
  type        = string
  default     = "5.3.1"
}

variable "couchdb_storage" {
  description = "Size of CouchDB's volume, which is a directory of an agent."
  type        = string
  default     = "50Gi"
}

variable "deletion_protection" {
  description = "Whether `tofu destroy` is refused. Apply `false` before you destroy."
  type        = bool
  default     = true
}

variable "restore_from" {
  description = "Snapshot of etcd to take the cluster back to, and the server that has it. Only for when most of the servers are gone."
  type = object({
    snapshot = string
    server   = string
    token    = optional(string)
  })
  default = null
}
