"""What a file says about its own rights, what licences permit, and how images are credited."""
