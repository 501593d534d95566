"""What it takes to forget a person, and to prove that it is done."""
