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

variable "ingress_class" {
  description = "Class of the running ingress, as `kubectl get ingress` shows it."
  type        = string
  default     = "traefik"
}
