"""Code readers: infrastructure code of one kind each -> `model.CodeRows`."""
