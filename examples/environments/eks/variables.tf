# The account.

variable "name" {
  description = "Name of the cluster and the network; what is made in AWS begins with it."
  type        = string
  default     = "cht"
}

variable "region" {
  description = "Region of AWS, such as af-south-1."
  type        = string
}

variable "account_ids" {
  description = "Ids of the accounts that this may be made in: with credentials of any other one, nothing is done."
  type        = set(string)
  default     = null
}

variable "operators" {
  description = "Who may use the cluster, by the ARNs of roles or users, and from which addresses. Whoever applies this has to be among them."
  type = object({
    principals = set(string)
    cidrs      = set(string)
  })
}

# The network and the cluster.

variable "cidr_block" {
  description = "Addresses of the network, which no network has that it is ever to be joined with."
  type        = string
  default     = "10.42.0.0/16"
}

variable "kubernetes_version" {
  description = "Version of Kubernetes, such as 1.35; raise it by one at a time."
  type        = string
  default     = "1.35"
}

variable "instance_type" {
  description = "Type of the machines."
  type        = string
  default     = "m7g.xlarge"
}

variable "nodes_per_zone" {
  description = "How many machines there are in each of the two zones, at least and at most."
  type = object({
    min_size = number
    max_size = number
  })
  default = {
    min_size = 1
    max_size = 3
  }
}

# CHT.

variable "domain" {
  description = "Domain of the counties: kisumu has the name kisumu.health.example, if it is health.example."
  type        = string
}

variable "hosted_zone_id" {
  description = "Id of the hosted zone in Route 53 that this domain is in."
  type        = string
}

variable "counties" {
  description = "A CHT instance for each, with the size of CouchDB's disk."
  type = map(object({
    cht_version  = optional(string, "5.3.1")
    storage_size = optional(string, "100Gi")
  }))
}

variable "deletion_protection" {
  description = "Whether `tofu destroy` is refused. Apply `false` before you destroy."
  type        = bool
  default     = true
}
