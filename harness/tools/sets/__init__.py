"""Face sets of any origin: opening, embedding and measuring them."""
