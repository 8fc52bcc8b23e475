"""What is installed elsewhere: pip installs the wheel and each bundle anew, which takes minutes."""
