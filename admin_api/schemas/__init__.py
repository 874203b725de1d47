"""The bodies that the API takes and gives, one module a resource."""
