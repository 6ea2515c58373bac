variable "name" {
  description = "Name of the cluster."
  type        = string
  default     = "cht"
}

variable "region" {
  description = "Region of AWS that the network is in."
  type        = string
}

variable "network" {
  description = "Ids in the network: of the VPC, of the subnets by the names of their zones, such as eu-west-2a, and of further security groups of the API servers."
  type = object({
    vpc_id             = string
    private_subnet_ids = map(string)
    public_subnet_ids  = map(string)
    security_group_ids = optional(set(string))
  })
}

variable "operators_role_arn" {
  description = "ARN of the role that may do everything in the cluster. Whoever applies this has to have it, and to be in the network, such as by VPN."
  type        = string
}

variable "kubernetes_version" {
  description = "Version of Kubernetes, such as 1.35; raise it by one at a time."
  type        = string
  default     = "1.35"
}

variable "cht_version" {
  description = "Release of CHT."
  type        = string
  default     = "5.3.1"
}

variable "host" {
  description = "Name by which users reach CHT. Lead it to the load balancer that the output says, in your DNS."
  type        = string
}

variable "certificate_arn" {
  description = "ARN of a certificate for that name, in ACM and in the same region."
  type        = string
}
