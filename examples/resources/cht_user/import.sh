# The namespace of the instance and the name of the user; the cluster is the one of the provider block.
tofu import cht_user.jane cht-kisumu/jane
