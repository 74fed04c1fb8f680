"""What a trained generator is handed on as."""
