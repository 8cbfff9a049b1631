"""Parts of the measurement of encoders; they need PyTorch and transformers alone."""
