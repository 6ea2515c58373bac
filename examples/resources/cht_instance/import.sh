# The namespace is the id; the cluster is the one of the provider block.
tofu import cht_instance.kisumu cht-kisumu
