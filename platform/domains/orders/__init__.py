"""Orders: from every channel to the buyer and back."""
