# Run by `make lint`. The rules are bundled with tflint; those for AWS are a plugin that is no Go module.
config {
  call_module_type = "local"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}
