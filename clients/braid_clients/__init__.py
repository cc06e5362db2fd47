"""What a user touches."""
