"""Worked examples of scoring one's own data: public data sets, each with a rule book of its own."""
