"""What is published: copies that readers open, page and summary, and what comes back from them."""
