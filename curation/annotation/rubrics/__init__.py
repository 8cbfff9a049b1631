"""The rubrics that come with the package, a YAML file each."""
