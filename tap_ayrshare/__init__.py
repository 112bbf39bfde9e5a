"""Singer tap for Ayrshare: posts, accounts and links of 13 social networks, kept as daily history."""
