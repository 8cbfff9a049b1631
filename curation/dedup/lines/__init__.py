"""Lines: those that occur too often in a bucket of documents are taken out of all of them."""
