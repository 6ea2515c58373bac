# The address of one server, with user and port where these are not those of the provider's `ssh`. The other servers are found.
tofu import cht_k3s_cluster.this ubuntu@10.20.0.11:22
