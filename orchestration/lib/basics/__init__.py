"""What every room stands on: settings, files and locks, and how a command speaks."""
