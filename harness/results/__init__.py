"""Results on disk: their schema, its older versions, and the folders that hold them."""
