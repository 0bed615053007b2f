"""Face models: their files, and the faces that coefficients give."""
