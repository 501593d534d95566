"""`python -m orchestration.cli` is `leads`, where the command itself is not installed."""

from orchestration.cli.main import start

if __name__ == "__main__":
    start()
