"""What measures found in the face sets of a study: records on disk, and a tidy table of them."""
