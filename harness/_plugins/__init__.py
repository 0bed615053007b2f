"""Discovery, validation and time limits of plugins."""
