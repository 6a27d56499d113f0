"""A protocol that is in no release: tests put this folder into a copy of the project, and edit nothing beside it."""
