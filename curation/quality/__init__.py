"""Quality: models score each text in the split pass; thresholds decide afterwards who stays."""
