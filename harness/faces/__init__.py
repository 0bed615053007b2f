"""What flows through the harness: faces, face sets and their storage."""
