"""Reading and writing files of any origin safely."""
