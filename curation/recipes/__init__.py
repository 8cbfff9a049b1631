"""The recipes that are bundled."""
