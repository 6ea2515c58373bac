# The name of the node and the address of its host. All else is filled in by the first apply.
tofu import 'cht_k3s_agent.worker["worker-1"]' worker-1@10.20.0.21
