"""The API, one blueprint a resource."""
