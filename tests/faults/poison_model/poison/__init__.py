"""A transformer that some rows make do harm."""
