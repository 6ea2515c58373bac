# The name of the class.
tofu import cht_storage_class.vsan vsan
