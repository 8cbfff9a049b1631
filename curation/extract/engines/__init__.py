"""What chooses the main text of a page: each engine is a function from a tree to lines."""
