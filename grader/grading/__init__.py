"""One class: what is to be run or judged again, and who does it."""
