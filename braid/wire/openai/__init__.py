"""What OpenAI's two wire formats, Chat Completions and Responses, have in common."""
