"""The command line: arguments and printing. One module per group of commands; `lib` does the work,
and what is slow to import is imported by the commands that need it."""
