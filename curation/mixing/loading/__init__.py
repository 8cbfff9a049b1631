"""How rows of a data set folder are dealt to ranks, read and counted; without torch or Spark."""
