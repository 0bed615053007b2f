"""From files, profiles, environment and flags to one resolved recipe."""
