variable "kubernetes_host" {
  description = "Address of the cluster's API server."
  type        = string
}

variable "kubernetes_ca" {
  description = "Certificate authority of the cluster's API server, in PEM."
  type        = string
}

variable "kubernetes_token" {
  description = "Bearer token for the cluster."
  type        = string
  sensitive   = true
}

variable "cht_version" {
  description = "CHT release to run."
  type        = string
  default     = "5.3.1"
}

variable "couchdb_memory" {
  description = "Memory that the scheduler reserves for CouchDB."
  type        = string
  default     = "1Gi"
}

variable "ingress_class" {
  description = "Ingress class of the cluster, such as traefik or nginx."
  type        = string
  default     = "nginx"
}
