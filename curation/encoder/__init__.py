"""The dear stage: an encoder reads the documents that are still in, on GPUs through Ray."""
