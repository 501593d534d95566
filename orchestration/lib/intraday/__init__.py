"""What belongs here: the day between two nights. Leads that new loads have touched are scored again
by the same project on their rows alone, published beside all others, and handed over."""
