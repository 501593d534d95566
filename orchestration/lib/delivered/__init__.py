"""What is delivered: hand-overs on their way out, once each, to whoever receives them."""
