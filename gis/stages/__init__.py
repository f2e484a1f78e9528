"""The steps of the journey in domain words: travel, climate, remoteness, viability, potential."""
