"""`tap-ayrshare-record`: what the API answers to a key, as files in which nothing of an account is left."""
