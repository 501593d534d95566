"""What past leads and what came of them teach: in numbers, without a warehouse."""
