"""Training a quality model of one's own: lists of pages in, a model with its card out."""
