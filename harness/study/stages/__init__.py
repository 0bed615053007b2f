"""One module a stage: each fills a work folder and returns facts about what it made."""
