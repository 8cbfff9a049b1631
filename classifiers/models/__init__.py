"""The models that are bundled, each with a card."""
